"""``%diff``: how runs differ."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.magics.parsing import parse_line
from mlmagic.magics.variables import as_runs, expand, namespace_of
from mlmagic.session.interrupts import in_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.comparison.diffs.difference import Difference


@magics_class
class DiffMagics(Magics):
    """The magic ``%diff``."""

    @magic_arguments()
    @argument("runs", nargs="*", metavar="RUN", help="Names, ids or beginnings of ids; the first one is the base.")
    @argument("-e", "--experiment", help="Name or id of the experiment to look in.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%diff")
    def diff(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> Difference:
        """Tell how runs differ from the first of them.

        Code by line and word, parameters, metrics, data (which column changed, or only the order of the rows), figures,
        git and environment: what differs is open, the rest is counted and folded.

        ``{expression}`` and ``$name`` stand for Python values, as in IPython's own magics: names, runs, rows of
        ``%runs``, lists of these. A name with spaces needs quotes: ``"{best}"``.

        Examples::

            %diff forest boosting
            %diff "first try" 3f2a91c0
            %diff baseline {mlmagic.last_run}
            difference = %diff baseline wide deep -e digits
        """
        from mlmagic.api import diff

        line = expand(line, namespace_of(self.shell, local_ns), as_runs)
        arguments = parse_line(self.diff.parser, "%diff", line)
        return diff(*arguments.runs, experiment=arguments.experiment)
