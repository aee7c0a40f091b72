"""The history of a model's aliases: each promotion, refusal and rollback is a tag of its own, never overwritten.

The tag's name has the number and the id of the event, so that no two processes write the same one. Its value is JSON.
The registered model and the version that the event is about have the same tag. Each change of an alias names the change
before it, so that a missing record or two that crossed can be seen.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from mlmagic.store.foreign_json import read_json
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlflow import MlflowClient

    from mlmagic.registry.versions import RegisteredModel

TAG = "mlmagic.history."
What = Literal["promoted", "refused", "rolled back"]
CHANGES: tuple[What, ...] = ("promoted", "rolled back")
_LONGEST_VALUE = 4500  # databases take 5,000 characters; a claim has the event and who makes it
_LONGEST_TEXT = 1000
_FEWER_NUMBERS = 20


@dataclass(frozen=True)
class HistoryEvent:
    """A promotion, a refusal or a rollback.

    ``version`` is the one that was promoted or refused, or that has the alias after a rollback (None: no version has);
    ``before`` had the alias before it. ``after`` is the id of the alias's change before this one, ``undoes`` the id of
    the promotion that a rollback undid. ``asked`` is set if the store was away when it was asked for: when that was.
    """

    number: int
    id: str
    what: What
    alias: str
    version: int | None
    before: int | None
    who: str
    when: str
    gate: str = ""
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    reason: str = ""
    after: str = ""
    undoes: str = ""
    asked: str = ""

    @property
    def tag(self) -> str:
        """The name of the tag that holds it."""
        return f"{TAG}{self.number:04d}.{self.id[:12]}"

    def to_json(self) -> str:
        """Return the tag's value, short enough for every store."""
        content = {key: value for key, value in asdict(self).items() if value not in ("", {}, None)}
        for key in ("gate", "reason"):
            if key in content:
                content[key] = content[key][:_LONGEST_TEXT]
        text = json.dumps(content, ensure_ascii=False)
        if len(text.encode()) <= _LONGEST_VALUE:
            return text
        for key in ("gate", "reason"):
            content[key] = content.get(key, "")[:200]
        numbers = [
            (key[:40], value[:60] if isinstance(value, str) else value)
            for key, value in list(self.numbers.items())[:_FEWER_NUMBERS]
        ]
        while True:
            text = json.dumps({**content, "numbers": dict(numbers)}, ensure_ascii=False)
            if len(text.encode()) <= _LONGEST_VALUE or not numbers:
                return text
            numbers.pop()


@dataclass(frozen=True)
class AliasState:
    """What the history says of an alias: its last change, and the promotions that a rollback would undo, in order."""

    last: HistoryEvent | None = None
    standing: tuple[HistoryEvent, ...] = ()

    @property
    def version(self) -> int | None:
        """The version that has the alias, according to the history."""
        return self.last.version if self.last else None


def events_of(tags: Mapping[str, str]) -> list[HistoryEvent]:
    """Return the events in the tags of a registered model, the oldest first; a tag that is none is left out."""
    found = [event for key, value in tags.items() if key.startswith(TAG) and (event := event_in(value)) is not None]
    return sorted(found, key=lambda one: (one.number, one.when, one.id))


def event_in(text: str) -> HistoryEvent | None:
    """Return the event in a tag's value, None if it is none; anyone may have written it."""
    content = read_json(text, dict)
    return None if content is None else event_from(content)


def event_from(content: Mapping[str, Any]) -> HistoryEvent | None:
    """Return the event that JSON describes, or None."""
    known = {one.name for one in fields(HistoryEvent)}
    given = {key: value for key, value in content.items() if key in known}
    numbers = given.pop("numbers", {})
    if given.get("what") not in get_args(What) or not isinstance(numbers, dict):
        return None
    whole = {key: given.pop(key, None) for key in ("number", "version", "before")}
    if any(value is not None and type(value) is not int for value in whole.values()) or whole["number"] is None:
        return None
    texts = {key: str(value) for key, value in given.items()}
    if not {"id", "alias", "who", "when"} <= texts.keys():
        return None
    values = {str(key): value if isinstance(value, int | float) else str(value) for key, value in numbers.items()}
    return HistoryEvent(**whole, **texts, numbers=values)  # type: ignore[arg-type]  # checked above


def state_of(events: Iterable[HistoryEvent], alias: str) -> AliasState:
    """Return what *events* say of an alias."""
    last: HistoryEvent | None = None
    standing: list[HistoryEvent] = []
    for event in events:
        if event.alias != alias or event.what not in CHANGES:
            continue
        last = event
        if event.what == "promoted":
            standing.append(event)
        else:
            standing = [one for one in standing if one.id != event.undoes]
    return AliasState(last, tuple(standing))


def breaks_in(events: Sequence[HistoryEvent]) -> Iterator[str]:
    """Yield a line for each change of an alias whose predecessor is missing, and for two that follow the same one."""
    ids = {event.id for event in events}
    seen: dict[tuple[str, str], HistoryEvent] = {}
    for event in events:
        if event.what not in CHANGES:
            continue
        if event.after and event.after not in ids:
            yield f"a record is missing before that of {event.when}: somebody deleted its tag"
        other = seen.setdefault((event.alias, event.after), event)
        if other is not event:
            yield (
                f"two changes of {event.alias!r} crossed: to version {other.version} by {other.who} and to version "
                f"{event.version} by {event.who}, {event.when}"
            )


def next_number(events: Sequence[HistoryEvent]) -> int:
    """Return the number of the event that comes next."""
    return max((event.number for event in events), default=0) + 1


def write(
    client: MlflowClient, model: RegisteredModel | str, event: HistoryEvent, versions: Iterable[int | None]
) -> None:
    """Write an event to the registered model, and to those of *versions* that exist."""
    from mlflow.exceptions import MlflowException

    name = model if isinstance(model, str) else model.name
    text = event.to_json()
    client.set_registered_model_tag(name, event.tag, text)
    answered()
    for version in dict.fromkeys(versions):
        if version is None:
            continue
        try:
            client.set_model_version_tag(name, str(version), event.tag, text)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":  # the version was deleted
                raise
        answered()
