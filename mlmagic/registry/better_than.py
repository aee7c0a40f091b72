"""The gate of ``--better-than``: a version is promoted only if it is better than another on the same held-out rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import described
from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.errors import UsageProblem
from mlmagic.evaluation.evaluating import compute
from mlmagic.evaluation.measures.asked import named
from mlmagic.evaluation.request import Names, Request, require_confidence
from mlmagic.registry import loading, registry_store
from mlmagic.registry.facts import read_facts, with_learned
from mlmagic.registry.gates import ChecksNames
from mlmagic.registry.held_out.recorded_form import as_dataset
from mlmagic.registry.held_out.seen_rows import why_seen
from mlmagic.registry.names import Reference
from mlmagic.registry.promotion.history import events_of
from mlmagic.registry.versions import all_models, find_model, find_version
from mlmagic.verdicts import GateVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow import MlflowClient

    from mlmagic.evaluation.evaluation import Evaluation, ModelDifference
    from mlmagic.registry.facts import VersionFacts
    from mlmagic.registry.gates import Gate

_PAIR = 2
TEST_DATA = "test_data"
"""The number's name under which a record of the history holds the fingerprint of the rows that were judged on."""


@dataclass(frozen=True, eq=False)
class BetterThan:
    """Judges that a version is better than the one with an alias, by the paired bootstrap on the same rows.

    It passes if the whole confidence interval of the difference lies above the margin, in the metric's direction: of
    two models that are equal, at 95 % about one in forty passes. It is refused if the fingerprint or the split of the
    rows says that one of the two models has seen them.

    Parameters
    ----------
    other
        The alias of the version to beat, or its number. If it is *to*, the alias that is asked for, and no version has
        it yet, there is nothing to beat, and the gate passes, unless the version has seen the rows.
    data, targets
        The test data, n rows, and their targets.
    names
        What the user calls these two.
    metric
        The metric's name and, unless it is a standard one, its function.
    margin
        By how much it must be better, in the metric's own unit.
    confidence
        Of the interval, between 0.5 and 1.
    correct
        Divide what may go wrong by the number of candidates that were judged on these rows (Bonferroni).
    trust
        Load the models without asking, whoever wrote them.
    """

    other: str
    data: Any
    targets: Any
    names: tuple[str, str] = ("X", "y")
    metric: tuple[str, Any] = ("accuracy", "accuracy")
    margin: float = 0.0
    confidence: float = 0.95
    correct: bool = False
    trust: bool = False
    to: str = ""

    def __post_init__(self) -> None:
        """Check the options also where no version has the alias yet, and nothing is computed."""
        require_confidence(self.confidence)
        is_number = isinstance(self.margin, int | float) and not isinstance(self.margin, bool)
        if not is_number or not math.isfinite(self.margin):
            raise UsageProblem(f"margin is a number in the metric's unit, such as 0.01, not {described(self.margin)}")
        named(dict([self.metric]))

    @property
    def name(self) -> str:
        """The gate in words, for the history."""
        margin = f" by {self.margin:g}" if self.margin else ""
        return f"better than {self.other}{margin} in {self.metric[0]} on {self.names[0]}, {self.confidence:g}"

    def judge(self, candidate: VersionFacts, holder: VersionFacts | None) -> GateVerdict:
        """Return whether *candidate* is better.

        Raises
        ------
        UsageProblem
            If the data does not fit the models, there is no such metric, or its direction is not known.
        ModelLoadError
            If one of the models cannot be loaded.
        """
        other, tried = registry_store.ask(partial(self._look, candidate, holder))
        digest = _digest(self.data)
        numbers: dict[str, float | str] = {TEST_DATA: digest}
        for facts in (candidate, *([] if other is None else [other])):
            if seen := why_seen(facts, self.data, self.targets, self.names[0]):
                return GateVerdict(False, seen, numbers)
        if other is None:
            name = candidate.version.name
            return GateVerdict(
                True, f"no version of {name!r} has {self.other!r} yet: there is nothing to be better than"
            )
        if other.version.version == candidate.version.version:
            if self.other == self.to:  # another process has given it the alias since
                return GateVerdict(True, f"{candidate.version.reference} is {self.other!r} already", numbers)
            raise UsageProblem(
                f"{candidate.version.reference} is {self.other!r} itself: it cannot be better than that."
            )
        count = len(tried(digest) | {(candidate.version.name, candidate.version.version)})
        confidence = 1 - (1 - self.confidence) / count if self.correct else self.confidence
        evaluation = self._evaluated(candidate, other, confidence)
        difference = evaluation.difference
        assert difference is not None  # noqa: S101  # it was asked for
        return self._verdict(evaluation, difference, count=count, numbers=numbers)

    def check(self, candidate: VersionFacts) -> None:
        """Raise if there is no version to beat of this alias or number."""
        registry_store.ask(partial(self._look, candidate, None))

    def _look(self, candidate: VersionFacts, holder: VersionFacts | None, client: MlflowClient) -> tuple[Any, _Tried]:
        """Return the version to beat, None if there is none, and the versions that were judged before, by data."""
        tried = _Tried([(model.name, model.tags) for model in all_models(client)])
        if holder is not None and self.other in holder.version.aliases:
            return holder, tried
        name = candidate.version.name
        if self.other == self.to and self.other not in find_model(client, name).aliases:
            return None, tried
        number = int(self.other) if self.other.isdecimal() else None
        _, version = find_version(client, Reference(name, number, None if number else self.other))
        return with_learned(client, read_facts(client, [version])[0]), tried

    def _evaluated(self, candidate: VersionFacts, other: VersionFacts, confidence: float) -> Evaluation:
        models = [loading.load(facts.version.reference, trust=self.trust) for facts in (candidate, other)]
        names = Names(
            model=f"version {candidate.version.version}",
            data=self.names[0],
            targets=self.names[1],
            against=f"{self.other} (version {other.version.version})",
        )
        request = Request(
            names, models[0], self.data, self.targets, against=models[1], metrics=dict([self.metric]),
            confidence=confidence, figures=False,
        )  # fmt: skip
        return compute(request).evaluation

    def _verdict(
        self, evaluation: Evaluation, difference: ModelDifference, *, count: int, numbers: dict[str, float | str]
    ) -> GateVerdict:
        metric = self.metric[0]
        if metric not in difference.values:
            raise UsageProblem(f"{metric} cannot be computed of both models: {_why(evaluation, metric)}")
        direction = difference.directions[metric]
        if direction is None:
            raise UsageProblem(
                f"whether more or less of {metric!r} is better is not known: a name that says so helps, such as "
                f"--metric {metric}_loss=… or --metric {metric}_score=…"
            )
        sign = 1 if direction == "max" else -1
        interval, value = difference.intervals[metric], evaluation.metrics[metric]
        gain = sign * difference.values[metric]
        low, high = sorted((sign * interval.low, sign * interval.high)) if interval.is_known else (gain, gain)
        passed = interval.is_known and low > self.margin
        numbers |= {
            metric: value, f"{self.other} {metric}": value - difference.values[metric], "gain": gain, "gain_low": low,
            "gain_high": high, "confidence": evaluation.confidence, "rows": float(evaluation.rows),
            "candidates": float(count),
        }  # fmt: skip
        sentence = difference.sentence(metric)
        if self.margin and not passed:
            sentence += f", wanted: more than {self.margin:g}"
        elif self.margin:
            sentence += f", which the margin of {self.margin:g} allows"
        if count > 1:
            corrected = f", so at {evaluation.confidence:.4g} each" if self.correct else ""
            sentence += f"; {count} candidates were judged on these rows{corrected}"
        return GateVerdict(passed, sentence, numbers)


def better_than_gate(other: object, on: object, metric: Any, names: Mapping[int, str], **options: Any) -> BetterThan:
    """Return the gate for what a call asks; *names* are the caller's names of its objects, by their ids.

    Raises
    ------
    UsageProblem
        If one of the first three is missing or invalid: they go together.
    """
    if not isinstance(other, str) or metric is None or not isinstance(on, tuple | list) or len(on) != _PAIR:
        raise UsageProblem(
            "better_than takes an alias, on the test data with its targets, and metric what is compared; the three go "
            "together. For example: mlmagic.promote('churn', better_than='champion', on=(X_test, y_test), "
            "metric='accuracy')"
        )
    data, targets = on
    called = names.get(id(data), "X"), names.get(id(targets), "y")
    return BetterThan(other, data, targets, called, named_metric(metric), **options)


def named_metric(metric: Any) -> tuple[str, Any]:
    """Return the name and the metric that a call means: a name, a function, or a mapping of one name to a function."""
    if isinstance(metric, dict) and len(metric) == 1:
        ((name, one),) = metric.items()
        return str(name), one
    return metric if isinstance(metric, str) else str(getattr(metric, "__name__", "metric")), metric


@dataclass(frozen=True)
class AllOf:
    """Judges by several gates in turn; the first one that refuses decides."""

    gates: Sequence[Gate]

    @property
    def name(self) -> str:
        """The names of the gates."""
        return " and ".join(str(gate.name) for gate in self.gates)

    def judge(self, candidate: VersionFacts, holder: VersionFacts | None) -> GateVerdict:
        """Return the verdict of the first gate that refuses, or what all say."""
        whole = GateVerdict(passed=True, sentence="")
        for gate in self.gates:
            verdict = gate.judge(candidate, holder)
            if not isinstance(verdict, GateVerdict):
                return verdict  # the caller says that it is none
            numbers = {**whole.numbers, **verdict.numbers}
            if not verdict.passed:
                return replace(verdict, numbers=numbers)
            whole = GateVerdict(True, "; ".join(filter(None, [whole.sentence, verdict.sentence])), numbers)
        return whole

    def check(self, candidate: VersionFacts) -> None:
        """Let each gate check its names."""
        for gate in self.gates:
            if isinstance(gate, ChecksNames):
                gate.check(candidate)


class _Tried:
    """The versions that were judged before, of all models in the registry."""

    def __init__(self, tags: Sequence[tuple[str, Any]]) -> None:
        self._events = [(name, event) for name, found in tags for event in events_of(found)]

    def __call__(self, digest: str) -> set[tuple[str, int | None]]:
        """Return those that were judged on the data with this fingerprint."""
        return {(name, event.version) for name, event in self._events if event.numbers.get(TEST_DATA) == digest}


def _digest(data: Any) -> str:
    return fingerprint(as_dataset(data)).digest


def _why(evaluation: Evaluation, metric: str) -> str:
    return next((note.text for note in evaluation.notes if metric in note.text), "it is left out for one of them")
