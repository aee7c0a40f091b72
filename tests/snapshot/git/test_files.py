"""Which files are source, and which belong to a store, a cache or an environment."""

import os

import pytest

from mlmagic.snapshot.git.files import (
    LONGEST_READ,
    UntrackedFile,
    find_repository,
    is_git_folder,
    is_ignored,
    is_source,
    look_at_untracked,
    megabytes,
    read_small,
    shown,
)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "train.py",
            "a/b/train.PY",
            "x.ipynb",
            "conf/a.yaml",
            "conf/a.YML",
            "q.sql",
            "README.md",
            "x.R",
            "s.sh",
            "k.cu",
        ),
        *(
            "requirements.txt",
            "requirements-dev.in",
            ".requirements.txt",
            "constraints-3.txt",
            "Makefile",
            "a/Dockerfile",
        ),
        *("Dockerfile.gpu", "Snakefile", ".gitignore", ".gitattributes", ".gitmodules", "pyproject.toml"),
    ],
)
def test_source(path):
    assert is_source(path, 10**9)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "data.csv",
            "model.pkl",
            "notes.txt",
            "train.py.bak",
            "py",
            ".py",
            "a.pyc",
            "image.png",
            "requirements",
            "a.parquet",
        ),
        *("my-requirements.txt", "Makefile.old", "xDockerfile", ".git", "constraints.in", "train.py/data"),
    ],
)
def test_no_source(path):
    assert not is_source(path, 1)


@pytest.mark.parametrize(("size", "expected"), [(0, True), (256 * 1024, True), (256 * 1024 + 1, False)])
def test_a_large_json_file_is_data(size, expected):
    assert is_source("a/params.JSON", size) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(("mlruns/0/x", True), ("a/mlruns/x", True), ("mlruns", False), ("my-mlruns/x", False), ("mlruns.py", False)),
        *(("mlflow.db", True), ("a/mlflow.db-wal", True), ("mlflow.db2", False), (".venv/bin/python", True)),
        *(
            ("a/__pycache__/b.pyc", True),
            ("node_modules/x/y.js", True),
            ("src/venv.py", False),
            (".mlmagic/journal/x", True),
        ),
    ],
)
def test_stores_caches_and_environments(path, expected):
    assert is_ignored(path) is expected


def test_untracked_files_are_looked_at_without_opening_one(tmp_path):
    for path in ("train.py", "data.csv", "env/pyvenv.cfg", "env/lib/x.py", "environment.py", "mlruns/meta.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x" * 7)
    (tmp_path / "link.py").symlink_to("nowhere")
    paths = [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*")) if not path.is_dir()]
    found = look_at_untracked(tmp_path, [*paths, "gone.py", "nested/"])
    assert found == [
        UntrackedFile("data.csv", 7, is_source=False),
        UntrackedFile("environment.py", 7, is_source=True),
        UntrackedFile("link.py", 7, is_source=True),
        UntrackedFile("train.py", 7, is_source=True),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs on this system")
def test_a_fifo_is_neither_untracked_source_nor_read(tmp_path):
    os.mkfifo(tmp_path / "odd.py")
    assert look_at_untracked(tmp_path, ["odd.py"]) == []
    assert read_small(tmp_path / "odd.py") == ""


@pytest.mark.parametrize(
    ("content", "text"), [(b"a\n", "a\n"), (b"cafe\xe9", "cafe\udce9"), (b"x" * (LONGEST_READ + 5), "x" * LONGEST_READ)]
)
def test_a_small_file_is_read_whatever_its_encoding(tmp_path, content, text):
    (tmp_path / "file").write_bytes(content)
    assert read_small(tmp_path / "file") == text


def test_what_cannot_be_read_is_empty(tmp_path):
    assert read_small(tmp_path / "nowhere") == ""
    (tmp_path / "folder").mkdir()
    assert read_small(tmp_path / "folder") == ""


@pytest.fixture
def git_folder(tmp_path):
    """A function that makes a Git folder."""

    def make(folder):
        for name in ("objects", "refs"):
            (folder / name).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        return folder

    return make


def test_the_nearest_repository_is_found(tmp_path, git_folder):
    outer = git_folder(tmp_path / "outer/.git").parent
    inner = git_folder(tmp_path / "outer/inner/.git").parent
    (inner / "deep").mkdir()
    assert find_repository(inner / "deep").root == inner
    assert find_repository(outer / "nowhere").root == outer
    assert find_repository(tmp_path) is None
    found = find_repository(outer)
    assert (found.folder, found.common) == (outer / ".git", outer / ".git")


def test_within_a_git_folder_there_is_no_work_tree(tmp_path, git_folder):
    folder = git_folder(tmp_path / "x.git")
    assert is_git_folder(folder)
    assert find_repository(folder) is None
    assert find_repository(folder / "objects") is None
    assert not is_git_folder(tmp_path)


@pytest.mark.parametrize(
    ("gitdir", "commondir", "folder", "common"),
    [
        ("gitdir: ../main/.git/worktrees/x\n", "../..\n", "main/.git/worktrees/x", "main/.git/worktrees/x/../.."),
        ("gitdir: {root}/main/.git/worktrees/x", "{root}/main/.git", "main/.git/worktrees/x", "main/.git"),
        ("gitdir: ../main/.git/modules/sub\n", None, "main/.git/modules/sub", "main/.git/modules/sub"),
    ],
)
def test_a_linked_work_tree_and_a_submodule(tmp_path, gitdir, commondir, folder, common):
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/.git").write_text(gitdir.format(root=tmp_path))
    if commondir:
        (tmp_path / folder / "commondir").write_text(commondir.format(root=tmp_path))
    found = find_repository(tmp_path / "tree")
    assert found.root == tmp_path / "tree"
    assert found.folder.resolve() == (tmp_path / folder).resolve()
    assert found.common.resolve() == (tmp_path / common).resolve()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 MB"),
        (1, "1e-06 MB"),
        (1_500_000, "1.5 MB"),
        (999_999_999, "1e+03 MB"),
        (10**9, "1.0 GB"),
        (2**31, "2.1 GB"),
    ],
)
def test_sizes(size, text):
    assert megabytes(size) == text


def test_a_path_is_one_printable_line():
    assert shown("a\n\x1b[2Jb\u202ec\udce9.py") == "a??[2Jb?c?.py"
    assert shown("größe 🎉.py") == "größe 🎉.py"
