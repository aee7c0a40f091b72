"""The model registry: register, list, promote and load versions of models."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlmagic.arguments import require_mapping, require_text, require_text_or_none
from mlmagic.errors import UsageProblem
from mlmagic.recording import open_runs
from mlmagic.session.interrupts import whole_imports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from mlmagic.registry.gates import Gate
    from mlmagic.registry.names import Reference
    from mlmagic.registry.promotion.changing import Promotion
    from mlmagic.registry.versions import RegisteredVersion
    from mlmagic.views.tables.models_frame import ModelsFrame


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

    While the store is away, or the run waits in its journal, it is recorded there, and registered once when the store
    takes it; the version that is returned is ``pending`` then, and has no number.

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
    The new version, or the one that this logged model is already; its ``note`` says what was done.

    Raises
    ------
    UsageProblem
        If the name, the alias or another argument is invalid, the run has several models and *model* is None, or no
        run is named within a run that has not ended.
    RunNotFoundError, ModelNotFoundError
        If the run or its model does not exist.
    PromotionRefusedError
        If another process changed the alias at the same moment. The version is registered.
    StoreError
        If the store refuses, or cannot be reached and this process does not know the run. Nothing is half done.

    Examples
    --------
    >>> import mlmagic
    >>> mlmagic.register("churn", run="forest", alias="challenger").reference  # doctest: +SKIP
    'churn/1'
    """
    from mlmagic.registry import names
    from mlmagic.registry.offline import registering_later
    from mlmagic.registry.registering import RegistrationRequest
    from mlmagic.store.values import as_text

    example = "mlmagic.register('churn', run='forest')"
    names.require_name(name, example)
    require_text_or_none("mlmagic.register", example, run=run, model=model, description=description)
    require_mapping("mlmagic.register", "mlmagic.register('churn', tags={'team': 'risk'})", tags)
    if run is None and open_runs.on_this_thread() is not None:
        raise UsageProblem(
            "the run of this cell has not ended, and its models are recorded when it does: register in the next cell, "
            f"or name an earlier run: %register {name} --run RUN"
        )
    wanted, note = names.require_alias(alias) if alias is not None else (None, "")
    texts = {str(key): as_text(value) for key, value in ({} if tags is None else tags).items()}
    made = registering_later.register(RegistrationRequest(name, run, model, wanted, texts, description, again))
    return replace(made, note=f"{made.note}; {note}") if note else made


@whole_imports()
def registered_models(name: str | None = None, *, where: str = "", history: bool = False, n: int = 20) -> ModelsFrame:
    """Return registered versions as a DataFrame, newest first, as ``%models`` does.

    Parameters
    ----------
    name
        The registered model, by default all of them.
    where
        A filter over the versions, in the language of ``mlmagic.runs``: metrics, params and tags of the version, its
        logged model and its run, and ``version``, ``alias``, ``run``, ``name`` and ``started``.
    history
        Return the promotions, refusals and rollbacks of the model *name* instead.
    n
        The maximum number of versions.

    Returns
    -------
    ModelsFrame
        A DataFrame with one row per version, or per record of the history.

    Raises
    ------
    UsageProblem
        If the filter cannot be read, or names nothing that a version has.
    ModelNotFoundError
        If there is no model of this name.
    StoreError
        If the store cannot be read.

    Examples
    --------
    >>> import mlmagic
    >>> frame = mlmagic.registered_models("churn", where="accuracy > 0.9")  # doctest: +SKIP
    """
    from mlmagic.registry.names import require_name
    from mlmagic.views.tables.models_frame import models_frame

    example = "mlmagic.registered_models('churn', where='accuracy > 0.9')"
    require_text("mlmagic.registered_models", example, where=where)
    if name is not None:
        require_name(name, example)
    if history and name is None:
        raise UsageProblem("the history is that of one model: mlmagic.registered_models('churn', history=True)")
    if history and where.strip():
        raise UsageProblem("a history takes no filter: it is a DataFrame, which pandas filters.")
    return models_frame(name, where, n=n, history=history)


@whole_imports()
def promote(
    name: str,
    version: int | str | None = None,
    *,
    to: str = "champion",
    gate: str | Gate | None = None,
    better_than: str | None = None,
    on: tuple[Any, Any] | None = None,
    metric: Any = None,
    margin: float = 0.0,
    confidence: float = 0.95,
    correct: bool = False,
    trust: bool = False,
    dry_run: bool = False,
    reason: str = "",
) -> Promotion:
    """Give an alias to a version of a model if a gate passes it, as ``%promote`` does, and record it.

    The alias is changed only if it is still as it was when the gate judged; `mlmagic.registry.promotion.claims` tells
    what holds on which store.

    Parameters
    ----------
    name
        The registered model.
    version
        The number of the version, or ``"challenger"`` (also ``"@challenger"``) for the one that has this alias; by
        default the newest.
    to
        The alias.
    gate
        Conditions on the version, such as ``"accuracy > 0.85 and loss < 0.2"``, in the language of ``mlmagic.runs``;
        or an object with a ``name`` and a method ``judge(candidate, holder)`` that returns a `GateVerdict`.
    better_than
        An alias, or the number of a version, to be beaten on held-out data: the interval of the difference on the same
        rows lies above *margin*. If it is *to*, and no version has it yet, there is nothing to beat.
    on
        The test data and its targets, ``(X_test, y_test)``, that neither model has seen.
    metric
        What is compared: a metric's name, or a mapping of one name to a function of ``y_true`` and ``y_pred``.
    margin, confidence
        By how much it must be better, and the confidence of the interval.
    correct
        Count how many candidates were judged on these rows, and ask more of each (Bonferroni).
    trust
        Load the models without asking, whoever wrote them.
    dry_run
        Change and record nothing.
    reason
        A sentence for the history.

    Returns
    -------
    Promotion
        What was done. If the version has the alias already, nothing is changed.

    Raises
    ------
    PromotionRefusedError
        If the gate refuses the version, or another promotion came first. That is recorded.
    ModelNotFoundError
        If there is no such model or version.
    UsageProblem
        If the gate is no expression, or names what the version does not have; or the newest version is meant, and
        one waits in the journal.
    StoreError
        If the store refuses, or cannot be reached.

    Examples
    --------
    >>> import mlmagic
    >>> print(mlmagic.promote("churn", 1, gate="accuracy > 0.85"))  # doctest: +SKIP
    champion of 'churn' is version 1 now; it had none: accuracy = 0.95 (> 0.85)
    """
    from mlmagic.registry import gates
    from mlmagic.registry.names import require_alias
    from mlmagic.registry.offline import promoting_later
    from mlmagic.registry.promotion import promoting

    example = "mlmagic.promote('churn', 3, to='champion')"
    require_text("mlmagic.promote", example, reason=reason)
    alias, note = require_alias(to)
    reference = _reference(name, version, example)
    judge = gates.gate_of(gate)
    options = {"margin": margin, "confidence": confidence, "correct": correct, "trust": trust}
    if better_than is None and tuple(options.values()) != (0.0, 0.95, False, False):
        raise UsageProblem("margin, confidence, correct and trust belong to better_than: better_than='champion'")
    if better_than is not None or on is not None or metric is not None:
        from mlmagic.registry.better_than import AllOf, better_than_gate

        called = names_in(sys._getframe(2))  # past the decorator
        beats = better_than_gate(better_than, on, metric, called, to=alias, **options)
        judge = beats if judge is None else AllOf((judge, beats))
    with promoting_later.not_recorded_for_later():
        if version is None:
            promoting_later.require_none_waits(name)
        done = promoting.promote(promoting.Wanted(reference, alias, judge, dry_run, reason))
    return replace(done, notes=(note, *done.notes)) if note else done


@whole_imports()
def rollback(name: str, to: str = "champion", *, reason: str = "") -> Promotion:
    """Undo the last promotion of an alias, as ``%rollback`` does, and record that.

    The version that had the alias before gets it again; if there was none, the alias is removed. Another rollback
    undoes the promotion before that.

    Parameters
    ----------
    name
        The registered model.
    to
        The alias.
    reason
        A sentence for the history.

    Returns
    -------
    Promotion
        What was done.

    Raises
    ------
    PromotionRefusedError
        If no promotion of the alias is recorded, it was changed in MLflow itself since, or the version before it was
        deleted.
    ModelNotFoundError
        If there is no such model.
    UsageProblem
        If the alias is invalid.
    StoreError
        If the store refuses, or cannot be reached.

    Examples
    --------
    >>> import mlmagic
    >>> print(mlmagic.rollback("churn"))  # doctest: +SKIP
    champion of 'churn' is no version now; it was version 1
    """
    from mlmagic.registry.names import require_alias, require_name
    from mlmagic.registry.offline import promoting_later
    from mlmagic.registry.promotion import rolling_back

    example = "mlmagic.rollback('churn', to='champion')"
    require_name(name, example)
    require_text("mlmagic.rollback", example, reason=reason)
    alias, note = require_alias(to)
    with promoting_later.not_recorded_for_later():
        done = rolling_back.rollback(name, alias, reason=reason)
    return replace(done, notes=(note, *done.notes)) if note else done


def names_in(frame: FrameType) -> dict[int, str]:
    """Return the caller's names of its objects, by the objects' ids."""
    names = [*frame.f_globals.items(), *frame.f_locals.items()]
    return {id(value): name for name, value in names if not name.startswith("_")}


def _reference(name: str, version: int | str | None, example: str) -> Reference:
    from mlmagic.registry.names import Reference, alias_in, require_name, require_version

    require_name(name, example)
    if isinstance(version, str) and version.lower() == "latest":
        return Reference(name)
    if isinstance(version, str) and (alias := alias_in(version)):
        return Reference(name, alias=alias)
    return Reference(name, version=None if version is None else require_version(version, name))


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
