"""The view of a composed config: a tree with overridden values marked, and the changes since the last composition."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmagic.config.flat import changes
from mlmagic.snapshot.secrets.redaction import redact, redact_value
from mlmagic.views.rendering import MimeBundle, render, shorten
from mlmagic.views.run_summary import SummaryCell, cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmagic.config.composing import Composition

_LONGEST_NAME = 60
_LONGEST_VALUE = 120
_MOST_LEAVES = 1000
_OPEN_UP_TO = 60
_MOST_CHANGES = 20


@dataclass(frozen=True)
class Node:
    """A leaf with its *value*, or a mapping with its *nodes*. *is_overridden* if an override set or chose the leaf."""

    name: SummaryCell
    value: SummaryCell | None = None
    is_overridden: bool = False
    nodes: tuple[Node, ...] = ()
    is_folded: bool = False

    @property
    def count(self) -> int:
        """The number of leaves."""
        return 1 if self.value is not None else sum(node.count for node in self.nodes)


def config_bundle(composed: Composition) -> MimeBundle:
    """Return *composed* as a tree of its values; secrets are redacted, and everything is escaped."""
    from mlmagic.config.flat import resolvable

    values = dict(itertools.islice(composed.values.items(), _MOST_LEAVES))
    nodes = tuple(_nodes(resolvable(composed.config).values, composed, "", set(values), len(values) > _OPEN_UP_TO))
    overridden = sum(composed.is_overridden(key) for key in composed.values)
    headline = f"{len(composed.values):,} value{'s' * (len(composed.values) != 1)}"
    if overridden:
        headline += f", {overridden} by overrides"
    told = list(_changes(composed))
    notes = [_note(note) for note in composed.notes]
    return {
        "text/html": render(
            "config_tree.html",
            name=shorten(composed.name),
            headline=headline,
            nodes=nodes,
            left_out=len(composed.values) - len(values),
            is_again=composed.before is not None,
            changes=told[:_MOST_CHANGES],
            more_changes=max(len(told) - _MOST_CHANGES, 0),
            notes=notes,
            overrides=[cell(redact(one)[0], _LONGEST_VALUE) for one in composed.overrides],
        ),
        "text/plain": "\n".join(_lines(composed, headline, nodes, told, notes)),
    }


def _nodes(
    values: Mapping[Any, Any], composed: Composition, above: str, shown: set[str], is_long: bool
) -> Iterator[Node]:
    for name, value in values.items():
        key = f"{above}.{name}" if above else str(name)
        if isinstance(value, dict) and value:
            inner = tuple(_nodes(value, composed, key, shown, is_long))
            if inner:
                yield Node(cell(str(name), _LONGEST_NAME), nodes=inner, is_folded=is_long)
        elif key in shown:
            held = cell(_written(redact_value(str(name), value)[0]), _LONGEST_VALUE)
            yield Node(cell(str(name), _LONGEST_NAME), held, composed.is_overridden(key))


def _written(value: Any) -> str:
    """Format a value as in YAML: ``null``, ``true``, a list in brackets."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)


def _changes(composed: Composition) -> Iterator[tuple[str, SummaryCell, SummaryCell | None, SummaryCell | None]]:
    """Yield (sign, key, old, new) of each leaf that differs from the last composition."""
    before = composed.before
    if before is None:
        return
    for key, was, now in changes(before, composed.values):
        sign = "~" if key in before and key in composed.values else "+" if key in composed.values else "\N{MINUS SIGN}"
        old, new = (
            cell(_written(redact_value(key, value)[0]), _LONGEST_NAME) if key in where else None
            for value, where in ((was, before), (now, composed.values))
        )
        yield sign, cell(key, _LONGEST_NAME), old, new


def _note(note: str) -> str:
    if "missing `_self_`" in note:
        return "the defaults list has no _self_: the values beside it override those of the groups"
    return shorten(note, 300)


def _lines(
    composed: Composition,
    headline: str,
    nodes: tuple[Node, ...],
    told: list[tuple[str, SummaryCell, SummaryCell | None, SummaryCell | None]],
    notes: list[str],
) -> Iterator[str]:
    yield f"{shorten(composed.name)}: {headline}"
    yield from _tree_lines(nodes, "  ")
    for sign, key, was, now in told[:_MOST_CHANGES]:
        arrow = " \N{RIGHTWARDS ARROW} ".join(one.text for one in (was, now) if one is not None)
        yield f"{sign} {key.text}: {arrow}"
    yield from (f"note: {note}" for note in notes)


def _tree_lines(nodes: tuple[Node, ...], indent: str) -> Iterator[str]:
    for node in nodes:
        if node.value is None:
            yield f"{indent}{node.name.text}:"
            yield from _tree_lines(node.nodes, f"{indent}  ")
        else:
            yield f"{indent}{node.name.text}: {node.value.text}{'  # override' if node.is_overridden else ''}"
