"""Find registered models and their versions; an unknown one is an error that names the nearest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmagic.errors import ModelNotFoundError, UsageProblem
from mlmagic.registry.pending import pending_hint
from mlmagic.store.waiting import answered
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow import MlflowClient

    from mlmagic.registry.names import Reference

_PAGE = 1000
_SHOWN = 8
_GONE = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True, repr=False)
class RegisteredVersion:
    """A version of a registered model, or one that waits in the journal until the store answers.

    ``reference`` is what `mlmagic.load_model` takes. ``created_ms`` is in milliseconds since 1970. ``pending`` says
    that something of it waits; ``version`` is None while it has no number.

    Examples
    --------
    >>> RegisteredVersion("churn", 3, ("champion",), "3f2a91c0")
    RegisteredVersion('churn/3', aliases=['champion'], run_id='3f2a91c0')
    >>> RegisteredVersion("churn", None, run_id="3f2a91c0", pending=True)
    RegisteredVersion('churn', run_id='3f2a91c0', pending=True)
    """

    name: str
    version: int | None
    aliases: tuple[str, ...] = ()
    run_id: str = ""
    source: str = ""
    created_ms: int = 0
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    pending: bool = False

    def __repr__(self) -> str:
        """Return the reference, the aliases and the run."""
        named = self.name if self.version is None else self.reference
        aliases = f", aliases={list(self.aliases)}" if self.aliases else ""
        pending = ", pending=True" if self.pending else ""
        return f"RegisteredVersion({named!r}{aliases}, run_id={self.run_id[:8]!r}{pending})"

    @property
    def number(self) -> int:
        """The number of a version that is in the store.

        Raises
        ------
        UsageProblem
            If it waits in the journal, and has none yet.
        """
        if self.version is None:
            raise UsageProblem(
                f"{self.name!r} waits in the journal, and has no version yet: %mlmagic sync registers it when the "
                "store answers"
            )
        return self.version

    @property
    def reference(self) -> str:
        """The name and the number: ``churn/3``.

        Raises
        ------
        UsageProblem
            As `number`.
        """
        return f"{self.name}/{self.number}"

    @property
    def model_id(self) -> str:
        """The id of the logged model that was registered, or an empty text if it was none."""
        return self.source.removeprefix("models:/") if self.source.startswith("models:/m-") else ""


@dataclass(frozen=True)
class RegisteredModel:
    """A registered model: which version each alias names, and its tags."""

    name: str
    aliases: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    def aliases_of(self, version: int) -> tuple[str, ...]:
        """Return the aliases of a version."""
        return tuple(sorted(alias for alias, number in self.aliases.items() if number == version))


def find_model(client: MlflowClient, name: str) -> RegisteredModel:
    """Return the registered model of this name.

    Raises
    ------
    ModelNotFoundError
        If there is none.
    """
    found = model_or_none(client, name)
    if found is None:
        raise _unknown_model(client, name)
    return found


def model_or_none(client: MlflowClient, name: str) -> RegisteredModel | None:
    """Return the registered model of this name, or None."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != _GONE:
            raise
        return None
    answered()
    return _model(found)


def all_models(client: MlflowClient) -> Iterator[RegisteredModel]:
    """Yield all registered models."""
    token = None
    while True:
        page = client.search_registered_models(max_results=_PAGE, page_token=token)
        answered()
        yield from map(_model, page)
        token = page.token
        if not token:
            return


def versions_of(client: MlflowClient, model: RegisteredModel) -> list[RegisteredVersion]:
    """Return all versions of a model, the newest first."""
    mark = '"' if "'" in model.name else "'"
    found = _searched(client, f"name = {mark}{model.name}{mark}")
    return sorted((_version(one, model) for one in found), key=lambda one: -one.number)


def every_version(client: MlflowClient, models: Sequence[RegisteredModel]) -> list[RegisteredVersion]:
    """Return all versions of *models*, which are all that there are, in one search."""
    known = {model.name: model for model in models}
    return [_version(one, known[one.name]) for one in _searched(client, None) if one.name in known]


def _searched(client: MlflowClient, condition: str | None) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_model_versions(condition, max_results=_PAGE, page_token=token)
        answered()
        yield from page
        token = page.token
        if not token:
            return


def find_version(client: MlflowClient, reference: Reference) -> tuple[RegisteredModel, RegisteredVersion]:
    """Return the model and the version that *reference* names; without a number or an alias the newest version.

    Raises
    ------
    ModelNotFoundError
        If there is none.
    """
    model = find_model(client, reference.name)
    number = reference.version
    if reference.alias is not None:
        number = model.aliases.get(reference.alias)
        if number is None:
            raise _unknown_alias(model, reference.alias)
    if number is None:
        versions = versions_of(client, model)
        if not versions:
            raise ModelNotFoundError(f"the model {model.name!r} has no version: %register {model.name}")
        return model, versions[0]
    found = version_or_none(client, model, number)
    if found is None:
        raise _unknown_version(client, model, reference, number)
    return model, found


def version_or_none(client: MlflowClient, model: RegisteredModel, number: int) -> RegisteredVersion | None:
    """Return the version of this number, or None if there is none or it was deleted."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version(model.name, str(number))
    except MlflowException as error:
        if error.error_code != _GONE:
            raise
        return None
    answered()
    return _version(found, model)


def _model(found: Any) -> RegisteredModel:
    aliases = {str(alias): int(version) for alias, version in dict(found.aliases or {}).items()}
    return RegisteredModel(str(found.name), aliases, _texts(found.tags), str(found.description or ""))


def _version(found: Any, model: RegisteredModel) -> RegisteredVersion:
    number = int(found.version)
    return RegisteredVersion(
        str(found.name),
        number,
        model.aliases_of(number),
        str(found.run_id or ""),
        str(found.source or ""),
        int(found.creation_timestamp or 0),
        str(found.description or ""),
        _texts(found.tags),
    )


def _texts(tags: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in dict(tags or {}).items()}


def _unknown_model(client: MlflowClient, name: str) -> ModelNotFoundError:
    names = [model.name for model in all_models(client)]
    near = did_you_mean(name, names)
    listed = "" if near or not names else f" There are {', '.join(map(repr, names[:_SHOWN]))}"
    more = ", …" if listed and len(names) > _SHOWN else "." if listed else ""
    hint = pending_hint(name) or ("" if names else f" None is registered yet: %register {name}")
    return ModelNotFoundError(f"there is no registered model {name!r}.{near}{listed}{more}{hint}")


def _unknown_alias(model: RegisteredModel, alias: str) -> ModelNotFoundError:
    known = sorted(model.aliases)
    listed = f" It has {', '.join(known[:_SHOWN])}." if known else " It has none yet."
    near = did_you_mean(alias, known)
    if alias.isdecimal():
        then = f" A version by its number: {model.name}/{alias}"
    else:
        set_it = f"%promote {model.name} VERSION --to {alias or 'champion'}"
        then = "" if near else f" The versions: %models {model.name}. To set the alias: {set_it}"
    return ModelNotFoundError(f"the model {model.name!r} has no alias {alias!r}.{near}{listed}{then}")


def require_capitals(model: RegisteredModel, alias: str) -> None:
    """Refuse an alias that differs from one of the model in capitals only: whoever loads that would not get it.

    Raises
    ------
    UsageProblem
        It does.
    """
    other = next((one for one in model.aliases if one.lower() == alias.lower() and one != alias), None)
    if other is not None and alias not in model.aliases:
        raise UsageProblem(f"the model {model.name!r} has the alias {other!r}, and {alias!r} is another: --to {other}")


def _unknown_version(
    client: MlflowClient, model: RegisteredModel, reference: Reference, number: int
) -> ModelNotFoundError:
    versions = [one.number for one in versions_of(client, model)]
    if reference.alias is not None:
        return ModelNotFoundError(
            f"the alias {reference.alias!r} of {model.name!r} names version {number}, which was deleted. "
            f"%models {model.name} shows the others"
        )
    if not versions:
        return ModelNotFoundError(f"the model {model.name!r} has no version: %register {model.name}")
    nearest = min(versions, key=lambda one: (abs(one - number), -one))
    return ModelNotFoundError(
        f"the model {model.name!r} has no version {number}; the nearest is {nearest}, the newest {versions[0]}. "
        f"All of them: %models {model.name}"
    )
