"""The one redaction: nothing that is a secret survives, and nothing else is touched."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.redaction import REDACTED, Redactor, problems, redact, redact_value
from mlmagic.user_settings import settings

# Made up, and put together here so that no scanner takes this file for a leak.
BODY = "Zx9" + "aB3dE6gH1jK4mN7pQ0sT2vW5yZ8" * 3
TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ASIA" + "IOSFODNN7EXAMPLE",
    *(prefix + BODY[:36] for prefix in ("ghp_", "gho_", "ghs_")),
    "github_pat_" + BODY[:60],
    "glpat-" + BODY[:20],
    "hf_" + BODY[:34],
    "sk-" + BODY[:48],
    "sk-proj-" + BODY[:40],
    "sk-ant-" + "api03-" + BODY[:60],
    "AIza" + BODY[:35],
    "xoxb-" + "123456789012-" + BODY[:24],
    "npm_" + BODY[:36],
    "pypi-" + "AgEIcHlwaS5vcmc" + BODY[:60],
    "sk_live_" + BODY[:24],
    "rk_test_" + BODY[:24],
    ".".join(("eyJ" + BODY[:30], "eyJ" + BODY[:40], BODY[:43])),
]
PEM = "\n".join(
    (
        "-----BEGIN RSA PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
        "",
        BODY[:64],
        BODY[:40],
        "-----END RSA PRIVATE KEY-----",
    )
)

ASSIGNED = [
    'password = "{}"',
    "self.db_password: str = '{}'",
    'connect(user="ana", password="{}", timeout=3)',
    'client = OpenAI(api_key="{}", max_tokens=512)',
    '{{"user": "ana", "password": "{}"}}',
    "{{'api_key': '{}'}}",
    '{{"source": ["api_key = \\"{}\\"\\n", "x = 1"]}}',
    'password: "{}"',
    "db:\n  password: {}\n  port: 5432",
    "%env X_TOKEN={}",
    "%env X_TOKEN {}",
    "%set_env WANDB_API_KEY={}",
    "!export API_KEY={} && python train.py",
    'os.environ["HF_TOKEN"] = "{}"',
    'os.environ.setdefault("MY_SECRET", "{}")',
    'wandb.login(key="{}")',
    "wandb.login(relogin=True, key='{}')",
    "https://api.example.com/v1?token={}&page=2",
    "postgresql://ana:{}@db.example.com:5432/prod",
    "git clone https://{}@github.com/ana/project.git",
    "git+https://ana:{}@github.com/ana/project.git",
    "# don't commit this: password = '{}'",
    "# password: {}",
    'curl -H "X-Api-Key: {}" x',
    'requests.get(url, auth=("ana", "{}"))',
    "auth = HTTPBasicAuth('ana', '{}')",
    "x = 1  # api_key: {}",
    "* password: {}",
    "+password: {}",
    "+  - token: '{}'",
    'psycopg2.connect("host=db user=ana password={} port=5432")',
    "connecting with user=ana password={}",
    'password = """{}"""',
    'api_key = (\n    "{}"\n)',
    'password = "{}',
    "!tool --password {}",
    "!tool --api-key={}",
    "Authorization: Bearer {0}{0}",
    "Server=db;Pwd={};Database=x",
]

HARMLESS = [
    'if text.startswith("-----BEGIN PRIVATE KEY-----") and "-----END PRIVATE KEY-----" in text:',
    "-----BEGIN RSA PRIVATE KEY-----\n<your key>\n-----END RSA PRIVATE KEY-----",
    'GATEWAY_SECRET: ("gateway secret", Gateway)',
    "df.rename(columns={'password': 'text'}).astype({'password': 'string'}).fillna({'password': 'missing'})",
    "df = pd.DataFrame({'password_strength': [0, 1]})\nprint('password strength accuracy', df.strength.mean())",
    "python train.py --pass 2 --secret 3 --token 128",
    "forward_pass = 'q7Rk2xWvP9'; FIRST_PASS = 'embedding'; n_pass = 'two'",
    'SECRET_KEY = "secret_key"',
    "oauth_client_secret: 'Client Secret'",
    "model.generate(max_tokens=512, n_tokens=3, tokens=512, token_count=9)",
    'token = "the"\nfor token in tokenizer("a text"): print(token)',
    'CountVectorizer(token_pattern=r"(?u)\\b\\w\\w+\\b")',
    'pad_token="<pad>", eos_token = "</s>", mask_token: "[MASK]"',
    "sort_key = 'accuracy'; df.sort_values(key='column1')",
    'password = getpass("Password: ")',
    'x = getpass("Password: ") + "x"',
    'print("password = ", value, "api_key: ", value)',
    'password = os.environ["DB_PASSWORD"]',
    'api_key = os.getenv("OPENAI_API_KEY")',
    "connect(password=password, api_key=api_key)",
    "class Settings:\n    password: str\n    token: int | None",
    'engine = create_engine(f"postgresql://{user}:{password}@{host}/db")',
    'parser.add_argument("--password", "-p", help="the password")',
    'columns = ["password", "username"]',
    'password = "<your password>"',
    'password = "${DB_PASSWORD}"',
    "password = None",
    'CREDENTIALS = "/home/ana/key.json"',
    "git@github.com:ana/project.git and ssh://git@github.com/ana/project.git",
    "http://localhost:8888/lab/tree/a@b.ipynb",
    "scikit-learn==1.9.1 torch==2.13.0+cpu task-aaaaaaaaaaaaaaaaaaaaaaaaa",
    "commit 8b7df143d91c716ecfa5fc1730022f6b421b05ce",
    "AdamW(betas=(0.9, 0.999), eps=1e-08) loss=0.3133 lr=0.001",
]


@pytest.mark.parametrize("token", [*TOKENS, PEM, PEM.replace("\n", "\\n")], ids=lambda token: token[:10])
def test_a_well_known_token_is_replaced(token):
    assert redact(token) == (REDACTED, 1)
    assert redact(f"print('{token}')  # mine") == (f"print('{REDACTED}')  # mine", 1)
    assert redact(f"\x1b[32m{token}\x1b[0m") == (f"\x1b[32m{REDACTED}\x1b[0m", 1)
    assert redact(f"a\\n{token}") == (f"a\\n{REDACTED}", 1)


def test_a_private_key_without_its_end_is_replaced_and_the_text_after_it_stays():
    start = PEM.rpartition("\n")[0].replace("Proc-Type: 4,ENCRYPTED\n\n", "")
    assert redact(f"{start}\nKilled\n") == (f"{REDACTED}\nKilled\n", 1)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    "header", ["", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C3D4E5F60718293A4B5C6D7E8F9\n\n"]
)
def test_the_first_lines_of_a_private_key_are_replaced(header, count):
    lines = [BODY[:64], BODY[3:67], BODY[5:30]][:count]
    text = "-----BEGIN RSA PRIVATE KEY-----\n" + header + "\n".join(lines)
    assert redact(f"{text}\nKilled\n") == (f"{REDACTED}\nKilled\n", 1)


@pytest.mark.parametrize("line_break", ["\n", "\\n", "\n+", "\r\n", "\n    ", '",\n  "', '\\n"\n"'])
@pytest.mark.parametrize("kind", ["RSA ", "", "OPENSSH "])
@pytest.mark.parametrize("lines", [[BODY[:64], BODY[3:67], "xY9zQ8wE7r=="], [BODY[:64]], [BODY[:64], BODY[3:67]]])
def test_the_last_lines_of_a_private_key_are_replaced(lines, kind, line_break):
    end = f"-----END {kind}PRIVATE KEY-----"
    text = line_break.join([*lines, end])
    clean = line_break.join([REDACTED, end])
    assert redact(f"$ tail key.pem\n{text}\nloss=1\n") == (f"$ tail key.pem\n{clean}\nloss=1\n", 1)
    assert redact(clean) == (clean, 0)


@pytest.mark.parametrize(
    "text",
    [
        "-----END PRIVATE KEY-----",
        "if '-----END PRIVATE KEY-----' in text: pass",
        "a word\nanother\n-----END PRIVATE KEY-----",
        "-----END PRIVATE KEY-----\n" * 3,
        "MIIBszCCAVmgAwIBAgIUQ2VydGlmaWNhdGU=\n-----END CERTIFICATE-----",
    ],
)
def test_the_end_of_a_private_key_alone_stays(text):
    assert redact(text) == (text, 0)


@pytest.mark.parametrize("template", ASSIGNED)
def test_a_value_beside_a_secret_name_is_replaced_and_the_rest_stays(template):
    redacted, count = redact(template.format("hunter2hunter2"))
    assert count == 1
    assert redacted == template.format(REDACTED).replace(f"ana:{REDACTED}", REDACTED).replace(REDACTED * 2, REDACTED)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays_to_the_letter(text):
    assert redact(text) == (text, 0)


def test_hashes_uuids_and_images_stay():
    noise = random.Random(3)
    data = noise.randbytes(200_000)
    image = "data:image/png;base64," + base64.b64encode(data).decode()
    digests = "\n".join(getattr(hashlib, name)(data).hexdigest() for name in ("md5", "sha1", "sha256", "sha512"))
    uuids = "\n".join(str(uuid.UUID(bytes=noise.randbytes(16))) for _ in range(1000))
    text = json.dumps({"image/png": image, "digests": digests, "uuids": uuids})
    assert redact(text) == (text, 0)


def test_json_stays_json():
    record = {"source": "%env X_TOKEN=hunter2hunter2\nimport os", "password": "hunter2", "lr": 0.1}
    redacted = json.loads(redact(json.dumps(record, indent=1))[0])
    assert redacted == {"source": f"%env X_TOKEN={REDACTED}\nimport os", "password": REDACTED, "lr": 0.1}


def test_the_value_of_a_secret_environment_variable_is_replaced_from_when_it_is_set(monkeypatch):
    text = "connecting with correct-horse-battery"
    assert redact(text) == (text, 0)
    monkeypatch.setenv("MY_SERVICE_TOKEN", "correct-horse-battery")
    assert redact(text) == (f"connecting with {REDACTED}", 1)
    monkeypatch.delenv("MY_SERVICE_TOKEN")
    assert redact(text) == (text, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_TOKEN", "abc"),
        ("USE_TOKEN", "default"),
        ("API_TOKEN", "true"),
        ("DB_PASSWORD", "/run/secrets/db"),
        ("DB_PASSWORD", "123456"),
        ("TOKENIZERS_PARALLELISM", "parallel"),
        ("MAX_TOKENS", "parallel"),
        ("SECRET_KEY", "redacted"),
    ],
)
def test_a_trivial_value_of_the_environment_is_not_hunted(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    text = f"a text with {value} in it, and 0.{value}"
    assert redact(text) == (text, 0)


def test_values_are_redacted_by_their_key():
    value = {"model": {"password": "q7w1", "lr": 0.1}, "steps": ["x", "https://ana:pw@host/"], "max_tokens": "512"}
    assert redact_value("config", value) == (
        {"model": {"password": REDACTED, "lr": 0.1}, "steps": ["x", f"https://{REDACTED}@host/"], "max_tokens": "512"},
        2,
    )
    assert redact_value("API_KEY", 12345678) == (REDACTED, 1)
    assert redact_value("client.secret", b"abc") == (REDACTED, 1)
    assert redact_value("token", "abcdef1g") == (REDACTED, 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_tokens", 512),
        ("tokens", "512 of them"),
        ("tokenizer", "bert-base-uncased"),
        ("n_tokens", 3),
        ("token_count", "many"),
        ("password", ""),
        ("password", None),
        ("secret", True),
        ("api_key", 0.5),
        ("token", 50256),
    ],
)
def test_other_keys_and_empty_values_stay(key, value):
    assert redact_value(key, value) == (value, 0)


def test_a_redactor_counts_over_all_its_texts():
    redactor = Redactor()
    assert redactor("nothing here") == "nothing here"
    assert redactor("password='a'") == f"password='{REDACTED}'"
    assert redactor.value("x", {"api_key": "q7w1", TOKENS[0]: (TOKENS[1],)}) == {
        "api_key": REDACTED,
        REDACTED: (REDACTED,),
    }
    assert redactor.count == 4


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "eyJa.eyJ",
        "password=",
        'password = """',
        "login(key=",
        "://a:",
        "-----BEGIN PRIVATE KEY-----",
        "password:(",
        "# password: ",
        "a=b password=",
        "curl -u a",
        "curl ",
        "auth=('a', '",
        "gldt-",
        "glagent-" + "a" * 60,
        "aws_key ",
        "aws_pw 'a",
        "AKC" + "a" * 12,
        "12345678:AA",
        "SG." + "a" * 22 + ".",
        "a" * 31 + "-us1",
        "MDEyMzQ1Njc4OTAxMjM0NTY3",
        "sk-T3BlbkFJ",
        ":_authToken=",
        "Private-Lines: 1\n",
        "?sig=",
        "sk.eyJ",
        " ",
        "-----BEGIN PRIVATE KEY-----" + "a" * 64,
    ],
)
def test_a_hostile_text_takes_no_more_than_linear_time(piece):
    # Were it quadratic, this would take hours: the time limit of the test run stands for the assertion on time.
    text = piece * (300_000 // len(piece))
    redacted, _ = redact(text)
    assert redact(redacted) == (redacted, 0)


FILLED = [template.format("hunter2x") for template in ASSIGNED]
SIGNS = [*"\"'\\\n=:@a9", "://", "password", "token", "sk-", "eyJ", "-----"]
FRAGMENTS = st.lists(st.sampled_from([*TOKENS, PEM, *FILLED, *HARMLESS, *SIGNS, " ", REDACTED]), max_size=12).map(
    "".join
)


@given(FRAGMENTS | st.text())
def test_redacting_twice_is_redacting_once(text):
    redacted, _ = redact(text)
    assert redact(redacted) == (redacted, 0)


@given(
    st.lists(
        st.sampled_from(
            ["learning_rate", "=", "0.1", " ", "\n", "max_tokens=512", "https://x.org/a", '"', "é", "[", "]"]
        )
    )
)
def test_a_text_without_secrets_is_unchanged(pieces):
    text = "".join(pieces)
    assert redact(text) == (text, 0)


@pytest.fixture
def patterns(monkeypatch):
    def use(*some):
        monkeypatch.setattr(settings, "secret_patterns", list(some))

    return use


def test_the_users_own_patterns_are_replaced_as_soon_as_they_are_set(patterns):
    text = "order ACME-123 and ACME-x"
    assert redact(text) == (text, 0)
    patterns(r"ACME-\d+")
    assert redact(text) == (f"order {REDACTED} and ACME-x", 1)
    assert redact_value("order", {"ACME-1": ["x ACME-2"]}) == ({REDACTED: [f"x {REDACTED}"]}, 2)
    patterns(r"ACME-\d+", "x$")
    assert redact(text) == (f"order {REDACTED} and ACME-{REDACTED}", 2)
    patterns()
    assert redact(text) == (text, 0)


@pytest.mark.parametrize("pattern", [r"\w+", "redacted", "<", ".", "(?s).+", r"[^x]+", r"(?<=a)b", "e|d"])
def test_a_pattern_that_matches_what_is_hidden_changes_nothing_more(patterns, pattern):
    patterns(pattern)
    once, _ = redact("abc <redacted> d\ne")
    assert redact(once) == (once, 0)
    lines, _ = redact("abc <redacted> d\n+e", keep_lines=True)
    assert lines.count("\n") == 1
    assert redact(lines, keep_lines=True) == (lines, 0)


def test_a_pattern_that_was_spoilt_in_place_is_told_and_the_others_count(patterns):
    patterns(r"ACME-\d+")
    settings.secret_patterns.append("(")
    assert redact("ACME-1 (") == (f"{REDACTED} (", 1)
    assert [line for line in problems() if "no valid" in line] == [
        "a pattern in MLMagic.secret_patterns is no valid regular expression and was ignored; set the whole list to see which"
    ]


def test_a_secret_of_several_lines_keeps_their_number_where_that_is_asked_for():
    patch = "+" + PEM.replace("\n", "\n+") + "\n x = 1\n"
    clean, count = redact(patch, keep_lines=True)
    assert count == 1
    assert clean == f"+{REDACTED}\n" + f"+{REDACTED}\n" * PEM.count("\n") + " x = 1\n"
    assert redact(patch) == (f"+{REDACTED}\n x = 1\n", 1)


def test_a_private_key_that_a_patch_takes_away_is_replaced():
    patch = "-" + PEM.replace("\n", "\n-") + "\n x = 1\n"
    assert redact(patch) == (f"-{REDACTED}\n x = 1\n", 1)


def test_the_value_of_an_environment_variable_is_replaced_in_other_formats_too(monkeypatch):
    monkeypatch.setenv("MY_SERVICE_PASSWORD", 'a "quoted" pässword/7')
    shown = ['a \\"quoted\\" pässword/7', "a%20%22quoted%22%20p%C3%A4ssword%2F7", r"a \"quoted\" p\u00e4ssword/7"]
    assert [redact(f"<{text}>") for text in shown] == [(f"<{REDACTED}>", 1)] * 3


def test_each_random_line_of_a_long_value_is_replaced(monkeypatch):
    monkeypatch.setenv("MY_SERVICE_CREDENTIALS", f"first line\n{BODY[:40]}\nlast line")
    assert redact(f"# {BODY[:40]}, last line") == (f"# {REDACTED}, last line", 1)


@given(st.text(st.characters()), st.booleans())
def test_any_text_at_all_is_taken(text, lines):
    clean, count = redact(text, keep_lines=lines)
    assert (clean == text) == (count == 0)
    redact_value(text, {text: [text, 1, None]})


@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="_=:.-/'\"\\<>")))
def test_a_text_without_needles_stays_as_it_is(text):
    known = known_values.known_values().anywhere
    if not any(value in text for value in known):
        assert redact(text) == (text, 0)


@given(
    st.sampled_from([*TOKENS, PEM]),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S"))),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S"))),
    st.sampled_from(" \n\t\"'"),
    st.sampled_from(" \n\t\"'"),
)
def test_a_secret_between_any_neighbours_is_gone(token, before, after, left, right):
    clean, count = redact(f"{before}{left}{token}{right}{after}")
    assert token not in clean
    assert max(token.splitlines(), key=len) not in clean
    assert count >= 1


@given(st.text(), st.sampled_from([*TOKENS, PEM]), st.text(), st.sampled_from(" \n\t\"'=:,;(["))
def test_a_planted_token_never_survives(before, token, after, boundary):
    if token.startswith(("AKIA", "ASIA")):  # of a known length: with more letters it is another word
        after = boundary + after
    redacted, count = redact(before + boundary + token + after)
    assert token not in redacted
    assert count >= 1


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\"'\\\n\r/"), min_size=8, max_size=40),
    st.sampled_from(['x = 1\npassword = "{}"\n', 'f(api_key="{}")', '{{"password": "{}"}}']),
)
def test_any_literal_given_to_a_secret_name_is_replaced(secret, template):
    secret = f"{secret}7x"
    assert redact(template.format(secret)) == (template.format(REDACTED), 1)
