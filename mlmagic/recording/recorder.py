"""Everything that is recorded of a run passes here: it is checked, named, redacted, and handed to the sink."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlmagic.journal.records import Dataset, Model, Param, Sink, Tag
from mlmagic.recording import progress_loops
from mlmagic.recording.summary import MetricLine
from mlmagic.scalars import as_number
from mlmagic.snapshot.parts import LONGEST_INLINE, in_parts
from mlmagic.snapshot.secrets import redaction
from mlmagic.snapshot.secrets.known_values import REDACTED
from mlmagic.snapshot.secrets.patches import redact_patch
from mlmagic.store.keys import LONGEST_TAG, KeyRegistry, changed_key, slug, unused
from mlmagic.store.values import as_curve, as_text, flat
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mlmagic.recording.notices import Notices
    from mlmagic.recording.progress_loops import Loop
    from mlmagic.snapshot.parts import TextPart

LONGEST_PARAM = 6000
LARGEST_STEP = 2**62
_PATCH_IN_PARTS = """\
This patch is long. It lies in parts, which runs share: mlmagic patch RUN prints it, as does
mlmagic.Run.find(RUN).text("mlmagic/uncommitted.patch"). A part is ../../mlmagic/parts/<name>.gz beside this run's
folder, or mlmagic/parts/<name>.gz within it; zcat of all, in this order, is the patch."""


class _Curve:
    """What was recorded of a metric: how many values, and the one that MLflow shows."""

    __slots__ = ("last_step", "value", "values")

    def __init__(self, value: float, step: int) -> None:
        self.value, self.last_step, self.values = value, step, 0

    def take(self, value: float, step: int) -> None:
        """Note a value. As in MLflow, the value of the highest step counts, and the last one of that step."""
        self.values += 1
        if step >= self.last_step:
            self.value, self.last_step = value, step


class Recorder:
    """The only way into a run. It never raises because of a value: what cannot be recorded as asked becomes a notice.

    While ``yields`` is true, what is recorded gives way to what the user's code may have logged in the store, which
    cannot be queried now.
    """

    def __init__(self, sink: Sink, notices: Notices) -> None:
        self.yields = False
        self._sink = sink
        self._notices = notices
        self._next_step: dict[str, int] = {}
        self._curves: dict[str, _Curve] = {}
        self._redacted: dict[str, int] = {}
        self._keys = KeyRegistry()
        self._files: dict[str, str] = {}
        self._lock = threading.RLock()
        self.params: dict[str, str] = {}
        self.at_end: list[Callable[[], None]] = []

    def param(self, key: str, value: Any) -> None:
        """Record a parameter; a mapping becomes one parameter for each leaf, under dotted keys."""
        if (leaves := _leaves(value, key)) is not None:
            for name, leaf in leaves:
                self.param(name, leaf)
            return
        name = self._key(key, "parameter")
        if issubclass(type(value), int):  # judged as a number: `token=50256` is a model's token id
            text = as_text(self._clean_value(value, f"param {name}", key))
        else:
            text = self._clean(as_text(value), f"param {name}", key)
        if len(text) > LONGEST_PARAM:
            path = f"mlmagic/params/{self._file(name)}.txt"
            long = f"parameter {name!r} has {len(text):,} characters; MLflow keeps {LONGEST_PARAM:,}"
            self._notices.warn(f"{long}: all of it is in {path}")
            self._sink.keep_file(path, text.encode())
            text = text[:LONGEST_PARAM]
        known = self.params.setdefault(name, text)
        if known != text:
            stays = f"parameter {name!r} is {known[:60]!r} in this run and stays so"
            self._notices.warn(f"{stays}; {text[:60]!r} was not recorded")
            return
        self._sink.append(Param(name, text, self.yields))

    def metric(self, key: str, value: Any, step: int | None = None) -> None:
        """Record a metric: a number, a curve (a list of numbers, steps counted up) or a mapping of these.

        A number without *step* takes the step of the loop in which it is logged, or else the next step of the metric.
        """
        plain = type(value) is float
        if not plain and (leaves := _leaves(value, key)) is not None:
            for name, leaf in leaves:
                self.metric(name, leaf, step)
            return
        number = value if plain else as_number(value)
        name = self._key(key, "metric")
        step = self._whole(step, name)
        if number is not None:
            self._value(name, number, step, progress_loops.innermost(self))
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
            curve = self._curves.get(name)
            if curve is None:
                curve = self._curves[name] = _Curve(number, step)
            curve.take(number, step)
            self._sink.append_metric(name, number, time.time_ns() // 1_000_000, step, yields=self.yields)
        if not math.isfinite(number):
            stored = "" if math.isnan(number) else " (MLflow keeps the largest float in its place)"
            self._notices.warn(f"metric {name!r} is {number}{stored}")
        if loop is not None and not name.startswith("system/"):  # from the sampler's thread
            loop.hear(name, number, step)

    @property
    def metrics(self) -> dict[str, MetricLine]:
        """The metrics that were recorded, by name: the value that MLflow shows, and the number of values."""
        with self._lock:
            return {name: MetricLine(name, curve.value, curve.values) for name, curve in self._curves.items()}

    def count_on(self, following: Mapping[str, int]) -> None:
        """Continue each of these metrics from its step, or from a later step that it has reached."""
        with self._lock:
            for name, step in following.items():
                self._next_step[name] = max(step, self._next_step.get(name, 0))

    def finish(self) -> None:
        """End the loops that are still open, and run the callbacks for the end of the run."""
        progress_loops.leave_all(self)
        while self.at_end:
            self.at_end.pop(0)()

    def tag(self, key: str, value: Any) -> None:
        """Record a tag; a later one under the same key replaces it."""
        name = self._key(key, "tag")
        self._sink.append(Tag(name, self._clean(as_text(value), f"tag {name}", key)[:LONGEST_TAG]))

    def text(self, path: str, text: str, *, after: str | None = None, before: str = "") -> None:
        """Record a text artifact; with *after*, append it to what earlier cells of the run recorded there (`File`)."""
        content = self._clean(text, path).encode(errors="replace")
        self._sink.keep_file(path, content, after=after, before=before)

    def redacted(self, path: str, text: str, count: int) -> None:
        """Record a text artifact from which *count* secrets were removed already."""
        self._count(path, count)
        self._sink.keep_file(path, text.encode(errors="replace"))

    def patch(self, path: str, patch: str, is_stored: Callable[[str], bool] = lambda _: False) -> bool:
        """Record a patch, in parts if it is long; return whether it is complete: a redacted patch cannot be applied.

        *is_stored* returns whether the store has the part with a digest.
        """
        clean, count = redact_patch(patch)
        self._count(path, count)
        if len(clean) > LONGEST_INLINE:
            clean, parts = in_parts(clean, _PATCH_IN_PARTS)
            self.parts(parts, is_stored)
        self._sink.keep_file(path, clean.encode(errors="replace"))
        return not count

    def parts(self, parts: Iterable[TextPart], is_stored: Callable[[str], bool]) -> None:
        """Record parts of texts, from which secrets were removed already, unless the store has them."""
        for part in parts:
            if not is_stored(part.digest):
                self._sink.keep_part(part.digest, part.packed)

    def data(self, path: str, content: bytes) -> None:
        """Record a binary artifact, such as a picture; an HTML, JSON or SVG file is redacted as text."""
        if path.endswith((".html", ".json", ".svg")):
            self.text(path, content.decode(errors="replace"))
        else:
            self._sink.keep_file(path, content)

    def dataset(self, dataset: Dataset) -> None:
        """Record a dataset that the code read; its creator redacts its names and labels before shortening them."""
        self._count(f"data {dataset.name}", (dataset.name + dataset.profile).count(REDACTED))
        self._sink.append(dataset)

    def model(self, model: Model) -> None:
        """Record a model that was written to the journal's staging area."""
        self._sink.append(model)

    def copy(self, folder: str, source: Path) -> None:
        """Record a user's file or folder unchanged, under *folder* within the run."""
        self._sink.keep_copy(self._clean(folder, "names of folders"), source)

    def name(self, name: str, where: str) -> str:
        """Return a name that the user gave, without secrets, for use as the name of a file or a record."""
        return self._clean(name, where)

    def json(self, path: str, content: Any) -> None:
        """Record a JSON artifact; its strings are redacted one by one, before they are quoted."""
        clean = self._clean_value(content, path)
        text = json.dumps(clean, indent=1, ensure_ascii=False, default=lambda value: self._clean(str(value), path))
        self._sink.keep_file(path, text.encode(errors="replace"))

    def yaml(self, path: str, content: Any) -> None:
        """Record plain values as a YAML artifact; its strings are redacted one by one."""
        import yaml

        text = yaml.safe_dump(self._clean_value(content, path), sort_keys=False, allow_unicode=True)
        self._sink.keep_file(path, text.encode(errors="replace"))

    def redactions(self) -> Mapping[str, int]:
        """Return how many secrets were redacted, by place."""
        return dict(self._redacted)

    def knows(self, params: Mapping[str, str], last_steps: Mapping[str, int]) -> None:
        """Note what a continued run contains already: its parameters, and the last step of each metric."""
        self.params.update(params)
        self._next_step.update({name: step + 1 for name, step in last_steps.items()})

    def last_steps(self) -> dict[str, int]:
        """Return the last step of each metric."""
        with self._lock:
            return {name: step - 1 for name, step in self._next_step.items()}

    def _key(self, key: str, kind: str) -> str:
        """Return the key under which *key* is recorded; a changed key is reported once."""
        asked = str(key)
        name = self._keys.known(asked)
        if name is None:
            shown = self._clean(asked, f"names of {kind}s")
            name = self._keys.key(asked, shown)
            if name != asked:
                self._notices.warn(changed_key(kind, shown, name))
        return name

    def _file(self, name: str) -> str:
        """Return the file name of a parameter: two keys never share one."""
        if name not in self._files:
            self._files[name] = unused(slug(name) or "unnamed", set(self._files.values()))
        return self._files[name]

    def _whole(self, step: Any, name: str) -> int | None:
        """Return *step* as a Python integer: SQLite would store NumPy's integers as bytes."""
        if step is None or (type(step) is int and abs(step) <= LARGEST_STEP):
            return step
        number = as_number(step)
        if number is None or not abs(number) <= LARGEST_STEP:
            self._notices.warn(f"a step of metric {name!r} is not a 64-bit integer: the next step was used")
            return None
        if number != int(number):
            self._notices.warn(f"steps of metric {name!r} are no whole numbers: they were rounded down")
        return math.floor(number)

    def _clean(self, text: str, where: str, key: str | None = None) -> str:
        clean: str = self._clean_value(text, where, key or "")
        # Lone surrogates cannot be stored.
        return clean if clean.isascii() else clean.encode(errors="replace").decode()

    def _clean_value(self, value: Any, where: str, key: str = "") -> Any:
        clean, count = redaction.redact_value(str(key), value)
        self._count(where, count)
        return clean

    def _count(self, where: str, count: int) -> None:
        if count:
            with self._lock:
                self._redacted[where] = self._redacted.get(where, 0) + count


@guarded(default=None)
def _leaves(value: Any, key: str) -> list[tuple[str, Any]] | None:
    """Return the (dotted key, value) pairs of a mapping, or None for anything else and for an empty mapping."""
    return (list(flat(value, key)) or None) if isinstance(value, Mapping) else None


def _shown(value: Any, key: str) -> str:
    return _details(value, key) or f"of type {type(value).__name__}"


@guarded(default="")
def _details(value: Any, key: str) -> str:
    kind = type(value).__name__
    if isinstance(value, (str, bytes, complex)):
        return f"{redaction.redact_value(str(key), value)[0]!r:.60} ({kind})"
    shape = getattr(value, "shape", None)
    return f"a {kind} of shape {tuple(shape)}" if isinstance(shape, tuple) else ""  # torch.Size is one
