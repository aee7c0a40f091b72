"""``%compare``: runs side by side."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.magics.parsing import parse_line, split_filter, words_of
from mlmagic.magics.variables import as_runs, expand, in_filter, namespace_of
from mlmagic.session.interrupts import in_one_line
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.comparison.widget import CompareWidget

_WITH_VALUE = ("-e", "--experiment", "--metric", "--group-by", "--save", "--view")


@magics_class
class CompareMagics(Magics):
    """The magic ``%compare``."""

    @magic_arguments()
    @argument(
        "what", nargs="*",
        help="Names or ids of runs; or a filter with an operator, as %%runs takes it; or experiments. "
        "By default the runs of the experiment that runs go to.",
    )  # fmt: skip
    @argument("-e", "--experiment", help="Name or id of the experiment to look in.")
    @argument(
        "--metric", metavar="METRIC",
        help="The metric that matters: it comes first and orders the runs. METRIC min or METRIC max where its name "
        "does not tell which is better.",
    )  # fmt: skip
    @argument(
        "--group-by", metavar="NAME",
        help="seed: runs that differ in nothing but their seed are a group; a param, tag or column: those equal in it.",
    )  # fmt: skip
    @argument("--view", metavar="NAME", help="A view that widget.save_view(NAME) kept with the experiment.")
    @argument(
        "--save", metavar="FILE",
        help="Write the comparison to this file too (FILE.html), as a page that needs no kernel and no network.",
    )  # fmt: skip
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%compare")
    def compare(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> CompareWidget:
        """Show runs side by side: a table, their curves, and what differs between them.

        The result is a widget: its ``selected`` holds the ids of the runs selected in it, its ``to_dataframe()``
        returns the runs.

        ``{expression}`` and ``$name`` stand for Python values, as in IPython's own magics: numbers, texts, lists, runs
        and frames of runs.

        Examples::

            %compare
            %compare forest boosting
            %compare accuracy > 0.9 and (optimizer ~ adam or depth in (6, 8))
            %compare digits --metric val_loss --group-by seed
            %compare {mlmagic.last_run} baseline
            %compare digits --save report.html
            widget = %compare --metric "score max"
        """
        from mlmagic.api import compare
        from mlmagic.comparison.selecting import is_filter

        text_of = in_filter if is_filter(line) else as_runs
        line = expand(line, namespace_of(self.shell, local_ns), text_of)
        options, rest = split_filter(line, _WITH_VALUE)
        arguments = parse_line(self.compare.parser, "%compare", shlex.join(options))
        what = [rest] if is_filter(rest) else words_of("%compare", rest)
        widget = compare(
            *what,
            experiment=arguments.experiment,
            metric=arguments.metric,
            group_by=arguments.group_by,
            view=arguments.view,
        )
        if arguments.save is not None:
            widget.save(arguments.save)
            print(f"Saved as a page: {clean(arguments.save)}")  # noqa: T201  # the output of the magic
        return widget
