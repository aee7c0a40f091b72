"""Registered versions, or the history of a model, as a table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlmagic.errors import UsageProblem
from mlmagic.registry import registry_store
from mlmagic.registry.facts import keys_among, parse_filter, read_facts
from mlmagic.registry.pending import pending_hint, pending_names
from mlmagic.registry.promotion import history
from mlmagic.registry.promotion.interrupted import notes_on
from mlmagic.registry.versions import all_models, every_version, find_model, versions_of
from mlmagic.store import tracking_uri
from mlmagic.store.foreign_json import read_json
from mlmagic.store.query.filters.matching import test_of
from mlmagic.store.query.frames import ATTRS
from mlmagic.store.query.light_runs import as_moment
from mlmagic.store.query.shown_tags import VERDICTS, telling_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from mlflow import MlflowClient

    from mlmagic.registry.facts import VersionFacts
    from mlmagic.registry.promotion.history import HistoryEvent
    from mlmagic.registry.versions import RegisteredModel

_MOST_JUDGED = 500
_SPLIT = "split."
_ALWAYS = ("name", "version", "aliases", "run", "data", "split", "registered", "by", "run_id", "description")
_OF_THE_RUN_ONLY = ("mlflow.", "mlmagic.")


@dataclass(frozen=True)
class ListedVersions:
    """The versions to show, newest first, with what is known of each; *notes* tell of what was not completed."""

    facts: Sequence[VersionFacts]
    name: str | None
    condition: str
    notes: Sequence[str]
    more: bool
    is_empty: bool


def versions_frame(name: str | None, condition: str, n: int) -> pd.DataFrame:
    """Return a frame with a row for each version: its numbers, its data, where it came from, and its aliases.

    Raises
    ------
    UsageProblem
        If the filter names what no version has, or *n* is less than 1.
    ModelNotFoundError
        If there is no model of this name.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise UsageProblem(f"n is how many versions to show, 1 or more, not {n!r}: %models -n 20")
    parse_filter(condition)  # errors that need no look at a version are raised without asking the store
    return _frame_of(registry_store.ask(partial(_listed, name, condition, n)))


def history_frame(name: str) -> pd.DataFrame:
    """Return a frame with a row for each promotion, refusal and rollback of a model, the newest first.

    Raises
    ------
    ModelNotFoundError
        If there is no model of this name.
    """
    return _frame_of_history(registry_store.ask(lambda client: find_model(client, name)))


def _listed(name: str | None, condition: str, n: int, client: MlflowClient) -> ListedVersions:
    models = [find_model(client, name)] if name is not None else list(all_models(client))
    every_one = versions_of(client, models[0]) if name is not None else every_version(client, models)
    found = [(model, [one for one in every_one if one.name == model.name]) for model in models]
    every = sorted((one for _, some in found for one in some), key=lambda one: (-one.created_ms, one.name, -one.number))
    notes = [line for model, versions in found for line in notes_on(model, versions)]
    notes += [pending_hint(one).strip() for one in dict.fromkeys(pending_names()) if name in {None, one}]
    if not condition.strip():
        chosen = read_facts(client, every[:n])
        return ListedVersions(chosen, name, "", notes, more=len(every) > n, is_empty=not every)
    looked_at = read_facts(client, every[:_MOST_JUDGED])
    keys = keys_among(looked_at, "No version has")
    expression = parse_filter(condition, keys.is_name) if looked_at else None
    test = test_of(expression, keys) if expression is not None else None
    passing = [one for one in looked_at if test is None or test(one.as_run())]
    if len(every) > _MOST_JUDGED:
        notes.append(f"the filter looked at the newest {_MOST_JUDGED} of {len(every):,} versions")
    more = len(passing) > n
    return ListedVersions(passing[:n], name, condition.strip(), notes, more=more, is_empty=not every)


def _frame_of(listed: ListedVersions) -> pd.DataFrame:
    import pandas as pd

    facts = listed.facts
    metrics = list(dict.fromkeys(name for one in facts for name in one.metrics))
    tags = list(dict.fromkeys(name for one in facts for name in _own_tags(one.version.tags)))
    named_metrics = {name: f"metrics.{name}" if name in _ALWAYS else name for name in metrics}
    named_tags = {name: f"tags.{name}" if name in {*_ALWAYS, *metrics, *VERDICTS.values()} else name for name in tags}
    columns: dict[str, Any] = {
        "name": [one.version.name for one in facts],
        "version": pd.Series([one.version.version for one in facts], dtype="int64"),
        "aliases": [", ".join(one.version.aliases) for one in facts],
    }
    for name, column in named_metrics.items():
        columns[column] = pd.Series([one.metrics.get(name) for one in facts], dtype="float64")
    columns["run"] = [one.run_name for one in facts]
    columns["data"] = [", ".join(f"{name} {digest}" for name, digest in one.data) for one in facts]
    columns["split"] = [_split(one.params) for one in facts]
    for tag, column in VERDICTS.items():
        if any(tag in one.tags for one in facts):
            columns[column] = [one.tags.get(tag, "") for one in facts]
    for name, column in named_tags.items():
        columns[column] = [one.version.tags.get(name, "") for one in facts]
    columns["registered"] = _moments([one.version.created_ms for one in facts])
    columns["by"] = [one.version.tags.get("mlmagic.registered_by", "") for one in facts]
    columns["run_id"] = [one.version.run_id for one in facts]
    columns["description"] = [one.version.description for one in facts]
    frame = pd.DataFrame(columns)
    frame.attrs[ATTRS] = {
        "kind": "versions",
        "name": listed.name or "",
        "filter": listed.condition,
        "metrics": list(named_metrics.values()),
        "tags": list(named_tags.values()),
        "notes": list(listed.notes),
        "more": listed.more,
        "is_empty": listed.is_empty,
        "urls": {one.version.reference: url for one in facts if (url := _url(one))},
    }
    return frame


def _url(facts: VersionFacts) -> str | None:
    base = tracking_uri.ui()
    return f"{base}/#/models/{quote(facts.version.name, safe='')}/versions/{facts.version.version}" if base else None


def _frame_of_history(model: RegisteredModel) -> pd.DataFrame:
    import pandas as pd

    events = history.events_of(model.tags)[::-1]
    columns: dict[str, Any] = {
        "when": pd.to_datetime(
            pd.Series([one.when for one in events], dtype="object"), utc=True, errors="coerce", format="ISO8601"
        ).dt.tz_convert(_here()),
        "what": [one.what for one in events],
        "alias": [one.alias for one in events],
        "version": pd.array([one.version for one in events], dtype="Int64"),
        "before": pd.array([one.before for one in events], dtype="Int64"),
        "by": [one.who for one in events],
        "gate": [one.gate for one in events],
        "numbers": [_numbers(one) for one in events],
        "reason": [one.reason for one in events],
        "id": [one.id for one in events],
    }
    frame = pd.DataFrame(columns)
    frame.attrs[ATTRS] = {"kind": "history", "name": model.name, "notes": notes_on(model), "is_empty": not events}
    return frame


def _numbers(event: HistoryEvent) -> str:
    return ", ".join(
        f"{key} = {value:.6g}" if isinstance(value, float) else f"{key} = {value}"
        for key, value in event.numbers.items()
    )


def _own_tags(tags: Mapping[str, str]) -> Iterable[str]:
    return (key for key in telling_tags(tags) if not key.startswith(_OF_THE_RUN_ONLY))


def _split(params: Mapping[str, str]) -> str:
    """Return the parameters of a split in one text, the method first.

    >>> _split({"split.test": "0.2", "split.method": "hash", "split.columns": '["user_id"]', "lr": "1"})
    'hash, columns user_id, test 0.2'
    """
    given = {key.removeprefix(_SPLIT): value for key, value in params.items() if key.startswith(_SPLIT)}
    method = given.pop("method", "")
    return ", ".join(filter(None, [method, *(f"{key} {_plain(value)}" for key, value in sorted(given.items()))]))


def _plain(value: str) -> str:
    """Return the members of a JSON list, and any other text as it is."""
    members = read_json(value, list)
    return value if members is None else " ".join(map(str, members))


def _here() -> dt.tzinfo | None:
    return dt.datetime.now().astimezone().tzinfo


def _moments(milliseconds: list[int]) -> pd.Series[Any]:
    import pandas as pd

    known = pd.Series(pd.array([as_moment(one) for one in milliseconds], dtype="Int64"))
    return pd.to_datetime(known, unit="ms", utc=True, errors="coerce").dt.tz_convert(_here())
