"""Where a long text is shortened, a secret that the cut goes through leaves no part."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.journal.records import Param, Tag
from mlmagic.models.plain_values import plain
from mlmagic.models.saving.saved import first_line as reason_of
from mlmagic.recording.notices import Notices
from mlmagic.recording.recorder import LONGEST_PARAM, LONGEST_TAG, Recorder
from mlmagic.session.output.shown_values import MOST_CHARACTERS, as_output
from mlmagic.session.output.transcript import Transcript
from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.cuts import MARGIN, beginning, ending, first_line
from mlmagic.snapshot.secrets.redaction import redact
from mlmagic.user_settings import settings


def corpus():
    spec = importlib.util.spec_from_file_location("secret_corpus", Path(__file__).parent / "secret_corpus.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CORPUS = corpus()
SECRETS = [*CORPUS.SECRETS, CORPUS.Secret("private key of 24 lines", CORPUS._pem("RSA ", 24))]
FILLING = "epoch 3 of 10, all is well\n"
LEAST_LEFT = 8  # characters of a secret that are too many to be seen


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    monkeypatch.setattr(settings, "secret_patterns", [CORPUS.OWN_PATTERN])
    monkeypatch.setattr(known_values, "_typed", set())
    monkeypatch.setattr(known_values, "_seen_environment", {})
    for number, secret in enumerate(SECRETS):
        if secret.known == "typed":
            known_values.remember(secret.value)
        elif secret.known == "environment":
            monkeypatch.setenv(f"SERVICE_{number}_PASSWORD", secret.value)


def filling(size):
    return (FILLING * (size // len(FILLING) + 1))[:size]


def left_of(secret, text):
    """Return the parts of *secret* that stand in *text*: any eight characters of it but its fixed beginning."""
    body = secret.needle.replace("\n", "")[6:]
    pieces = {body[at : at + LEAST_LEFT] for at in range(len(body) - LEAST_LEFT + 1)}
    return [piece for piece in pieces if piece in text and piece not in FILLING * 2]


def positions(secret, at):
    """Yield how much stands before the secret, so that a cut at *at* goes through it at many places, and beside it."""
    size = len(secret.text)
    yield from {max(at - part, 0) for part in (0, 1, 7, 12, size // 3, size // 2, size - 8, size - 1, size, size + 1)}


def text_with(secret, before, whole):
    behind = max(whole - before - len(secret.text), 0)
    return f"{filling(before)}\n{secret.text}\n{filling(behind)}"


def ids(secrets):
    return [f"{number}-{secret.kind}" for number, secret in enumerate(secrets)]


@pytest.mark.parametrize("secret", SECRETS, ids=ids(SECRETS))
def test_no_part_of_a_secret_is_left_at_either_side_of_a_cut(secret):
    most, whole = 300, 300 + MARGIN + 2000
    for before in positions(secret, most):
        assert not left_of(secret, beginning(text_with(secret, before, whole), most))
        assert not left_of(secret, ending(text_with(secret, whole - before - len(secret.text), whole), most))
        # Also of a secret that the end of what is looked at goes through.
        assert not left_of(secret, beginning(text_with(secret, before + MARGIN, whole), most))


@pytest.mark.parametrize("secret", SECRETS, ids=ids(SECRETS))
def test_no_part_of_a_secret_is_left_in_a_long_output(secret):
    limit, size = 2000, 60_000
    for cut in (limit // 2, size - limit // 2):
        for before in positions(secret, cut):
            text = text_with(secret, before, size)
            transcript = Transcript(limit)
            for at in range(0, len(text), 3000):
                transcript.write("out", text[at : at + 3000])
            shown = transcript.text()
            assert "characters left out" in shown
            assert not left_of(secret, redact(shown)[0])


@pytest.mark.parametrize("secret", SECRETS[::3], ids=ids(SECRETS[::3]))
def test_no_part_of_a_secret_is_left_in_a_long_value(secret):
    half = MOST_CHARACTERS // 2
    for before in positions(secret, half):
        assert not left_of(secret, as_output(text_with(secret, before, 3 * MOST_CHARACTERS), 1))
    for before in positions(secret, 2 * MOST_CHARACTERS + half):
        assert not left_of(secret, as_output(text_with(secret, before, 3 * MOST_CHARACTERS), 1))


class Sink:
    def __init__(self):
        self.records = []

    def append(self, record):
        self.records.append(record)

    def keep_file(self, path, content, *, after=None, before=""):
        self.records.append(content.decode())


class Odd:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def of_a_parameter(text):
    sink = Sink()
    Recorder(sink, Notices()).param("note", text)
    return [record.value if isinstance(record, Param) else record for record in sink.records]


def of_a_tag(text):
    sink = Sink()
    Recorder(sink, Notices()).tag("note", text)
    return [record.value for record in sink.records if isinstance(record, Tag)]


def of_a_column(text):
    import pandas as pd

    return fingerprint(pd.DataFrame({text: [object()]})).unhashed


CUTS = {
    "parameter": (LONGEST_PARAM, of_a_parameter),
    "tag": (LONGEST_TAG, of_a_tag),
    "value of a model": (20_000, lambda text: [plain(Odd(text))]),
    "reason": (200, lambda text: [reason_of(ValueError(text.replace("\n", " ")))]),
    "first line": (300, lambda text: [first_line(text.replace("\n", " "), 300)]),
    "column": (80, of_a_column),
}


@pytest.mark.parametrize("where", CUTS)
def test_no_part_of_a_secret_is_left_where_a_text_is_cut(where):
    most, cut = CUTS[where]
    for secret in SECRETS[::4]:
        for before in positions(secret, most):
            for kept in cut(text_with(secret, before, most + 3000)):
                assert not left_of(secret, kept), secret.kind


def test_a_shortened_output_shows_as_much_as_before():
    transcript = Transcript(limit=1000)
    text = "".join(f"line {number}\n" for number in range(20_000))
    transcript.write("out", text)
    shown = transcript.text()
    head, _, tail = shown.partition("\n[… ")
    assert head == text[:500]
    assert tail.endswith(text[-500:])
    assert transcript.dropped == len(text) - 1000
