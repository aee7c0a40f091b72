"""A report as a page of its own, which needs no network and no script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import UsageProblem
from mlmagic.views.monitoring.monitoring_report import monitoring_report_bundle
from mlmagic.views.rendering import render

if TYPE_CHECKING:
    from os import PathLike

    from mlmagic.monitoring.report import MonitoringReport


def save_report(report: MonitoringReport, path: str | PathLike[str]) -> None:
    """Write *report* to the file *path*, as `save_page` does."""
    save_page(monitoring_report_bundle(report)["text/html"], f"{report.model}: monitoring", path)


def save_page(html: str, title: str, path: str | PathLike[str]) -> None:
    """Write a view, which is HTML that is escaped already, to the file *path* as a page.

    Raises
    ------
    UsageProblem
        If it cannot be written.
    """
    from markupsafe import Markup

    page = render("page.html", title=title, inner=Markup(html))  # noqa: S704  # as the docstring says
    try:
        Path(path).expanduser().write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageProblem(f"{str(path)!r} cannot be written: {error.strerror or error}") from error
