"""``%reproduce --env``: a run that another version of a package made comes back with the recorded version."""

from __future__ import annotations

import os
import socket
import tempfile
import zipfile
from pathlib import Path

import pytest
from local_wheels import SITE, write_site, write_tiny_value

import mlmagic

RUN = ("%load_ext mlmagic", "import tinyvalue", "%%track it\nscore = tinyvalue.value() / 7")


@pytest.fixture
def recorded(in_the_store, new_kernel, monkeypatch):
    """A run with version 1.0 of the package ``tinyvalue``; now 2.0 is on the path, and pip knows wheels of both."""
    wheels = in_the_store / "wheels"
    write_site(wheels)
    write_tiny_value(wheels, 1, 2)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    places = []
    for wheel in sorted(wheels.glob("tinyvalue-*")):
        places.append(in_the_store / wheel.stem)
        zipfile.ZipFile(wheel).extractall(places[-1])
    own = os.environ.get("PYTHONPATH", "")
    kernel = new_kernel(env={"PYTHONPATH": f"{places[0]}{os.pathsep}{own}"})
    for source in RUN:
        kernel.check(source)
    monkeypatch.setenv("PYTHONPATH", f"{places[1]}{os.pathsep}{own}")
    (file,) = in_the_store.glob("mlruns/**/mlmagic/requirements.txt")
    assert "tinyvalue==1.0" in file.read_text()
    require(in_the_store, f"{SITE}==1.0", "tinyvalue==1.0")
    return kernel


def require(folder, *requirements):
    """Let the run have had these packages only: those of this environment are in no folder of wheels."""
    (file,) = folder.glob("mlruns/**/mlmagic/requirements.txt")
    file.write_text("\n".join(["# Python 3.9.1 (CPython), Linux", *requirements]))


def left_over():
    return list(Path(tempfile.gettempdir()).glob("mlmagic-replay-*"))


@pytest.mark.replay
def test_another_version_of_a_package_is_the_cause_and_with_the_recorded_one_the_run_comes_back(
    recorded, in_the_store, monkeypatch
):
    found = mlmagic.reproduce("it")
    assert found.verdict == "DIFFERENT"
    assert [(one.what, one.evidence) for one in found.causes] == [("the package tinyvalue", "1.0 then, 2.0 now")]
    monkeypatch.delenv("PYTHONPATH")  # its packages would come before those of any environment
    with pytest.raises(mlmagic.errors.UsageProblem, match=r"--env installs 2 packages .* of the recorded 3\.9\.1"):
        mlmagic.reproduce("it", env=True)
    monkeypatch.setenv("TMPDIR", str(in_the_store / "temporary"))
    (in_the_store / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    found = mlmagic.reproduce("it", env=True, yes=True)
    assert found.verdict == "IDENTICAL", (found.reason, found.causes, found.notes)
    assert "run with the recorded versions of 2 packages" in found.notes
    assert left_over() == []
    require(in_the_store, f"{SITE}==1.0", "tinyvalue==7.5")
    found = mlmagic.reproduce("it", env=True, yes=True)
    assert found.exit_code == 2
    assert found.reason.startswith("tinyvalue==7.5 cannot be installed: there is no such version for Python")
    assert left_over() == []


def test_an_interrupt_while_packages_are_fetched_leaves_nothing_behind(recorded, in_the_store):
    with socket.create_server(("127.0.0.1", 0)) as server:  # it takes connections, and never answers
        index = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        (in_the_store / "temporary").mkdir()
        variables = {"TMPDIR": str(in_the_store / "temporary"), "PIP_NO_INDEX": "0", "PIP_INDEX_URL": index,
                     "PIP_FIND_LINKS": "", "UV_NO_INDEX": "0", "UV_INDEX_URL": index, "UV_FIND_LINKS": ""}  # fmt: skip
        recorded.check(f"import os, tempfile\nos.environ.update({variables!r})\ntempfile.tempdir = None")

        def interrupt(kind, content):
            if kind in {"display_data", "update_display_data"} and "installing" in str(content):
                recorded.manager.interrupt_kernel()

        output = recorded.run("%reproduce it --env --yes", on_output=interrupt)
    assert output.of("error")[0]["ename"] == "Interrupted", output.text
    assert list((in_the_store / "temporary").iterdir()) == []
    assert _running(in_the_store) == []


def _running(folder):
    """Return the processes with a file of *folder* among their arguments."""
    found = []
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = words.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder / "temporary") in line:
            found.append(line)
    return found
