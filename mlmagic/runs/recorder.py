"""Everything recorded of a run passes here: checked, named, redacted, and handed to the sink."""

from __future__ import annotations

import json
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from mlmagic.runs.keys import slug, valid_key
from mlmagic.runs.records import File, FileCopy, Metric, Param, Record, Sink, Tag
from mlmagic.runs.summary import MetricLine
from mlmagic.runs.values import as_curve, as_number, as_text, flat
from mlmagic.snapshot import secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.runs.notices import Notices

LONGEST_PARAM = 6000
LONGEST_TAG = 8000


class Recorder:
    """The one way into a run. It never raises for a value: what cannot be kept as asked becomes a notice."""

    def __init__(self, sink: Sink, notices: Notices) -> None:
        self._sink = sink
        self._notices = notices
        self._next_step: dict[str, int] = {}
        self._redacted: dict[str, int] = {}
        self._lock = threading.RLock()
        self.params: dict[str, str] = {}
        self.metrics: dict[str, MetricLine] = {}

    def param(self, key: str, value: Any) -> None:
        """Record a parameter; a mapping becomes one parameter for each leaf, under dotted keys."""
        if isinstance(value, dict) and value:
            for name, leaf in flat(value, key):
                self.param(name, leaf)
            return
        name = self._key(key, "parameter")
        text = self._clean(as_text(value), f"param {name}", key)
        if len(text) > LONGEST_PARAM:
            path = f"mlmagic/params/{slug(name)}.txt"
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
        """Record a metric: a number, a curve (a list of numbers, steps counted up) or a mapping of these."""
        if isinstance(value, dict) and value:
            for name, leaf in flat(value, key):
                self.metric(name, leaf, step)
            return
        number = as_number(value)
        name = self._key(key, "metric")
        if number is not None:
            self._value(name, number, step)
        elif (curve := as_curve(value)) is not None:
            for offset, item in enumerate(curve):
                self._value(name, item, None if step is None else step + offset)
        else:
            self._notices.warn(f"metric {name!r} is {_shown(value)}, not a number: it was not recorded")

    def _value(self, name: str, number: float, step: int | None) -> None:
        with self._lock:
            if step is None:
                step = self._next_step.get(name, 0)
            self._next_step[name] = step + 1
            known = self.metrics.get(name)
            self.metrics[name] = MetricLine(name, number, known.steps + 1 if known else 1)
        if not math.isfinite(number):
            stored = "" if math.isnan(number) else " (MLflow keeps the largest float in its place)"
            self._notices.warn(f"metric {name!r} is {number}{stored}")
        self._write(Metric(name, number, time.time_ns() // 1_000_000, step))

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
        name = valid_key(str(key))
        if name != key:
            self._notices.warn(f"MLflow does not take the {kind} key {str(key)[:80]!r}: it is kept as {name[:80]!r}")
        return name

    def _clean(self, text: str, where: str, key: str | None = None) -> str:
        clean, count = secrets.redact(text) if key is None else secrets.redact_value(key, text)
        if count:
            with self._lock:
                self._redacted[where] = self._redacted.get(where, 0) + count
        return clean

    def _write(self, record: Record) -> None:
        self._sink.write(record)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, (str, bytes, complex)) else ""
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) or (shape is not None and kind == "Tensor"):
        return f"a {kind} of shape {tuple(shape)}"
    return f"{text[:60]} ({kind})" if text else f"of type {kind}"
