"""Whether the installed packages are those with which a model was saved."""

import platform

import numpy as np
import packaging
import pytest

from mlmagic.store.model_files.requirements import differences

PYTHON = platform.python_version()
NUMPY = np.__version__


def told(folder, requirements=None, python=None):
    if requirements is not None:
        (folder / "requirements.txt").write_text(requirements, "utf-8")
    if python is not None:
        (folder / "python_env.yaml").write_text(python, "utf-8")
    return differences(folder)


@pytest.mark.parametrize(
    ("line", "difference"),
    [
        (f"numpy=={NUMPY}", []),
        ("numpy", []),
        ("numpy>=1", []),
        ("NumPy>=1,<99", []),
        ("numpy==0.1", [f"numpy==0.1 (here {NUMPY})"]),
        ("numpy>=99,!=98", [f"numpy!=98,>=99 (here {NUMPY})"]),
        ("no-such-package", ["no-such-package (not installed)"]),
        ("No_Such.Package==1", ["No_Such.Package==1 (not installed)"]),
        ("no-such-package; python_version < '3'", []),
        ("no-such-package; python_version >= '3'", ["no-such-package (not installed)"]),
        (f"numpy @ https://example.org/numpy-{NUMPY}.whl", []),
        ("no-such-package @ https://example.org/x.whl", ["no-such-package (not installed)"]),
        ("numpy[extra]==0.1", [f"numpy==0.1 (here {NUMPY})"]),
        ("numpy==0.1  # a comment", [f"numpy==0.1 (here {NUMPY})"]),
        (f"packaging~={packaging.__version__.partition('.')[0]}.0", []),
        ("# numpy==0.1", []),
        ("--index-url https://example.org", []),
        ("-e .", []),
        ("./wheels/x.whl", []),
        ("git+https://example.org/x.git", []),
        ("numpy ==", []),
        ("", []),
    ],
)
def test_a_requirement_that_is_not_met_is_named_with_what_is_here(tmp_path, line, difference):
    assert told(tmp_path, f"\n{line}\n") == difference


def test_a_version_before_a_release_meets_its_range(tmp_path, monkeypatch):
    from mlmagic.snapshot.environment.distributions import Distribution
    from mlmagic.store.model_files import requirements

    monkeypatch.setattr(requirements, "installed", lambda: {"torch": Distribution("torch", "2.9.0rc1+cpu", "/x")})
    assert told(tmp_path, "torch>=2.8\ntorch==2.9.0rc1\ntorch<2.8") == ["torch<2.8 (here 2.9.0rc1+cpu)"]


@pytest.mark.parametrize(
    ("text", "difference"),
    [
        (f"python: {PYTHON}\n", []),
        (f"python: {PYTHON.rpartition('.')[0]}.99\n", []),
        ("python: 3.5.1\n", [f"Python 3.5.1 (here {PYTHON})"]),
        ("python: '2'\n", [f"Python 2 (here {PYTHON})"]),
        ("dependencies: []\n", []),
        ("python:\n", []),
        ("- python\n", []),
        ("text", []),
        ("", []),
        ("{", []),
    ],
)
def test_the_minor_version_of_python_is_compared(tmp_path, text, difference):
    assert told(tmp_path, python=text) == difference


def test_python_comes_first(tmp_path):
    found = told(tmp_path, "numpy==0.1\nno-such-package\n", "python: 3.5.1\n")
    assert [one.partition(" ")[0] for one in found] == ["Python", "numpy==0.1", "no-such-package"]


def test_without_the_files_nothing_differs(tmp_path):
    assert told(tmp_path) == []
    (tmp_path / "requirements.txt").mkdir()
    assert told(tmp_path) == []


def test_a_file_of_another_size_than_requirements_have_is_not_read(tmp_path):
    assert told(tmp_path, "# long\n" * 200_000 + "no-such-package\n") == []
    assert told(tmp_path, "no-such-package\n" * 600) == ["no-such-package (not installed)"] * 500
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfe\nno-such-package\n")
    assert told(tmp_path) == ["no-such-package (not installed)"]
