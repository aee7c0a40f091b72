"""Resolve a filter for the runs at hand: a part that MLflow's store evaluates, and tests of its results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem, did_you_mean
from mlmagic.store.keys import key_among, valid_key
from mlmagic.store.query.durations import duration_s
from mlmagic.store.query.filters import EXAMPLE, number_or_none
from mlmagic.store.query.predicates import quote, with_attribute, with_metric, with_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlflow.entities import Run

    from mlmagic.store.query.filters import Condition, Entity

_MAIN_ATTRIBUTES = ("run_id", "name", "status", "started", "ended", "duration", "user_id")
_NULL = {"is null", "is not null"}
_SHOWN_NAMES = 8
_ATTRIBUTES = {
    "run_id": "run_id",
    "name": "run_name",
    "run_name": "run_name",
    "run name": "run_name",
    "status": "status",
    "started": "start_time",
    "start_time": "start_time",
    "created": "start_time",
    "ended": "end_time",
    "end_time": "end_time",
    "duration": "duration",
    "artifact_uri": "artifact_uri",
    "user_id": "user_id",
}


@dataclass(frozen=True)
class Keys:
    """The names that runs have; ``complete`` if every run of the experiment was examined."""

    metrics: frozenset[str]
    params: frozenset[str]
    tags: frozenset[str]
    where: str
    complete: bool

    @classmethod
    def seen_in(cls, runs: Iterable[Run], where: str, *, complete: bool) -> Keys:
        """Collect the names that *runs* have; *where* describes these runs in an error message."""
        metrics: set[str] = set()
        params: set[str] = set()
        tags: set[str] = set()
        for run in runs:
            metrics.update(run.data.metrics)
            params.update(run.data.params)
            tags.update(run.data.tags)
        return cls(frozenset(metrics), frozenset(params), frozenset(tags), where, complete)

    def of(self, entity: Entity) -> frozenset[str]:
        """Return the names of one kind."""
        return {"metric": self.metrics, "param": self.params, "tag": self.tags}.get(entity, frozenset())

    def all(self) -> list[str]:
        """Return all names: metrics and params first, without MLflow's own tags."""
        tags = sorted(tag for tag in self.tags if not tag.startswith("mlflow."))
        return [*sorted(self.metrics), *sorted(self.params - self.metrics), *tags]


@dataclass(frozen=True)
class Plan:
    """A filter in MLflow's syntax, and tests for what that syntax cannot express, such as ``lr > 0.1`` for a param.

    ``here`` tests the whole filter, for runs that the store did not filter.
    """

    server: str = ""
    tests: tuple[Callable[[Run], bool], ...] = ()
    here: tuple[Callable[[Run], bool], ...] = ()

    def matches(self, run: Run) -> bool:
        """Return whether *run*, which the store returned, also passes the tests."""
        return all(test(run) for test in self.tests)


def needs_keys(conditions: Iterable[Condition]) -> bool:
    """Return whether the names of metrics, params and tags must be known to understand the conditions."""
    return any(
        condition.entity != "dataset" and not (condition.entity in {None, "attribute"} and condition.key in _ATTRIBUTES)
        for condition in conditions
    )


def plan(conditions: Iterable[Condition], keys: Keys) -> Plan:
    """Resolve every name among *keys*, and divide the conditions between the store and the tests.

    Raises
    ------
    UsageProblem
        When no run has a name, or an operator or a value does not fit what it names.
    """
    listed = list(conditions)
    parts = [_part(condition, keys) for condition in listed]
    here = [_part(condition, keys, here=True) for condition in listed]
    return Plan(
        " and ".join(part for part in parts if isinstance(part, str)),
        tuple(part for part in parts if not isinstance(part, str)),
        tuple(part for part in here if not isinstance(part, str)),
    )


def _part(condition: Condition, keys: Keys, *, here: bool = False) -> str | Callable[[Run], bool]:
    entity, key = locate(condition, keys)
    if entity == "dataset":
        return _of_a_dataset(condition) if here else _dataset(condition)
    if condition.operator in _NULL:
        return lambda run: (value_of(run, entity, key) is None) == (condition.operator == "is null")
    if entity == "attribute":
        return with_attribute(condition, key, here=here)
    if entity == "metric":
        return with_metric(condition, key, here=here)
    return with_text(condition, f"{entity}s.`{key}`", lambda run: _texts(run, entity).get(key), here=here)


def locate(condition: Condition, keys: Keys) -> tuple[Entity, str]:
    """Return what a condition names: an attribute of the run, else a metric, param or tag.

    A name that is both a metric and a param means the param if it is compared with a word; with a number it is an
    error.
    """
    number = number_or_none(condition.value) is not None and not condition.quoted
    order: tuple[Entity, ...] = ("metric", "param", "tag") if number else ("param", "metric", "tag")
    entity, key = condition.entity, condition.key
    if entity in {None, "attribute"} and key in _ATTRIBUTES:
        return "attribute", _ATTRIBUTES[key]
    if entity == "dataset":
        return entity, key
    if entity is not None and (known := key_among(key, keys.of(entity))) in keys.of(entity):
        return entity, known
    # A bare name, or a section of a config that is called `run` or `tags`: run.lr
    bare = key_among(key if entity is None else condition.written, {*keys.metrics, *keys.params, *keys.tags})
    found = [kind for kind in order if bare in keys.of(kind)]
    if number and found[:2] == ["metric", "param"]:
        raise UsageProblem(f"{bare!r} is a metric and a param: write metrics.{bare} or params.{bare}.")
    if found:
        return found[0], bare
    if entity is None or entity == "attribute" or keys.complete:
        raise _unknown(condition, keys)
    return entity, valid_key(key)


def value_of(run: Run, entity: Entity, key: str) -> object:
    """Return a metric, param, tag or attribute of *run*, or None if the run does not have it."""
    if entity == "metric":
        return run.data.metrics.get(key)
    if entity == "attribute":
        return duration_s(run) if key == "duration" else getattr(run.info, key)
    return _texts(run, entity).get(key)


def _unknown(condition: Condition, keys: Keys) -> UsageProblem:
    if condition.entity is None:
        known = [*keys.all(), *_ATTRIBUTES]
    elif condition.entity == "attribute":
        known = list(dict.fromkeys([*_MAIN_ATTRIBUTES, *_ATTRIBUTES]))
    else:
        known = sorted(keys.of(condition.entity))
    near = did_you_mean(condition.key, known)
    more = ", …" if len(known) > _SHOWN_NAMES else ""
    listed = f" There are: {', '.join(known[:_SHOWN_NAMES])}{more}." if known and not near else ""
    kind = condition.entity or "metric, param or tag"
    return UsageProblem(f"No {kind} {condition.key!r} in {keys.where}.{near}{listed} {EXAMPLE}")


def _dataset(condition: Condition) -> str:
    if condition.key not in {"name", "digest", "context"}:
        raise UsageProblem(
            f"A dataset has a name, a digest and a context, not {condition.key!r}: %runs dataset.name = train"
        )
    values = [quote(value) for value in condition.choices or (condition.value,)]
    if None in values:
        raise UsageProblem(f"MLflow cannot look for quotes of both kinds or a backslash: {condition.value!r}")
    listed = f"({', '.join(map(str, values))})" if condition.choices else values[0]
    return f"datasets.{condition.key} {condition.operator.upper()} {listed}"


def _of_a_dataset(condition: Condition) -> Callable[[Run], bool]:
    """Return a test of whether one of a run's datasets matches; the context is unknown if rows were read."""

    def named(dataset: Any) -> str:
        return str(getattr(dataset, condition.key, ""))

    fits: Any = with_text(replace(condition, quoted=True), "", named, here=True)
    return lambda run: any(fits(one.dataset) for one in run.inputs.dataset_inputs)


def _texts(run: Run, entity: Entity) -> Mapping[str, str]:
    texts: Mapping[str, str] = run.data.params if entity == "param" else run.data.tags
    return texts
