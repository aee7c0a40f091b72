"""What mlmagic writes for itself is this user's alone, and a link that somebody planted is not followed."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mlmagic.journal import folder as journal_folder
from mlmagic.private import state_folder
from mlmagic.store import connection
from mlmagic.sweeps.trials import pruning

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes and links are those of POSIX")


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home" / "state"))
    return tmp_path / "home" / "state" / "mlmagic"


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["000", "022", "077"])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_folder_of_the_user_is_private_whatever_the_umask(umask, state, tmp_path):
    assert state_folder() == state
    assert [mode(one) for one in (state, state.parent, tmp_path / "home")] == [0o700] * 3
    assert state_folder() == state


def test_a_folder_that_others_could_read_is_closed(state):
    state.mkdir(parents=True)
    state.chmod(0o777)
    assert mode(state_folder()) == 0o700


@pytest.mark.parametrize("planted", ["link", "dangling", "file"])
def test_a_folder_that_is_none_is_refused(planted, state, tmp_path):
    state.parent.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    if planted == "file":
        state.write_text("x")
    else:
        state.symlink_to(elsewhere)
        if planted == "link":
            elsewhere.mkdir()
    with pytest.raises(OSError, match=r"no folder, or a link|File exists"):
        state_folder()
    assert not elsewhere.exists() or not list(elsewhere.iterdir())
    assert connection._lock_of("sqlite:///x.db").__enter__() is None


@pytest.mark.skipif(getattr(os, "getuid", lambda: 1)() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_refused(state):
    state.mkdir(parents=True)
    os.chown(state, 65534, 65534)
    with pytest.raises(PermissionError, match="belongs to another user"):
        state_folder()


def test_the_lock_of_a_store_lies_in_no_shared_folder(umask, state, tmp_path, monkeypatch):
    """Another user could hold it there, or plant a link that opening the lock empties."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    shared, precious = tmp_path / "shared", tmp_path / "precious"
    shared.mkdir()
    precious.write_text("mine")
    monkeypatch.setattr("tempfile.tempdir", str(shared))
    name = hashlib.sha256(uri.encode()).hexdigest()[:20]
    planted = shared / f"mlmagic-{os.getuid()}-{name}.lock"
    planted.symlink_to(precious)
    with connection.creating(uri):
        lock = state / f"store-{name}.lock"
        assert mode(lock) & 0o077 == 0
    assert precious.read_text() == "mine"
    assert list(shared.iterdir()) == [planted]


def test_the_file_of_a_study_is_private(umask, tmp_path, monkeypatch):
    monkeypatch.setattr(journal_folder, "_home", tmp_path)
    path = Path(pruning.new_place())
    assert path.parent == tmp_path / ".mlmagic" / "sweeps"
    assert [mode(path), mode(path.parent)] == [0o600, 0o700]
    pruning.remove(str(path))
    assert not path.exists()


@pytest.mark.parametrize("planted", [".mlmagic", ".mlmagic/sweeps"])
def test_a_study_goes_through_no_link(planted, tmp_path, monkeypatch):
    elsewhere, shared = tmp_path / "elsewhere", tmp_path / "shared"
    elsewhere.mkdir()
    shared.mkdir()
    (tmp_path / planted).parent.mkdir(exist_ok=True)
    (tmp_path / planted).symlink_to(elsewhere)
    monkeypatch.setattr(journal_folder, "_home", tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(shared))
    path = Path(pruning.new_place())
    assert path.parent.parent == shared
    assert [mode(path), mode(path.parent)] == [0o600, 0o700]
    assert list(elsewhere.iterdir()) == []
    pruning.remove(str(path))
    assert list(shared.iterdir()) == []


WORK = """
import os, stat, sys
os.umask(int(sys.argv[1], 8))
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell

def seen():
    for place in ("shared", "home", ".mlmagic"):
        for path in Path(place).rglob("*"):
            if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink():
                # Within a folder that is closed to others a file is as well.
                closed = any(not stat.S_IMODE(one.lstat().st_mode) & 0o077 for one in path.parents)
                if not closed and path.name not in {".gitignore"} and path.parts[:2] != (".mlmagic", "journal"):
                    print("OPEN", oct(path.lstat().st_mode), path)

shell = InteractiveShell.instance()
shell.user_ns["seen"] = seen
for cell in (
    "%load_ext mlmagic",
    "%%track one\\nfrom sklearn.linear_model import LinearRegression\\nimport numpy as np\\n"
    "model = LinearRegression().fit(np.arange(10.0)[:, None], np.arange(10.0))\\nloss = 0.5\\nseen()",
    "%%sweep s a=1,2,3 --prune --metric loss --mode min\\nimport mlmagic\\n"
    "for at in range(3):\\n    mlmagic.log(loss=a * at)\\n",
    "%%hydra cfg\\nlr: 0.1",
    "%%track two\\nloss = 0.4\\nseen()", "mlmagic.diff('one', 'two')", "seen()",
):
    shell.run_cell(cell)
"""


@pytest.mark.parametrize("mask", ["000", "077"])
def test_nothing_of_its_own_is_open_to_others(mask, tmp_path):
    """Stores and their artifacts are as the folder and the umask say."""
    for name in ("shared", "home"):
        (tmp_path / name).mkdir(mode=0o777)
    (tmp_path / "shared").chmod(0o1777)
    (tmp_path / "work.py").write_text(textwrap.dedent(WORK))
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "new.py").write_text("x = 1\n")
    done = subprocess.run(
        [sys.executable, "work.py", mask], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=250,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")},
            "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "shared"),
            "XDG_STATE_HOME": str(tmp_path / "home" / "state"), "IPYTHONDIR": str(tmp_path / "ipython"),
            "MPLCONFIGDIR": str(tmp_path / "mpl"), "MLFLOW_DISABLE_TELEMETRY": "true",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "finished  two" in done.stdout, done.stdout + done.stderr
    opened = [line for line in done.stdout.splitlines() if line.startswith("OPEN")]
    assert opened == []
