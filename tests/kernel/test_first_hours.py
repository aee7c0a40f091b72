"""What somebody does who knows the README only: ids of runs recorded offline, odd names, mistakes, interrupts."""

from __future__ import annotations

import json
import re

import pytest


@pytest.fixture(scope="module")
def used(kernel):
    kernel.check("import mlmagic")
    kernel.check("%%track first\nlr = 0.01")
    return kernel


def _lines(kernel, code):
    output = kernel.run(code)
    assert output.status == "ok", output.text
    return output.summaries[0].splitlines()


@pytest.fixture(scope="module")
def offline(used):
    """The id that the summary of a run showed that was recorded offline, and what its delivery said."""
    used.check("%config MLMagic.offline = True")
    shown = re.search(r"run (\w{8})\)", _lines(used, "%%track away\nlr = 0.5")[0])[1]
    used.check("%%track --resume\ndepth = 3")
    used.check(f"%%track --resume {shown}\nwidth = 4")
    assert "1 run not delivered yet" in used.check("%mlmagic")
    used.check("%config MLMagic.offline = False")
    return shown, used.check("%mlmagic sync")


def test_the_delivery_names_the_new_id_of_a_run_that_was_recorded_offline(used, offline):
    shown, delivered = offline
    stored = used.last_run("away")
    assert re.fullmatch(rf"delivered away \(FINISHED, \d+ records, run {shown} is now {stored['id'][:8]}\)", delivered)
    assert (stored["count"], stored["params"]) == (1, {"lr": "0.5", "depth": "3", "width": "4"})


@pytest.mark.parametrize("length", [4, 8, 32])
def test_the_id_of_a_run_that_was_recorded_offline_stays_valid(used, offline, length):
    stored = used.last_run("away")
    reference = stored["tags"]["mlmagic.id"][:length]
    assert reference[:4] == offline[0][:4]
    code = f"print(mlmagic.Run.find('{reference}').id, mlmagic.diff('{reference}', 'first').runs[0].id)"
    assert used.check(code) == f"{stored['id']} {stored['id']}"
    assert used.run(f"%diff {reference} first").status == "ok"
    used.check(f"%%track --parent {reference}\nx = 1")
    assert used.last_run()["tags"]["mlflow.parentRunId"] == stored["id"]
    used.check(f"%%track --resume {reference}\nseen = {length}")
    assert used.last_run("away")["count"] == 1
    used.check(f"with mlmagic.track(resume='{reference}', quiet=True): pass")
    assert used.last_run("away")["count"] == 1
    assert used.check(f"print(list(mlmagic.compare('{reference}').to_dataframe().run_id))") == str([stored["id"]])
    if length == 32:
        assert used.check(f"print(list(mlmagic.runs('run_id = {reference}').run_id))") == str([stored["id"]])
        used.check(f"from mlmagic.store.query.run import Run\nfound = Run('{reference}')")
        assert used.check("print(found.params['lr'], found.name, found.history('none'))") == "0.5 away []"
        assert used.check("print(list(mlmagic.compare(found, 'first').to_dataframe().run_id)[0])") == stored["id"]


CHANGED = {
    "a literal": ("lr = 0.02", "lr", "0.01", "0.02"),
    "logged": ("mlmagic.log_params(lr=0.03)", "lr", "0.01", "0.03"),
    "read from another cell": ("y = lr * 2", "lr", "0.01", "0.5"),
    "the seed": ("%seed 2", "seed", "1", "2"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_parameter_that_a_continued_run_cannot_change_is_told(used, case):
    code, name, before, now = CHANGED[case]
    used.check("%seed 1 --quiet\n_ = None")
    used.check("%%track changing\nlr = 0.01")
    used.check("lr = 0.5")
    lines = _lines(used, f"%%track --resume\n{code}")
    told = f"parameter '{name}' is '{before}' in this run and stays so; '{now}' was not recorded"
    assert [line for line in lines if "warning" in line] == [f"  warning  {told}"], lines
    assert used.last_run("changing")["params"][name] == before


def test_another_model_and_another_split_in_a_continued_run_are_told(used):
    used.check("from sklearn.linear_model import Ridge\nimport pandas as pd")
    used.check("df = pd.DataFrame({'a': [1.0, 2, 3, 4, 5, 6], 'b': [2.0, 4, 6, 8, 10, 12]})")
    cell = "%split df --test {} --seed 0 --quiet\nm = Ridge(alpha={}).fit(train[['a']], train['b'])"
    used.check("%%track fitted\n" + cell.format(0.5, 2.0))
    lines = _lines(used, "%%track --resume\n" + cell.format(0.34, 3.0))
    told = [line.partition("parameter ")[2] for line in lines if "warning" in line]
    assert sorted(told) == [
        "'m.alpha' is '2.0' in this run and stays so; '3.0' was not recorded",
        "'split.test' is '0.5' in this run and stays so; '0.34' was not recorded",
    ], lines


def test_what_a_continued_run_keeps_is_not_told(used):
    used.check("%%track kept\nlr = 0.01")
    assert not [line for line in _lines(used, "%%track --resume\nlr = 0.01\ndepth = 3") if "warning" in line]


NAMES = ["mlmagic.log(**{'precision@5': 0.1})", "mlmagic.log(precision_at_5=0.2)"]


def test_the_same_names_have_the_same_keys_in_every_order_and_are_found_by_them(used):
    for name, code in (("one", NAMES), ("other", NAMES[::-1])):
        lines = _lines(used, f"%%track {name}\n" + "\n".join(code))
        told = "MLflow does not take the metric key 'precision@5': it is kept as 'precision_at_5_2f4fd8'"
        assert [line for line in lines if "warning" in line] == [f"  warning  {told}"]
        assert used.last_run(name)["metrics"] == {"precision_at_5_2f4fd8": 0.1, "precision_at_5": 0.2}
    for query in ("precision@5 < 0.15", "metrics.precision@5 < 0.15", "`precision@5` < 0.15"):
        assert used.check(f"frame = %runs {query}\nprint(list(frame.name))") == "['other', 'one']"
    assert used.check("frame = %runs --sort precision@5\nprint(list(frame.name)[:2])") == "['other', 'one']"
    assert used.check("print(mlmagic.compare(metric='precision@5 max').to_dataframe().name[0])") in {"one", "other"}
    assert used.check("print(mlmagic.Run.find('one').history('precision@5'))") == "[(0, 0.1)]"
    output = used.run("%%sweep odd a=1,2 --metric precision@5 --quiet\nimport mlmagic\nmlmagic.log({'precision@5': a})")
    assert output.status == "ok", output.text
    assert used.last_run("odd")["metrics"]["best.precision_at_5_2f4fd8"] == 2.0


REFUSED = {
    "nothing near": ("%%track --bogus\nx = 1", "%%track has no option '--bogus'. It takes -e"),
    "something near": ("%%track --experimnet a\nx = 1", "Did you mean '--experiment'?"),
    "a stopper without a model": (
        "%%track stopping\nstopper = mlmagic.EarlyStopping(patience=2)\nprint('trained')\nstopper.restore_best()",
        "this cell calls stopper.restore_best(), which needs the model: EarlyStopping(model=net)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_one_line_before_anything_runs(used, case):
    code, told = REFUSED[case]
    output = used.run(code)
    assert output.status == "error"
    assert told in output.errors[0], output.text
    assert "trained" not in output.stdout


def test_continue_in_a_new_kernel_names_what_is_not_known(used):
    used.check(
        "from mlmagic.tracking import continuing\nbefore = dict(continuing._last_in_notebook)\ncontinuing._last_in_notebook.clear()"
    )
    output = used.run("%%track --resume\nx = 1")
    used.check("continuing._last_in_notebook.update(before)")
    assert "%env MLMAGIC_NOTEBOOK=name.ipynb" in output.errors[0], output.text


def test_a_run_that_was_interrupted_as_it_was_recorded_says_that_it_is_incomplete(used):
    used.check(
        "import os, signal, time\nfrom mlmagic.tracking import collecting\noriginal = collecting.record_source\n"
        "def interrupted(*args):\n    collecting.record_source = original\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(0.05)\n"
        "collecting.record_source = interrupted"
    )
    output = used.run("%%track half\nx = 0.5")
    assert (output.status, output.stderr) == ("ok", ""), output.text
    assert "interrupted while the run was being recorded" in output.summaries[0]
    run = used.last_run("half")
    assert (run["status"], run["tags"]["mlmagic.incomplete"]) == ("FINISHED", "interrupted while it was being recorded")
    told = f"half ({run['id'][:8]}): incomplete, interrupted while it was being recorded"
    shown = used.run("%runs -n 1").of("execute_result")[0]["data"]
    assert f"! {told}" in shown["text/plain"]
    assert told in shown["text/html"]
    assert told in json.dumps(used.run("%runs").of("execute_result")[0]["data"])
    assert "incomplete" in used.run("%diff half first").text
    assert "incomplete" not in used.run("%runs name = first").text
