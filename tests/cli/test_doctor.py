"""`mlmagic doctor`: one line a check, with what to do."""

import platform
import subprocess
import sys

import pytest
from packaging.requirements import Requirement

from mlmagic.cli import doctor


@pytest.fixture
def run_doctor(tmp_path):
    def run(**environment):
        return subprocess.run(
            [sys.executable, "-c", "import sys; from mlmagic.cli import main; sys.exit(main(['doctor']))"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), **environment},
            check=False,
        )

    return run


def test_a_healthy_environment_is_all_ok_and_makes_nothing(run_doctor, tmp_path):
    answer = run_doctor()

    assert answer.returncode == 0, answer.stdout + answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0].startswith(f"ok    python         {platform.python_version()}")
    subjects = [line[6:].split()[0] for line in lines]
    assert {"mlflow", "ipython", "nbclient", "torch", "disk", "git", "store"} <= set(subjects)
    assert "pytest" not in subjects
    assert lines[-1].endswith("mlflow.db (made by the first tracked cell)")
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_a_store_that_does_not_answer_is_told_without_its_password(run_doctor):
    answer = run_doctor(MLFLOW_TRACKING_URI="http://me:hunter22@127.0.0.1:9")

    assert answer.returncode == 1
    last = answer.stdout.splitlines()[-1]
    assert last.startswith("FAIL  store")
    assert "127.0.0.1:9" in last
    assert last.endswith("-> start the server or mend MLFLOW_TRACKING_URI")
    assert "hunter22" not in answer.stdout + answer.stderr


def test_a_malformed_address_of_the_store_is_told(run_doctor):
    answer = run_doctor(MLFLOW_TRACKING_URI="sqlit:///runs.db")

    assert answer.returncode == 1
    assert "FAIL  store          " in answer.stdout
    assert "sqlit:///runs.db" in answer.stdout
    assert answer.stderr == ""


@pytest.mark.parametrize(
    ("line", "extra", "said"),
    [
        ("numpy>=1.0", "", r"ok    numpy          "),
        ("numpy>=99", "", r"is too old -> pip install --upgrade 'numpy>=99'"),
        ("no-such-thing>=1", "", r"FAIL  no-such-thing  not installed -> pip install 'no-such-thing>=1'"),
        ("no-such-thing>=1", "plots", r"-     no-such-thing  not installed -> pip install 'mlmagic[plots]'"),
    ],
)
def test_a_package_is_judged_by_its_declared_minimum(line, extra, said):
    assert said in str(doctor.check_package(Requirement(line), extra))


def test_a_full_disk_is_a_problem(tmp_path, monkeypatch):
    assert doctor.check_disk(tmp_path).outcome == "ok"
    monkeypatch.setattr(doctor, "ENOUGH_DISK_GB", 1e9)
    assert f"make room on the disk of {tmp_path}" in str(doctor.check_disk(tmp_path))


def test_git_may_be_missing(monkeypatch, tmp_path):
    assert doctor.check_git().outcome == "ok"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(doctor.check_git()).startswith("-     git            not found -> install git")


def test_git_that_does_not_run_is_told(monkeypatch, tmp_path):
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\necho 'no developer tools' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "FAIL  git            no developer tools" in str(doctor.check_git())
