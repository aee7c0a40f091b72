"""Records the models that a tracked cell binds or fits, with their parameters."""

from __future__ import annotations

import uuid
from functools import partial
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from mlmagic.adapters import metrics
from mlmagic.journal.records import Model
from mlmagic.journal.safe_folder import FULL
from mlmagic.models.autologged import logged_by_mlflow
from mlmagic.models.evaluated import note_logged
from mlmagic.models.kinds import FittedModel, all_parts, find_models, is_fitted, kind_of
from mlmagic.models.parameters import all_parameters, changed_parameters, is_optimizer
from mlmagic.models.plain_values import plain
from mlmagic.models.saving.save import Skipped, save_model
from mlmagic.models.searches import is_search, record_search
from mlmagic.models.state import ModelState
from mlmagic.recording.inferred.autologged import holds_parameters
from mlmagic.remembered import Remembered
from mlmagic.snapshot.environment import environment
from mlmagic.snapshot.secrets import redaction
from mlmagic.snapshot.secrets.known_values import REDACTED
from mlmagic.user_settings import settings

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from pathlib import Path

    from mlmagic.models.kinds import Kind
    from mlmagic.models.saving.save import SavedModel
    from mlmagic.recording.active_run import ActiveRun
    from mlmagic.session.observation.cell_observer import CellObserver

_FOR_ANY_MODEL = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "torch")


class ModelCapture:
    """Notes the state of the models before a cell runs, and records the models that the cell made or changed."""

    what = "models"

    def __init__(self) -> None:
        self._before: dict[int, tuple[Remembered, ModelState]] = {}

    def before(self, run: ActiveRun) -> None:
        """Note the state of the models that the cell reads."""
        if run.origin.watch is not None:
            self.note(run.origin.watch)

    def note(self, watch: CellObserver) -> None:
        """Note the state of the models that the watched code reads."""
        for found in find_models(watch.objects_read(), watch.skips):
            state = watch.skips.read(found.name, found.model, ModelState, default=ModelState())
            self._before.setdefault(id(found.model), (Remembered(found.model), state))

    def after(self, run: ActiveRun) -> None:
        """Record the parameters of models and optimizers, ``mlmagic/models.json``, and the models themselves."""
        watch = run.origin.watch
        if watch is None:
            return
        models = [found for found in self.made(watch, run.origin.namespace) if found.name not in run.options.exclude]
        optimizers = dict(_optimizers(watch))
        things = {found.name: found.model for found in models} | optimizers
        things |= dict(self._unfitted(watch, run.origin.namespace, models))
        theirs = {name for name, thing in things.items() if holds_parameters(thing, run.logged.params)}
        read = watch.skips.read
        given = {id(model): one.parameters for one in watch.calls.fitted.values() if (model := one.model) is not None}
        for name in [name for name in things if name not in theirs]:
            more = given.get(id(things[name]), {})
            read(name, things[name], partial(record_parameters, run, name, more), default=None)
        for found in models:
            read(found.name, found.model, partial(_record_best_score, run, found.name), default=None)
        known = {name: read(name, thing, all_parameters, default=None) for name, thing in things.items()}
        if parameters := {name: facts for name, facts in known.items() if facts is not None}:
            run.recorder.json("mlmagic/models.json", parameters)
        logged = logged_by_mlflow(run, models) if run.options.models else set()
        kept = _without_those_of_folds(run, models)
        note_logged(run, kept if run.options.models else ())
        if run.options.models:
            for found in kept:
                if id(found.model) in logged:
                    run.models.append(f"{found.name} ({type(found.model).__name__}, logged with MLflow)")
                else:
                    examples = examples_for(watch)
                    read(found.name, found.model, partial(record_model, run, found.name, examples), default=None)
        for found in kept:
            if id(found.model) not in logged:
                read(found.name, found.model, partial(_record_search, run, found.name), default=None)
        if theirs:
            run.autologged.append(f"parameters of {', '.join(name for name in things if name in theirs)}")
        by_hand = watch.calls.logged_by_user
        left = [f for f in models if id(f.model) in logged and not any(one.is_(f.model) for one in by_hand)]
        if names := [found.name for found in left]:
            run.autologged.append(f"model{'s' * (len(names) > 1)} {', '.join(names)}")

    def made(self, watch: CellObserver, namespace: Mapping[str, Any]) -> list[FittedModel]:
        """Return the models that the code fitted, changed, or bound to a name, each under its best name."""
        skips = watch.skips
        fitted = {id(model): one.site for one in watch.calls.fitted.values() if (model := one.model) is not None}
        filled = [name for name in watch.bindings.filled if not name.startswith("_")]
        found = {id(each.model): each for each in find_models(self._bound(watch), skips)}
        for each in find_models(watch.objects((*filled, *watch.reads)), skips):
            if id(each.model) not in found and (id(each.model) in fitted or self._has_changed(each, watch)):
                found[id(each.model)] = each
        for one in watch.calls.fitted.values():
            model = one.model
            name = name_of(model, namespace)
            kind = skips.read(name or f"what {one.site.name} was called on", model, _kind_of_result, default=None)
            if id(model) not in found and kind is not None:
                taken = {each.name for each in found.values()}
                found[id(model)] = FittedModel(name or _free_name(model, taken), model, kind)
        return list(found.values())

    def _unfitted(
        self, watch: CellObserver, namespace: Mapping[str, Any], models: list[FittedModel]
    ) -> Iterator[tuple[str, Any]]:
        """Yield the estimators, other than *models*, that the code bound to a name or cross-validated, by name.

        A part of another one (a pipeline's step) is left out, as is what a loop binds in turn.
        """
        named = self._bound(watch)
        taken = {each.name for each in models}
        for one in watch.calls.validated.values():
            if one.site.looks <= 1 and (model := one.model) is not None:
                named[name_of(model, namespace) or _free_name(model, {*named, *taken})] = model
        found = {
            name: value
            for name, value in named.items()
            if watch.skips.read(name, value, metrics.is_estimator, default=False) and not name.startswith("_")
        }
        wholes = [*found.values(), *(each.model for each in models)]
        parts = {id(part) for whole in wholes for part in watch.skips.read("a model", whole, all_parts, default=())}
        known = parts | {id(each.model) for each in models}
        yield from ((name, value) for name, value in found.items() if id(value) not in known)

    @staticmethod
    def _bound(watch: CellObserver) -> dict[str, Any]:
        """Return the names that the code bound, other than a loop's variables, with their objects."""
        loop_variables = {name for name, binding in watch.bindings.names.items() if binding.loop_variable}
        return watch.objects(name for name in watch.bound.names() if name not in loop_variables)

    def _has_changed(self, found: FittedModel, watch: CellObserver) -> bool:
        """Return whether a model is new, or has learned since the cell began."""
        before = self._before.get(id(found.model))
        if before is None or not before[0].is_(found.model):
            return True
        state = before[1]
        return bool(watch.skips.read(found.name, found.model, state.differs, default=False))


def _without_those_of_folds(run: ActiveRun, models: list[FittedModel]) -> list[FittedModel]:
    """Return the models that are results of the cell: one that was last fitted in a fold has not seen all rows."""
    watch, kept = run.origin.watch, []
    fitted = {id(one.model) for one in watch.calls.fitted.values()} if watch is not None else set()
    for found in models:
        of_fold = any(held.is_(found.model) for held in run.models_of_folds)
        if of_fold and id(found.model) not in fitted:
            run.notices.info(f"{found.name}: fitted anew in each fold, so no model is kept. Fit it on all rows")
        else:
            kept.append(found)
    return kept


def _kind_of_result(model: Any) -> Kind | None:
    """Return the kind of a model that was fitted without a name, or None if it is not a result of the cell."""
    return kind_of(model) if is_fitted(model) and not _is_transformer(model) else None


def _is_transformer(model: Any) -> bool:
    """Return whether *model* only transforms data. Without a name, a transformer is not a result of the cell."""
    return hasattr(type(model), "transform") and not hasattr(type(model), "predict")


def name_of(model: Any, namespace: Mapping[str, Any]) -> str | None:
    """Return the user's name of *model*, or None if it has none."""
    return next((name for name, value in namespace.items() if value is model and not name.startswith("_")), None)


def _free_name(model: Any, taken: Container[str]) -> str:
    """Return the name of a model that has none: its class, with a number if that is *taken*."""
    name = type(model).__name__
    return next(one for one in chain([name], (f"{name}_{number}" for number in count(2))) if one not in taken)


def _optimizers(watch: CellObserver) -> Iterator[tuple[str, Any]]:
    for name, value in watch.objects((*watch.bound.names(), *watch.reads)).items():
        if not name.startswith("_") and watch.skips.read(name, value, is_optimizer, default=False):
            yield name, value


def record_parameters(run: ActiveRun, name: str, given: Mapping[str, Any], thing: Any) -> None:
    """Record the parameters of a model or an optimizer, and those *given* to its training function."""
    for key, value in (changed_parameters(thing) | {str(key): plain(value) for key, value in given.items()}).items():
        full = f"{name}.{key}"
        if key != "class" and full not in run.options.exclude | run.logged_params:
            run.recorder.param(full, value)


def _record_best_score(run: ActiveRun, name: str, model: Any) -> None:
    """Record the best score of a fitted search as a metric, unless the run already has it, or autologging logged it."""
    score = getattr(model, "best_score_", None)
    key = f"{name}.best_score_"
    if not isinstance(score, float) or not metrics.is_estimator(model) or key in run.recorder.metrics:
        return
    if run.logged.metrics.get("best_cv_score") != score:
        run.recorder.metric(key, score)


def _record_search(run: ActiveRun, name: str, model: Any) -> None:
    if is_search(model) and (count := record_search(run, name, model)):
        run.notices.info(f"{name}: each of its {count} candidates is a run below this one")


def examples_for(watch: CellObserver) -> tuple[Any, ...]:
    """Return the tables and matrices that the cell read or bound: the candidates for the model's input example."""
    bound = watch.objects(watch.bound.names())
    return tuple(
        value
        for name, value in (*watch.objects_read().items(), *bound.items())
        if watch.skips.read(name, value, _has_rows_and_columns, default=False)
    )


def _has_rows_and_columns(value: Any) -> bool:
    shape = getattr(value, "shape", None)  # `numpy.shape` is a function
    return isinstance(shape, tuple) and len(shape) >= 2  # noqa: PLR2004  # rows, columns


def record_model(run: ActiveRun, name: str, examples: tuple[Any, ...], model: Any) -> None:
    """Record a fitted *model* on the run; what prevents it is a line in the summary."""
    if (what := _secret_in(model)) is not None:
        run.notices.warn(f"the model {name!r} was not recorded: {what} of it looks like a secret")
        return
    uid = uuid.uuid4().hex
    journal, folder = run.delivery.journal, f"models/{uid}"
    try:
        saved = journal.staging.with_room(
            lambda: save_model(
                model,
                name,
                journal.staging.make() / folder,
                input_example=examples,
                requirements=_requirements(),
                size_limit_mb=settings.model_limit_mb,
            )
        )
    except OSError as error:  # any other OSError comes from the model
        if error.errno not in FULL:
            raise
        journal.staging.not_kept(f"the model {name!r}", error)
        return
    kind = type(model).__name__
    if isinstance(saved, Skipped):
        run.notices.warn(f"the model {name!r} was not recorded: {saved.reason}")
        return
    run.recorder.model(Model(uid, saved.name, folder))
    run.models.append(f"{name} ({kind}, {saved.format}, {size_text(saved.size)})")
    for note in saved.notes:
        run.notices.info(f"model {name!r}: {note}")


def _secret_in(model: Any) -> str | None:
    """Return which part of *model* looks like a secret; its file cannot be redacted, so the model is not recorded."""
    parameters = all_parameters(model)
    # Long texts have been redacted before they were shortened.
    if redaction.redact_value("", parameters)[1] or REDACTED in repr(parameters):
        return "a parameter"
    names = getattr(model, "feature_names_in_", ())
    has_secret = any(redaction.redact(name)[1] for name in names if isinstance(name, str))
    return "the name of a feature" if has_secret else None


def _requirements() -> list[str]:
    """Return the imported packages that models depend on, as pinned requirements."""
    imported = environment.capture().imported
    return [f"{name}=={imported[name].partition('+')[0]}" for name in _FOR_ANY_MODEL if name in imported]


def size_text(size: int) -> str:
    """Format a size in bytes for display."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"  # noqa: PLR2004  # from 0.1 MB on


def save(model: Any, name: str, folder: Path, examples: tuple[Any, ...], limit_mb: float) -> SavedModel | Skipped:
    """Write *model* and its requirements to *folder*; skip it if a part of it looks like a secret."""
    if (what := _secret_in(model)) is not None:
        return Skipped(name, f"{what} of it looks like a secret")
    return save_model(model, name, folder, input_example=examples, requirements=_requirements(), size_limit_mb=limit_mb)
