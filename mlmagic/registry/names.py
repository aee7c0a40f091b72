"""Names of models and aliases, numbers of versions, and references such as ``churn@champion``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlmagic.arguments import described, require_text
from mlmagic.errors import UsageProblem
from mlmagic.visible import clean, is_plain

_STAGES = {"staging": "staging", "production": "production"}
_STAGES_WITHOUT_ALIAS = {"archived", "none"}
_ALIAS = re.compile(r"[\w-]+")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_LONGEST_NAME, _LONGEST_ALIAS = 250, 255
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Reference:
    """A registered model and which of its versions: a number, an alias, or neither for the newest one."""

    name: str
    version: int | None = None
    alias: str | None = None

    def __str__(self) -> str:
        """Return the reference as a user writes it."""
        return f"{self.name}{f'@{self.alias}' if self.alias else f'/{self.version}' if self.version else ''}"


def require_name(name: object, example: str) -> str:
    """Return *name* if MLflow takes it as the name of a registered model.

    Raises
    ------
    UsageProblem
        If it does not.

    Examples
    --------
    >>> require_name("churn/2", "%register churn")
    Traceback (most recent call last):
    mlmagic.errors.UsageProblem: 'churn/2' is no name for a model: it has no / and no :. For example: %register churn
    """
    require_text("the registry", example, name=name)
    text = str(name)
    problem = None
    if not text.strip():
        problem = "it is empty"
    elif "/" in text or ":" in text:
        problem = "it has no / and no :"
    elif "@" in text:  # MLflow takes it, but reads `name@alias` as an alias
        problem = "what follows @ is an alias"
    elif not is_plain(text) or text != text.strip():
        problem = "it is one line of text, without spaces around it"
    elif len(text) > _LONGEST_NAME:
        problem = f"it has at most {_LONGEST_NAME} characters"
    if problem:
        raise UsageProblem(f"{clean(text)[:80]!r} is no name for a model: {problem}. For example: {example}")
    return text


def require_alias(alias: object) -> tuple[str, str]:
    """Return the alias, and a note if *alias* is one of MLflow's former stages.

    Raises
    ------
    UsageProblem
        If MLflow does not take it, or keeps it for itself.

    Examples
    --------
    >>> require_alias("champion")
    ('champion', '')
    >>> require_alias("Production")[0]
    'production'
    """
    require_text("the registry", "%promote churn 3 --to champion", alias=alias)
    text = str(alias)
    if text.lower() in _STAGES_WITHOUT_ALIAS:
        raise UsageProblem(
            f"{text!r} is a stage of older versions of MLflow, which has aliases in their place. A version that is no "
            "longer used needs no mark: promote another one, or take the alias away with %rollback"
        )
    if text in {"Staging", "Production"}:
        return text.lower(), f"stages such as {text} are gone from MLflow: it is the alias {text.lower()!r} now"
    if not _ALIAS.fullmatch(text) or len(text) > _LONGEST_ALIAS:
        raise UsageProblem(
            f"{clean(text)[:80]!r} is no alias: it has letters, digits, _ and - only. For example: champion, challenger"
        )
    if text.isdecimal():
        raise UsageProblem(f"{text!r} is the number of a version, and no alias. For example: champion, challenger")
    if text.lower() == "latest" or _VERSION_ALIAS.fullmatch(text):
        raise UsageProblem(
            f"MLflow keeps {text!r} for itself: a version is named by its number. For example: champion, challenger"
        )
    return text, ""


def alias_in(version: str) -> str:
    """Return the alias that stands in the place of a version's number, or an empty text.

    >>> alias_in("@challenger"), alias_in("challenger"), alias_in("3"), alias_in("v3"), alias_in("-1")
    ('challenger', 'challenger', '', '', '')
    """
    if version.startswith("@"):
        return version[1:]
    is_number = _VERSION_ALIAS.fullmatch(version) or version.lstrip("-").isdecimal()
    return version if _ALIAS.fullmatch(version) and not is_number else ""


def require_version(version: object, name: str) -> int:
    """Return the number of a version; ``v3`` is version 3.

    Raises
    ------
    UsageProblem
        If it is none.

    Examples
    --------
    >>> require_version("3", "churn"), require_version(3, "churn"), require_version("v3", "churn")
    (3, 3, 3)
    """
    text = str(version)
    if isinstance(version, str) and _VERSION_ALIAS.fullmatch(text):
        text = text[1:]
    is_given = isinstance(version, int | str) and not isinstance(version, bool)
    if is_given and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text):
        return int(text)
    raise UsageProblem(
        f"a version is a number, such as 3, or an alias, such as challenger; not {described(version)}. "
        f"The versions: %models {name}"
    )


def reference_in(text: str, example: str) -> Reference:
    """Return what *text* refers to: ``churn``, ``churn/3`` or ``churn@champion``.

    Raises
    ------
    UsageProblem
        If it refers to nothing.

    Examples
    --------
    >>> reference_in("churn@champion", ""), reference_in("churn/3", ""), str(reference_in("churn", ""))
    (Reference(name='churn', version=None, alias='champion'), Reference(name='churn', version=3, alias=None), 'churn')
    """
    text = text.removeprefix("models:/").strip()
    name, at, alias = text.partition("@")
    if at:
        return Reference(require_name(name, example), alias=alias)
    name, slash, version = text.partition("/")
    name = require_name(name, example)
    if slash and version.lower() != "latest":
        return Reference(name, version=require_version(version, name))
    return Reference(name)
