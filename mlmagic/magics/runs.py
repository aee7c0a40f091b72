"""``%runs``: the last runs, as a table and as a DataFrame."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.magics.parsing import parse_line, split_filter
from mlmagic.magics.variables import expand, in_filter, namespace_of
from mlmagic.session.interrupts import in_one_line
from mlmagic.store.query.direction import VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.views.tables.runs_frame import RunsFrame

_WITH_VALUE = ("-e", "--experiment", "-n", "--sort", "--value", "--columns")
_ASKED = ("experiment", "n", "sort", "value", "nested", "archived", "columns")


@magics_class
class RunsMagics(Magics):
    """The magic ``%runs``."""

    @magic_arguments()
    @argument(
        "filter", nargs="*",
        help="Conditions on a column, metric, param or tag, joined by `and`, `or`, `not` and parentheses; or words "
        "to look for. MLflow's filter syntax works too.",
    )  # fmt: skip
    @argument("-e", "--experiment", help="Name or id of the experiment; by default the one that runs go to.")
    @argument("-n", type=int, default=20, help="How many runs at most, 20 by default.")
    @argument(
        "--sort", metavar="METRIC",
        help="Order by a metric, param or column. The best value of a metric comes first, by the direction that its "
        "name implies, else the highest; METRIC asc puts the lowest first. By default the newest run is first.",
    )  # fmt: skip
    @argument(
        "--value", choices=VALUES, metavar="WHICH",
        help="Which value of metrics with steps to show: last, best, min or max. --sort ranks by the best one.",
    )  # fmt: skip
    @argument("--nested", action="store_true", help="List the runs below others too: trials of sweeps, folds.")
    @argument(
        "--columns", metavar="HOW_MANY",
        help="Show all columns, or so many. By default the 8 that most of the runs have and in which they differ; "
        "the DataFrame has all.",
    )  # fmt: skip
    @argument("--archived", action="store_true", help="List archived runs too.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%runs")
    def runs(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> RunsFrame:
        """Show the last runs of an experiment as a table; the result is a DataFrame.

        The filter needs no quotes around it. Operators are = != < <= > >=, ~ and !~ for a part of a text in any case,
        like, ilike, in (a, b), not in, is missing, is not missing. A param compares as a number if the value is one.
        A quoted value is compared to the letter, any other in any case. A duration takes a unit (5 min, 1.5 h), started
        and ended take dates. Words without an operator are looked for in names, params and tags.

        ``{expression}`` and ``$name`` stand for Python values, as in IPython's own magics: a list becomes a list of the
        filter, a text stands as it is (put it in quotes: ``name = '{best}'``). ``{{x}}`` is the text ``{x}``; braces
        around anything that is not a variable or an expression are text too.

        Examples::

            %runs
            %runs accuracy > 0.9 and optimizer = adam -n 5
            %runs --sort accuracy
            %runs --sort val_loss -e churn
            %runs --value best
            %runs --nested
            %runs status = FAILED and started > 2026-01-31
            %runs (lr > 0.1 or optimizer ~ adam) and not team is missing
            %runs duration > 5 min and optimizer in (adam, sgd)
            %runs forest
            %runs star = true
            %runs --archived
            %runs --columns all
            %runs accuracy > {threshold} and depth in {depths}
            df = %runs lr <= 0.01
        """
        from mlmagic.store.query.run_list import RunsRequest
        from mlmagic.views.tables.runs_frame import runs_frame

        line = expand(line, namespace_of(self.shell, local_ns), in_filter)
        options, condition = split_filter(line, _WITH_VALUE)
        arguments = parse_line(self.runs.parser, "%runs", shlex.join(options))
        asked = {name: getattr(arguments, name) for name in _ASKED}
        return runs_frame(RunsRequest(condition, **asked))
