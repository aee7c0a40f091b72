"""A drift report as `print` shows it, and as a page of its own, which needs no network and no script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.views.monitoring.drift_report import drift_report_bundle
from mlmagic.views.rendering import render

if TYPE_CHECKING:
    from mlmagic.monitoring.drift.report import DriftReport


class DriftPages:
    """What a report is given to show itself, since views stand above what they show."""

    def text(self, report: DriftReport) -> str:
        """Return *report* as text."""
        return drift_report_bundle(report)["text/plain"]

    def save(self, report: DriftReport, path: str | Path) -> None:
        """Write *report* to the file *path*.

        Raises
        ------
        UsageProblem
            If it cannot be written.
        """
        from markupsafe import Markup

        inner = Markup(drift_report_bundle(report)["text/html"])  # noqa: S704  # it is escaped already
        title = f"Drift of {report.current}"
        try:
            Path(path).expanduser().write_text(render("page.html", title=title, inner=inner), encoding="utf-8")
        except OSError as error:
            raise UsageProblem(f"{str(path)!r} cannot be written: {error.strerror or error}") from error
