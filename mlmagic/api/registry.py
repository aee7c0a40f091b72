"""The model registry: register, list, promote and load versions of models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import require_mapping, require_text, require_text_or_none
from mlmagic.session.interrupts import whole_imports

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmagic.registry.versions import RegisteredVersion


@whole_imports()
def register(
    name: str,
    *,
    run: str | None = None,
    model: str | None = None,
    alias: str | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    again: bool = False,
) -> RegisteredVersion:
    """Register a logged model of a run as a new version of the model *name*, as ``%register`` does.

    Parameters
    ----------
    name
        The registered model, created if it is new.
    run
        The id or name of the run, by default the last one.
    model
        Which of the run's logged models; not needed if it has one.
    alias
        An alias to give to the version. It is recorded as a promotion without a gate.
    tags, description
        Of the version.
    again
        Create another version if this logged model is one already.

    Returns
    -------
    The new version, or the one that this logged model is already.

    Raises
    ------
    UsageProblem
        If the name, the alias or another argument is invalid, or the run has several models and *model* is None.
    RunNotFoundError, ModelNotFoundError
        If the run or its model does not exist.
    PromotionRefusedError
        If another process changed the alias at the same moment. The version is registered.
    StoreError
        If the store refuses, or cannot be reached. Nothing is half done.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.register("churn", run="forest", alias="challenger").reference  # doctest: +SKIP
    'churn/1'
    """
    from mlmagic.registry import names, registering

    example = "mlmagic.register('churn', run='forest')"
    names.require_name(name, example)
    require_text_or_none("mlmagic.register", example, run=run, model=model, description=description)
    require_mapping("mlmagic.register", "mlmagic.register('churn', tags={'team': 'risk'})", tags)
    wanted, note = names.require_alias(alias) if alias is not None else (None, "")
    made = registering.register(registering.Registration(name, run, model, wanted, tags, description, again))
    return replace(made, note=f"{made.note}; {note}") if note else made


@whole_imports()
def load_model(reference: str, *, trust: bool = False) -> Any:
    """Return the model that *reference* names: the library's own object if there is one, else a pyfunc model.

    Loading a model runs code that its files hold. A model that a run of yours recorded is loaded at once; before any
    other you are asked. What differs between the installed packages and the model's requirements is one warning.

    Parameters
    ----------
    reference
        ``"churn@champion"`` by alias, ``"churn/3"`` by version, ``"churn"`` for the newest version,
        ``"runs:/RUN/model"`` for a model of a run, ``"models:/m-…"`` for a logged model.
    trust
        Load it without asking, whoever wrote it.

    Returns
    -------
    The model.

    Raises
    ------
    ModelNotFoundError, RunNotFoundError
        If there is no such model, version, alias or run; the nearest one is named.
    UsageProblem
        If *reference* is invalid, or the model is not yours and nobody can be asked.
    ModelLoadError
        If the model needs what is not here, or its files are damaged.
    StoreError
        If the store or the files cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> model = mlmagic.load_model("churn@champion")  # doctest: +SKIP
    """
    from mlmagic.registry import loading

    require_text("mlmagic.load_model", loading.EXAMPLE, reference=reference)
    return loading.load(reference, trust=trust)
