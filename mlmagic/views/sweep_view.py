"""A sweep while it runs and when it is over: how far it is, the best so far, and its trials."""

from __future__ import annotations

import base64
import math
import time
from typing import TYPE_CHECKING, Any

from mlmagic.session.live import in_shell
from mlmagic.snapshot.secrets import redact_value
from mlmagic.views.bundle import MimeBundle, duration, number, render
from mlmagic.views.comparison import mean_text
from mlmagic.views.run_summary import cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmagic.sweeps.results import Results, Summary, Trial

_EVERY_S = 0.3
_MOST_ROWS = 10
_LONGEST_NAME = 40
_LONGEST_VALUE = 60


def watcher_of() -> SweepView:
    """Return what shows a sweep where the user is: below the cell, or on a script's standard error."""
    return SweepView()


class SweepView:
    """Shows a sweep, a few times a second at most."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown_at = -math.inf
        self._handle: Any = None
        self._bar: Any = None

    def show(self, results: Results, *, total: int, running: int, is_over: bool) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if not is_over and now - self._shown_at < _EVERY_S:
            return
        self._shown_at = now
        took = now - self._began
        if in_shell():
            self._display(sweep_bundle(results, total=total, running=running, took_s=took, is_over=is_over))
        else:
            self._progress(results, total, is_over=is_over)

    def _display(self, bundle: MimeBundle) -> None:
        from IPython.display import DisplayHandle

        if self._handle is None:
            self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
            self._handle.display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)

    def _progress(self, results: Results, total: int, *, is_over: bool) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="trial", leave=False)
        self._bar.update(len(results.trials) - self._bar.n)
        best = _best(results)
        self._bar.set_postfix_str(f"best {results.metric} {number(best.mean)}" if best else "")
        if is_over:
            self._bar.close()


def sweep_bundle(results: Results, *, total: int, running: int, took_s: float, is_over: bool) -> MimeBundle:
    """Return how far a sweep is, after *took_s* seconds, with its best points while it runs; all is escaped."""
    done = len(results.trials)
    failed = sum(trial.status == "FAILED" for trial in results.trials)
    pruned = sum(trial.pruned for trial in results.trials)
    best = _best(results)
    left = (total - done) * took_s / done if done and not is_over else None
    headline = f"{done} of {total} trials" if not is_over or done < total else f"{total} trials"
    facts = [
        f"{failed} failed" if failed else "",
        f"{pruned} pruned" if pruned else "",
        f"{running} running" if running and not is_over else "",
        f"best {results.metric} {number(best.mean)}" if best else "",
        f"{duration(left)} left" if left is not None else duration(took_s) if is_over else "",
    ]
    told = [fact for fact in facts if fact]
    return {
        "text/html": render(
            "sweep.html",
            name=cell(results.name, _LONGEST_NAME),
            headline=headline,
            facts=told,
            part=100 * done / total if total else 100,
            failed_part=100 * failed / total if total else 0,
            is_over=is_over,
            failures=[_failure(trial) for trial in results.trials if trial.error][:3],
            table=None if is_over else _table(results),
            picture="",
        ),
        "text/plain": f"{results.name}: {', '.join([headline, *told])}",
    }


def results_html(results: Results, picture: bytes | None) -> str:
    """Return what a sweep came to: its best points, and *picture*, a PNG."""
    return render(
        "sweep.html",
        name=None,
        is_over=True,
        failures=[],
        table=_table(results),
        picture=base64.b64encode(picture).decode() if picture else "",
    )


def _table(results: Results) -> dict[str, Any]:
    """Return what the table of points shows, the best first; without a metric the latest trials."""
    names = list(dict.fromkeys(name for trial in results.trials for name in trial.point))
    summaries = results.summaries()[:_MOST_ROWS] if results.goal else []
    points = len({trial.point_number for trial in results.trials})
    return {
        "heads": [cell(name, _LONGEST_NAME) for name in names],
        "metric": cell(results.metric or "", _LONGEST_NAME),
        "goal": {"min": "\N{DOWNWARDS ARROW}", "max": "\N{UPWARDS ARROW}"}.get(results.goal or "", ""),
        "rows": [_row(one, names) for one in summaries],
        "is_repeated": any(one.count > 1 for one in summaries),
        "left_out": max(points - len(summaries), 0) if summaries else 0,
        "told": ""
        if summaries
        else f"{points} points, and no metric whose name tells which is better: --metric NAME --mode max",
    }


def _best(results: Results) -> Summary | None:
    summaries = results.summaries() if results.goal else []
    return summaries[0] if summaries else None


def _row(one: Summary, names: Sequence[str]) -> dict[str, Any]:
    values = [cell(_text(one.point, name), _LONGEST_VALUE) for name in names]
    return {"values": values, "mean": mean_text(one.mean, one.error), "count": one.count}


def _text(point: Mapping[str, Any], name: str) -> str:
    value = redact_value(name, point.get(name))[0]
    return number(value) if isinstance(value, float) else str(value)


def _failure(trial: Trial) -> tuple[int, Any]:
    return trial.number, cell(trial.error or "", 200)
