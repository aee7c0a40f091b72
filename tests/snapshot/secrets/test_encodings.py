"""The forms in which secrets stand in files, commands and logs; and harmless texts of the same form, which stay."""

from __future__ import annotations

import base64

import pytest

from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.redaction import REDACTED, redact, redact_value

# Made up, and put together here so that no scanner takes this file for a leak.
KEY = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzzzzzzKEY1"
PEM64 = base64.b64encode(b"-----BEGIN RSA PRIVATE KEY-----\n" + b"MIIEow1x" * 20).decode()
WORDS = "correct-horse-battery-staple"

# {} is the secret; each is tried with every value beside it.
FORMS = {
    "aws credentials": ("[default]\naws_access_key_id = X\naws_secret_access_key = {}\nregion = eu-west-1\n", [KEY]),
    "ini": ("[db]\nhost = db.example.org\nuser = ana\npassword = {}\nport = 5432\n", ["hunter2", "correcthorse", "a b;c"]),
    "ini, with a colon": ("[db]\nuser: ana\npassword: {}\n", ["hunter", "pa$$ word"]),
    "netrc": ("machine api.example.org login ana password {}\n", ["hunter", "x#y/z"]),
    "netrc, on lines": ("machine api.example.org\n  login ana\n  password {}\n", ["hunter"]),
    "env file": ("db_host=localhost\ndb_password={}\ndb_port=5432\n", ["hunter2", "correcthorse", "pa(ss)#1", WORDS]),
    "env line": ("db_password={}\n", ["hunter2x", WORDS, "x7#kd!pq"]),
    "secret of words": ("JWT_SECRET={}\n", [WORDS, "mysupersecretvalue", "swordfishes"]),
    "secret key of words": ("DEBUG=1\nSECRET_KEY={}\nX=2\n", [WORDS, "opensesameplease", "django-insecure-abcdef"]),
    "kubeconfig key": ("users:\n- name: ana\n  user:\n    client-key-data: {}\n", [PEM64]),
    "kubeconfig token": ("users:\n- name: ana\n  user:\n    token: {}\n", ["K10abcdef0123::server:qwe", "kjqwhexzbnvmlpqowkdh"]),
    "tuple": ("user, password = 'ana', '{}'\n", ["hunter", "correct horse"]),
    "tuple in brackets": ("(user, password) = ('ana', '{}')\n", ["hunter"]),
    "tuple, the first": ("password, user = '{}', 'ana'\n", ["hunter"]),
    "tuple of three": ("host, user, api_key = 'db', \"ana\", '{}'\n", ["hunter"]),
    "tuple of attributes": ("self.user, self.password = name, '{}'\n", ["hunter"]),
    "pw": ("pw = '{}'\n", ["hunter2x", "correct horse"]),
    "pw in a call": ("connect('ana', db_pw='{}', pw=x)\n", ["hunter"]),
    "bearer": ("Authorization: Bearer {}\n", ["abcdefghijklmnopqrstuvwx", "qwkjhzxmvbnrtpl", "abc123"]),
    "bearer in code": ('headers = {"Authorization": "Bearer {}"}\n', ["qwkjhzxmvbnrtplsdfgh"]),
    "address with a hash": ("postgresql://ana:{}@db.example.org:5432/prod\n", ["pa#ss", "pa/ss/word", "p?a#s/s"]),
    "address of a cache": ("redis://:{}@cache:6379/0\n", ["pa#ss/word"]),
    "log": ("2026-11-25 18:12 INFO user ana, password: {}\n", ["hunter2", "Tr0ub4dor&3", "qwkjhzxmvb1"]),
    "log, a capital": ("Login ok. Password: {}\n", ["hunter2x"]),
    "log, with a sign": ("connecting as ana with password={} to db\n", ["hunter2"]),
    "mysql": ("mysql -u root -p{} -h db prod\n", ["hunter", "x7k"]),
    "mysqldump": ("!mysqldump --single-transaction -uana -p{} prod > x.sql\n", ["hunter"]),
    "docker": ("docker login -u ana -p {} ghcr.io\n", ["hunter", "correct-horse"]),
    "docker, long": ("docker login --username ana --password {}\n", ["hunter"]),
    "podman": ("podman login registry.example.org -p {}\n", ["hunter"]),
    "sshpass": ("sshpass -p {} ssh ana@host\n", ["hunter"]),
    "redis-cli": ("redis-cli -h cache -a {} ping\n", ["hunter"]),
    "curl": ("curl -s -H 'A: b' -u bob:{} https://x.example.org\n", ["hunter"]),
    "curl on lines": ("curl -s \\\n  -H 'A: b' \\\n  --user bob:{} https://x.example.org\n", ["hunter"]),
    "config of docker": ('{"auths": {"ghcr.io": {"auth": "{}"}}}\n', [base64.b64encode(b"ana:hunter").decode()]),
    "dockerfile": ("FROM python\nENV SECRET_KEY {}\n", ["hunter2x"]),
    "log without a space": ("Password:{}\n", ["hunter2x"]),
    "bare token": ("TOKEN={}\n", ["qwkjhzxmvbnrtplk"]),
    "environment of a command": ("PGPASSWORD={} psql -h db\n", ["hunter", "x7k#qq"]),
    "printed environment": ("HOME=/root\nPOSTGRES_PASSWORD={}\nPWD=/work\n", ["hunter", "mlflow"]),
}  # fmt: skip


@pytest.mark.parametrize(("template", "value"), [
    pytest.param(template, value, id=f"{name}-{value[:12]}") for name, (template, values) in FORMS.items() for value in values
])  # fmt: skip
def test_a_secret_in_an_ordinary_form_is_replaced_and_the_rest_stays(template, value):
    text = template.replace("{}", value)
    clean, count = redact(text)
    assert value not in clean
    assert count == 1
    # An address loses its user, too.
    assert clean == template.replace("{}", REDACTED).replace(f"ana:{REDACTED}", REDACTED).replace(
        f":{REDACTED}@", f"{REDACTED}@"
    )
    assert redact(clean) == (clean, 0)


FILLING = "".join(f"epoch {number} loss={number}.5 acc=0.9 /data/part-{number}.parquet\n" for number in range(600))


@pytest.mark.parametrize(
    ("template", "values"), [*FORMS.values(), ("x redis://:{}@h y\n", ["pq"])], ids=[*FORMS, "short"]
)
def test_a_secret_in_a_long_output_is_replaced_as_in_a_short_one(template, values):
    for value in values:
        text = template.replace("{}", value)
        assert redact(f"{FILLING}\n{text}\n{FILLING}") == (f"{FILLING}\n{redact(text)[0]}\n{FILLING}", 1)


HARMLESS = [
    "risk_test_sensitivity = 0.91; risk_test_specificity = 0.87",
    "sk_test_accuracyscores, pk_live_predictions, task_rk_test_distributions",
    "disk_live_monitoringservice = 1",
    "token = 'mean'; pool_token = 'first'; CLS_TOKEN = '[CLS]'; SEP_TOKEN = '[SEP]'; MASK_TOKEN='<mask>'",
    "token = 'bert-base-uncased-v2'",
    "GTGACCAGCTTAGCGATCGATTAGCCATTAGC",
    "ACCAGCTTAGCGATCGATTA",
    "ACCAGCTTAGCGATCGATTAGCCGGAT",
    "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6DZPJAKIAIOSFODNN7EXAMPLE",
    "docker://ubuntu:22.04@sha256:9b2a0c1d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef",
    "docker run -p 8080:80 --password-file x ubuntu",
    "mysql -u root -p prod",
    "mysql --protocol=tcp -P 3306",
    "password = pw",
    "pw = get_pw()",
    "pw = power(x, 2)",
    "user, password = ask()",
    "user, password = 'ana', getpass()",
    "password, user = stored",
    "for user, password in pairs: login(user, password)",
    "upward = 'trend'; pwm = 'duty1'",
    "def login(user: str, password: str) -> Token: ...",
    "class A:\n    password: SecretStr\n    api_key: ApiKey",
    "Password: required\nToken: invalid\nSecret: optional",
    "API_KEY=key; PASSWORD=password",
    "api_key=my_api_key",
    "fit(X,\n    token=token,\n    password=pw1,\n)",
    "token=tokens[3]",
    "password=getpass()",
    "secret=base+salt",
    "[tool.ruff]\ntarget = 'py311'\n",
    "[model]\npad_token = <pad>\nmax_tokens = 512\n",
    "the bearer authentication of a server",
    "Bearer authentication-scheme",
    "import mlflow\nmlflow==3.17.2\n",
    "http://localhost:8888/lab/tree/a@b.ipynb",
    "http://localhost:8888/?next=/x#a@b",
    "see https://example.org:443/a/b@c and ftp://x:21/y@z",
    "keyword = 'hunter2x'; monkey_pw2d = 'a'",
    "login ana, then password reset",
    "machine learning login page password policy",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_of_the_same_form_stays(text):
    assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token", "mean"),
        ("pool_token", "first"),
        ("CLS_TOKEN", "[CLS]"),
        ("sep_token", "[SEP]"),
        ("classifier_token", "cls"),
        ("token", "bert-base-uncased"),
        ("token", "resnet50-v2"),
        ("tokens", "abc123def456"),
    ],
)
def test_a_parameter_that_can_be_no_secret_keeps_its_value(name, value):
    assert redact_value(name, value) == (value, 0)
    assert redact_value("config", {name: value}) == ({name: value}, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("token", "q7Rk2xWvP9"), ("access_token", "abc"), ("token", "kjqwhexzbnvmlpqowkdh"), ("db_pw", "q")],
)
def test_a_parameter_that_can_be_a_secret_is_replaced(name, value):
    assert redact_value(name, value) == (REDACTED, 1)


def test_two_names_that_hold_secrets_stay_two():
    tokens = ["ghp_" + "a1B2" * 9, "ghp_" + "c3D4" * 9]
    clean, count = redact_value("columns", {tokens[0]: 1, tokens[1]: 2, "<redacted>": 3})
    assert count == 2
    assert sorted(clean.values()) == [1, 2, 3]
    assert not any(token in str(clean) for token in tokens)
    assert redact_value("columns", clean) == (clean, 0)


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setattr(known_values, "_typed", set())
    monkeypatch.setattr(known_values, "_seen_environment", {})
    return monkeypatch.setenv


@pytest.mark.parametrize("word", ["mlflow", "pandas", "python", "sklearn", "postgres", "training", "Admin"])
def test_a_known_value_that_is_a_word_is_replaced_only_where_it_stands_as_a_secret(environment, word):
    environment("POSTGRES_PASSWORD", word)
    for text in (f"import {word}", f"{word}==1.2.3", f"x = {word}.run()", f"the {word} of today", f"/srv/{word}/x"):
        assert redact(text) == (text, 0)
    for template in (
        "POSTGRES_PASSWORD={}",
        "password: {}",
        "postgresql://{}:{}@db/x",
        "db_password = {}",
        "f(password='{}')",
    ):
        assert f"{word}@" not in redact(template.replace("{}", word))[0]
        assert REDACTED in redact(template.replace("{}", word))[0]


def test_a_known_value_is_found_as_other_formats_write_it(environment):
    value = "Plugh/xyzzy+42?"
    environment("MY_SERVICE_TOKEN", value)
    raw = value.encode()
    written = [
        value.upper(),
        value.lower(),
        raw.hex(),
        raw.hex().upper(),
        base64.b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode(),
        base64.b64encode(b"ana:" + raw).decode(),
        base64.b64encode(b"x:" + raw + b":y").decode(),
        base64.b64encode(b"me:" + raw).decode(),
        "Plugh%2Fxyzzy%2B42%3F",
        "Plugh%2fxyzzy%2b42%3f",
        "Plugh%252Fxyzzy%252B42%253F",
    ]
    for form in written:
        clean, count = redact(f"it is <{form}>")
        assert count == 1, form
        left = clean.removeprefix("it is <").removesuffix(">").replace(REDACTED, "")
        assert len(left) <= 12, form  # of `ana:` and the like
