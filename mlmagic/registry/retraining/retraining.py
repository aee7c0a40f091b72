"""The steps of a retraining, in order; each is found done if an earlier process was killed after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlmagic.errors import PromotionRefusedError, UsageProblem
from mlmagic.evaluation.evaluating import evaluate_request
from mlmagic.registry import loading, registering, registry_store
from mlmagic.registry.attempts import Attempt
from mlmagic.registry.names import Reference
from mlmagic.registry.promotion import history, promoting
from mlmagic.registry.registering import RegistrationRequest
from mlmagic.registry.retraining import champion as champions
from mlmagic.registry.retraining import earlier
from mlmagic.registry.retraining.request import CHALLENGER, RetrainRequest, check
from mlmagic.registry.retraining.result import Retraining
from mlmagic.registry.versions import RegisteredVersion
from mlmagic.store import tracking_uri
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.query import logged_models, queries
from mlmagic.store.tracking_uri import is_local
from mlmagic.store.waiting import WaitBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow import MlflowClient

    from mlmagic.evaluation.evaluation import Evaluation
    from mlmagic.registry.retraining.champion import Champion

_LONGEST_DELIVERY_S = 600.0


@dataclass(frozen=True)
class Training:
    """The user's training code: what identifies it and all that it reads, and how to run it.

    ``run`` is called with the reason and with the tags for the run that it makes, and returns the run's id.
    """

    identity: str
    run: Callable[[str, Mapping[str, str]], str]


def retrain(request: RetrainRequest, training: Training) -> Retraining:
    """Train a new version of a model if its champion is no longer good enough, and promote it if it is better.

    Raises
    ------
    UsageProblem, ModelNotFoundError, ModelLoadError
        If the champion cannot be judged on this data.
    StoreError
        If the store refuses, or cannot be reached. A run that was trained is kept: the next call goes on with it.
    """
    check(request)
    champion, judgement = champions.look(request)
    result = Retraining(
        request.name, request.alias, "kept", judgement.reason, request.metric[0], champion.version,
        before=champion.evaluation, notes=_notes_of(champion.evaluation),
    )  # fmt: skip
    if not judgement.trains:
        return result
    if (
        not request.again
        and champion.facts is not None
        and earlier.is_result(request, training.identity, champion.facts.version)
    ):
        reference = champion.facts.version.reference
        return replace(
            result, decision=f"this code trained {reference} on these data before; --again trains another one"
        )
    key = earlier.key(request, training.identity, champion.version)
    version = None if request.again else earlier.find_version(request.name, key)
    if version is None:
        version, notes = _trained(request, training, judgement.reason, key, champion)
    else:
        notes = (f"{version.reference} was trained for this before; --again trains another one",)
    notes += _as_challenger(version, judgement.reason)
    seen = champions.why_version_seen(request, version)
    after = None if seen else champions.evaluate(request, version.reference)
    notes = tuple(dict.fromkeys((*result.notes, *notes, *_notes_of(after))))
    result = replace(
        result, verdict="registered", version=version.number, run_id=version.run_id, after=after, notes=notes
    )
    return _promoted(request, result, version, key) if request.promote_to else _registered(request, result, seen)


def _notes_of(evaluation: Evaluation | None) -> tuple[str, ...]:
    return () if evaluation is None else tuple(note.text for note in evaluation.notes)


def _trained(
    request: RetrainRequest, training: Training, reason: str, key: str, champion: Champion
) -> tuple[RegisteredVersion, tuple[str, ...]]:
    """Train a model, evaluate it, and register it; return the version and what else to know.

    A model that has seen the recent data is registered without metrics of it, which a later gate would believe.
    """
    tags = {**request.tags, earlier.REASON: reason, earlier.KEY: key}
    run_id = None if request.again else earlier.find_run(key)
    notes: tuple[str, ...] = ()
    if run_id is None:
        run_id = training.run(reason, tags)
        _delivered()
        if not request.again and (other := earlier.find_version(request.name, key)) is not None:
            return other, (f"another process has trained {other.reference} for this meanwhile",)
    else:
        notes = (f"the run {run_id[:8]} was trained for this before; --again trains another one",)
    name = registry_store.ask(partial(_model_of, request, run_id))
    if not champions.why_version_seen(request, RegisteredVersion(request.name, None, run_id=run_id)):
        model = loading.load(f"runs:/{run_id}/{name}", trust=request.trust)
        evaluation = evaluate_request(champions.evaluation_request(request, model, name, run=run_id))
        notes += tuple(note.text for note in evaluation.notes if note.level == "warning")
    if champion.facts is not None:
        tags[earlier.FROM] = champion.facts.version.reference
    wanted = RegistrationRequest(request.name, run_id, name, CHALLENGER, tags, None, request.again)
    return registry_store.ask(partial(_registered_now, wanted)), notes


def _registered_now(wanted: RegistrationRequest, client: MlflowClient) -> RegisteredVersion:
    return registering.register(client, registry_store.uri(), wanted, Attempt(wanted.id))


def _delivered() -> None:
    """Wait until the store has the run with its model, which may be large."""
    uri = tracking_uri.current_uri()
    delivery_worker(uri).drain(WaitBudget(_LONGEST_DELIVERY_S, local=is_local(uri), uri=uri))


def _model_of(request: RetrainRequest, run_id: str, client: MlflowClient) -> str:
    """Return the name of the run's model that is meant."""
    run = queries.get_run(run_id)
    models = logged_models.models_of(client, run)
    if not models:
        raise UsageProblem(
            f"the training of {request.name!r} left no model in the run {run.info.run_name!r} ({run_id[:8]}): the body "
            "fits the new model; what was not recorded stands in the run's summary"
        )
    return str(logged_models.choose(models, request.model, run, how="--model NAME").name)


def _as_challenger(version: RegisteredVersion, reason: str) -> tuple[str, ...]:
    """Give the version the alias of the challenger, unless it has had it before."""
    had = {(event.alias, event.version) for event in history.events_of(version.tags)}
    if (CHALLENGER, version.number) in had:
        return ()
    wanted = promoting.Wanted(Reference(version.name, version.number), CHALLENGER, reason=reason, regardless=True)
    try:
        return promoting.promote(wanted).notes
    except PromotionRefusedError as error:  # another process does not come to an end
        return (str(error).partition("\n")[0],)


def _registered(request: RetrainRequest, result: Retraining, seen: str) -> Retraining:
    metric, on = request.metric[0], ",".join(request.names)
    reference = f"{request.name}/{result.version}"
    if result.after is None:
        told = f"{reference} is the {CHALLENGER}, but {seen}, so its {metric} there says nothing. Train on other rows"
        return replace(result, decision=told)
    decision = (
        f"{reference} is the {CHALLENGER}: {metric} {champions.shown(result.after, metric)}. To promote "
        f"it: %promote {request.name} {result.version} --better-than {request.alias} --on {on} --metric {metric}"
    )
    return replace(result, decision=decision)


def _promoted(request: RetrainRequest, result: Retraining, version: RegisteredVersion, key: str) -> Retraining:
    gate = request.gate
    if (twin := _twin(request, version, key)) is not None:
        return _by_another(result, twin)
    refusal = earlier.find_refusal(request.name, version.number, request.alias, gate.name)
    if refusal is not None:
        told = f"{version.reference} was refused before, and {request.alias!r} has not changed since: {refusal.reason}"
        return replace(result, verdict="refused", decision=told)
    wanted = promoting.Wanted(
        Reference(request.name, version.number), request.alias, gate, reason=f"retrained: {result.reason}"
    )
    try:
        done = promoting.promote(wanted)
    except PromotionRefusedError as error:
        if (twin := _twin(request, version, key)) is not None:
            return _by_another(result, twin)
        return replace(result, verdict="refused", decision=str(error).partition("\n")[0])
    return replace(result, verdict="promoted", promotion=done, decision=str(done), notes=(*result.notes, *done.notes))


def _twin(request: RetrainRequest, version: RegisteredVersion, key: str) -> RegisteredVersion | None:
    """Return another version that has the alias and that another process trained for the same, or None."""
    holder = None if request.again else earlier.find_holder(request, key)
    return holder if holder is not None and holder.number != version.number else None


def _by_another(result: Retraining, twin: RegisteredVersion) -> Retraining:
    told = (
        f"{result.alias} of {result.name!r} is version {twin.number} already, which another process trained by the "
        f"same code on the same data"
    )
    note = f"version {result.version} was trained for the same, and is not needed"
    return replace(
        result, verdict="promoted", version=twin.number, run_id=twin.run_id, decision=told, notes=(*result.notes, note)
    )
