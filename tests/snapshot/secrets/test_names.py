"""Which names say for sure that their value is a secret; beside the others ordinary words, identifiers and paths stay."""

from __future__ import annotations

import pytest

from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.names import secrecy
from mlmagic.snapshot.secrets.redaction import REDACTED, redact, redact_value

STRONG = [
    "password", "db_password", "DB_PASSWORD", "userPassword", "passwd", "passphrase", "password_2", "password_value",
    "api_key", "OPENAI_API_KEY", "secret", "client_secret", "secret_key", "SECRET_KEY", "aws_secret_access_key",
    "db_pwd", "db_pass", "mysql_pwd", "auth_token", "access_token", "MY_SERVICE_TOKEN", "Passwort", "contraseña", "пароль",
    "mot_de_passe", "PGPASSWORD", "secrets",
]  # fmt: skip
WEAK = [
    "pw", "pwd", "credential", "credentials", "db_credentials", "access_key", "account_key", "secret_word",
    "secret_layer", "passphrase_model", "password_model", "user_token",
]  # fmt: skip
NO_SECRETS = ["password_file", "secret_name", "max_tokens", "sort_key", "tokenizer", "keyword", "passes", "secretary"]
ORDINARY = [
    "pairwise", "banana", "user_id", "data/raw", "models/best.pt", "gcp-default", "gpt2xl", "fc1", "resnet50v2", "layer3",
    "wav2vec2", "train1", "feature_17", "Banana", "LEFT", "a", "two_stage",
]  # fmt: skip
SECRETS = ["zq11Wmmk", "hunter2xyz", "p@ss!", "correct horse 7", "qwkjhzxmvb", "ana:hunter"]


@pytest.mark.parametrize("name", STRONG)
def test_a_strong_name_is_sure(name):
    assert secrecy(name) == "yes"
    for value in [*ORDINARY, *SECRETS]:
        assert redact_value(name, value) == (REDACTED, 1)
    assert redact(f"x = 1\n{name} = 'banana'\n") == (f"x = 1\n{name} = '{REDACTED}'\n", 1)


@pytest.mark.parametrize("name", WEAK)
def test_beside_a_weak_name_ordinary_words_identifiers_and_paths_stay(name):
    assert secrecy(name) == "weak"
    for value in ORDINARY:
        assert redact_value(name, value) == (value, 0)
        for text in (
            f"{name}={value!r}",
            f"x = 1\n{name} = {value!r}\n",
            f"f(a, {name}='{value}')",
            f"{name}: {value}",
        ):
            assert redact(text) == (text, 0)
    for value in SECRETS:
        assert redact_value(name, value) == (REDACTED, 1)
        assert redact(f"x = 1\n{name} = '{value}'\n") == (f"x = 1\n{name} = '{REDACTED}'\n", 1)


@pytest.mark.parametrize("name", NO_SECRETS)
def test_another_name_says_nothing(name):
    assert secrecy(name) == "no"


@pytest.mark.parametrize("value", ["train1", "fold3", "resnet50", "gpt2xl", "model_v2", "mlflow"])
def test_a_known_value_that_reads_as_a_name_is_replaced_only_as_a_value(monkeypatch, value):
    monkeypatch.setattr(known_values, "_seen_environment", {})
    monkeypatch.setenv("DB_PASSWORD", value)
    for text in (value, f"{value}_loss", f"loss_{value}", f"{value} = 3", f"split: {value}", f"['{value}', 'test']"):
        assert redact(text) == (text, 0)
    for text in (f"password={value}", f"password: {value}", f"f(pw='{value}')", f"db://ana:{value}@host/x"):
        assert value not in redact(text)[0]
    assert redact_value("pw", value) == (REDACTED, 1)


def test_a_known_value_that_is_a_name_with_a_number_is_no_part_of_a_longer_name(monkeypatch):
    monkeypatch.setattr(known_values, "_seen_environment", {})
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    assert redact("hunter2_loss, my_hunter2 and hunter2") == (f"hunter2_loss, my_hunter2 and {REDACTED}", 1)


DESCRIBED = [
    ("predict", {"password": "weak", "lr": 0.1}),
    ("columns", {"password": "pw_text", "api_key": "key_col"}),
    ("config", {"dtype": {"user": "str", "password": "object"}}),
    ("help", {"password": "At least 8 characters"}),
    ("label.password", "Password"),
    ("predict.secret", "very_strong"),
    ("form/help/password", "Choose a long one!"),
]
GIVEN = [
    ("config", {"user": "ana", "password": "banana"}, "banana"),
    ("config", {"host": "db", "secret": "very strong"}, "very strong"),
    ("config", {"password": "hunter2", "lr": 0.1}, "hunter2"),
    ("config", {"password": "admin123"}, "admin123"),
    ("db.password", "banana", "banana"),
    ("predict.password", "hunter2", "hunter2"),
    ("password", "banana", "banana"),
]


@pytest.mark.parametrize(("key", "value"), DESCRIBED)
def test_what_describes_a_field_of_a_mapping_stays(key, value):
    assert redact_value(key, value) == (value, 0)


@pytest.mark.parametrize(("key", "value", "secret"), GIVEN)
def test_a_mapping_that_says_who_logs_in_gives_a_password(key, value, secret):
    clean, count = redact_value(key, value)
    assert count == 1
    assert secret not in repr(clean)


def test_a_known_word_is_replaced_in_any_mapping(monkeypatch):
    monkeypatch.setattr(known_values, "_seen_environment", {})
    monkeypatch.setenv("DB_PASSWORD", "mlflow")
    assert redact_value("x", {"password": "mlflow"}) == ({"password": REDACTED}, 1)
    assert redact("{'password': 'mlflow'}") == (f"{{'password': '{REDACTED}'}}", 1)
