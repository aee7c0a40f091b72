"""Each pattern takes linear time on any text: seen from its parts, and (`make test-speed`) on hostile texts."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from re import _constants as codes
from re import _parser as parser

import pytest

from mlmagic.snapshot import secrets
from mlmagic.snapshot.secrets import encodings, key_ends
from mlmagic.snapshot.secrets.assigned import assignments, cookies, kubernetes, prose, tables
from mlmagic.snapshot.secrets.assigned.forms import expressions, sql
from mlmagic.snapshot.secrets.redaction import redact
from mlmagic.snapshot.secrets.rules.patterns import RULES

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(secrets.__path__, f"{secrets.__name__}.")
    if not found.ispkg
]
# Searched for in whole texts; those of the other modules are tried on names and values, which are short.
SEARCHED = {
    **{f"{rule.needles[:1]} {rule.pattern.pattern[:40]}": rule.pattern for rule in RULES},
    "names": assignments._NAME,
    "spaced": assignments._SPACED,
    "names abroad": assignments._NAME_ABROAD,
    "sentences abroad": prose._ABROAD,
    "columns of pandas": tables._SERIES,
    "cookies": cookies._HEADER,
    "manifests in YAML": kubernetes._IN_YAML,
    "manifests in JSON": kubernetes._IN_JSON,
    "pieces of JSON": kubernetes._PIECE,
    "joints": encodings._JOINT,
    "functions": expressions._FUNCTION,
    "users in SQL": sql._USER,
    "passwords set in SQL": sql._SET,
    "rows in SQL": sql._INSERT,
    "ends of keys": key_ends._END,
}
MATCHED = {
    f"{module.__name__.rpartition('.')[2]}{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern) and value not in SEARCHED.values()
}
MOST_REPEATS = 4096
REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}


def parts(items):
    """Yield every part of a pattern, those within groups, branches and assertions too."""
    for code, value in items:
        yield code, value
        for inner in inside(code, value):
            yield from parts(inner)


def inside(code, value):
    if code is codes.SUBPATTERN:
        return [value[-1]]
    if code in REPEATS:
        return [value[2]]
    if code is codes.BRANCH:
        return value[1]
    if code in {codes.ASSERT, codes.ASSERT_NOT}:
        return [value[1]]
    if code is codes.ATOMIC_GROUP:
        return [value]
    return []


@pytest.mark.parametrize("pattern", SEARCHED.values(), ids=SEARCHED)
def test_no_repeat_gives_back_without_a_bound(pattern):
    for code, value in parts(parser.parse(pattern.pattern, pattern.flags)):
        if code in {codes.MAX_REPEAT, codes.MIN_REPEAT} and value[1] > MOST_REPEATS:
            # `x*(?=@)` and a last `=*`: of one letter after another.
            *_, last = [inner[0] for inner in value[2]]
            assert last in {codes.IN, codes.NOT_LITERAL, codes.LITERAL, codes.SUBPATTERN}
            assert len(value[2]) == 1 or value[2][0][0] is codes.ASSERT_NOT


def sample(items, most):
    """Return a text that the parts match: of a repeat *most* times, of a class its first letter."""
    return "".join(letters(code, value, most) for code, value in items)


def letters(code, value, most):
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.IN:
        return one_of(value)
    if code is codes.BRANCH:
        return sample(value[1][0], most)
    if code in REPEATS:
        return sample(value[2], most) * max(value[0], min(value[1], most))
    if code in {codes.SUBPATTERN, codes.ATOMIC_GROUP}:
        return sample(value[-1] if code is codes.SUBPATTERN else value, most)
    return "a" if code in {codes.ANY, codes.NOT_LITERAL} else ""


def one_of(items):
    """Return a letter of a class."""
    single = re.compile("[" + "".join(written(code, value) for code, value in items) + "]", re.DOTALL)
    return next((c for c in "a1Z- \n/=.'\"" if single.match(c)), "a")


def written(code, value):
    if code is codes.NEGATE:
        return "^"
    if code is codes.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    if code is codes.LITERAL:
        return re.escape(chr(value))
    return {codes.CATEGORY_WORD: r"\w", codes.CATEGORY_SPACE: r"\s", codes.CATEGORY_DIGIT: r"\d"}.get(value, r"\W")


def hostile(pattern):
    """Yield pieces to repeat: each beginning of what *pattern* matches, short and long, with and without an end."""
    items = list(parser.parse(pattern.pattern, pattern.flags))
    for count in range(1, len(items) + 1):
        for most in (1, 3, 40):
            piece = sample(items[:count], most)
            if piece:
                yield from (piece, piece[:-1] or piece, f"{piece} ", f"{piece}\n")


def pieces(pattern):
    return sorted(set(hostile(pattern)), key=lambda piece: (len(piece), piece))[:60]


def seconds(work, text):
    """Return the least of several times, of this process alone: another program does not count."""
    took = []
    for _ in range(3):
        start = time.process_time()
        work(text)
        took.append(time.process_time() - start)
    return min(took)


def require_linear(work, piece, size):
    short = piece * (size // len(piece))
    before = seconds(work, short)
    if before > 0.004:  # less is 7 MB a second: were it quadratic, 30,000 letters would take longer
        assert seconds(work, short * 4) < 10 * before + 0.05, piece


@pytest.mark.speed
@pytest.mark.parametrize("pattern", SEARCHED.values(), ids=SEARCHED)
def test_four_times_the_text_takes_no_sixteen_times_the_time(pattern):
    for piece in pieces(pattern):
        require_linear(lambda text: list(pattern.finditer(text)), piece, 30_000)


HOSTILE = sorted(
    {max(pieces(pattern), key=len, default="") for pattern in (*SEARCHED.values(), *MATCHED.values())} - {""}
)


@pytest.mark.speed
def test_a_hostile_text_of_all_patterns_is_redacted_in_linear_time():
    for piece in HOSTILE:
        require_linear(lambda text: redact(text + "x"), piece, 20_000)


@pytest.mark.speed
@pytest.mark.parametrize(
    "piece",
    [
        "AC" + "abcdefgh" * 4,
        "GR1348941",
        "AKC",
        "password = ",
        "password=\n",
        "[a]\npassword = x\n",
        "a, password = ",
        "login(",
        "passwords:\n",
        "passwords:\n- passwords:\n",
        "passwords:\n a: min\n",
        "secrets: |\n ",
        "passwords=['min',",
        "passwords={'a':",
        "{'password': {0: ",
        "password = ('a' ",
        "password = 'a' + ",
        "(a, (password, ",
        "for a, password in [('b', ",
        "'a' == password",
        "log('password=%s', ",
        "  user  password\n",
        "password\nx7q1w2e\n",
        "password:\n\n",
        "password:\nx7q1w2e\n",
        "password  secret  token\n",
        "|password|a|\n",
        "password,a\n",
        "\nName: password, dtype: x",
        "the password is ",
        "password for a for b ",
        "<password>",
        'name="password" ',
        "Cookie: a=b; ",
        "cookies = {'a': 'b', ",
        "kind: Secret\n",
        "kind: Secret\ndata:\n a: b\n",
        '{"kind": "Secret", "data": {',
        "openssl a ",
        ":5432:a:b:",
        "$6$a$",
        "пароль: ",
        "mot de passe ",
        "name: password\n  value: ",
        "{'value': 'x', 'name': 'password', ",
        '{"password": "weak", ',
        "{'password': {'password': 'weak', ",
        "setattr(a, 'password', ",
        "set('password', set(",
        "('password', 'a1'), ",
        "fill('[password=\"password\"]', ",
        "password = str(",
        "password = f(x) or f(y) or ",
        "password = ''.join(['",
        "password = x # ",
        "def get_password():\n return ",
        "def password(",
        'variable "password" { a',
        "create user password ",
        "create user create ",
        "set password 'a' = ",
        "insert into a (password) values (",
        "insert into a (password, ",
        "**password** : ",
        "| password | ",
        "0  a  password  ",
        "<td>password</td>",
        "A(b=c, password=",
        "aws configure set ",
        "git config -a -b ",
        "curl -b a=b; ",
        "curl -b curl ",
        "gh secret set ",
        "7z x a ",
        "echo a: ",
        "echo sudo ",
        "sudo sudo <<< ",
        "sqlplus -a -b ",
        "-----END PRIVATE KEY-----",
        "a" * 64 + "\n-----END PRIVATE KEY-----\n",
        "a" * 64 + "\n",
        "-----BEGIN PRIVATE KEY-----\nComment: a\n",
        "set_password(a, b, ",
        "SecretStr('",
    ],
)
def test_what_was_slow_once(piece):
    require_linear(redact, piece, 25_000)
