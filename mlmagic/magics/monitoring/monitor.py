"""``%monitor``: how a model in service has done."""

# IPython's decorators have no types.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from mlmagic.errors import UsageProblem
from mlmagic.magics.parsing import parse_words, variable, words_of
from mlmagic.magics.variables import as_runs, expand, namespace_of
from mlmagic.session.interrupts import in_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.monitoring.report import MonitoringReport


@magics_class
class MonitorMagics(Magics):
    """The magic ``%monitor``."""

    @magic_arguments()
    @argument(
        "name", nargs="?", metavar="NAME", help="A monitored model, or one version: churn, churn/3, churn@champion."
    )
    @argument("--since", default="30d", metavar="WHEN", help="Start: 30d (default) or 36h before the end, or a date.")
    @argument("--until", metavar="WHEN", help="End: a date, or a moment in UTC; now without it.")
    @argument("--html", metavar="FILE", help="Write the report to this file too, as a page of its own.")
    @argument("--into", metavar="NAME", help="Bind the report to this variable.")
    @no_var_expand  # `expand` does it
    @needs_local_scope
    @line_magic
    @in_one_line("%monitor")
    def monitor(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> MonitoringReport | None:
        """Show how a model in service has done: alerts, performance, predictions, and drift by column and day.

        It reads what `mlmagic.ModelMonitor` has recorded, in any process, and judges the period by the recorded
        reference and limits, also if no check was made.

        Examples::

            %monitor churn
            %monitor churn@champion --since 7d
            %monitor churn --since 2026-05-01 --until 2026-06-01 --html may.html
        """
        if self.shell is None:  # a magics object without a shell
            return None
        from mlmagic.api.monitoring import monitored_models, monitoring_report

        names = namespace_of(self.shell, local_ns)
        arguments = parse_words(
            self.monitor.parser, "%monitor", line, words_of("%monitor", expand(line, names, as_runs))
        )
        if arguments.name is None:
            known = monitored_models()
            listed = f" Monitored are {', '.join(known)}." if known else " mlmagic.ModelMonitor records predictions."
            raise UsageProblem(
                f"%monitor needs the name of a model: %monitor {known[0] if known else 'churn'}.{listed}"
            )
        if arguments.into is not None:
            variable(arguments.into)
        report = monitoring_report(arguments.name, since=arguments.since, until=arguments.until)
        if arguments.html is not None:
            report.save(Path(arguments.html).expanduser())
        if arguments.into is not None:
            self.shell.push({arguments.into: report})
        return report
