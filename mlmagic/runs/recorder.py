"""Everything recorded of a run passes here: checked, named, redacted, and handed to the sink."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlmagic.runs import loops
from mlmagic.runs.keys import LONGEST_KEY, slug, valid_key
from mlmagic.runs.records import Dataset, File, FileCopy, Metric, Param, Record, Sink, Tag
from mlmagic.runs.summary import MetricLine
from mlmagic.runs.values import as_curve, as_number, as_text, flat
from mlmagic.snapshot import secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.runs.loops import Loop
    from mlmagic.runs.notices import Notices

LONGEST_PARAM = 6000
LONGEST_TAG = 8000
LARGEST_STEP = 2**62


class Recorder:
    """The one way into a run. It never raises for a value: what cannot be kept as asked becomes a notice."""

    def __init__(self, sink: Sink, notices: Notices) -> None:
        self._sink = sink
        self._notices = notices
        self._next_step: dict[str, int] = {}
        self._last_step: dict[str, int] = {}
        self._redacted: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._lock = threading.RLock()
        self.params: dict[str, str] = {}
        self.metrics: dict[str, MetricLine] = {}
        self.at_end: list[Callable[[], None]] = []

    def param(self, key: str, value: Any) -> None:
        """Record a parameter; a mapping becomes one parameter for each leaf, under dotted keys."""
        if (leaves := _leaves(value, key)) is not None:
            for name, leaf in leaves:
                self.param(name, leaf)
            return
        name = self._key(key, "parameter")
        text = self._clean(as_text(value), f"param {name}", key)
        if len(text) > LONGEST_PARAM:
            path = f"mlmagic/params/{slug(name) or 'unnamed'}.txt"
            long = f"parameter {name!r} has {len(text):,} characters; MLflow keeps {LONGEST_PARAM:,}"
            self._notices.warn(f"{long}: all of it is in {path}")
            self._write(File(path, text.encode()))
            text = text[:LONGEST_PARAM]
        known = self.params.setdefault(name, text)
        if known != text:
            stays = f"parameter {name!r} is {known[:60]!r} in this run and stays so"
            self._notices.warn(f"{stays}; {text[:60]!r} was not recorded")
            return
        self._write(Param(name, text))

    def metric(self, key: str, value: Any, step: int | None = None) -> None:
        """Record a metric: a number, a curve (a list of numbers, steps counted up) or a mapping of these.

        A number without *step* takes that of the loop in which it is logged, or else counts on.
        """
        if (leaves := _leaves(value, key)) is not None:
            for name, leaf in leaves:
                self.metric(name, leaf, step)
            return
        number = as_number(value)
        name = self._key(key, "metric")
        step = self._whole(step, name)
        if number is not None:
            self._value(name, number, step, loops.innermost(self))
        elif (curve := as_curve(value)) is not None:
            for offset, item in enumerate(curve):
                self._value(name, item, None if step is None else step + offset)
        else:
            self._notices.warn(f"metric {name!r} is {_shown(value, key)}, not a number: it was not recorded")

    def _value(self, name: str, number: float, step: int | None, loop: Loop | None = None) -> None:
        with self._lock:
            if step is None:
                following = self._next_step.get(name, 0)
                step = loop.step_of(name, following) if loop is not None else following
            self._next_step[name] = step + 1
            known = self.metrics.get(name)
            # As MLflow has it: the value of the highest step counts, and of one step the last.
            shown = number if known is None or step >= self._last_step[name] else known.value
            self._last_step[name] = max(step, self._last_step.get(name, step))
            self.metrics[name] = MetricLine(name, shown, known.steps + 1 if known else 1)
        if not math.isfinite(number):
            stored = "" if math.isnan(number) else " (MLflow keeps the largest float in its place)"
            self._notices.warn(f"metric {name!r} is {number}{stored}")
        self._write(Metric(name, number, time.time_ns() // 1_000_000, step))
        if loop is not None and not name.startswith("system/"):  # the sampler's, from a thread of its own
            loop.hear(name, number, step)

    def count_on(self, following: Mapping[str, int]) -> None:
        """Let each of these metrics count on from its step, or from a later one that it has reached."""
        with self._lock:
            for name, step in following.items():
                self._next_step[name] = max(step, self._next_step.get(name, 0))

    def finish(self) -> None:
        """Leave the loops that are still open, and do what waits for the end of the run."""
        loops.leave_all(self)
        while self.at_end:
            self.at_end.pop(0)()

    def tag(self, key: str, value: Any) -> None:
        """Record a tag; a later one under the same key replaces it."""
        name = self._key(key, "tag")
        self._write(Tag(name, self._clean(as_text(value), f"tag {name}", key)[:LONGEST_TAG]))

    def text(self, path: str, text: str) -> None:
        """Record a text artifact."""
        self._write(File(path, self._clean(text, path).encode(errors="replace")))

    def data(self, path: str, content: bytes) -> None:
        """Record a binary artifact, such as a picture."""
        self._write(File(path, content))

    def dataset(self, dataset: Dataset) -> None:
        """Record a dataset that the code read; it holds no values, and its names are redacted by its maker."""
        self._write(dataset)

    def copy(self, folder: str, source: str) -> None:
        """Record a file or folder of the user's, as it is, under *folder* within the run."""
        self._write(FileCopy(folder, source))

    def json(self, path: str, content: Any) -> None:
        """Record a JSON artifact; its strings are redacted one by one, before they are quoted."""
        clean = self._clean_all(content, path)
        self._write(File(path, json.dumps(clean, indent=1, ensure_ascii=False, default=str).encode(errors="replace")))

    def _clean_all(self, content: Any, where: str) -> Any:
        if isinstance(content, str):
            return self._clean(content, where)
        if isinstance(content, dict):
            return {name: self._clean_all(value, where) for name, value in content.items()}
        if isinstance(content, (list, tuple)):
            return [self._clean_all(value, where) for value in content]
        return content

    def redactions(self) -> Mapping[str, int]:
        """Return how many secrets were redacted, by where they stood."""
        return dict(self._redacted)

    def knows(self, params: Mapping[str, str], last_steps: Mapping[str, int]) -> None:
        """Take note of what a run that is continued already holds: its parameters, and the last step of its metrics."""
        self.params.update(params)
        self._next_step.update({name: step + 1 for name, step in last_steps.items()})

    def _key(self, key: str, kind: str) -> str:
        """Return the key under which *key* is kept; one that is changed is told once."""
        asked = str(key)
        name = self._names.get(asked)
        if name is None:
            shown = secrets.redact(asked)[0]
            name = self._names.setdefault(asked, valid_key(shown))
            if name != asked:
                long = f" of {len(shown)} characters" if len(shown) > LONGEST_KEY else ""
                kept = f"its first {len(name)} are kept" if long else f"it is kept as {name[:80]!r}"
                self._notices.warn(f"MLflow does not take the {kind} key {shown[:80]!r}{long}: {kept}")
        return name

    def _whole(self, step: Any, name: str) -> int | None:
        """Return *step* as a Python integer: SQLite would store one of NumPy's as bytes."""
        if step is None or (type(step) is int and abs(step) <= LARGEST_STEP):
            return step
        number = as_number(step)
        if number is None or not abs(number) <= LARGEST_STEP:
            self._notices.warn(f"a step of metric {name!r} is no whole number that MLflow can keep: it was counted on")
            return None
        if number != int(number):
            self._notices.warn(f"steps of metric {name!r} are no whole numbers: they were rounded down")
        return math.floor(number)

    def _clean(self, text: str, where: str, key: str | None = None) -> str:
        clean, count = secrets.redact(text) if key is None else secrets.redact_value(str(key), text)
        if count:
            with self._lock:
                self._redacted[where] = self._redacted.get(where, 0) + count
        # Half of a surrogate pair cannot be stored.
        return clean if clean.isascii() else clean.encode(errors="replace").decode()

    def _write(self, record: Record) -> None:
        self._sink.write(record)


def _leaves(value: Any, key: str) -> list[tuple[str, Any]] | None:
    """Return the (dotted key, value) pairs of a mapping, or None for anything else, an empty mapping too."""
    if not isinstance(value, Mapping):
        return None
    try:
        return list(flat(value, key)) or None
    except Exception:  # noqa: BLE001  # a config with a value that is missing, or whatever a foreign mapping raises
        return None


def _shown(value: Any, key: str) -> str:
    kind = type(value).__name__
    try:
        if isinstance(value, (str, bytes, complex)):
            return f"{secrets.redact_value(str(key), value)[0]!r:.60} ({kind})"
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple):  # torch.Size is one
            return f"a {kind} of shape {tuple(shape)}"
    except Exception:  # noqa: BLE001  # whatever a foreign object raises
        return f"of type {kind}"
    return f"of type {kind}"
