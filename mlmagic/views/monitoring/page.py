"""A monitoring report as a page of its own, which needs no network and no script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.views.monitoring.monitoring_report import monitoring_report_bundle
from mlmagic.views.rendering import render

if TYPE_CHECKING:
    from os import PathLike

    from mlmagic.monitoring.report import MonitoringReport


def page_of(report: MonitoringReport, path: str | PathLike[str] | None = None) -> str:
    """Return *report* as a page, and write it to the file *path* if it is given.

    Raises
    ------
    UsageProblem
        If it cannot be written.
    """
    from markupsafe import Markup

    inner = Markup(monitoring_report_bundle(report)["text/html"])  # noqa: S704  # it is escaped already
    page = render("page.html", title=f"{report.model}: monitoring", inner=inner)
    if path is not None:
        try:
            Path(path).write_text(page, encoding="utf-8")
        except OSError as error:
            raise UsageProblem(f"{str(path)!r} cannot be written: {error.strerror or error}") from error
    return page
