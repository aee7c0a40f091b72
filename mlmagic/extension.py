"""Registers mlmagic's magics, cell header, cell hooks and figure hooks in a kernel, and unregisters them."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic import session_state
from mlmagic._version import __version__
from mlmagic.adapters import interactive_plots, matplotlib, optuna
from mlmagic.errors import UsageProblem
from mlmagic.journal import folder
from mlmagic.magics import completion
from mlmagic.magics.compare import CompareMagics
from mlmagic.magics.diff import DiffMagics
from mlmagic.magics.evaluate import EvaluateMagics
from mlmagic.magics.hydra import HydraMagics
from mlmagic.magics.monitoring.drift import DriftMagics
from mlmagic.magics.monitoring.monitor import MonitorMagics
from mlmagic.magics.registry import RegistryMagics
from mlmagic.magics.reproducibility.checklist import ChecklistMagics
from mlmagic.magics.reproducibility.reproduce import ReproduceMagics
from mlmagic.magics.reproducibility.why import WhyMagics
from mlmagic.magics.retrain import RetrainMagics
from mlmagic.magics.runs import RunsMagics
from mlmagic.magics.seed import SeedMagics
from mlmagic.magics.split import SplitMagics
from mlmagic.magics.status import StatusMagics
from mlmagic.magics.sweep import SweepMagics
from mlmagic.magics.track import TrackMagics, parse_header
from mlmagic.recording import open_runs
from mlmagic.session import notebook_session
from mlmagic.session.header import HeaderTransformer, mark_header
from mlmagic.session.interrupts import in_one_line
from mlmagic.session.observation import sites
from mlmagic.session.output import capture, prompts
from mlmagic.store import experiments, tracking_uri
from mlmagic.tracking.cell_tracker import CellTracker
from mlmagic.tracking.left_at_load import deliver_left_runs
from mlmagic.user_settings import settings
from mlmagic.visible import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.magic import Magics

    from mlmagic.comparison.diffs.difference import Difference
    from mlmagic.data.split.splitting import Split
    from mlmagic.evaluation.evaluation import Evaluation
    from mlmagic.monitoring.drift.report import DriftReport
    from mlmagic.monitoring.report import MonitoringReport
    from mlmagic.registry.retraining.result import Retraining
    from mlmagic.replay.explaining.explanation import Explanation
    from mlmagic.replay.reproduction import Reproduction
    from mlmagic.reproducibility.checklist import Checklist
    from mlmagic.snapshot.randomness.seeding import SeedReport
    from mlmagic.views.rendering import MimeBundle


_MAGICS = (
    TrackMagics,
    SeedMagics,
    SplitMagics,
    EvaluateMagics,
    DriftMagics,
    MonitorMagics,
    RunsMagics,
    CompareMagics,
    DiffMagics,
    ChecklistMagics,
    HydraMagics,
    SweepMagics,
    RegistryMagics,
    RetrainMagics,
    ReproduceMagics,
    WhyMagics,
    StatusMagics,
)
_FIRST_LINE_ONLY = ("track", "hydra", "sweep", "retrain")
"""The magics of whole cells. Below the first line, IPython takes ``%%track`` for a magic of a line named ``%track``."""
_loaded: dict[int, Extension] = {}
"""The extension of each shell, by the shell's id, from loading to unloading."""
_resume_seed: list[Callable[[], None]] = []
"""A function that resumes the seed that was set when mlmagic was unloaded; at most one."""


class Extension:
    """The registration of mlmagic in one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._session = notebook_session.NotebookSession(shell)
        self._tracker = CellTracker(self._session, parse_header, self._leave_if_asked)
        self._transformer = HeaderTransformer(shell, self._tracker.open, self._tracker.watch_within)
        self._undo: list[Callable[[], None]] = []
        self.is_leaving = False

    def load(self) -> None:
        """Register everything, and print the store and the experiment of runs."""
        shell = self._shell
        for magics in _MAGICS:
            shell.register_magics(magics)
            self._undo.append(partial(_unregister, shell, magics))
        of_lines = shell.magics_manager.magics["line"]
        for name in _FIRST_LINE_ONLY:
            of_lines[f"%{name}"] = partial(_not_on_the_first_line, name)
            self._undo.append(partial(of_lines.pop, f"%{name}", None))
        listed: list[tuple[list[Any], int, object]] = [
            (shell.input_transformers_cleanup, len(shell.input_transformers_cleanup), mark_header),
            (shell.ast_transformers, 0, self._transformer),
            (shell.configurables, len(shell.configurables), settings),
        ]
        if shell.Completer is not None:
            matchers, matcher = completion.hook(shell)
            listed.append((matchers, 0, matcher))
        for items, at, item in listed:
            items.insert(at, item)
            self._undo.append(partial(_discard, items, item))
        for event, hook in self._hooks():
            shell.events.register(event, hook)
            self._undo.append(partial(_unhook, shell, event, hook))
        # Before the inline backend's hook, which closes the figures that a cell left open.
        callbacks = shell.events.callbacks["post_execute"]
        callbacks.insert(0, callbacks.pop())
        for library in (matplotlib, interactive_plots):
            self._undo.append(library.watch_drawn(capture.figure_drawn))
        self._undo.append(optuna.watch_trials())
        if shell.display_formatter is not None:
            formatter = shell.display_formatter.mimebundle_formatter
            for module, kind, view in _SHOWN:
                formatter.for_type_by_name(module, kind, view)
                self._undo.append(partial(formatter.pop, f"{module}.{kind}", None))
        self._undo.append(sites.install())
        self._undo.append(prompts.watch(shell))
        self._bind_name()
        self._undo.append(notebook_session.enter(self._session))
        self._undo.append(self._session.recorder.begin())
        self._undo.append(tracking_uri.pin_tracking_uri())
        folder.settle(Path.cwd())
        if "mlmagic.tracking.background" in sys.modules:
            sys.modules["mlmagic.tracking.background"].resume()
        if _resume_seed:
            _resume_seed.pop()()
        where = f"store {tracking_uri.shown_uri()} · experiment {experiments.shown_name()}"
        print(f"mlmagic {__version__} · {clean(where)}")  # noqa: T201
        if advice := tracking_uri.old_file_store(Path.cwd()):
            print(advice)  # noqa: T201
        deliver_left_runs()

    def _bind_name(self) -> None:
        """Bind ``mlmagic`` in the user's namespace, as ``import mlmagic`` would, unless the name is taken."""
        shell = self._shell
        if "mlmagic" not in shell.user_ns:
            shell.push({"mlmagic": sys.modules["mlmagic"]}, interactive=False)
            self._undo.append(self._drop_name)

    def _drop_name(self) -> None:
        if not self._session.binds("mlmagic"):
            self._shell.drop_by_id({"mlmagic": sys.modules["mlmagic"]})

    def unload(self) -> None:
        """Unregister everything, so that the shell is as before."""
        while self._undo:
            self._undo.pop()()
        # The random generators keep their state, so `%reload_ext` resumes their seed.
        randomness = sys.modules.get("mlmagic.snapshot.randomness.seeding")
        if randomness is not None:
            _resume_seed[:] = [randomness.suspend()]
        session_state.reset()
        if "mlmagic.snapshot.secrets.known_values" in sys.modules:
            sys.modules["mlmagic.snapshot.secrets.known_values"].forget_learned()
        if "mlmagic.store.delivery.worker" in sys.modules:
            from mlmagic.tracking import background

            background.stop()

    def _hooks(self) -> list[tuple[str, Callable[..., None]]]:
        return [
            ("pre_execute", self._tracker.cell_of_file_begins),
            ("pre_run_cell", self._tracker.cell_begins),
            ("post_run_cell", _draw_rest),
            ("post_run_cell", self._tracker.cell_ended),
            ("post_execute", self._tracker.cell_of_file_ended),
            ("post_execute", capture.figures_left_open),
        ]

    def _leave_if_asked(self) -> None:
        """Unload now if ``%unload_ext`` was called while a run was open."""
        if self.is_leaving:
            unload_ipython_extension(self._shell)
            print("mlmagic: unloaded, now that the run has ended.")  # noqa: T201


def _draw_rest(_: object = None) -> None:
    """Draw the last runs of a loop of blocks, if there was one."""
    if loops := sys.modules.get("mlmagic.tracking.loop_display"):
        loops.draw_rest()


def _not_on_the_first_line(name: str, line: str) -> None:  # noqa: ARG001  # IPython gives it
    block = " Within a cell, `with mlmagic.track('name'):` records a block." if name == "track" else ""
    raise UsageProblem(f"%%{name} stands on the first line of its cell: move it there.{block}")


def _show_seed(report: SeedReport) -> MimeBundle:
    from mlmagic.views.seed_report import seed_report_bundle

    return seed_report_bundle(report)


def _show_difference(found: Difference) -> MimeBundle:
    from mlmagic.views.differences.difference import difference_bundle

    return difference_bundle(found)


def _show_split(done: Split) -> MimeBundle:
    from mlmagic.views.split_report import split_report_bundle

    return split_report_bundle(done)


def _show_evaluation(done: Evaluation) -> MimeBundle:
    from mlmagic.views.evaluation_report import evaluation_report_bundle

    return evaluation_report_bundle(done)


def _show_drift(done: DriftReport) -> MimeBundle:
    from mlmagic.views.monitoring.drift_report import drift_report_bundle

    return drift_report_bundle(done)


def _show_monitoring(done: MonitoringReport) -> MimeBundle:
    from mlmagic.views.monitoring.monitoring_report import monitoring_report_bundle

    return monitoring_report_bundle(done)


def _show_reproduction(found: Reproduction) -> MimeBundle:
    from mlmagic.views.reproducibility.reproduction_report import reproduction_bundle

    return reproduction_bundle(found)


def _show_explanation(found: Explanation) -> MimeBundle:
    from mlmagic.views.reproducibility.explanation_report import explanation_bundle

    return explanation_bundle(found)


def _show_retraining(done: Retraining) -> MimeBundle:
    from mlmagic.views.retraining_report import retraining_report_bundle

    return retraining_report_bundle(done)


def _show_checklist(found: Checklist) -> MimeBundle:
    from mlmagic.views.reproducibility.checklist import checklist_bundle

    return checklist_bundle(found)


# By name, because these modules are imported on first use.
_SHOWN: tuple[tuple[str, str, Callable[[Any], MimeBundle]], ...] = (
    ("mlmagic.snapshot.randomness.seed_facts", "SeedReport", _show_seed),
    ("mlmagic.data.split.splitting", "Split", _show_split),
    ("mlmagic.comparison.diffs.difference", "Difference", _show_difference),
    ("mlmagic.evaluation.evaluation", "Evaluation", _show_evaluation),
    ("mlmagic.monitoring.drift.report", "DriftReport", _show_drift),
    ("mlmagic.monitoring.report", "MonitoringReport", _show_monitoring),
    ("mlmagic.registry.retraining.result", "Retraining", _show_retraining),
    ("mlmagic.replay.reproduction", "Reproduction", _show_reproduction),
    ("mlmagic.replay.explaining.explanation", "Explanation", _show_explanation),
    ("mlmagic.reproducibility.checklist", "Checklist", _show_checklist),
)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load mlmagic into *shell* (``%load_ext mlmagic``), unless it is already loaded."""
    extension = _loaded.get(id(shell))
    if extension is not None:
        if extension.is_leaving:
            extension.is_leaving = False
            print("mlmagic: not reloaded, since a run is open: %reload_ext mlmagic in a cell of its own.")  # noqa: T201
        return
    extension = _loaded[id(shell)] = Extension(shell)
    try:
        with in_one_line("%load_ext mlmagic"):
            extension.load()
    except BaseException:
        del _loaded[id(shell)]
        extension.unload()
        raise


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove mlmagic from *shell* (``%unload_ext mlmagic``), or, while a run is open, after the run has ended.

    Without the cell hooks the run would never end, and would stay MLflow's active run.
    """
    extension = _loaded.get(id(shell))
    if extension is None:
        return
    extension.is_leaving = bool(open_runs.open_here())
    if not extension.is_leaving:
        del _loaded[id(shell)]
        extension.unload()


def _discard(items: list[Any], item: object) -> None:
    items[:] = [other for other in items if other is not item]


def _unhook(shell: InteractiveShell, event: str, hook: Callable[..., None]) -> None:
    if hook in shell.events.callbacks[event]:
        shell.events.unregister(event, hook)


def _unregister(shell: InteractiveShell, magics: type[Magics]) -> None:
    for kind, names in magics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    registered = shell.magics_manager.registry.pop(magics.__name__, None)
    _discard(shell.configurables, registered)
