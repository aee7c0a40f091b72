"""The recorded packages of a run, and the environment that is built from them, from wheels in a folder."""

from __future__ import annotations

import platform
import subprocess

import pytest
from local_wheels import SITE, write_site, write_tiny_value, write_wheel

import mlmagic
from mlmagic.replay.running import installing
from mlmagic.replay.running.installing import EnvironmentBuildError, explain
from mlmagic.replay.running.recorded_environment import RecordedRequirements, build, parsed
from mlmagic.snapshot.environment.distributions import Distribution


def _from(name, url, **more):
    return Distribution(name, "0.3", "/somewhere", {"url": url, **more})


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder with wheels, the only place that pip knows."""
    folder = tmp_path / "wheels"
    write_site(folder)
    write_tiny_value(folder, 1, 2)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(installing, "_uv", lambda: None)
    return folder


def _says(python, code):
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd="/").stdout.strip()


def test_versions_are_taken_and_lines_that_only_a_record_could_have_written_are_not():
    found = parsed(
        "# Python 3.9.1 (CPython), Linux\nnumpy==2.4.6\ntorch==2.13.0  # installed: 2.13.0+cpu\nmlmagic==0.1.0\n"
        "--index-url evil\n-e git+evil\nevil>=1\nnumpy==2.4.6; os_name=='x'\n-r other.txt\nevil==1.0 --hash=x\n",
        {},
    )
    assert found.pinned == ["numpy==2.4.6", "torch==2.13.0"]
    assert found.builds == {"torch==2.13.0": "torch==2.13.0+cpu"}
    assert (found.local, found.left_out, found.python, found.has_other_python) == ({}, [], "3.9.1", True)
    assert parsed(f"# Python {platform.python_version()} (CPython), Linux\n", {}).has_other_python is False


def test_a_package_from_a_folder_or_a_url_is_taken_if_this_environment_has_it_from_there():
    here = {
        "mine": _from("mine", "file:///home/me/my%20code", dir_info={"editable": True}),
        "built": _from("built", "file:///home/me/built", dir_info={}),
        "forked": _from("forked", "https://example.org/forked", vcs_info={"vcs": "git", "commit_id": "abc"}),
        "moved": _from("moved", "file:///home/me/elsewhere", dir_info={"editable": True}),
    }
    lines = [here[name].requirement for name in ("mine", "built", "forked")]
    found = parsed(
        "\n".join([*lines, "# moved==0.3  (editable: file:///home/me/moved)", "evil @ https://evil.org"]), here
    )
    assert found.local == {
        "mine": ["--editable", "/home/me/my code"],
        "built": ["/home/me/built"],
        "forked": ["forked @ git+https://example.org/forked@abc"],
    }
    assert (found.pinned, found.left_out) == ([], ["moved", "evil"])


def test_an_environment_has_the_recorded_versions_and_this_mlmagic(wheels, tmp_path):
    steps = []
    python = build(RecordedRequirements([f"{SITE}==1.0", "tinyvalue==1.0"]), tmp_path, steps.append)
    assert _says(python, "import tinyvalue; print(tinyvalue.value())") == "1"
    own = _says(python, "import mlmagic, importlib.metadata as m; print(mlmagic.__version__, m.version('mlmagic'))")
    assert own == f"{mlmagic.__version__} {mlmagic.__version__}"
    assert steps[0] == "creating an environment"
    assert any("2" in step for step in steps[1:])


@pytest.mark.parametrize("is_there", [True, False])
def test_a_build_that_no_index_has_is_taken_in_the_build_that_it_has(wheels, tmp_path, is_there):
    write_wheel(wheels, "built", "1.0", {"built.py": "build = 'gpu'"}, needs=["tinyvalue"])
    if is_there:
        write_wheel(wheels, "built", "1.0+cpu", {"built.py": "build = 'cpu'"})
    recorded = RecordedRequirements([f"{SITE}==1.0", "built==1.0", "tinyvalue==1.0"], {"built==1.0": "built==1.0+cpu"})
    python = build(recorded, tmp_path)
    assert _says(python, "import built, tinyvalue; print(built.build, tinyvalue.value())") == (
        "cpu 1" if is_there else "gpu 1"
    )


@pytest.mark.parametrize("pip", ["of this Python", "of the environment"])
def test_a_version_that_does_not_exist_is_named(wheels, tmp_path, monkeypatch, pip):
    if pip == "of the environment":
        monkeypatch.setattr(installing, "_has_pip", lambda: False)
    with pytest.raises(EnvironmentBuildError, match=r"^tinyvalue==9\.9 cannot be installed: there is no such version"):
        build(RecordedRequirements([f"{SITE}==1.0", "tinyvalue==9.9"]), tmp_path)


def test_a_recorded_version_that_this_mlmagic_cannot_use_is_named_before_anything_is_installed(tmp_path):
    with pytest.raises(
        EnvironmentBuildError, match=r"this mlmagic needs mlflow>=3\.9, and the run was .* with 2\.9\.1"
    ):
        build(RecordedRequirements(["mlflow==2.9.1"]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_recorded_packages_says_so(tmp_path):
    with pytest.raises(EnvironmentBuildError, match="its packages are not recorded"):
        build(RecordedRequirements(), tmp_path)


_UV = "  \u00d7 No solution found when resolving dependencies:\n  \u2570\u2500\u25b6 Because "


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("ERROR: No matching distribution found for tiny==9", "tiny==9 cannot be installed: there is no such version"),
        (f"{_UV}there is no version of tiny==9 and you require", "tiny==9 cannot be installed: there is no such"),
        (f"{_UV}tiny was not found in the package registry", "tiny cannot be installed: there is no such version"),
        ("Collecting tiny==9\n  WARNING: Retrying after NewConnectionError(...)\nERROR: No matching distribution found "
         "for tiny==9", "tiny==9 cannot be installed: the package index cannot be reached"),
        ("Collecting tiny==9\nERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
         "tiny==9 cannot be installed: no space is left; set TMPDIR"),
        ("Collecting tiny==1\nCollecting b==2\n  ERROR: Failed building wheel for tiny\n",
         "tiny==1 cannot be installed: it cannot be built for Python"),
        ("  \u00d7 Failed to build `tiny==1`\n  something", "tiny==1 cannot be installed: it cannot be built"),
        ("ERROR: Exception:\nTraceback", "the recorded versions cannot be installed: Exception:"),
        ("", "the recorded versions cannot be installed: no reason was given"),
    ],
)  # fmt: skip
def test_the_reason_is_one_line_that_names_the_package(output, reason):
    assert explain(output).startswith(reason)
    assert "\n" not in explain(output)


def test_another_python_is_named_as_a_possible_reason():
    told = explain("ERROR: No matching distribution found for tiny==9", recorded="3.9.1")
    assert told.endswith(f"for Python {platform.python_version()} (the run was recorded with Python 3.9.1)")
    assert "recorded" not in explain(
        "ERROR: No matching distribution found for tiny==9", recorded=platform.python_version()
    )
