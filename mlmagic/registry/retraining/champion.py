"""The version in production on recent data: what it reaches there, and whether that is good enough."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import ModelNotFoundError, UsageProblem
from mlmagic.evaluation.evaluating import compute
from mlmagic.evaluation.request import Names, Request
from mlmagic.registry import loading, registry_store
from mlmagic.registry.facts import read_facts, with_learned
from mlmagic.registry.held_out.seen_rows import why_seen
from mlmagic.registry.promotion import history
from mlmagic.registry.versions import all_models, model_or_none, version_or_none
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from typing import Any

    from mlflow import MlflowClient

    from mlmagic.evaluation.evaluation import Evaluation
    from mlmagic.registry.facts import VersionFacts
    from mlmagic.registry.promotion.history import HistoryEvent
    from mlmagic.registry.retraining.request import RetrainRequest
    from mlmagic.registry.versions import RegisteredModel, RegisteredVersion


@dataclass(frozen=True)
class Champion:
    """The version that has the alias; both are None if no version has it."""

    facts: VersionFacts | None
    evaluation: Evaluation | None

    @property
    def version(self) -> int | None:
        """Its number."""
        return None if self.facts is None else self.facts.version.number


@dataclass(frozen=True)
class Judgement:
    """Whether to train another model, and why or why not."""

    trains: bool
    reason: str


def look(request: RetrainRequest) -> tuple[Champion, Judgement]:
    """Evaluate the champion on the recent data and judge whether it is good enough.

    Raises
    ------
    ModelNotFoundError
        If there is no such registered model.
    UsageProblem
        If the champion was trained on the recent data, the metric cannot be computed, or a limit does not fit it.
    """
    facts, events = registry_store.ask(partial(_found, request))
    if facts is None:
        return Champion(None, None), Judgement(True, f"no version of {request.name!r} has {request.alias!r} yet")
    if seen := why_seen(facts, request.data, request.targets, request.names[0]):
        raise UsageProblem(f"{seen}, so its {request.metric[0]} there says nothing. Take rows that it has not seen")
    evaluation = evaluate(request, facts.version.reference)
    return Champion(facts, evaluation), _judged(request, facts, evaluation, events)


def why_version_seen(request: RetrainRequest, version: RegisteredVersion) -> str:
    """Return why the model of *version*, or of its run, has seen the recent data; empty if nothing says so."""
    facts = registry_store.ask(lambda client: with_learned(client, read_facts(client, [version])[0]))
    return why_seen(facts, request.data, request.targets, request.names[0])


def evaluate(request: RetrainRequest, reference: str) -> Evaluation:
    """Return the evaluation of a version on the recent data, recorded nowhere.

    Raises
    ------
    UsageProblem
        If the data does not fit the model, or the metric cannot be computed.
    """
    model = loading.load(reference, trust=request.trust)
    evaluation = compute(evaluation_request(request, model, reference)).evaluation
    metric = request.metric[0]
    if metric not in evaluation.metrics:
        why = next((note.text for note in evaluation.notes if metric in note.text), "it is left out")
        raise UsageProblem(f"{metric} of {reference} cannot be computed on {request.names[0]}: {why}")
    return evaluation


def evaluation_request(request: RetrainRequest, model: Any, name: str, **more: Any) -> Request:
    """Return the evaluation of *model* on the recent data, by the metric that decides."""
    names = Names(model=name, data=request.names[0], targets=request.names[1])
    return Request(
        names, model, request.data, request.targets, metrics=dict([request.metric]), figures=False, **more
    )  # fmt: skip


def shown(evaluation: Evaluation, metric: str) -> str:
    """Return the value of a metric with its interval, as ``0.812 [0.78, 0.84]``."""
    interval, value = evaluation.intervals[metric], evaluation.metrics[metric]
    return f"{value:.4g} [{interval.low:.4g}, {interval.high:.4g}]" if interval.is_known else f"{value:.4g}"


def _found(request: RetrainRequest, client: MlflowClient) -> tuple[VersionFacts | None, list[HistoryEvent]]:
    model = model_or_none(client, request.name)
    if model is None:
        raise _unknown(client, request.name)
    number = model.aliases.get(request.alias)
    if number is None:
        return None, []
    version = version_or_none(client, model, number)
    if version is None:
        raise ModelNotFoundError(
            f"the alias {request.alias!r} of {request.name!r} names version {number}, which was deleted. To choose "
            f"another: %promote {request.name} VERSION --to {request.alias}"
        )
    return with_learned(client, read_facts(client, [version])[0]), _promotions(model, request.alias, number)


def _unknown(client: MlflowClient, name: str) -> ModelNotFoundError:
    near = did_you_mean(name, [model.name for model in all_models(client)])
    return ModelNotFoundError(
        f"there is no registered model {name!r}.{near} A retraining begins with a version: train one in a tracked "
        f"cell, then %register {name} and %promote {name}"
    )


def _promotions(model: RegisteredModel, alias: str, version: int) -> list[HistoryEvent]:
    events = history.events_of(model.tags)
    return [event for event in events if event.what == "promoted" and (event.alias, event.version) == (alias, version)]


def _judged(
    request: RetrainRequest, facts: VersionFacts, evaluation: Evaluation, events: list[HistoryEvent]
) -> Judgement:
    metric, reference = request.metric[0], facts.version.reference
    value = evaluation.metrics[metric]
    told = f"{metric} of {reference} on {request.names[0]} is {shown(evaluation, metric)}"
    if request.least is None and request.most is None and request.drop is None:
        return Judgement(True, f"{told}; a new model was asked for in any case")
    direction = evaluation.directions[metric]
    if direction is None:
        raise UsageProblem(
            f"whether more or less of {metric!r} is better is not known: a name that says so helps, such as "
            f"--metric {metric}_loss=… or --metric {metric}_score=…"
        )
    wrong = ("--min", "--max") if request.least is not None and direction == "min" else ()
    wrong = ("--max", "--min") if request.most is not None and direction == "max" else wrong
    if wrong:
        less = "less" if direction == "min" else "more"
        raise UsageProblem(f"{less} of {metric} is better, so {wrong[0]} would keep the worse model: write {wrong[1]}")
    if request.drop is None:
        limit = request.least if request.least is not None else request.most
        assert limit is not None  # noqa: S101  # one of the three is given
        is_worse = value < limit if direction == "max" else value > limit
        words = {("max", True): "below", ("max", False): "at least", ("min", True): "above", ("min", False): "at most"}
        return Judgement(is_worse, f"{told}, {words[direction, is_worse]} {limit:g}")
    known, whence = _promised(request, facts, events)
    lost = known - value if direction == "max" else value - known
    change = f"worse by {lost:.4g} than" if lost > 0 else "as good as" if lost == 0 else f"better by {-lost:.4g} than"
    than = "more than" if lost > request.drop else "not more than"
    end = f", {than} {request.drop:g}" if lost > 0 else ""
    return Judgement(lost > request.drop, f"{told}, {change} the {known:.4g} {whence}{end}")


def _promised(request: RetrainRequest, facts: VersionFacts, events: list[HistoryEvent]) -> tuple[float, str]:
    """Return the champion's metric as it was when it was promoted, else as it was recorded; and which it is."""
    metric = request.metric[0]
    for event in reversed(events):
        number = event.numbers.get(metric, event.numbers.get(f"metrics.{metric}"))
        if isinstance(number, int | float):
            return float(number), "of its promotion"
    if metric in facts.metrics:
        return facts.metrics[metric], "recorded with it"
    known = ", ".join(sorted(facts.metrics)[:8])
    there = f"It has {known}." if known else "It has no metrics."
    raise UsageProblem(
        f"--drop compares with what {facts.version.reference} had, and no {metric} of it is recorded."
        f"{did_you_mean(metric, facts.metrics)} {there} Or give a limit: --min 0.85"
    )
