"""The view of a running or finished sweep: its progress, the best value so far, its trials, and notices."""

from __future__ import annotations

import base64
import math
import sys
import time
from typing import TYPE_CHECKING, Any

from mlmagic.session.notebook_session import in_notebook
from mlmagic.snapshot.secrets.redaction import redact_value
from mlmagic.views.comparison import mean_text
from mlmagic.views.rendering import MimeBundle, duration, number, render, web_address
from mlmagic.views.run_summary import SummaryCell, cell, notice_lines
from mlmagic.views.show import metadata_of, show_summary
from mlmagic.visible import clean, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.recording.summary import RunSummary
    from mlmagic.sweeps.results import PointSummary, Results, Trial

_EVERY_S = 0.3
_MOST_ROWS = 10
_LONGEST_NAME = 40
_LONGEST_VALUE = 60
_MOST_FAILURES = 3


class SweepView:
    """Shows a sweep below the cell, or on a script's standard error."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._took_s = 0.0
        self._shown_at = -math.inf
        self._handle: Any = None
        self._bar: Any = None

    def show(self, results: Results, *, total: int, running: int) -> None:
        """Show the progress, at most a few times a second."""
        if time.monotonic() - self._shown_at >= _EVERY_S:
            self._note_time()
            self._show(results, total, running=running)

    def show_storing(self, results: Results, *, total: int) -> None:
        """Show that all trials have ended, and that their last runs are being written to the store."""
        self._note_time()
        self._show(results, total, is_storing=True)

    def show_end(self, results: Results, summary: RunSummary, *, total: int) -> None:
        """Show the end of the sweep and the summary of its run, in a notebook in one view."""
        if in_notebook():
            self._show(results, total, summary=summary)
            return
        if self._bar is not None:
            self._bar.close()
        show_summary(summary, quiet=True)
        for notice in summary.notices:
            print(visible(notice.text), file=sys.stderr)  # noqa: T201  # standard output belongs to the script

    def _note_time(self) -> None:
        self._shown_at = time.monotonic()
        self._took_s = self._shown_at - self._began

    def _show(
        self,
        results: Results,
        total: int,
        *,
        running: int = 0,
        is_storing: bool = False,
        summary: RunSummary | None = None,
    ) -> None:
        if not in_notebook():
            self._progress(results, total)
            return
        took = self._took_s
        bundle = sweep_bundle(
            results, total=total, running=running, took_s=took, is_storing=is_storing, summary=summary
        )
        self._display(bundle, metadata_of(summary) if summary else {})

    def _display(self, bundle: MimeBundle, metadata: dict[str, Any]) -> None:
        from IPython.display import DisplayHandle

        if self._handle is None:
            self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
            self._handle.display(bundle, raw=True, metadata=metadata)
        else:
            self._handle.update(bundle, raw=True, metadata=metadata)

    def _progress(self, results: Results, total: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="trial", leave=False)
        self._bar.update(len(results.trials) - self._bar.n)
        best = _best(results)
        self._bar.set_postfix_str(f"best {clean(results.metric)} {number(best.mean)}" if best else "")


def sweep_bundle(
    results: Results,
    *,
    total: int,
    running: int,
    took_s: float,
    is_storing: bool = False,
    summary: RunSummary | None = None,
) -> MimeBundle:
    """Return the progress of a sweep after *took_s* seconds, with its best points while it runs; everything is escaped.

    *is_storing* says that all trials have ended and that runs are being written to the store. If the *summary* of its
    run is given, the sweep is over.
    """
    done = len(results.trials)
    failed = sum(trial.status == "FAILED" for trial in results.trials)
    pruned = sum(trial.pruned for trial in results.trials)
    best = _best(results)
    runs_on = summary is None and not is_storing
    left = (total - done) * took_s / done if done and runs_on else None
    trials = "trial" if total == 1 else "trials"
    headline = f"{done} of {total} {trials}" if summary is None or done < total else f"{total} {trials}"
    facts = [
        f"{failed} failed" if failed else "",
        f"{pruned} pruned" if pruned else "",
        f"{running} running" if running else "",
        f"best {results.metric} {number(best.mean)}" if best else "",
        f"{duration(left)} left" if left is not None else duration(took_s) if done else "",
        "writing the last runs to the store" if is_storing else "",
    ]
    told = [fact for fact in facts if fact]
    status = summary.status.lower() if summary else ""
    notices = summary.notices if summary else ()
    head = f"{results.name}: {', '.join([headline, *told])}"
    recorded = _recorded(summary) if summary else []
    plain = [
        clean(f"\N{BLACK CIRCLE} {status}  {head}" if status else head),
        *(f"{label}: {', '.join(one.text for one in cells)}" for label, cells in recorded),
        *(visible(one.text) for one in notices),
    ]
    return {
        "text/html": render(
            "sweep.html",
            name=cell(results.name, _LONGEST_NAME),
            status=status,
            url=web_address(summary.url) if summary else None,
            headline=headline,
            facts=told,
            part=100 * done / total if total else 100,
            failed_part=100 * failed / total if total else 0,
            is_over=summary is not None,
            failures=[_failure(trial) for trial in results.trials if trial.error][:_MOST_FAILURES],
            recorded=recorded,
            notices=notice_lines(notices),
            table=None if summary else _table(results),
            picture="",
        ),
        "text/plain": "\n".join(plain),
    }


def _recorded(summary: RunSummary) -> list[tuple[str, list[SummaryCell]]]:
    """Return the sweep's recorded data and models."""
    lines = [("data", summary.datasets), ("models", summary.models)]
    return [(label, [cell(item, _LONGEST_VALUE) for item in items]) for label, items in lines if items]


def results_html(results: Results, picture: bytes | None) -> str:
    """Return the HTML of a sweep's results: its best points, and *picture*, a PNG."""
    return render(
        "sweep.html",
        name=None,
        is_over=True,
        failures=[],
        recorded=[],
        notices=[],
        table=_table(results),
        picture=base64.b64encode(picture).decode() if picture else "",
    )


def _table(results: Results) -> dict[str, Any]:
    """Return the values of the table of points, best first; the table has no rows without a metric."""
    names = list(dict.fromkeys(name for trial in results.trials for name in trial.point))
    summaries = results.summaries()[:_MOST_ROWS] if results.goal else []
    points = len({trial.point_number for trial in results.trials})
    return {
        "heads": [cell(name, _LONGEST_NAME) for name in names],
        "metric": cell(f"{results.metric or ''}{' (best)' if results.is_by_best else ''}", _LONGEST_NAME),
        "goal": {"min": "\N{DOWNWARDS ARROW}", "max": "\N{UPWARDS ARROW}"}.get(results.goal or "", ""),
        "rows": [_row(one, names) for one in summaries],
        "is_repeated": any(one.count > 1 for one in summaries),
        "left_out": max(points - len(summaries), 0) if summaries else 0,
        "told": ""
        if summaries
        else f"{points} points, and no metric whose name tells which is better: --metric NAME --mode max",
    }


def _best(results: Results) -> PointSummary | None:
    summaries = results.summaries() if results.goal else []
    return summaries[0] if summaries else None


def _row(one: PointSummary, names: Sequence[str]) -> dict[str, Any]:
    values = [cell(_text(one.point, name), _LONGEST_VALUE) for name in names]
    return {"values": values, "mean": mean_text(one.mean, one.error), "count": one.count}


def _text(point: Mapping[str, Any], name: str) -> str:
    value = redact_value(name, point.get(name))[0]
    return number(value) if isinstance(value, float) else str(value)


def _failure(trial: Trial) -> tuple[int, Any]:
    return trial.number, cell(trial.error or "", 200)
