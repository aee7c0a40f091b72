"""A value that was judged a secret in one text is known for one in all others of the session."""

from __future__ import annotations

import base64
import json

import pytest

from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.redaction import REDACTED, Redactor, redact, redact_value

TAUGHT = {
    "source": ("password = 'hunter2xyz'", "hunter2xyz"),
    "several pieces": ("password = ('open'\n            'Sesame99')", "openSesame99"),
    "unpacking": ("user, password = 'ana', 'hunter2xyz'", "hunter2xyz"),
    "list": ("passwords = ['hunter2xyz']", "hunter2xyz"),
    "header": ("headers = {'Authorization': 'Bearer q7Rk2xWvP9mnbvcx'}", "q7Rk2xWvP9mnbvcx"),
    "basic header": ("Authorization: Basic " + base64.b64encode(b"ana:hunter2xyz").decode(), "hunter2xyz"),
    "address": ("postgresql://ana:hunter2xyz@db/x", "hunter2xyz"),
    "address, escaped": ("postgresql://ana:hunter%402xyz@db/x", "hunter@2xyz"),
    "sentence": ("the password is hunter2xyz", "hunter2xyz"),
    "command": ("mysql -u ana -phunter2xyz", "hunter2xyz"),
    "manifest": ("kind: Secret\ndata:\n  a: aHVudGVyMnh5eg==\n", "hunter2xyz"),
    "cookie": ("Cookie: sessionid=cook7731zzqm", "cook7731zzqm"),
    "escaped": (r"password = 'hunter\'2xyz'", "hunter'2xyz"),
    "long words": ("password = 'correct-horse-battery-staple'", "correct-horse-battery-staple"),
    "sentence as a password": ("password = 'the quick brown fox jumps'", "the quick brown fox jumps"),
    "block": ("secret: |\n  q7Rk2xWvP9\n  k2xq7w1zz\n", "k2xq7w1zz"),
}


@pytest.mark.parametrize(("text", "value"), TAUGHT.values(), ids=TAUGHT)
def test_a_value_is_known_once_it_was_judged_a_secret(text, value):
    said = f"cannot log in as ana/{value}."
    assert redact(said) == (said, 0)
    redact(text)
    assert redact(said) == (f"cannot log in as ana/{REDACTED}.", 1)
    assert redact_value("note", {"inner": [value]}) == ({"inner": [REDACTED]}, 1)
    assert redact(json.dumps({"a": value}))[1] == 1
    assert redact(value.encode().hex())[0] == REDACTED
    known_values.forget_learned()
    assert redact(said) == (said, 0)


def test_a_value_is_replaced_in_all_of_the_text_that_tells_it():
    text = "login('hunter2xyz')\npassword = 'hunter2xyz'\nprint('hunter2xyz')\n"
    clean = text.replace("hunter2xyz", REDACTED)
    assert redact(text) == (clean, 3)
    assert redact(clean) == (clean, 0)
    assert redact(text) == (clean, 3)


def test_a_cached_text_teaches_again():
    redact("password = 'hunter2xyz'")
    known_values.forget_learned()
    redact("password = 'hunter2xyz'")
    assert redact("it is hunter2xyz")[1] == 1


def test_of_a_private_key_its_lines_teach_but_not_its_frame():
    line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
    frame = "-----BEGIN PRIVATE KEY-----"
    redact(f"{frame}\nProc-Type: 4,ENCRYPTED\n{line}\n-----END PRIVATE KEY-----")
    text = f"{frame} is how it begins, after it Proc-Type: 4,ENCRYPTED and"
    assert redact(f"{text} {line}") == (f"{text} {REDACTED}", 1)


def test_values_beside_a_key_teach():
    redactor = Redactor()
    redactor.value("config", {"db": {"password": "hunter2xyz"}, "passwords": {"ana": "swordfish9"}})
    assert redactor.count == 2
    assert redact("hunter2xyz swordfish9") == (f"{REDACTED} {REDACTED}", 2)


# Beside its name each is replaced; anywhere else it is no secret that could be told from what it means there.
ORDINARY = [
    "train1", "banana", "swordfish", "gpt2xl", "resnet50", "mlflow", "letmein", "hello world", "two words 12", "admin",
    "model_v2", "correct-horse", "12345678", "2026-11-25", "a1", "x7k", "pass", "1.5.0", "/data/train1", "wrong", "min",
]  # fmt: skip


@pytest.mark.parametrize("value", ORDINARY)
def test_what_could_be_a_word_a_name_or_a_number_stays_where_it_is_none(value):
    assert redact(f"password = {value!r}\nsecret: '{value}'\n")
    for text in (
        value,
        f"{value}_loss",
        f"loss of {value} is 0.5",
        f"['{value}', 'b']",
        f"{value} = 3",
        f"/srv/{value}/x",
    ):
        assert redact(text) == (text, 0)
    assert redact_value("dataset", value) == (value, 0)


def test_a_word_that_was_told_is_replaced_beside_a_secrets_name():
    assert redact("password: banana\npw='banana'") == ("password: banana\npw='banana'", 0)
    redact("password = 'banana'")
    assert redact("password: banana\npw='banana'\nbanana") == (f"password: {REDACTED}\npw='{REDACTED}'\nbanana", 2)


def test_a_short_value_is_no_part_of_a_longer_name():
    redact("password = 'hunter2'")
    assert redact("hunter2_loss, my_hunter2, hunter2") == (f"hunter2_loss, my_hunter2, {REDACTED}", 1)


def test_a_value_of_the_environment_stays_known_when_it_is_told_as_well(monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", "swordfish")
    redact("password = 'swordfish'")
    assert redact("the swordfish") == (f"the {REDACTED}", 1)


def test_the_folder_that_one_works_in_is_no_secret(tmp_path, monkeypatch):
    (tmp_path / "project77x").mkdir()
    monkeypatch.chdir(tmp_path / "project77x")
    redact("password = 'project77x'")
    assert redact("File /srv/project77x/a.py") == ("File /srv/project77x/a.py", 0)


def test_only_so_many_values_are_kept_and_the_latest_stay():
    for number in range(1000):
        redact(f"password = 'x7q{number:05d}w'")
    assert len(known_values._learned) == 128
    assert redact("x7q00999w x7q00000w") == (f"{REDACTED} x7q00000w", 1)
    # A list of passwords that is printed drives out no more than its share.
    redact("passwords = [" + ", ".join(f"'k2x{number:05d}w'" for number in range(1000)) + "]")
    assert redact("x7q00999w x7q00900w") == (f"{REDACTED} {REDACTED}", 2)


def test_a_text_with_more_secrets_than_are_kept_is_redacted_whole():
    text = "\n".join(f"password{number} = 'x7q{number:05d}w'" for number in range(500))
    clean, count = redact(text)
    assert count == 500
    assert "x7q" not in clean
    assert redact(clean) == (clean, 0)
