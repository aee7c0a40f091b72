"""Every command: its help, its options, its exit status, and where its messages go."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlmagic import cli
from mlmagic.cli import INTERRUPTED, main
from mlmagic.errors import UsageProblem

ROOT = str(Path(__file__).parents[2])
OPTIONS = {
    "demo": ["--folder"],
    "lab": ["--folder", "--ui-port", "jupyter"],
    "ui": ["--folder", "--port"],
    "sync": ["--folder", "--anew", "--foreign", "--yes"],
    "patch": ["RUN", "--apply"],
    "reproduce": ["RUN", "--full", "--env", "--yes", "--timeout", "--experiment", "--json"],
    "retrain": ["--json", "script", "arguments"],
    "drift": ["--json"],
    "monitor": ["--json"],
    "checklist": ["RUN", "--json"],
    "lint": ["NOTEBOOK", "--format"],
    "doctor": [],
}


@pytest.fixture(autouse=True)
def _folder(store_uri, tmp_path):
    """A working folder of this test's own, with a store in it."""


def usage_error(words, capsys):
    """Return what a wrong usage says on standard error; standard output stays empty."""
    with pytest.raises(SystemExit, match=r"^2$"):
        main(words)
    out, err = capsys.readouterr()
    assert out == ""
    return err


def failure(words, capsys):
    """Return the one line that a failed command says on standard error."""
    assert main(words) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    (line,) = err.splitlines()
    return line


def test_the_usage_names_every_command(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--help"])
    out = capsys.readouterr().out
    for command in OPTIONS:
        assert f"\n    {command} " in out
    assert " | ".join(OPTIONS) in " ".join(out.split())


@pytest.mark.parametrize("command", OPTIONS)
def test_the_help_of_a_command_says_what_each_option_is_for(command, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main([command, "--help"])
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"usage: mlmagic {command} ")
    for option in OPTIONS[command]:
        line = next(line for line in out.splitlines() if line.strip().startswith(option))
        described = line.strip().removeprefix(option).strip() or out[out.index(line) + len(line) :].strip()
        assert len(described.split("\n")[0]) > 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            [],
            f"the following arguments are required: {' | '.join(OPTIONS)}",
        ),
        (["dmeo"], "'dmeo'"),
        (["demo", "--fodler", "x"], "unrecognized arguments: --fodler x"),
        (["demo", "--folder"], "argument --folder: expected one argument"),
        (["demo", "extra"], "unrecognized arguments: extra"),
        (["ui", "--port"], "argument --port: expected one argument"),
        (["ui", "--port", "x"], "argument --port: 'x' is no port: a whole number from 1 to 65535"),
        (["ui", "--port", "0"], "argument --port: '0' is no port"),
        (["ui", "--port", "-1"], "argument --port: '-1' is no port"),
        (["ui", "--port", "65536"], "argument --port: '65536' is no port"),
        (["ui", "--port", "5000.0"], "argument --port: '5000.0' is no port"),
        (["lab", "--ui-port", "70000"], "argument --ui-port: '70000' is no port"),
        (["lab", "--no-browser"], "unrecognized arguments: --no-browser"),
        (["patch"], "the following arguments are required: RUN"),
        (["patch", "a", "b"], "unrecognized arguments: b"),
        (["patch", "--apply"], "the following arguments are required: RUN"),
        (["retrain"], "the following arguments are required: script$"),
        (["sync", "--yes"], "sync takes --anew, or --foreign and with it --yes"),
        (["sync", "--anew", "--foreign"], "sync takes --anew, or --foreign and with it --yes"),
        (["sync", "--anew", "--yes"], "sync takes --anew, or --foreign and with it --yes"),
        (["sync", "here"], "unrecognized arguments: here"),
        (["doctor", "--fix"], "unrecognized arguments: --fix"),
        (["--verbose", "doctor"], "unrecognized arguments: --verbose"),
    ],
    ids=" ".join,
)
def test_a_wrong_usage_is_told_with_the_usage(words, said, capsys):
    err = usage_error(words, capsys)
    assert err.startswith("usage: mlmagic")
    assert said in f"{err.splitlines()[-1]}$"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["demo", "--folder", "file"], "mlmagic demo: cannot use 'file': File exists. Name another one with --folder"),
        (["lab", "--folder", "file"], "mlmagic lab: cannot use 'file': File exists"),
        (["ui", "--folder", "file"], "mlmagic ui: cannot use 'file': File exists"),
        (["ui", "--folder", "file/x"], "mlmagic ui: cannot use 'file/x': Not a directory"),
        (["demo", "--folder", "x" * 300], "File name too long. Name another one with --folder"),
        (["sync", "--folder", "file"], "mlmagic sync: there is no folder 'file'"),
        (["sync", "--folder", "none"], "mlmagic sync: there is no folder 'none'"),
        (["sync", "--folder", "x" * 5000], "mlmagic sync: File name too long: "),
        (["patch", "nope"], "mlmagic patch: No run has the name or id 'nope'"),
        (["patch", ""], "mlmagic patch: Name a run, or the beginning of its id"),
        (["patch", "\x1b[2J"], "mlmagic patch: No run has the name or id "),
    ],
    ids=lambda one: " ".join(one)[:30] if isinstance(one, list) else "",
)
def test_what_cannot_be_done_is_one_line_and_status_1(words, said, capsys):
    Path("file").write_text("x")
    line = failure(words, capsys)
    assert said in line
    assert "\x1b" not in line


def test_a_folder_without_runs_says_how_to_record_some(capsys):
    line = failure(["ui", "--folder", "new"], capsys)
    assert line.startswith("mlmagic ui: no runs in 'new' yet. Record some with: mlmagic demo --folder ")


@pytest.mark.parametrize("words", [["patch", "some run"], ["patch", "some run", "--apply"]], ids=" ".join)
def test_a_folder_without_a_store_gets_none_by_asking(words, capsys, monkeypatch, tmp_path):
    import mlflow

    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    line = failure(words, capsys)
    assert line == (
        f"mlmagic patch: no runs were recorded in {str(empty)!r}: go to the folder of the notebook, or set "
        "MLFLOW_TRACKING_URI"
    )
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://127.0.0.1:9", "the MLflow store http://127.0.0.1:9 cannot be reached"),
        ("http://127.0.0.1:9", ". Try again when it answers; mlmagic doctor looks at it"),
        ("http://me:hunter22@127.0.0.1:9", "cannot be reached"),
        ("nonsense://x", "the tracking URI 'nonsense://x' is not one that MLflow knows"),
    ],
)
def test_a_store_that_is_away_is_one_line_without_its_password(uri, said, capsys, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri(uri)
    line = failure(["patch", "some run"], capsys)
    assert said in line
    assert "hunter22" not in line


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UsageProblem("that was\nwrong\x1b[2J"), 1, "mlmagic doctor: that was\nwrong\N{REPLACEMENT CHARACTER}[2J\n"),
        (PermissionError(13, "Permission denied", "/data/x"), 1, "mlmagic doctor: Permission denied: '/data/x'\n"),
        (OSError(28, "No space left on device"), 1, "mlmagic doctor: No space left on device\n"),
        (OSError("odd"), 1, "mlmagic doctor: odd\n"),
        (KeyboardInterrupt(), INTERRUPTED, "\nmlmagic doctor: stopped\n"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, BaseException) else "",
)
def test_how_a_command_ended_is_its_status(error, status, said, capsys, monkeypatch):
    def ends(_):
        raise error

    monkeypatch.setattr(cli, "_run", ends)
    assert main(["doctor"]) == status
    assert capsys.readouterr().err == said


def test_an_error_of_ours_is_not_hidden(monkeypatch):
    def fails(_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(cli, "_run", fails)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["doctor"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["lab"], ("5000", "demo", ())),
        (["lab", "--ui-port", "65535", "--folder", "a b"], ("65535", "a b", ())),
        (["lab", "--", "--no-browser", "--port=1"], ("5000", "demo", ("--no-browser", "--port=1"))),
        (["lab", "--folder", "x", "--", "--port=1"], ("5000", "x", ("--port=1",))),
    ],
    ids=str,
)
def test_jupyterlab_gets_the_folder_the_port_and_its_own_options(words, expected, monkeypatch, tmp_path):
    port, folder, last = expected
    become = []  # it would replace this process
    monkeypatch.setattr("mlmagic.cli.serve.become", become.append)
    monkeypatch.delenv("MLMAGIC_UI_URL", raising=False)
    main(words)
    (command,) = become
    place = tmp_path / folder
    assert command.folder == place
    assert command.environment["MLMAGIC_UI_URL"] == f"http://127.0.0.1:{port}"
    assert command.environment["MLFLOW_TRACKING_URI"] == f"sqlite:///{place}/mlflow.db"
    assert f"--ServerApp.root_dir={place}" in command.words
    assert command.words[len(command.words) - len(last) :] == last
    assert len(list(place.glob("*.ipynb"))) > 1


@pytest.mark.parametrize(("words", "port"), [([], "5000"), (["--port", "1"], "1"), (["--port", "65535"], "65535")])
def test_the_ui_serves_the_store_of_the_folder_on_the_port(words, port, monkeypatch, tmp_path):
    become = []  # it would replace this process
    monkeypatch.setattr("mlmagic.cli.serve.become", become.append)
    main(["ui", "--folder", ".", *words])
    (command,) = become
    assert command.words[command.words.index("--port") + 1] == port
    assert command.words[command.words.index("--backend-store-uri") + 1] == f"sqlite:///{tmp_path}/mlflow.db"
    assert command.words[command.words.index("--host") + 1] == "127.0.0.1"


@pytest.mark.parametrize("command", OPTIONS)
def test_a_working_folder_that_was_deleted_is_one_line(command, capsys, monkeypatch, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    given = {
        "patch": ["some run"], "reproduce": ["some run"], "checklist": ["some run"], "lint": ["some.ipynb"],
        "retrain": ["daily.py"], "drift": ["a.csv", "b.csv"], "monitor": ["churn"],
    }  # fmt: skip
    words = [command, *given.get(command, [])]
    assert failure(words, capsys) == f"mlmagic {command}: the working folder was deleted: go to another one with cd"


def test_a_reader_that_has_enough_is_no_error(tmp_path):
    script = "import sys\nfrom mlmagic import cli\ndef much(_):\n    print('x' * 10_000_000, flush=True)\ncli._run = much\nsys.exit(cli.main(['doctor']))"
    read, write = os.pipe()
    command = subprocess.Popen(
        [sys.executable, "-c", script], stdout=write, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": ROOT}
    )
    os.close(write)
    os.read(read, 10)
    os.close(read)
    assert command.communicate()[1] == b""
    assert command.returncode == 1


def test_a_setting_of_the_environment_that_is_wrong_is_named():
    environment = os.environ | {"PYTHONPATH": ROOT, "MLMAGIC_QUIET": "maybe"}
    answer = subprocess.run(
        [sys.executable, "-c", "import mlmagic"], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.stderr.splitlines()[-1] == (
        "mlmagic.errors.UsageProblem: MLMAGIC_QUIET='maybe' is not valid: 'maybe' is not 1, 0, true, or false"
    )
    assert answer.stderr.count("Traceback") == 1


def test_a_wrong_setting_is_one_line_for_the_command():
    command = Path(sys.executable).with_name("mlmagic")
    environment = os.environ | {"PYTHONPATH": ROOT, "MLMAGIC_QUIET": "maybe"}
    answer = subprocess.run([command, "doctor"], env=environment, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "mlmagic: MLMAGIC_QUIET='maybe' is not valid: 'maybe' is not 1, 0, true, or false\n"


@pytest.mark.parametrize("command", ["reproduce", "checklist", "patch"])
def test_a_folder_without_a_store_gets_none(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlflow.db").unlink()
    assert main([command, "forest"]) == (2 if command == "reproduce" else 1)
    assert "no runs were recorded in" in capsys.readouterr().err
    assert not (tmp_path / "mlflow.db").exists()
