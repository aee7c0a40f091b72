"""``%checklist`` on runs of a real session."""

from __future__ import annotations

import subprocess

import pytest

LOAD = "from sklearn.datasets import load_wine\nX, y = load_wine(return_X_y=True, as_frame=True)"
IMPORTS = (
    "from sklearn.linear_model import LogisticRegression\nfrom sklearn.pipeline import make_pipeline\n"
    "from sklearn.preprocessing import StandardScaler"
)
PIPELINE = (
    "%%track pipeline\nmodel = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)\n"
    "accuracy = model.score(X_test, y_test)"
)
BESIDE = (
    "%%track beside\nscaled = scaler.transform(X_train)\nmodel = LogisticRegression().fit(scaled, y_train)\n"
    "accuracy = model.score(scaler.transform(X_test), y_test)"
)


@pytest.fixture(scope="module")
def session(kernel):
    """A kernel in a Git repository in which everything is committed, with data that is split."""
    git = ["git", "-c", "user.email=ana@example.org", "-c", "user.name=Ana"]
    (kernel.folder / ".gitignore").write_text(".*\n*.db*\nmlruns\n")
    (kernel.folder / "train.py").write_text("x = 1\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=kernel.folder, check=True)
    for cell in ("%seed 42 --quiet", LOAD, IMPORTS, "%split X y --test 0.25 --stratify y --quiet"):
        kernel.check(cell)
    return kernel


def shown(kernel, cell):
    """Return the text that the cell shows."""
    output = kernel.run(cell)
    assert output.status == "ok", output.text
    [result] = output.of("execute_result")
    assert "<table>" in result["data"]["text/html"]
    return result["data"]["text/plain"].splitlines()


def test_a_run_of_a_pipeline_is_8_of_8(session):
    session.check(PIPELINE)
    lines = shown(session, "%checklist")
    assert lines[0] == "pipeline: 8/8 reproducible", "\n".join(lines)
    assert lines[2].split("hashed")[1].strip().startswith("recorded: by stratify, seed 42; %split X y")
    assert session.last_run("pipeline")["tags"]["mlmagic.checklist"] == "8/8"


def test_a_scaler_beside_the_model_and_one_of_all_rows_are_named_with_their_cells(session):
    before = session.run("scaler = StandardScaler().fit(X_train)").count
    tracked = session.run(BESIDE).count
    lines = shown(session, "%checklist beside")
    assert lines[0] == "beside: 7/8 reproducible"
    assert (
        f"cell {tracked}, line 3: LogisticRegression is trained on what StandardScaler (cell {before}, line 1)"
        in lines[5]
    )
    assert lines[6].strip() == "-> model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)"

    before = session.run("scaler.fit(X)").count
    session.run(BESIDE.replace("beside", "leak"))
    lines = shown(session, "%checklist leak")
    assert f"cell {before}, line 1: StandardScaler is fitted on all rows, those of the test set too" in lines[5]
    assert session.last_run("leak")["tags"]["mlmagic.checklist"] == "7/8"


def test_a_failed_run_is_graded_and_says_so(session):
    session.run("import numpy as np\ngenerator = np.random.default_rng()")
    session.run("%%track failed\nnoise = generator.normal()\n1 / 0")
    lines = shown(session, "%checklist")
    assert lines[0].startswith("failed: ")
    assert any("numpy.random.default_rng() draws its seed from the system" in line for line in lines)
    assert lines[-1].strip() == "! the run failed: graded by what was recorded until then"
