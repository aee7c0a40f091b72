"""One `git` command: its limits, its environment, and what its failure says."""

import ast
import os
import subprocess
import sys
import time

import pytest

from mlmagic.snapshot.git import process
from mlmagic.snapshot.git.process import Answer, ask

LATER = 60.0


@pytest.fixture
def fake_git(tmp_path, monkeypatch):
    """A function that makes `git` a program of these lines of Python."""

    def make(code):
        (tmp_path / "bin").mkdir(exist_ok=True)
        program = tmp_path / "bin/git"
        program.write_text(f"#!{sys.executable} -S\nimport os, sys, time\n{code}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    if os.name == "nt":
        pytest.skip("a script is no program there")
    return make


def asked(folder, *arguments, **options):
    return ask(*arguments, folder=folder, deadline=time.monotonic() + LATER, **options)


def test_the_output_comes_with_the_code_and_the_errors(fake_git, tmp_path):
    fake_git("print('out'); print('err', file=sys.stderr); sys.exit(3)")
    answer = asked(tmp_path, "status")
    assert (answer.code, answer.output, answer.errors) == (3, b"out\n", "err\n")
    assert answer.failed
    assert (answer.too_large, answer.too_slow) == (False, False)


def test_what_is_given_is_its_input(fake_git, tmp_path):
    fake_git("sys.stdout.write(sys.stdin.read().upper())")
    answer = asked(tmp_path, "x", given=b"a\0b" * 100_000)
    assert answer.output == b"A\0B" * 100_000
    assert not answer.failed


@pytest.mark.parametrize(("size", "is_too_large"), [(99, False), (100, False), (101, True), (10_000_000, True)])
def test_it_is_stopped_when_it_prints_too_much(fake_git, tmp_path, size, is_too_large):
    fake_git(f"sys.stdout.write('x' * {size}); sys.stdout.flush(); time.sleep(0 if {size} <= 100 else 60)")
    answer = asked(tmp_path, "diff", limit_bytes=100)
    assert (answer.too_large, answer.failed) == (is_too_large, is_too_large)
    assert len(answer.output) == min(size, 101)


def test_it_is_stopped_at_its_deadline_with_all_that_it_started(fake_git, tmp_path):
    fake_git(
        "import subprocess\nsubprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])\ntime.sleep(60)"
    )
    answer = ask("status", folder=tmp_path, deadline=0.0)
    assert (answer.too_slow, answer.failed, answer.too_large) == (True, True, False)


def test_without_git_the_reason_is_that(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        asked(tmp_path, "status")


def test_the_users_variables_do_not_change_which_repository_is_asked(fake_git, tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "mine")
    fake_git("print({name for name in os.environ if name.startswith('GIT_')})\nprint(sys.argv[1:])")
    names, arguments = asked(tmp_path, "status", variables={"GIT_INDEX_FILE": "ours"}).output.decode().splitlines()
    assert {"GIT_ALLOW_PROTOCOL", "GIT_INDEX_FILE", "GIT_NO_LAZY_FETCH", "GIT_SSH_COMMAND"} <= ast.literal_eval(names)
    assert not {"GIT_DIR", "GIT_WORK_TREE", "GIT_EXTERNAL_DIFF"} & ast.literal_eval(names)
    assert arguments.startswith(f"['--no-pager', '-C', '{tmp_path}', '-c', 'core.fsmonitor=false'")
    assert arguments.endswith("'status']")


@pytest.mark.parametrize("name", ["clean", "a.b", "with space", 'quo"te', "equals=sign", "größe"])
def test_a_filter_is_off_whatever_its_name(tmp_path, name):
    home = {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", tmp_path], check=True, env=os.environ | home)
    options = process._off([name])
    found = subprocess.run(
        ["git", "-C", tmp_path, *options, "config", "--list", "-z"],
        check=True,
        capture_output=True,
        env=os.environ | home | process._without([name], {}),
    )
    entries = dict(entry.split("\n", 1) for entry in found.stdout.decode().split("\0") if "filter." in entry)
    assert {key: entries[f"filter.{name}.{key}"] for key in ("clean", "smudge", "process", "required")} == {
        "clean": "",
        "smudge": "",
        "process": "",
        "required": "false",
    }


@pytest.mark.parametrize(("count", "first"), [(None, 0), ("2", 2), ("", 0), ("x", 0), ("-1", 0)])
def test_settings_in_the_environment_follow_those_of_the_user(count, first):
    environment = {} if count is None else {"GIT_CONFIG_COUNT": count}
    found = process._without(["a=b"], environment)
    assert found["GIT_CONFIG_COUNT"] == str(first + 4)
    assert found[f"GIT_CONFIG_KEY_{first}"] == "filter.a=b.clean"
    assert process._without(["plain"], environment) == {}


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ("fatal: not a git repository.\n", "not a git repository"),
        ("warning: odd\nerror: bad object.\nfatal: later", "bad object"),
        ("something else.\nmore", "something else"),
        ("", "it gave no reason"),
    ],
)
def test_the_reason_is_the_first_line_that_is_an_error(errors, reason):
    assert Answer(1, b"", errors, too_large=False, too_slow=False).reason == reason
