"""Turns errors of Hydra, OmegaConf and YAML into one line: the value, the nearest valid one, and the fix."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.suggestions import did_you_mean
from mlmagic.user_objects import one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

OWN_FOLDER = "mlmagic-hydra-"
"""How the folder begins in which Hydra finds what was given as text."""
_LINE_OF_YAML = re.compile(r"^Line (\d+) of the YAML")
_NO_KEY = re.compile(r"Could not (?:override|append to|delete from config\. )?'([^']+)'")
_KEY = re.compile(r"full_key: (\S+)")
_UNKNOWN = re.compile(r"Key '([^']*)' (?:is not in struct|not in '(\w+)')")
_UNKNOWN_FUNCTION = re.compile(r"Unknown function '(\w+)'")
_FUNCTIONS = (
    *("bool", "choice", "extend_list", "float", "glob", "int", "interval"),
    *("json_str", "range", "shuffle", "sort", "str", "tag"),
)
_VARIABLE = re.compile(r"(?<!\$)\{\w+\}")
_BEFORE_THE_REASON = ("Error parsing override", "Error when parsing index")
_SHOWN = 8


def explained(error: Exception, *, keys: Collection[str], groups: Collection[str] = ()) -> UsageProblem:
    """Return *error* as one line; *keys* are the known keys of the config, *groups* its config groups."""
    from yaml import YAMLError

    return _yaml(error) if isinstance(error, YAMLError) else UsageProblem(_text(error, keys, groups))


def unforeseen(error: Exception, overrides: Collection[str], values: Mapping[str, Any]) -> UsageProblem:
    """Return an unexpected error as one line; *values* are the leaves without *overrides*."""
    given = f" with {' '.join(overrides)}" if overrides else ""
    return into_null(overrides, values) or UsageProblem(f"Hydra cannot compose this{given}: {one_line(error)}")


def into_null(overrides: Collection[str], values: Mapping[str, Any]) -> UsageProblem | None:
    """Return the problem of the first override that sets a key below a typed null, if there is one.

    For example ``sub.k=4`` with ``sub: Optional[S] = None``. *values* are the leaves without *overrides*.
    """
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        steps = key.strip().split(".")
        above = [".".join(steps[:length]) for length in range(1, len(steps) + value.strip().startswith("{"))]
        null = next((one for one in above if one in values and values[one] is None), None)
        if null is not None:
            return UsageProblem(
                f"{null!r} is null in the schema, so Hydra cannot apply {override!r}. Give it a value first: "
                f"`{null}: {{}}` in the body, or a default in the class, field(default_factory=…)"
            )
    return None


def _text(error: Exception, keys: Collection[str], groups: Collection[str]) -> str:
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, OverrideParseException):
        return _grammar(error)
    if isinstance(error, MissingConfigException):
        return _no_config(error, groups)
    return _composing([str(one) for one in _chain(error)], keys, groups)


def _composing(causes: list[str], keys: Collection[str], groups: Collection[str]) -> str:
    """Explain an error by its message and those of its causes."""
    text = causes[0]
    if text.startswith("Ambiguous value"):
        override = text.partition("'")[2].partition("'\n")[0]
        key, _, value = override.partition("=")
        return (
            f"{override!r} gives several values, and one config has one. A list: {key}=[{value}]; a text: "
            f"{key}='{value}'; one trial for each: %%sweep"
        )
    if text.startswith("Sweep parameters"):
        override = text.partition("'")[2].partition("' requires")[0]
        return f"{override!r} gives several values, and one config has one. One trial for each: %%sweep"
    if text.startswith("primary config"):
        return "The body is no mapping: write `key: value`, a line each."
    reason = next((one for one in reversed(causes) if "full_key" in one), text)
    if (unknown := _UNKNOWN.search(reason)) and (place := _KEY.search(reason)):
        return _no_key(place[1], unknown[2], keys, groups)
    if (unknown := _NO_KEY.search(text)) is not None:
        return _no_key(unknown[1], None, keys, groups)
    return reason_of(reason, keys)


def reason_of(text: str, keys: Collection[str] = ()) -> str:
    """Return the first line of OmegaConf's message, prefixed by the key from its details."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0].endswith("raised while composing config:"):
        lines = lines[1:]
    place = _KEY.search(text)
    said = next((line for line in lines if not line.startswith(("full_key:", "object_type=", "reference_type="))), text)
    missing = re.fullmatch(r"Interpolation key '(.+)' not found", said)
    near = did_you_mean(missing[1], keys) if missing else ""
    return f"{place[1]}: {said}.{near}" if place else f"{said}{near}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _no_key(key: str, schema: str | None, keys: Collection[str], groups: Collection[str]) -> str:
    others = [one for one in (*keys, *groups) if one != key]
    if len(others) < len([*keys, *groups]):
        return f"The key {key!r} does not exist with the option that is chosen here: another of its group has it."
    near = did_you_mean(key, others)
    if not near:  # compare the last parts only: model.dpth, model.depth
        near = did_you_mean(key.rpartition(".")[2], [one.rpartition(".")[2] for one in keys])
    where = f"in the schema {schema}" if schema else "in the config"
    known = ", ".join(list(keys)[:_SHOWN]) + (", …" if len(keys) > _SHOWN else "")
    listed = "" if near or not known else f" There are: {known}."
    return f"There is no key {key!r} {where}.{near}{listed}" + ("" if schema else f" To add one: +{key}=VALUE")


def _no_config(error: Exception, groups: Collection[str]) -> str:
    wanted = str(getattr(error, "missing_cfg_file", "") or "")
    options = getattr(error, "options", None)
    group, _, option = wanted.rpartition("/")
    if options:
        near = did_you_mean(option, options)
        return f"There is no option {option!r} in the config group {group!r}.{near} There are: {', '.join(options)}."
    near = did_you_mean(group or wanted, groups)
    if not near:
        there = f" There are the groups {', '.join(groups)}." if groups else ""
        near = there or " Name the folder with its config groups: --config-dir DIR"
    return f"There is no config {wanted!r}.{near}"


def _grammar(error: Exception) -> str:
    override = str(getattr(error, "override", "") or "")
    return (
        f"The override {override!r} {unreadable(error, override)} Write key=value, +key=value for a new key, ~key to "
        "remove one; quote a text with signs: key='a, b'"
    )


def unreadable(error: Exception, override: str) -> str:
    """Return why Hydra's grammar cannot parse an override, as the rest of a sentence."""
    if function := _UNKNOWN_FUNCTION.search(str(error)):
        near = did_you_mean(function[1], [one for one in _FUNCTIONS if one != function[1]])  # of a newer Hydra
        return f"cannot be read: there is no function {function[1]!r}.{near}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("See http")]
    why = next((line for line in lines if not line.startswith(_BEFORE_THE_REASON)), "")
    if why.startswith("LexerNoViableAlt"):  # a class of Hydra's parser, and the override once more
        why = "it has a sign or a quote that does not belong there"
    variable = _VARIABLE.search(override)  # IPython expands it on other lines
    hint = f" Variables are not filled in here: write the value in place of {variable[0]}." if variable else ""
    return f"cannot be read: {why.partition(' expecting ')[0]}.{hint}"


def _yaml(error: Exception) -> UsageProblem:
    mark = getattr(error, "problem_mark", None)
    what = str(getattr(error, "problem", "") or error).strip().partition("\n")[0]
    if mark is None:
        return UsageProblem(f"The YAML cannot be read: {what}")
    file = Path(str(mark.name))
    if file.suffix in {".yaml", ".yml"} and not file.parent.name.startswith(OWN_FOLDER):
        return UsageProblem(f"Line {mark.line + 1} of {mark.name} cannot be read: {what}")
    return UsageProblem(f"Line {mark.line + 1} of the YAML cannot be read: {what}")


def in_cell(problem: UsageProblem) -> UsageProblem:
    """Return *problem* with lines that count from the first line of the cell, which is the magic.

    >>> in_cell(UsageProblem("Line 2 of the YAML cannot be read: found a tab"))
    UsageProblem('Line 3 of the cell cannot be read: found a tab')
    """
    return UsageProblem(_LINE_OF_YAML.sub(lambda found: f"Line {int(found[1]) + 1} of the cell", str(problem)))
