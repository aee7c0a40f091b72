"""What is kept, told once, and named from one cell of a session to the next, in a real kernel."""

from __future__ import annotations

import subprocess

import pytest


def _notes(output):
    (summary,) = output.summaries
    return [line.split(maxsplit=1)[1] for line in summary.splitlines() if line.startswith("  note ")]


def _git(folder, *arguments):
    subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], check=True)


def test_what_stays_true_is_noted_at_the_first_run_and_when_it_changes(new_kernel, tmp_path):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic")
    quiet = kernel.run("%%track --quiet\nx = 1")
    assert "seed" not in quiet.text
    first = _notes(kernel.run("%%track\nx = 1"))
    assert [line[:15] for line in first] == ["no seed set: %s", "The folder is n"]
    assert _notes(kernel.run("%%track\nx = 1")) == []
    kernel.check("%seed 1 --quiet")
    _git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("a = 1\n")
    changed = _notes(kernel.run("%%track\nx = 1"))
    assert changed == [
        "The Git repository has no commit yet.",
        "uncommitted changes: kept in mlmagic/uncommitted.patch",
    ]
    assert _notes(kernel.run("%%track\nx = 1")) == []
    _git(tmp_path, "add", "a.py")
    _git(tmp_path, "commit", "-q", "-m", "first")
    assert _notes(kernel.run("%%track\nx = 1")) == []
    (tmp_path / "a.py").write_text("a = 2\n")
    assert _notes(kernel.run("%%track\nx = 1")) == ["uncommitted changes: kept in mlmagic/uncommitted.patch"]
    kernel.check("%reload_ext mlmagic")
    assert _notes(kernel.run("%%track\nx = 1")) == ["uncommitted changes: kept in mlmagic/uncommitted.patch"]


def test_warnings_are_told_each_time(kernel):
    for _ in range(2):
        assert "-p missing: there is no such name" in kernel.run("%%track -p missing\nx = 1").summaries[0]


def test_reloading_keeps_the_seed_and_does_not_seed_anew(new_kernel):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic")
    kernel.check("%seed 42 --quiet")
    kernel.check("import random, numpy; drawn = random.random(), numpy.random.rand(), mlmagic.rng().random()")
    kernel.check("%reload_ext mlmagic")
    kernel.check("drawn += random.random(), numpy.random.rand(), mlmagic.rng().random()")
    kernel.run("%%track\nx = 1")
    assert kernel.last_run()["params"]["seed"] == "42"
    kernel.check("%seed 42 --quiet")
    assert (
        kernel.check(
            "again = ()\n"
            "for _ in range(2): again += random.random(), numpy.random.rand(), mlmagic.rng().random()\n"
            "print(again == drawn)"
        )
        == "True"
    )


def test_a_cell_has_a_seed_of_its_own_or_that_of_the_session(kernel):
    kernel.check("%seed 42 --quiet")
    kernel.check("%%track own\nseed = 1\nlr = 0.1")
    assert kernel.last_run()["params"] == {"seed": "1", "lr": "0.1"}
    kernel.check("%%track read\nscore = seed + 0.5")
    assert kernel.last_run()["params"]["seed"] == "1"
    kernel.check("%%track session -x seed\nlr = 0.1")
    assert kernel.last_run()["params"]["seed"] == "42"
    kernel.check("del seed")
    kernel.check("%%track without --no-auto\nlr = 0.1")
    assert kernel.last_run()["params"] == {"seed": "42"}


def test_a_library_imported_after_a_reload_is_seeded(new_kernel):
    kernel = new_kernel(env={"MPLBACKEND": "agg"})
    kernel.check("%load_ext mlmagic")
    kernel.check("%seed 7 --quiet")
    kernel.check("%reload_ext mlmagic")
    assert kernel.check(
        "import numpy; a = numpy.random.rand(); numpy.random.seed(7); print(a == numpy.random.rand())"
    ) == ("True")


def test_the_experiment_that_was_set_before_is_shown_by_its_name(new_kernel):
    kernel = new_kernel()
    kernel.check("import mlflow; _ = mlflow.set_experiment('churn')")
    assert kernel.check("%load_ext mlmagic").splitlines()[0].endswith("· experiment churn")
    assert "experiment  churn" in kernel.check("%mlmagic")
    kernel.check("mlflow.set_experiment('other'); pass")
    assert "experiment  other" in kernel.check("%mlmagic")


@pytest.mark.parametrize("uri", ["sqlite:///not_there.db", "http://127.0.0.1:9"])
def test_the_id_of_an_experiment_is_shown_where_its_name_would_take_mlflow(new_kernel, uri):
    kernel = new_kernel(env={"MLFLOW_EXPERIMENT_ID": "3", "MLFLOW_TRACKING_URI": uri})
    assert kernel.check("%load_ext mlmagic").endswith("· experiment of id 3")
    assert kernel.check("import sys; print('mlflow' in sys.modules)") == "False"
    assert "experiment  of id 3" in kernel.check("import mlflow\n%mlmagic")


VALUES = {
    "a number": ("print('before', end='')\n0.25", "before\nOut[{n}]: 0.25\n"),
    "a semicolon": ("print('before')\n0.25;", "before\n"),
    "several lines": ("import numpy\nnumpy.eye(2)", "Out[{n}]:\narray([[1., 0.],\n       [0., 1.]])\n"),
    "nested": ("get_ipython().run_cell('3')\n4", "Out[{n}]: 3\nOut[{n}]: 4\n"),
    "below %%time": ("%%capture\n5", None),
    "a secret": ("'ghp_' + 'a1B2' * 9", "Out[{n}]: '<redacted>'"),
    "a long text": ("'x' * 1_000_000", "980,002 characters left out"),
    "what displays itself": (
        "class D:\n    def _ipython_display_(self): print('itself')\nD()",
        "itself\n",
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_the_value_of_the_last_expression_is_in_the_output(name, kernel):
    code, expected = VALUES[name]
    kernel.check("import mlmagic")
    output = kernel.run(f"%%track\n{code}")
    assert output.status == "ok", output.text
    assert len(output.summaries) == 1
    found = kernel.check(
        "r = mlmagic.last_run; print(r.text('mlmagic/output.txt') if 'mlmagic/output.txt' in r.artifacts else None)"
    )
    assert str(expected).format(n=output.count).strip() in found
    assert len(found) < 30_000


def test_a_value_is_formatted_once(kernel):
    kernel.check(
        "class Slow:\n    calls = 0\n    def __repr__(self):\n        Slow.calls += 1; return f'call {Slow.calls}'"
    )
    output = kernel.run("%%track\nSlow()")
    (shown,) = output.of("execute_result")
    assert shown["data"]["text/plain"] == "call 1"
    assert kernel.check("print(mlmagic.last_run.text('mlmagic/output.txt'))") == f"Out[{output.count}]: call 1"
    assert kernel.check("print('write_format_data' in vars(get_ipython().displayhook))") == "False"
