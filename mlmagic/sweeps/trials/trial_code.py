"""Runs the code of one trial in its own namespace with the notebook's settings, and infers params and metrics."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlmagic.models.kinds import find_models, is_any_library_imported
from mlmagic.recording.inferred import inferred_values
from mlmagic.scalars import as_number
from mlmagic.session.observation import sites
from mlmagic.session.observation.cell_observer import CellObserver
from mlmagic.snapshot.randomness import seeding
from mlmagic.store.values import flat
from mlmagic.sweeps.trials.isolated_random import import_first
from mlmagic.sweeps.trials.isolation import threads_limited
from mlmagic.sweeps.trials.process_state import process_state_kept
from mlmagic.user_objects import Skips

if TYPE_CHECKING:
    import contextlib

    from mlmagic.models.capture import ModelCapture
    from mlmagic.models.kinds import FittedModel
    from mlmagic.recording.recorder import Recorder
    from mlmagic.sweeps.trials.pruning import Reporter
    from mlmagic.sweeps.trials.task import Job, Task

_FILE = "<sweep>"
_RESULT = "result"


class TrialCode:
    """A body or a function at one point, and its results after it has run.

    ``params`` are the inferred parameters, ``models`` the fitted models, ``examples`` the candidates for their input
    examples, and ``notices`` the messages for the user.
    """

    def __init__(self, job: Job, task: Task, recorder: Recorder, reporter: Reporter | None) -> None:
        self.params: dict[str, Any] = {}
        self.models: list[FittedModel] = []
        self.examples: tuple[Any, ...] = ()
        self.notices: list[str] = []
        self._job = job
        self._task = task
        self._recorder = recorder
        self._reporter = reporter

    def run(self, settings: contextlib.ExitStack) -> None:
        """Run the code, and record its results. Leaving *settings* restores the process's settings."""
        job, task = self._job, self._task
        namespace = job.payload.load()
        tree = ast.parse(job.source or "")
        import_first(tree)
        self.notices = settings.enter_context(process_state_kept(job.state))
        with threads_limited(job.threads):
            seeding.seed(task.seed)
            if job.source is None:
                self._take_result(namespace["function"](**task.values))
            else:
                self._run_body(tree, job.source, namespace)

    def _run_body(self, tree: ast.Module, source: str, namespace: dict[str, Any]) -> None:
        namespace.update(self._task.values)
        if self._task.config is not None:
            from omegaconf import OmegaConf

            name, plain = self._task.config
            namespace[name] = OmegaConf.create(dict(plain), flags={"struct": True})
        namespace["__name__"] = "__main__"
        watch = CellObserver(namespace)
        remove = sites.install()
        error, value = None, None
        try:
            watched = watch.begin(tree)
            models = self._watch_models(watch)
            value = _executed(watched, namespace, source)
        except BaseException as raised:
            error = raised
            raise
        finally:
            watch.end(error)
            remove()
            if self._reporter is not None:
                self._reporter.is_open = False  # metrics inferred afterwards do not prune
            self._find(watch, namespace, value, failed=error is not None)
        self._find_models(models or self._watch_models(watch), watch, namespace)

    def _watch_models(self, watch: CellObserver) -> ModelCapture | None:
        """Note the state of the models before the code runs; None if there can be no models, or they are not wanted."""
        if self._job.models == "none" or not is_any_library_imported():
            return None
        from mlmagic.models.capture import ModelCapture

        models = ModelCapture()
        models.note(watch)
        return models

    def _find_models(self, models: ModelCapture | None, watch: CellObserver, namespace: dict[str, Any]) -> None:
        if models is not None:
            from mlmagic.models.capture import examples_for

            self.models, self.examples = models.made(watch, namespace), examples_for(watch)
            self.notices += [line for line in watch.skips.lines() if line not in self.notices]

    def _find(self, watch: CellObserver, namespace: dict[str, Any], value: Any, *, failed: bool) -> None:
        """Infer the parameters and metrics of the body, as for a tracked cell."""
        recorder, swept, asked_for = self._recorder, self._task.values, self._job.metric
        found = inferred_values.find(watch, namespace, result=value, known_metrics=set())
        self.notices += watch.skips.lines()
        self.params = {name: one for name, one in found.params.items() if name not in swept}
        known = set(recorder.metrics)
        for name, curve in found.metrics.items():
            if name in known or name in swept:
                continue
            for step, number in zip(found.steps.get(name, range(len(curve))), curve, strict=True):
                recorder.metric(name, number, step)
        # The metric that the user named may be any number, also a count.
        if asked_for in namespace and asked_for not in {*recorder.metrics, *self.params}:
            asked = as_number(namespace[asked_for])
            if asked is not None and not failed:
                recorder.metric(asked_for, asked)

    def _take_result(self, result: Any) -> None:
        """Record a function's result: a mapping's numbers as metrics by name, a single number as the sweep's metric."""
        skips = Skips()
        returned = dict(result) if isinstance(result, Mapping) else {self._job.metric or _RESULT: result}
        if self._job.models != "none":
            self.models = find_models({str(name): value for name, value in returned.items()}, skips)
        if isinstance(result, Mapping):
            models = {id(found.model) for found in self.models}
            for key, value in flat({name: value for name, value in returned.items() if id(value) not in models}):
                self._recorder.metric(str(key), value)
        elif (number := as_number(result)) is not None:
            self._recorder.metric(self._job.metric or _RESULT, number)


def _executed(tree: ast.Module, namespace: dict[str, Any], source: str) -> Any:
    """Execute a body; return the value of its last expression."""
    linecache.cache[_FILE] = (len(source), None, source.splitlines(keepends=True), _FILE)
    last = tree.body[-1]
    ends_in_value = isinstance(last, ast.Expr)
    first = ast.Module(tree.body[:-1] if ends_in_value else tree.body, [])
    exec(compile(first, _FILE, "exec"), namespace)  # noqa: S102  # it is the user's code
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), _FILE, "eval"), namespace)  # noqa: S307  # as above
