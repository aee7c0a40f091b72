"""One process at a time changes an alias, and what a killed process left can be told.

MLflow's registry has no compare-and-set. So whoever changes an alias first *claims* it, by a tag of the model with
the whole event to be recorded; reads the claim back; and then looks whether the alias is still what it was.

- A SQLite store is locked for this user's processes on this machine, by a file in the user's state folder: exactly one
  of several promotions that saw the same state succeeds.
- On any other store the claim is Fischer's algorithm: write the claim when there is none, wait longer than a write
  takes, and go on only if it is still there. It excludes others unless a process stalls between looking and writing for
  longer than that wait. Then both changes are recorded with the same predecessor, and each that sees it says so.

A claim that is left behind, by a process that has ended or for `STALE_S` seconds, is taken over.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.errors import PromotionRefusedError
from mlmagic.journal.owner import is_alive, is_of_this_machine, this_process
from mlmagic.registry.people import user
from mlmagic.registry.promotion.history import HistoryEvent, event_from
from mlmagic.registry.versions import find_model
from mlmagic.store.foreign_json import read_json
from mlmagic.store.waiting import answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow import MlflowClient

TAG = "mlmagic.claim."
STALE_S = 15.0
"""How long a claim must stay as it is until it counts as left behind by a process on another machine."""
_SHORTEST_WAIT_S, _WRITES = 0.1, 3
_LOOK_AGAIN_S = 0.2
_LONGEST_S = 60.0


@dataclass(frozen=True)
class Claim:
    """A change of an alias that has begun: the event that will be recorded, and the process that does it."""

    event: HistoryEvent
    owner: Mapping[str, Any]

    @property
    def is_abandoned(self) -> bool:
        """Whether its process ran on this machine and has ended, or the machine was restarted since."""
        owner = dict(self.owner)
        return is_of_this_machine(owner) and not is_alive(owner, heard_s_ago=math.inf)

    def is_over(self, *, is_locked: bool, own: str = "") -> bool:
        """Return whether nobody carries it out any more; with the lock, no process of this user here can be at it.

        *own* is the id of the event that the caller carries out, perhaps for the second time.
        """
        is_excluded = is_locked and is_of_this_machine(dict(self.owner)) and self.event.who == user()
        return self.is_abandoned or is_excluded or self.event.id == own

    def to_json(self) -> str:
        """Return the tag's value."""
        return json.dumps({"owner": dict(self.owner), "event": json.loads(self.event.to_json())}, ensure_ascii=False)


def claims_in(tags: Mapping[str, str]) -> list[Claim]:
    """Return the claims in the tags of a registered model."""
    return [claim for key, value in tags.items() if key.startswith(TAG) and (claim := _read(value)) is not None]


def _read(text: str) -> Claim | None:
    content = read_json(text, dict)
    event = event_from(content["event"]) if content and isinstance(content.get("event"), dict) else None
    if content is None or event is None or not isinstance(content.get("owner"), dict):
        return None
    return Claim(event, content["owner"])


def take(client: MlflowClient, name: str, event: HistoryEvent, *, is_locked: bool) -> Claim | None:
    """Claim the alias of *event*, and return the abandoned claim that was there before, if there was one.

    *is_locked* says that no other process of this user can be here.

    Raises
    ------
    PromotionRefusedError
        If another process does not come to an end with the same alias.
    """
    key, own = f"{TAG}{event.alias}", Claim(event, this_process())
    abandoned: Claim | None = None
    began = time.monotonic()
    seen: tuple[str | None, float] = (None, began)
    while time.monotonic() - began < _LONGEST_S:
        text = find_model(client, name).tags.get(key)
        other = _read(text) if text else None
        if text != seen[0]:
            seen = (text, time.monotonic())
        is_over = other is None or other.is_over(is_locked=is_locked, own=event.id)
        if not is_over and time.monotonic() - seen[1] < STALE_S:
            time.sleep(_LOOK_AGAIN_S)
            continue
        abandoned = other or abandoned
        started = time.monotonic()
        if not _write(client, name, key, own):
            continue
        if not is_locked:
            time.sleep(max(_SHORTEST_WAIT_S, _WRITES * (time.monotonic() - started)))
        if holds(client, name, event):
            return abandoned
    who = f" ({other.event.who}, version {other.event.version})" if other else ""
    raise PromotionRefusedError(f"another process is changing {event.alias!r} of {name!r}{who}; try again in a moment.")


def _write(client: MlflowClient, name: str, key: str, own: Claim) -> bool:
    """Write the claim, and return whether that worked: a database refuses one of two that are inserted at once."""
    from mlflow.exceptions import MlflowException

    try:
        client.set_registered_model_tag(name, key, own.to_json())
    except MlflowException:
        if key not in find_model(client, name).tags:
            raise
        return False
    answered()
    return True


def holds(client: MlflowClient, name: str, event: HistoryEvent) -> bool:
    """Return whether the claim on the alias is that of *event*."""
    text = find_model(client, name).tags.get(f"{TAG}{event.alias}")
    claim = _read(text) if text else None
    return claim is not None and claim.event.id == event.id


def release(client: MlflowClient, name: str, event: HistoryEvent) -> None:
    """Remove the claim of *event*, unless another process has taken it over."""
    if holds(client, name, event):
        client.delete_registered_model_tag(name, f"{TAG}{event.alias}")
        answered()
