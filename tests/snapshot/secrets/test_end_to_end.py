"""The corpus of secrets in real tracked cells with a real store: none is found by a search through all that is written."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from mlmagic.extension import load_ipython_extension, unload_ipython_extension
from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.redaction import REDACTED, redact, redact_value
from mlmagic.user_settings import settings


def corpus():
    spec = importlib.util.spec_from_file_location("secret_corpus", Path(__file__).parent / "secret_corpus.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SECRETS, module.LOOK_ALIKES, module.OWN_PATTERN


SECRETS, LOOK_ALIKES, OWN_PATTERN = corpus()
PLACES = ("source", "output", "exception", "parameter", "config", "environment", "patch", "tag", "remote")


@pytest.fixture
def known(monkeypatch):
    """What mlmagic knows of the corpus: a pattern of the user's, typed values and the environment."""
    monkeypatch.setattr(settings, "secret_patterns", [OWN_PATTERN])
    monkeypatch.setattr(known_values, "_typed", set())
    monkeypatch.setattr(known_values, "_seen_environment", {})
    for number, secret in enumerate(SECRETS):
        if secret.known == "typed":
            known_values.remember(secret.value)
        elif secret.known == "environment":
            monkeypatch.setenv(f"SERVICE_{number}_PASSWORD", secret.value)


class Notebook:
    """A shell with mlmagic in a Git repository, and its store beside it."""

    def __init__(self, shell, folder, store):
        self.shell, self.folder, self.store = shell, folder, store

    def run(self, cell, **names):
        self.shell.user_ns.update(names)
        return self.shell.run_cell(cell, store_history=True)

    def written(self):
        """Return all bytes that were written: the store's database and artifacts, and mlmagic's own folder."""
        journals = self.folder / ".mlmagic/journal"
        end = time.monotonic() + 30
        while any(journals.glob("*.journal")) and time.monotonic() < end:  # they are packed in the background
            time.sleep(0.05)
        folders = [self.store / "mlruns", self.folder / ".mlmagic", self.folder / "mlruns"]
        files = [
            *self.store.glob("mlflow.db*"),
            *(file for top in folders for file in top.rglob("*") if file.is_file()),
        ]
        return b"\n".join(file.read_bytes() for file in files)


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def notebook(new_shell, store_uri, tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    for arguments in (
        ("init", "-b", "main"),
        ("config", "user.name", "Ana"),
        ("config", "user.email", "ana@example.org"),
        ("commit", "--allow-empty", "-m", "start"),
        ("remote", "add", "origin", "https://example.org/x.git"),
    ):
        git(folder, *arguments)
    monkeypatch.chdir(folder)
    shell = new_shell()
    load_ipython_extension(shell)
    yield Notebook(shell, folder, tmp_path)
    unload_ipython_extension(shell)


def forms(secret):
    """Yield the bytes that a secret would be found by: as it is, in JSON, in Python, in an address."""
    text = secret.needle
    for form in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]):
        yield form.encode()
    yield quote(text, safe="").encode()
    yield quote_plus(text).encode()


def fill_source(notebook, monkeypatch):
    lines = [
        f"{secret.name}_{number} = {secret.value!r}" if secret.name else f"x_{number} = {secret.text!r}"
        for number, secret in enumerate(SECRETS)
    ]
    notebook.run("untracked = " + repr([secret.text for secret in SECRETS if not secret.name]))
    notebook.run("%%track source --quiet\n" + "\n".join(lines))


def fill_output(notebook, monkeypatch):
    notebook.run(
        "%%track output --quiet\nimport logging\nfor text in texts:\n    print(text)\n    print([text])\n"
        "    logging.getLogger('x').warning('%s', text)",
        texts=[secret.text for secret in SECRETS],
    )


def fill_exception(notebook, monkeypatch):
    for secret in SECRETS:
        notebook.run("%%track exception --quiet --no-auto\nraise RuntimeError(text)", text=secret.text)


def named(number, secret):
    return (f"{secret.name}_{number}", secret.value) if secret.name else (f"p_{number}", secret.text)


def fill_parameter(notebook, monkeypatch):
    values = dict(named(number, secret) for number, secret in enumerate(SECRETS))
    notebook.run("%%track parameter --quiet\nimport mlmagic\nmlmagic.log_params(values)", values=values)


def fill_config(notebook, monkeypatch):
    parts = [dict([named(number, secret)]) for number, secret in enumerate(SECRETS)]
    config = {"service": {f"part{number}": {"options": part} for number, part in enumerate(parts)}, "all": parts}
    notebook.run("%%track config --quiet -p config\nimport mlmagic\nmlmagic.log_params({'c': config})", config=config)


def fill_environment(notebook, monkeypatch):
    with monkeypatch.context() as patched:
        for number, secret in enumerate(SECRETS):
            value = secret.text.replace("\x00", "")
            # The one is recorded, the other is not; what it holds is printed.
            patched.setenv(f"NUMBA_OPTION_{number}", value)
            if secret.name:
                patched.setenv(f"X{number}_{secret.name.upper()}", secret.value)
        values = [secret.value for secret in SECRETS if secret.name]
        notebook.run("%%track environment --quiet\nfor value in values: print('is', value)", values=values)


def fill_patch(notebook, monkeypatch):
    source = "\n".join(f"x_{number} = '''{secret.text}'''" for number, secret in enumerate(SECRETS))
    (notebook.folder / "kept.py").write_text("start = 1\n")
    git(notebook.folder, "add", "kept.py")
    git(notebook.folder, "commit", "-m", "one")
    (notebook.folder / "kept.py").write_text(f"start = 1\n{source}\n")
    (notebook.folder / "new.py").write_text(f"{source}\n")
    notebook.run("%%track patch --quiet\nx = 1")
    # The secrets that were committed go away: their lines stand in the patch with a minus.
    git(notebook.folder, "add", ".")
    git(notebook.folder, "commit", "-m", "two")
    (notebook.folder / "kept.py").write_text("start = 2\n")
    notebook.run("%%track patch --quiet\nx = 1")
    git(notebook.folder, "checkout", ".")


def fill_tag(notebook, monkeypatch):
    tags = dict(named(number, secret) for number, secret in enumerate(SECRETS))
    notebook.run("%%track tag --quiet\nimport mlmagic\nmlmagic.tag(tags)", tags=tags)
    for secret in SECRETS:
        text = " ".join(secret.text.split())
        notebook.run(
            "import mlmagic\nwith mlmagic.track(text, quiet=True, description=text, tags={text: text}):\n    pass",
            text=text,
        )


def fill_remote(notebook, monkeypatch):
    for secret in SECRETS:
        git(
            notebook.folder,
            "remote",
            "set-url",
            "origin",
            f"https://ana:{quote(secret.value, safe='')}@example.org/x.git",
        )
        notebook.run("%%track remote --quiet --no-auto\nx = 1")


def test_no_secret_of_the_corpus_is_written_anywhere(notebook, known, monkeypatch, capsys):
    assert len(SECRETS) >= 60
    assert len({secret.kind for secret in SECRETS}) >= 25
    found: dict[str, Counter[str]] = {}
    before: set[int] = set()
    for place in PLACES:
        globals()[f"fill_{place}"](notebook, monkeypatch)
        written = notebook.written()
        there = {number for number, secret in enumerate(SECRETS) if any(form in written for form in forms(secret))}
        found[place] = Counter(SECRETS[number].kind for number in there - before)
        before |= there
    shown = capsys.readouterr()
    from mlflow import MlflowClient

    runs = MlflowClient().search_runs(["0"], max_results=1000)
    count = Counter(run.info.status for run in runs)
    with capsys.disabled():
        print("\n" + table(found))
    assert {place: dict(kinds) for place, kinds in found.items() if kinds} == {}
    # Each place was really recorded, with something in the secret's stead.
    assert count == {"FINISHED": 8 + 2 * len(SECRETS), "FAILED": len(SECRETS)}
    assert notebook.written().count(REDACTED.encode()) > len(PLACES) * len(SECRETS)
    assert "could not be recorded" not in shown.out
    assert "could not be recorded" not in shown.err


def test_the_readme_quotes_these_counts():
    readme = " ".join((Path(__file__).parents[3] / "README.md").read_text().split())
    kinds = len({secret.kind for secret in SECRETS})
    assert f"{len(SECRETS)} secrets of {kinds} kinds in {len(PLACES)} places, 0 found; {len(LOOK_ALIKES)} " in readme


def table(found):
    """Return how many secrets of each kind stood in each place, and how many of them were found."""
    kinds = Counter(secret.kind for secret in SECRETS)
    lines = [f"{'kind':18}{'in each place':>14}" + "".join(f"{place:>12}" for place in PLACES)]
    lines += [f"{kind:18}{n:14}" + "".join(f"{found[place][kind]:12}" for place in PLACES) for kind, n in kinds.items()]
    total = sum(sum(kinds.values()) for kinds in found.values())
    lines += [f"{len(SECRETS)} secrets of {len(kinds)} kinds in {len(PLACES)} places: {total} found"]
    return "\n".join(lines)


def test_no_look_alike_is_touched(known, capsys):
    assert len(set(LOOK_ALIKES)) >= 200
    touched = [
        text
        for text in LOOK_ALIKES
        for around in ("{}", "x = 1\n{}\n", "({})")
        if redact(around.replace("{}", text))[1]
    ]
    touched += [text for text in LOOK_ALIKES if redact_value("note", {"inner": [text]})[1]]
    with capsys.disabled():
        print(f"\n{len(LOOK_ALIKES)} look-alikes: {len(touched)} redacted")
    assert touched == []
    together = "\n".join(LOOK_ALIKES)
    assert redact(together) == (together, 0)


def test_a_model_that_holds_a_secret_is_not_recorded_and_the_others_are(notebook):
    token = "hf_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7"
    notebook.run(
        "%%track models\n"
        "from sklearn.base import BaseEstimator\nfrom sklearn.linear_model import LinearRegression\n"
        "class Remote(BaseEstimator):\n"
        "    def __init__(self, api_key=None): self.api_key = api_key\n"
        "    def fit(self, X, y): self.fitted_ = True; return self\n"
        "    def predict(self, X): return X\n"
        "remote = Remote(api_key=given).fit([[1]], [1])\nlocal = LinearRegression().fit([[1], [2]], [1, 2])",
        given=token,
    )
    from mlflow import MlflowClient

    [run] = MlflowClient().search_runs(["0"])
    assert run.data.params["remote.api_key"] == REDACTED
    [logged] = run.outputs.model_outputs
    assert MlflowClient().get_logged_model(logged.model_id).name == "local"
    written = notebook.written()
    assert token.encode() not in written
    assert b'"api_key": "<redacted>"' in written


def test_a_secret_in_the_name_of_a_column_reaches_no_model(notebook):
    token = "ghp_" + "a1B2" * 9
    notebook.run(
        "%%track models\n"
        "from sklearn.linear_model import LinearRegression\n"
        "frame = pd.DataFrame({token: [1.0, 2.0], 'n': [1.0, 2.0]})\n"
        "model = LinearRegression().fit(frame, [1, 2])\nother = LinearRegression().fit(frame[['n']], [1, 2])",
        token=token,
        pd=__import__("pandas"),
    )
    from mlflow import MlflowClient

    [run] = MlflowClient().search_runs(["0"])
    [logged] = run.outputs.model_outputs
    assert MlflowClient().get_logged_model(logged.model_id).name == "other"
    assert token.encode() not in notebook.written()
