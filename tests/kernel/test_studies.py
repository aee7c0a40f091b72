"""Optuna's studies in a real kernel: a run holds the trials that its cell ran, and no others."""

import json

import pytest

SETUP = """
import gc, json, subprocess, sys, weakref
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
optuna.logging.set_verbosity(optuna.logging.ERROR)
def storage(): return JournalStorage(JournalFileBackend("studies.log"))
def aim(trial): return trial.suggest_float("x", 0, 1)
def odd(trial):
    if trial.number % 3 == 1: raise optuna.TrialPruned
    if trial.number % 3 == 2: raise ValueError("no")
    return trial.suggest_float("x", 0, 1)
OTHER = '''
import sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.load_study(study_name=sys.argv[1], storage=JournalStorage(JournalFileBackend("studies.log")))
if len(sys.argv) > 3: study.tell(int(sys.argv[3]), 0.5)
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=int(sys.argv[2]))
'''
def elsewhere(*args): subprocess.run([sys.executable, "-c", OTHER, *map(str, args)], check=True)
def again(name):
    own = optuna.load_study(study_name=name, storage=storage())
    own.optimize(aim, n_trials=2)
"""
BELOW = """
import mlflow
client = mlflow.MlflowClient()
found = client.search_runs(["0"], max_results=1000)
of = {run.info.run_id: run.info.run_name for run in found}
below = [(r.info.run_name, r.info.status) for r in found if of.get(r.data.tags.get("mlflow.parentRunId")) == NAME]
print(json.dumps(sorted(below)))
"""


@pytest.fixture(scope="module")
def studies(kernel):
    kernel.check(SETUP)
    return kernel


def new(name, where="storage()"):
    return f"study = optuna.create_study(study_name={name!r}, storage={where})"


def trials(*numbers, name="study"):
    return [[f"{name} {number}", "FINISHED"] for number in numbers]


CASES = {
    "loaded only": ([new("c1"), "study.optimize(aim, n_trials=3)"], "study = optuna.load_study(study_name='c1', storage=storage())", []),
    "loaded, and read": ([new("c2"), "study.optimize(aim, n_trials=3)"], "best = study.best_value", []),
    "some were there": ([new("c3"), "study.optimize(aim, n_trials=2)"], "study.optimize(aim, n_trials=2)", trials(2, 3)),
    "run a second time": (
        ["%%track earlier\nstudy = optuna.create_study(study_name='c4', storage=storage(), load_if_exists=True)\nstudy.optimize(aim, n_trials=2)"],
        "study = optuna.create_study(study_name='c4', storage=storage(), load_if_exists=True)\nstudy.optimize(aim, n_trials=2)",
        trials(2, 3),
    ),
    "another process meanwhile": ([new("c5")], "study.optimize(aim, n_trials=1)\nelsewhere('c5', 2)\nstudy.optimize(aim, n_trials=1)", trials(0, 3)),
    "another process only": ([new("c6")], "elsewhere('c6', 2)\nn = len(study.trials)", []),
    "enqueued before": (
        [new("c7"), "study.enqueue_trial({'x': 0.5}); study.enqueue_trial({'x': 0.6})"],
        "study.optimize(aim, n_trials=3)",
        trials(0, 1, 2),
    ),
    "enqueued here": ([new("c8")], "study.enqueue_trial({'x': 0.5})\nstudy.optimize(aim, n_trials=1)", trials(0)),
    "asked before, told here": ([new("c9"), "asked = study.ask(); other = study.ask()"], "study.tell(asked, 0.5)", trials(0)),
    "asked here, told later": ([new("c10")], "asked = study.ask()", []),
    "asked and told here": ([new("c11")], "asked = study.ask()\nstudy.tell(asked.number, 0.5)", trials(0)),
    "told by another process": ([new("c12"), "asked = optuna.load_study(study_name='c12', storage=storage())", "elsewhere('c12', 1)"], "n = len(study.trials)", []),
    "of a storage that failed before": ([new("c13"), "asked = study.ask()", "study.tell(asked, state=optuna.trial.TrialState.FAIL)"], "study.optimize(aim, n_trials=1)", trials(1)),
    "taken over from another study": (
        [new("c14"), "study.optimize(aim, n_trials=2)", "old = study"],
        f"{new('c14b')}\nstudy.add_trials(old.trials)\nstudy.optimize(aim, n_trials=1)",
        trials(2),
    ),
    "in threads": ([new("c15")], "study.optimize(aim, n_trials=4, n_jobs=2)", trials(0, 1, 2, 3)),
    "in a function, by a study of its own": ([new("c16")], "again('c16')\nn = len(study.trials)", trials(0, 1)),
    "under two names": ([new("c17")], "study.optimize(aim, n_trials=2)\nsecond = optuna.load_study(study_name='c17', storage=storage())", trials(0, 1)),
    "in memory": ([], "study = optuna.create_study()\nstudy.optimize(aim, n_trials=2)", trials(0, 1)),
    "two of one name in memory": (
        [],
        "study = optuna.create_study(study_name='same')\nstudy.optimize(aim, n_trials=1)\n"
        "twin = optuna.create_study(study_name='same')\ntwin.optimize(aim, n_trials=1)",
        trials(0) + trials(0, name="twin"),
    ),
    "pruned and failed": (
        [new("c18")],
        "study.optimize(odd, n_trials=3, catch=(ValueError,))",
        [["study 0", "FINISHED"], ["study 1", "KILLED"], ["study 2", "FAILED"]],
    ),
    "by an error that ends the cell": ([new("c19")], "study.optimize(odd, n_trials=3)", [["study 0", "FINISHED"], ["study 1", "KILLED"], ["study 2", "FAILED"]]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_only_trials_that_the_cell_ran_are_recorded(studies, case):
    before, cell, expected = CASES[case]
    for one in before:
        studies.check(one)
    output = studies.run(f'%%track "{case}"\n{cell}')
    found = studies.check(f"NAME = {case!r}\n{BELOW}")
    assert json.loads(found) == sorted(expected), output.text


def test_trials_that_other_processes_ran_are_told(studies):
    studies.check(new("d1"))
    output = studies.run("%%track told\nstudy.optimize(aim, n_trials=1)\nelsewhere('d1', 2)")
    assert "study: 2 trials of other processes ended meanwhile, not recorded here" in output.summaries[0]
    output = studies.run("%%track silent\nn = len(study.trials)")
    assert "ended meanwhile" not in output.summaries[0]


def test_a_trial_of_another_process_that_ran_before_and_is_told_there_is_not_the_cells(studies):
    studies.check(f"{new('d2')}\nasked = study.ask()")
    studies.check("import mlmagic.adapters.optuna as adapter; adapter._begun.clear()")  # as if it were another's
    output = studies.run("%%track foreign\nelsewhere('d2', 0, 0)\nn = len(study.trials)")
    assert "1 trial of other processes ended meanwhile" in output.summaries[0]
    assert studies.check(f"NAME = 'foreign'\n{BELOW}") == "[]"


def test_a_study_that_a_cell_deletes_is_freed(studies):
    studies.check(
        "%%track freed\ngone = optuna.create_study()\ngone.optimize(aim, n_trials=2)\nref = weakref.ref(gone)\n"
        "del gone\nfor _ in range(2): gc.collect()\nprint(ref() is None)"
    )
    assert studies.check("print(ref() is None)") == "True"


@pytest.mark.parametrize(
    "cell",
    ["study.tell(99, 0.5)", "study.optimize(odd, n_trials=3)", "study.ask({'x': 3})"],
)
def test_a_traceback_has_no_frame_of_ours(studies, cell):
    studies.check(new(f"e{abs(hash(cell))}"))
    output = studies.run(f"%%track frames\n{cell}")
    assert output.status == "error"
    assert "mlmagic/" not in output.errors[0]


def test_unloading_leaves_optunas_class_as_it_was(new_kernel):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic\nimport optuna\nbefore = '_cached_frozen_trial' in vars(optuna.Trial)")
    kernel.check("%unload_ext mlmagic")
    assert kernel.check("print(before, '_cached_frozen_trial' in vars(optuna.Trial))") == "True False"
    kernel.check("optuna.create_study().optimize(lambda trial: trial.suggest_float('x', 0, 1), n_trials=2)")
