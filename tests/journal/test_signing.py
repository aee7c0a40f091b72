"""Signatures of records: any change of a record, its journal or its folder is seen."""

import os
import stat
from dataclasses import fields, replace

import pytest

from mlmagic.journal import signing
from mlmagic.journal.records import Began, Copy, File, Model, Part
from mlmagic.journal.signing import Signature, derived, signature_of

KEY = bytes(range(32))
RECORDS = [
    Began("u", False, "r", "n", "s", "e", "1", "p", 5, {"a": "b"}, {"pid": 1}),
    File("a.txt", 3, 7, None, "# %%"),
    File("a.txt", 3, 7, "\n", ""),
    Part("0" * 32, 5, 6),
    Copy("data"),
    Model("u", "clf", "models/1"),
]
OTHER = {str: "other", int: 99, bool: True, dict: {"c": "d"}, type(None): "text"}


@pytest.fixture
def signature():
    return Signature(KEY, "one.journal", "/place")


@pytest.mark.parametrize("record", RECORDS)
def test_a_signed_record_is_recognised(signature, record):
    signed = signature.sign(record)
    assert signature.is_of(signed)
    assert signed == record  # the signature says nothing about the run
    assert len(signed.signature) == 32
    assert signature.sign(signed) == signed
    assert signature.sign(signed).signature == signed.signature
    assert not signature.is_of(record)


@pytest.mark.parametrize("record", RECORDS)
def test_each_changed_field_is_seen(signature, record):
    signed = signature.sign(record)
    for field in fields(record):
        if field.name == "signature":
            continue
        changed = replace(signed, **{field.name: OTHER[type(getattr(record, field.name))]})
        assert changed == record or not signature.is_of(changed), field.name
        assert changed != record


@pytest.mark.parametrize(
    "other",
    [
        Signature(KEY[::-1], "one.journal", "/place"),
        Signature(KEY, "two.journal", "/place"),
        Signature(KEY, "one.journal", "/elsewhere"),
        Signature(KEY, "one.journal/place", ""),
    ],
)
def test_another_user_journal_or_folder_has_another_signature(signature, other):
    signed = signature.sign(Copy("data"))
    assert not other.is_of(signed)
    assert not signature.is_of(other.sign(Copy("data")))


def test_each_changed_digit_is_seen(signature):
    signed = signature.sign(Copy("data"))
    for at, digit in enumerate(signed.signature):
        wrong = signed.signature[:at] + ("0" if digit != "0" else "1") + signed.signature[at + 1 :]
        assert not signature.is_of(replace(signed, signature=wrong))
    for wrong in ("", signed.signature[:-1], signed.signature + "0", "\udcff" * 32, "ü" * 32):
        assert not signature.is_of(replace(signed, signature=wrong))


def test_a_record_of_one_kind_does_not_sign_one_of_another(signature):
    assert signature.sign(Copy("a")).signature != signature.sign(File("a")).signature


def test_what_is_derived_is_always_the_same_for_this_user(tmp_path, monkeypatch):
    first = derived("a")
    assert first == derived("a") != derived("b")
    assert len(first) == 32
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert derived("a") != first


def test_the_key_is_made_once_for_this_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert signing.problem() is None
    (key,) = tmp_path.rglob("journal.key")
    assert len(key.read_bytes()) == 32
    if os.name != "nt":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    signing._key.cache_clear()
    signed = signature_of(tmp_path / "x.journal").sign(Copy("data"))
    assert key.read_bytes() == before
    assert signature_of(tmp_path / "x.journal").is_of(signed)
    assert not signature_of(tmp_path / "y.journal").is_of(signed)


@pytest.mark.parametrize("size", [1, 31, 33])
def test_a_damaged_key_signs_nothing_and_is_told(tmp_path, monkeypatch, size):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert signing.problem() is None
    (key,) = tmp_path.rglob("journal.key")
    key.write_bytes(b"k" * size)
    signing._key.cache_clear()
    assert signing.problem() == f"the key is damaged; delete it, and a new one is made: {key}"
    assert signature_of(tmp_path / "x.journal") is None
    one, other = derived("a"), derived("a")
    assert one != other
    key.unlink()
    assert signing.problem() is None
