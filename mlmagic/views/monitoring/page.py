"""A monitoring report as a page of its own, which needs no network and no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.views.monitoring.monitoring_report import monitoring_report_bundle
from mlmagic.views.rendering import render

if TYPE_CHECKING:
    from pathlib import Path

    from mlmagic.monitoring.report import MonitoringReport


def write_page(report: MonitoringReport, path: Path) -> None:
    """Write *report* to the file *path*.

    Raises
    ------
    UsageProblem
        If it cannot be written.
    """
    from markupsafe import Markup

    inner = Markup(monitoring_report_bundle(report)["text/html"])  # noqa: S704  # it is escaped already
    try:
        path.write_text(render("page.html", title=f"{report.model}: monitoring", inner=inner), encoding="utf-8")
    except OSError as error:
        raise UsageProblem(f"{str(path)!r} cannot be written: {error.strerror or error}") from error
