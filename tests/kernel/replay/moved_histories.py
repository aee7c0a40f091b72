"""Histories in a repository that moved on after the run: files were committed anew, edited, deleted, or their commit is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from histories import LOAD, TRACKED, History

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATA = {
    "data/train.csv": "x\n1\n2\n6\n",
    "prepare.py": "scale = 2\n",
    ".gitignore": "*\n!data\n!data/*\n!*.py\nbig.csv\n",
}
READ = "import pandas as pd\ndf = pd.read_csv('data/train.csv')"
VALUE = "value = df.x.mean() * scale"
HAVE_CHANGED = "data/train.csv, prepare.py have changed since: run in a copy of commit "
AUTHOR = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgSign=false")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "a commit")


def _committed(folder: Path) -> None:
    git(folder, "init", "-q")
    commit(folder)


def _committed_and_changed(folder: Path) -> None:
    _committed(folder)
    (folder / "data/train.csv").write_text("x\n1\n2\n9\n")
    (folder / "new.py").write_text("offset = 3\n")


def _committed_with_a_full_path(folder: Path) -> None:
    _committed(folder)
    (folder / "place.txt").write_text(str(folder / "data/train.csv"))


def _moves_on(**files: str) -> Callable[[Path], None]:
    def after(folder: Path) -> None:
        (folder / "data/train.csv").write_text("x\n100\n")
        (folder / "prepare.py").write_text("scale = 50\n")
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        commit(folder)

    return after


def _amended(folder: Path) -> None:
    (folder / "data/train.csv").write_text("x\n100\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--amend", "-m", "rebased")


def _collected(folder: Path) -> None:
    _amended(folder)
    git(folder, "reflog", "expire", "--expire=now", "--all")
    git(folder, "gc", "-q", "--prune=now")


def _collected_and_deleted(folder: Path) -> None:
    _collected(folder)
    (folder / "data/train.csv").unlink()


def _deleted(folder: Path) -> None:
    shutil.rmtree(folder / "data")
    (folder / "prepare.py").unlink()
    commit(folder)


def _ignored_changed(folder: Path) -> None:
    (folder / "big.csv").write_text("x\n100\n")


def _notebook_folder_moved(folder: Path) -> None:
    _moves_on()(folder)
    (folder / "pkg/tools.py").write_text("def twice(x):\n    return 3 * x\n")
    os.rename(folder / "nb", folder / "analysis")  # noqa: PTH104
    commit(folder)


def _moved(name: str, *cells: str, **more) -> History:
    more.setdefault("prepare", _committed)
    more["files"] = {**DATA, **more.get("files", {})}
    return History(name, (LOAD, *cells), **more)


MOVED = [
    _moved(
        "data and a script committed, then changed and committed",
        READ,
        "%run prepare.py",
        VALUE,
        TRACKED,
        after=_moves_on(),
        note=HAVE_CHANGED,
    ),
    _moved(
        "changes in the patch, then committed otherwise",
        READ,
        "%run prepare.py",
        "%run new.py",
        "value = df.x.mean() * scale + offset",
        TRACKED,
        sample=True,
        prepare=_committed_and_changed,
        after=_moves_on(new="offset = 4\n"),
        note="data/train.csv, prepare.py, new.py have changed since: run in a copy of commit ",
    ),
    _moved(
        "a commit that was rebased away",
        READ,
        "value = df.x.mean()",
        TRACKED,
        sample=True,
        after=_amended,
        note="data/train.csv has changed since: run in a copy of commit ",
    ),
    _moved(
        "files that were deleted",
        READ,
        "%run prepare.py",
        VALUE,
        TRACKED,
        after=_deleted,
        note="data/train.csv, prepare.py are gone: run in a copy of commit ",
    ),
    _moved(
        "a commit that was collected",
        READ,
        "value = df.x.mean()",
        TRACKED,
        sample=True,
        after=_collected,
        verdict="DIFFERENT",
        cause="the file data/train.csv: has another content than the run read; commit ",
    ),
    _moved(
        "a commit that was collected, and the file deleted",
        READ,
        "value = df.x.mean()",
        TRACKED,
        after=_collected_and_deleted,
        verdict="CANNOT RUN",
        cause="is not in this repository any more",
    ),
    _moved(
        "an ignored file changed",
        "import pandas as pd\ndf = pd.read_csv('big.csv')",
        "value = df.x.mean()",
        TRACKED,
        files={"big.csv": "x\n1\n"},
        after=_ignored_changed,
        verdict="DIFFERENT",
        cause="does not have it",
    ),
    _moved(
        "an ignored file changed beside one that git has",
        READ,
        "big = pd.read_csv('big.csv')",
        "value = df.x.mean() + big.x.mean()",
        TRACKED,
        files={"big.csv": "x\n1\n"},
        after=lambda folder: (_moves_on()(folder), _ignored_changed(folder)),
        verdict="DIFFERENT",
        cause="the file big.csv: has another content",
        not_cause="train.csv",
        note="data/train.csv has changed since: run in a copy of commit ",
    ),
    _moved(
        "a full path",
        "import pandas as pd\nplace = open('place.txt').read()",
        "df = pd.read_csv(place)",
        "value = df.x.mean()",
        TRACKED,
        prepare=_committed_with_a_full_path,
        after=_moves_on(),
        verdict="DIFFERENT",
        cause="a full path leads to the file of today, past the copy of commit ",
    ),
    _moved(
        "a folder of the tree, modules beside it, and files that cells write",
        "import os, sys\nos.chdir('nb')\nsys.path.insert(0, os.path.abspath('..'))",
        "import pandas as pd\nfrom pkg.tools import twice\ndf = pd.read_csv('../data/train.csv')",
        "from pathlib import Path\nimport pkg.tools\nroot = Path(pkg.tools.__file__).parent.parent",
        "Path('../prepared.py').write_text('y = 1')\nPath('../data/made.txt').write_text('5')",
        "value = twice(df.x.mean()) + int(Path('../data/made.txt').read_text())"
        " + len((root / 'data/train.csv').read_text())",
        "%%track it\nimport mlflow\nmlflow.log_param('place', os.getcwd())\nscore = float(value)",
        sample=True,
        files={
            ".gitignore": f"{DATA['.gitignore']}!pkg\n!nb\n!.keep\n",
            "pkg/__init__.py": "",
            "pkg/tools.py": "def twice(x):\n    return 2 * x\n",
            "nb/a.py": "",
            "nb/.keep": "",
        },
        after=_notebook_folder_moved,
        note="data/train.csv has changed since: run in a copy of commit ",
    ),
]
