"""What the names in a filter mean: attributes, metrics, params, datasets and tags that runs carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from mlmagic.store.keys import valid_key
from mlmagic.store.query.filters.problems import EXAMPLE, refused, short
from mlmagic.store.query.filters.tree import Name, Words, leaves, name_of
from mlmagic.store.query.filters.values import number_or_none
from mlmagic.store.query.shown_tags import TOLD_TAGS, telling_tags
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlflow.entities import Run

    from mlmagic.store.query.filters.tree import Condition, Expression

Entity = Literal["metric", "param", "tag", "attribute", "data", "dataset"]
"""A kind of name: ``data`` is the digest of the dataset of this name, ``dataset`` MLflow's name, digest or context."""

ATTRIBUTES = {
    "run_id": "run_id",
    "name": "run_name",
    "status": "status",
    "started": "start_time",
    "ended": "end_time",
    "duration": "duration",
    "user_id": "user_id",
    "artifact_uri": "artifact_uri",
}
"""What every run has, and what MLflow calls it."""
_ALIASES = {"run_name": "name", "run name": "name", "start_time": "started", "created": "started", "end_time": "ended"}
_MACHINERY = ("user_id", "artifact_uri")
"""Attributes that MLflow knows and that say little to a person."""
_DATASET_PROPERTIES = ("name", "digest", "context")
_BY_NUMBER: tuple[Entity, ...] = ("attribute", "metric", "param", "data", "tag")
_BY_WORD: tuple[Entity, ...] = ("attribute", "param", "metric", "data", "tag")
_WITH_ARTICLE = {"attribute": "an attribute", "data": "a dataset", None: "a metric, param or tag"}
_SHOWN_NAMES, _SHOWN_LETTERS = 6, 40


@dataclass(frozen=True)
class Located:
    """What a name means. *key* is MLflow's own, *label* the name that people know."""

    entity: Entity
    key: str
    label: str


@dataclass(frozen=True)
class Keys:
    """The names that runs carry; *complete* if every run of the experiment was looked at, and these are *runs*.

    *nobody* begins the error about an unknown name where it is not runs that carry the names.
    """

    metrics: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()
    where: str = ""
    complete: bool = False
    runs: Sequence[Run] = field(default=(), repr=False, compare=False)
    nobody: str = ""

    @classmethod
    def seen_in(cls, runs: Iterable[Run], where: str, *, complete: bool) -> Keys:
        """Collect the names that *runs* carry; *where* says in an error which runs those are."""
        metrics: set[str] = set()
        params: set[str] = set()
        tags: set[str] = set()
        datasets: set[str] = set()
        looked_at = tuple(runs)
        for run in looked_at:
            metrics.update(run.data.metrics)
            params.update(run.data.params)
            tags.update(run.data.tags)
            datasets.update(one.dataset.name for one in (run.inputs.dataset_inputs if run.inputs else ()))
        return cls(
            frozenset(metrics),
            frozenset(params),
            frozenset(tags),
            frozenset(datasets),
            where,
            complete,
            looked_at if complete else (),
        )

    @cached_property
    def known(self) -> list[Located]:
        """All names: metrics, params, datasets, tags that say something to a person, then attributes."""
        tags = telling_tags(dict.fromkeys(self.tags, ""))
        return [
            *(Located("metric", key, key) for key in sorted(self.metrics)),
            *(Located("param", key, key) for key in sorted(self.params)),
            *(Located("data", key, key) for key in sorted(self.datasets)),
            *sorted((Located("tag", key, TOLD_TAGS.get(key, key)) for key in tags), key=lambda one: one.label),
            *(Located("attribute", key, label) for label, key in ATTRIBUTES.items() if label not in _MACHINERY),
        ]

    @cached_property
    def _index(self) -> dict[str, list[tuple[str, Located]]]:
        told = {one.key for one in self.known if one.entity == "tag"}
        machinery = [Located("attribute", key, key) for key in _MACHINERY]
        machinery += (Located("tag", key, key) for key in self.tags - told)
        called = [(name, one) for one in (*self.known, *machinery) for name in dict.fromkeys((one.label, one.key))]
        called += [(alias, Located("attribute", ATTRIBUTES[label], label)) for alias, label in _ALIASES.items()]
        index: dict[str, list[tuple[str, Located]]] = {}
        for name, one in called:
            index.setdefault(name.lower(), []).append((name, one))
        return index

    def called(self, name: str) -> list[Located]:
        """Return what is called *name*: in this case of its letters, else in any; else under the key it became."""
        for wanted in (name, valid_key(name)):
            found = self._index.get(wanted.lower(), [])
            if found:
                exactly = [one for called, one in found if called == wanted]
                return list(dict.fromkeys(exactly or [one for _, one in found]))
        return []

    def is_name(self, written: str) -> bool:
        """Return whether something is called like this, with its kind in front or without."""
        name = name_of(written)
        of_kind = [one for one in self.called(name.key) if name.kind in {None, one.entity}]
        return bool(of_kind or (name.prefix and self.called(name.whole)))


def locate(condition: Condition, keys: Keys) -> Located:
    """Return what a condition names: an attribute of the run, else a metric, param, dataset or tag.

    A name that is a metric and a param is the param if it is compared with a word, an error if with a number.

    Raises
    ------
    UsageProblem
        When no run has it.
    """
    name = condition.name
    if name.prefix.lower() in {"dataset", "datasets"} and name.key in _DATASET_PROPERTIES:
        return Located("dataset", name.key, name.whole)
    value = condition.value if condition.values and condition.operator not in {"in", "not in"} else None
    is_number = value is not None and not value.quoted and number_or_none(value.text) is not None
    order = _BY_NUMBER if is_number else _BY_WORD
    found = keys.called(name.key)
    if name.kind:
        # A section of a config may be called `run` or `tags`: run.lr
        found = [one for one in found if one.entity == name.kind] or keys.called(name.whole)
    found = sorted(found, key=lambda one: order.index(one.entity))
    if not name.kind and is_number and [one.entity for one in found[:2]] == ["metric", "param"]:
        key = short(name.key)
        raise refused(f"'{key}' is a metric and a param: write metrics.{key} or params.{key}.")
    if found:
        return found[0]
    if name.kind in {"metric", "param", "tag"} and not keys.complete:
        key = valid_key(name.key)
        return Located(name.kind, key, key)
    raise _unknown(name, keys)


def needs_keys(expression: Expression | None) -> bool:
    """Return whether the names that runs carry must be known to understand a filter."""
    return any(isinstance(one, Words) or not _is_always_there(one.name) for one in leaves(expression))


def _is_always_there(name: Name) -> bool:
    if name.prefix.lower() in {"dataset", "datasets"}:
        return name.key in _DATASET_PROPERTIES
    return name.kind in {None, "attribute"} and (
        name.key in ATTRIBUTES or name.key in {*_ALIASES, *ATTRIBUTES.values()}
    )


def _unknown(name: Name, keys: Keys) -> Exception:
    if name.kind is None and number_or_none(name.key) is not None:
        return refused(
            f"'{short(name.key)}' is a number: write the name first, then what to compare it with. {EXAMPLE}"
        )
    known = [one for one in keys.known if name.kind in {None, one.entity}]
    called = (word for one in known for word in ([one.label] if one.entity == "attribute" else [one.label, one.key]))
    near = did_you_mean(name.key, called)
    listed = ", ".join(one.label[:_SHOWN_LETTERS] for one in known[:_SHOWN_NAMES])
    more = ", …" if len(known) > _SHOWN_NAMES else ""
    hint = near or (f" There are {listed}{more}. {EXAMPLE}" if listed else f" {EXAMPLE}")
    what = _WITH_ARTICLE.get(name.kind, f"a {name.kind}")
    who = keys.nobody or ("No run has" if keys.complete or not keys.where else f"None of {keys.where} has")
    return refused(f"{who} {what} '{short(name.key)}'.{hint}")
