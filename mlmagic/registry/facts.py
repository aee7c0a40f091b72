"""What a version is shown and judged by: metrics, params, tags and data of its logged model and of its run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.registry.held_out.learned_data import LearnedData
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query import bulk
from mlmagic.store.query.evaluated import metrics_of_others, models_in
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.filters.parser import parse
from mlmagic.store.query.filters.tree import Name, Value, with_conditions
from mlmagic.store.query.infinities import number_as_logged
from mlmagic.store.query.light_runs import (
    DatasetInput,
    LightDataset,
    LightRun,
    RunData,
    RunInfo,
    RunInputs,
    context_in,
)
from mlmagic.store.values import as_text
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlflow import MlflowClient

    from mlmagic.registry.versions import RegisteredVersion
    from mlmagic.store.query.filters.tree import Condition, Expression

_ALIASES = "alias"
HELD_OUT = {"testing", "validation", "evaluation"}
"""MLflow's words for data that a model did not learn from."""
_OF_RUNS_ONLY = frozenset(["duration", "status", "ended", "end_time"])
"""What is not asked of a version's run: a condition on it would hold or fail by chance."""
OF_SEVERAL = "mlmagic.models_of_run"
"""The tag of a version whose run has several models: how many."""
MODEL_NAME = "mlmagic.model_name"
"""The tag of a version with the name of the logged model that was registered."""


@dataclass(frozen=True)
class VersionFacts:
    """A version with what is known of it.

    *run_name* is empty if the run was deleted. *data* are the names and digests of the run's datasets, *evaluated_on*
    the digests of those that no model of the run learned from, and *learned* those that a model was fitted on, if they
    were asked for.
    """

    version: RegisteredVersion
    run_name: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    run_tags: Mapping[str, str] = field(default_factory=dict)
    data: tuple[tuple[str, str], ...] = ()
    evaluated_on: frozenset[str] = frozenset()
    learned: tuple[LearnedData, ...] = ()

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the run, and those of the version, which count where both have one."""
        return {**self.run_tags, **self.version.tags}

    def as_run(self) -> LightRun:
        """Return the version in the form that filters test, with ``version``, ``alias`` and ``run`` as tags."""
        version = self.version
        tags = {**self.tags, "version": str(version.version), "run": self.run_name}
        if version.aliases:
            tags[_ALIASES] = f",{','.join(version.aliases)},"
        info = RunInfo(
            version.run_id, version.name, "", None, "FINISHED", version.created_ms, version.created_ms, "", "active"
        )
        inputs = RunInputs([DatasetInput(LightDataset(name, digest)) for name, digest in self.data])
        return LightRun(info, RunData(dict(self.params), dict(self.metrics), tags), inputs)


def read_facts(client: MlflowClient, versions: Sequence[RegisteredVersion]) -> list[VersionFacts]:
    """Return what the store knows of each version; what was deleted is left out."""
    run_ids = [version.run_id for version in versions if version.run_id]
    runs = {run.info.run_id: run for run in bulk.named_runs(client, run_ids).runs} if run_ids else {}
    return [_facts(client, version, runs.get(version.run_id)) for version in versions]


def with_learned(client: MlflowClient, facts: VersionFacts) -> VersionFacts:
    """Return *facts* with the data that the models of the run learned from."""
    if not facts.data:
        return facts
    inputs = client.get_run(facts.version.run_id).inputs.dataset_inputs
    answered()
    learned = [one.dataset for one in inputs if context_in(one) == "training"]
    found = [LearnedData(as_text(one.name), str(one.digest), read_json(one.profile, dict) or {}) for one in learned]
    return replace(facts, learned=tuple(found))


def _facts(client: MlflowClient, version: RegisteredVersion, run: Any) -> VersionFacts:
    metrics, params = _of_logged_model(client, version)
    if run is None:
        return VersionFacts(version, version.tags.get("mlmagic.run_name", ""), metrics, params)
    inputs = run.inputs.dataset_inputs if run.inputs else ()
    name = version.tags.get(MODEL_NAME, "")
    others = metrics_of_others(models_in(run.data.tags), name, run.data.metrics) if name else set()
    of_run = {key: value for key, value in run.data.metrics.items() if key not in others}
    known = {key: number_as_logged(value) for key, value in {**of_run, **metrics}.items()}
    own = _of_this_model(known, name, run.data.tags)
    return VersionFacts(
        version,
        str(run.info.run_name or ""),
        own if OF_SEVERAL in version.tags else {**own, **known},
        {**params, **run.data.params},
        dict(run.data.tags),
        tuple((one.dataset.name, one.dataset.digest) for one in inputs),
        frozenset(one.dataset.digest for one in inputs if context_in(one) in HELD_OUT),
    )


def _of_this_model(metrics: Mapping[str, float], model: str, tags: Mapping[str, str]) -> dict[str, float]:
    """Return the metrics that an evaluation of this model recorded, without what stands before their names.

    Which of the others belongs to which of a run's several models is not known.
    """
    evaluated = models_in(tags)
    found = next((one for one in evaluated.values() if one.logged == model), evaluated.get(model))
    if found is None or found.logged not in {None, model}:
        return {}
    others = tuple(one.prefix for one in evaluated.values() if one.prefix and one.prefix != found.prefix)
    own = {
        name.removeprefix(found.prefix): value
        for name, value in metrics.items()
        if name.startswith(found.prefix) and not name.startswith(others)
    }
    if found.metrics:
        measured = found.measured([f"{found.prefix}{name}" for name in own])
        return {name: value for name, value in own.items() if f"{found.prefix}{name}" in measured}
    ends = {f"{name}{end}" for name in own for end in ("_low", "_high")}
    return {name: value for name, value in own.items() if f"{name}_low" in own or name in ends}


def _of_logged_model(client: MlflowClient, version: RegisteredVersion) -> tuple[dict[str, float], dict[str, str]]:
    from mlflow.exceptions import MlflowException

    if not version.model_id:
        return {}, {}
    try:
        found = client.get_logged_model(version.model_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}, {}
    answered()
    logged = sorted(found.metrics or (), key=lambda one: (one.step, one.timestamp))
    return {one.key: float(one.value) for one in logged}, dict(found.params or {})


def keys_among(facts: Iterable[VersionFacts], nobody: str) -> Keys:
    """Return the names that versions carry; *nobody* begins the error about a name that none has.

    Each may have aliases: ``alias is missing`` asks for those that have none.
    """
    keys = Keys.seen_in([one.as_run() for one in facts], "", complete=True)
    return replace(keys, tags=keys.tags | {_ALIASES}, nobody=nobody)


def parse_filter(text: str, is_name: Callable[[str], bool] = lambda _: False) -> Expression | None:
    """Return a filter over versions as a tree, in which ``alias = champion`` finds one alias among several.

    Raises
    ------
    UsageProblem
        As `mlmagic.store.query.filters.parser.parse`.
    """
    found = parse(text, is_name)
    return None if found is None else with_conditions(found, _of_a_version)


def _of_a_version(condition: Condition) -> Condition:
    if condition.name.kind in {None, "attribute"} and condition.name.key.lower() in _OF_RUNS_ONLY:
        name = condition.name.key
        raise UsageProblem(
            f"a version has no {name}: it has metrics, params and tags, and version, alias, run, name and started. "
            f"A metric of this name: metrics.{name}"
        )
    return _one_of_the_aliases(condition)


def _one_of_the_aliases(condition: Condition) -> Condition:
    is_alias = condition.name.key in {_ALIASES, "aliases"} and condition.name.kind in {None, "tag"}
    if not is_alias or condition.operator in {"is missing", "is not missing"}:
        return replace(condition, name=Name("tags", _ALIASES)) if is_alias else condition
    if condition.operator not in {"=", "!="}:
        raise UsageProblem("a version has several aliases: write alias = champion, or alias is missing.")
    part = Value(f",{condition.value.text},", quoted=True)
    return replace(
        condition, name=Name("tags", _ALIASES), operator="~" if condition.operator == "=" else "!~", values=(part,)
    )
