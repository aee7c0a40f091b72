"""Gates of promotions: an expression over the numbers of a version, or any object that returns a verdict."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mlmagic.arguments import described
from mlmagic.errors import UsageProblem
from mlmagic.registry.facts import keys_among, parse_filter
from mlmagic.store.query.filters.matching import test_of, value_of
from mlmagic.store.query.filters.names import locate
from mlmagic.store.query.filters.tree import And, Condition, Words, leaves
from mlmagic.verdicts import GateVerdict

if TYPE_CHECKING:
    from typing import Any

    from mlmagic.registry.facts import VersionFacts
    from mlmagic.store.query.filters.names import Keys
    from mlmagic.store.query.filters.tree import Expression
    from mlmagic.store.query.light_runs import LightRun

EXAMPLE = 'For example: --if "accuracy > 0.85 and loss < 0.2"'
_LONGEST_VALUE = 60


@runtime_checkable
class Gate(Protocol):
    """Judges whether a version may be promoted.

    ``name`` says in the history which gate it was. ``judge`` is called with the version to promote, and the one that
    has the alias now, None if no version has.
    """

    @property
    def name(self) -> str:
        """What the gate is called in the history."""

    def judge(self, candidate: VersionFacts, holder: VersionFacts | None) -> GateVerdict:
        """Return the verdict on *candidate*."""


@runtime_checkable
class ChecksNames(Protocol):
    """A gate that finds mistakes in what it was given without judging."""

    def check(self, candidate: VersionFacts) -> None:
        """Raise `UsageProblem` or `ModelNotFoundError` if a name or a value cannot be right."""


def gate_of(given: object) -> Gate | None:
    """Return the gate that an argument means: an expression, an object with ``judge``, or None.

    Raises
    ------
    UsageProblem
        If it is none, or the expression cannot be read.
    """
    if given is None or isinstance(given, str):
        return None if given is None else ExpressionGate.read(given)
    if isinstance(given, Gate):
        return given
    raise UsageProblem(
        "a gate is an expression such as 'accuracy > 0.85', or an object with `name` and `judge(candidate, holder)`, "
        f"not {described(given)}."
    )


@dataclass(frozen=True)
class ExpressionGate:
    """A gate in mlmagic's filter language, over the metrics, params and tags of the version."""

    name: str

    @classmethod
    def read(cls, text: str) -> ExpressionGate:
        """Return the gate of an expression.

        Raises
        ------
        UsageProblem
            If it has no condition.
        """
        expression = parse_filter(text)
        if any(isinstance(one, Words) for one in leaves(expression)):
            # `val loss < 0.2`: which words are a name, `judge` finds out.
            expression = parse_filter(text, lambda _: True)
        _require_conditions(expression, text)
        return cls(text.strip())

    def judge(self, candidate: VersionFacts, holder: VersionFacts | None) -> GateVerdict:  # noqa: ARG002  # the protocol
        """Return whether the conditions hold for *candidate*.

        Raises
        ------
        UsageProblem
            If the version has not what a condition names, or an operator does not fit it.
        """
        version = candidate.as_run()
        keys = keys_among([candidate], f"{candidate.version.reference} does not have")
        expression = _require_conditions(parse_filter(self.name, keys.is_name), self.name)
        passed = test_of(expression, keys)(version)
        is_plain = _is_plain(expression)
        numbers: dict[str, float | str] = {}
        lines = []
        for one in leaves(expression):
            if isinstance(one, Condition):
                label, value, holds = _looked_at(one, keys, version)
                if value is not None:
                    numbers[label] = value
                told = _told(one, label, value, holds=holds) if is_plain else f"{label} = {_shown(value)}"
                lines.append((holds, told))
        return GateVerdict(passed, _sentence(self.name, lines, passed=passed, is_plain=is_plain), numbers)

    def check(self, candidate: VersionFacts) -> None:
        """Raise as `judge` does."""
        self.judge(candidate, None)


def _require_conditions(expression: Expression | None, text: str) -> Expression:
    if expression is None:
        raise UsageProblem(f"the gate is empty: it has a condition. {EXAMPLE}")
    for one in leaves(expression):
        if isinstance(one, Words):
            raise UsageProblem(
                f"the gate {text!r} is no condition: after {one.text!r} comes an operator and a value. {EXAMPLE}"
            )
        if any(value.text.lower().lstrip("+-") == "nan" and not value.quoted for value in one.values):
            raise UsageProblem(f"the gate {text!r} compares with NaN, from which every number differs. {EXAMPLE}")
    return expression


def _looked_at(condition: Condition, keys: Keys, version: LightRun) -> tuple[str, Any, bool]:
    """Return the name that a condition looks at, its value in the version, and whether the condition holds."""
    found = locate(condition, keys)
    holds = test_of(condition, keys)(version)
    if found.entity == "dataset":
        datasets = [one.dataset for one in (version.inputs.dataset_inputs if version.inputs else ())]
        value = ", ".join(str(getattr(one, found.key, "")) for one in datasets) or None
    else:
        value = value_of(version, found.entity, found.key)
    if found.entity == "attribute" and isinstance(value, int):  # in milliseconds
        with contextlib.suppress(ValueError, OverflowError, OSError):  # no moment
            value = f"{dt.datetime.fromtimestamp(value / 1000).astimezone():%Y-%m-%d %H:%M}"
    if isinstance(value, str):
        value = value.strip(",") if found.key == "alias" else value[:_LONGEST_VALUE]
    return found.label, value, holds


def _told(condition: Condition, label: str, value: Any, *, holds: bool) -> str:
    shown = _shown(value)
    operator = {"~": "=", "!~": "!="}.get(condition.operator, "") if label == "alias" else ""
    wanted = f"{operator or condition.operator} {', '.join(one.text.strip(',') for one in condition.values)}".strip()
    if condition.operator in {"is missing", "is not missing"}:
        return f"{label} is {shown}" if holds else f"{label} is {shown}, wanted: {wanted}"
    return f"{label} = {shown} ({wanted})" if holds else f"{label} = {shown}, wanted {wanted}"


def _shown(value: Any) -> str:
    return "missing" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _sentence(gate: str, lines: list[tuple[bool, str]], *, passed: bool, is_plain: bool) -> str:
    """Return what decided: of conditions that ``and`` joins, those that fail if one does; else the whole gate."""
    if is_plain:
        return "; ".join(text for holds, text in lines if holds == passed)
    return f"{gate!r} {'holds' if passed else 'does not hold'}: {'; '.join(text for _, text in lines)}"


def _is_plain(expression: Expression | None) -> bool:
    """Return whether an expression is one condition, or several that ``and`` joins."""
    return isinstance(expression, Condition) or (
        isinstance(expression, And) and all(isinstance(part, Condition) for part in expression.parts)
    )
