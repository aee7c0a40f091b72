"""Literals that Python code gives to a secret's name, in every way that it can; and code of the same form, which stays.

What stands between « and » is the secret, and becomes one ``<redacted>``.
"""

from __future__ import annotations

import ast
import re

import pytest

from mlmagic.snapshot.secrets.redaction import REDACTED, redact

FOUND = [
    # one text in several pieces
    "password = ('«open' 'Sesame99»')",
    "password = (\n    '«open'\n    'Sesame99»'\n)",
    'api_key = ("«sk1"  # the first half\n           "q7w»")',
    "password = '«open' + 'Sesame99»'",
    "password = ('«open' +\n            'Sesame99»')",
    "password = '«open' \\\n    'Sesame99»'",
    "password = '«open' 'Sesame99»'",
    "connect(user, password='«open' + 'Sesame99»', port=5432)",
    "client = Client(api_key=('«q7w'\n                        'k2x»'))",
    "cfg = {'password': '«open' 'Sesame99»', 'port': 1}",
    "password = b'«open' b'Sesame99»'",
    # unpacked
    "(user, (host, passwd)) = ('ana', ('h', '«nested77»'))",
    "[user, password] = ['ana', '«inList66»']",
    "_, token, lr = 'a', '«q7Rk2xWvP9»', 0.1",
    "user, *rest, password = 'ana', 1, 2, '«last44»'",
    "(a, b), (user, password) = (1, 2), ('ana', '«second33»')",
    "user, password = ('ana', '«wrapped22»')",
    "(user, password) = 'ana', '«bare11»'",
    "for user, password in [('ana', '«first1»'), ('bob', '«second2»')]:\n    login(user, password)",
    "for user, password in ('ana', '«first1»'), ('bob', '«second2»'): pass",
    "user, password = login('x', 'y'), '«afterCall5»'",
    # compared
    "if password == '«swordfish»': print('ok')",
    "if '«swordfish»' == password: print('ok')",
    "if password != '«swordfish»':\n    raise ValueError",
    "assert os.environ['DB_PASSWORD'] == '«swordfish»'",
    "ok = args.password == \"«swordfish»\" and args.user == 'ana'",
    "if password in ('«swordfish1»', '«marlin2»'): pass",
    "while password not in ('«swordfish1»',): pass",
    "password = os.getenv('DB_PASSWORD') or '«fallback77»'",
    "password = password or '«fallback77»'",
    "password = given if given else '«fallback77»'",
    "parser.add_argument('--password', help='…', default='«swordfish»')",
    # containers
    "passwords = {'ana': '«swordfish»', 'bob': '«marlin»'}",
    "password_list = ['«swordfish»', '«marlin»']",
    "for password in ['«swordfish»', '«marlin»']: try_it(password)",
    "api_keys = ('«q7w1»', '«k2x3»')",
    "api_keys: list[str] = ['«q7w1»',\n    '«k2x3»',\n]",
    "access_tokens = ['«q7Rk2xWvP9»']",
    "pd.DataFrame({'user': ['ana', 'bob'], 'password': ['«swordfish»', '«marlin»'], 'score': [0.5, 0.6]})",
    "df['password'] = ['«swordfish»', '«marlin»']",
    "df = pl.DataFrame({'api_key': ['«q7w1»', None]})",
    "passwords_by_user = {\n    'ana': '«swordfish»',  # mine\n    'bob': '«marlin»',\n}",
    "secrets = set(['«swordfish»'])",
    "passwords = dict(ana='«swordfish»', bob='«marlin»')",
    "secrets = {'db': '«swordfish»', 'mail': '«marlin»'}",
    "{'password': {0: '«frm11zz»', 1: '«frm22zz»'}, 'score': {0: 1, 1: 2}}",
    "[{'user': 'ana', 'password': '«swordfish»'}]",
    # a mapping that says who logs in, or where
    "cfg = {'user': 'ana', 'password': '«banana»'}",
    "cfg = {'password': '«banana»', 'nested': {'a': 1}, 'host': 'db'}",
    "cfg = {'db_name': 'shop', 'secret': '«very_strong»'}",
    "cfg = {'password': '«hunter2»'}; other = {'user': 'ana'}",
    "cfg = {'password': '«admin123»', 'lr': 0.1}",
    "settings['password']: str = '«banana»'",
    # a user and a password
    "requests_auth = ('ana', '«swordfish»')",
    "session.auth = ('ana', '«swordfish»')",
    "Elasticsearch(url, basic_auth=('ana', '«swordfish»'))",
    "kwargs = {'auth': ('ana', '«swordfish»')}",
    # formatted
    'logging.warning("api_key=%s", "«logKey4431»")',
    'logging.info("user=%s password=%s", "ana", "«logPw77»")',
    'log.debug("password: {}".format("«logPw77»"))',
    'log.debug("the password is %s", "«logPw77»")',
    "print('host=%s password=%s' % ('db', '«logPw77»'))",
    "print('password=%s' % '«logPw77»')",
    "log.info(\n    'user %s, password %r', 'ana', '«logPw77»'\n)",
]

STAYS = [
    "password = ('' '')",
    "print('password' + 'strength')",
    "password = ask('a' 'b')",
    "message = ('the password'\n           'must have 8 characters')",
    "(user, (host, passwd)) = ask('ana', ('h', 'p'))",
    "(user, (host, passwd)) = stored",
    "tokens, lr = ['the', 'cat'], 0.1",
    "user, password = 'ana', getpass('x')",
    "for user, password in pairs: login(user, password)",
    "for name, password in zip(names, passwords): pass",
    "if password == '': raise ValueError('no password')",
    "if field == 'password': hide()",
    "if 'password' in form and 'user' in form: pass",
    "if 'password' in ('user', 'email'): pass",
    "if token == 'the': pass",
    "if token in ('[CLS]', '[SEP]'): continue",
    "assert token != '</s>'",
    "columns = ['user', 'password', 'email']",
    "passwords = []; passwords = {}; passwords = {'ana': None}",
    "passwords = {user: ask(user) for user in users}",
    "passwords = [pw1, pw2]",
    "signing_keys = [key for key in keys if key.use in ['sig1', None]]",
    "private_key: ed25519.Ed25519PrivateKey",
    "if user_pass == 'git' or scope.secret == 'secret': pass",
    "credentials = {'Authorization': f'Basic {encoded}'}",
    "MY_TOKEN = _Variable(\n    'MY_TOKEN', str, None)",
    "tokens = ['the', 'cat', '##ing1']",
    "special_tokens = ['[CLS]', '[SEP]']; additional_special_tokens = ['<extra_id_0>']",
    "vocabulary = {'token': ['the', 'cat'], 'id': [1, 2]}",
    "df.agg({'password': ['min', 'max', 'count']})",
    "schema = {'password': {'type': 'string', 'minimum': '8'}}",
    "df.groupby('password')['score'].mean()",
    "df[['user', 'password']]",
    "keys = ['lr', 'momentum1']; sort_keys = ['accuracy']",
    "author = ('Ana', 'Müller'); authors = ('ana', 'bob')",
    "auth = ('', '')",
    "parser.add_argument('--password', default='')",
    "password = None or ask('a1b2')",
    "secret_layer='conv1'\ncredential='service_account'",
    "auth = (user, password)",
    'logging.warning("tokens=%s", "the cat"); logging.info("token %s", "the")',
    'logging.info("password reset for %s", "ana")',
    'logging.info("user=%s password=***", "anamaria")',
    "logging.info('lr=%s api_key=%s', '0.1', key)",
    "print('max_tokens=%s' % '512')",
    # the keys of a mapping are names of columns or fields, and a value describes one
    "predict = {'password': 'weak'}",
    "labels = {'password': 'very_strong', 'secret': 'very strong'}",
    "dtype = {'password': 'str', 'secret': 'bool', 'api_key': 'object'}",
    "dtype = {'user': 'str', 'password': 'object', 'host': 'category'}",
    "df.rename(columns={'password': 'pw_text', 'api_key': 'column_2'})",
    "classes = {'password': 'phishing', 'secret': 'spam'}",
    "columns = {'password': 'pwd_hash', 'api_key': 'key_col'}",
    "widgets = {'password': 'PasswordInput', 'secret': 'forms.TextInput'}",
    "help_texts = {'password': 'At least 8 characters', 'passphrase': 'Choose a long one!'}",
    "prompts = {'password': 'Enter your password: '}",
    "x = {'a': {'user': 'ana'}, 'password': 'weak', 'b': {'host': 'db'}}",
    "json.loads('{\\\\\"password\\\\\": \\\\\"weak\\\\\"}')",
    "match x:\n    case 'password': y = 'credential'\n    case 'api_key': z: str = 'header'",
    "most_similar('password'): [('passwords', 0.81), ('passcode', 0.7)]",
    "similar(\"secret\"): ['secrets', 'hidden']",
    "nearest('api_key', n=1): {'api_keys': 'key_api'}",
]


def parts(marked):
    """Return the text, and what is to become of it."""
    return marked.replace("«", "").replace("»", ""), re.sub("«[^»]*»", REDACTED, marked)


@pytest.mark.parametrize("marked", FOUND)
def test_a_literal_that_code_gives_to_a_secrets_name_is_replaced(marked):
    text, expected = parts(marked)
    assert redact(text) == (expected, marked.count("«"))
    assert redact(expected) == (expected, 0)
    around = f"import os\n{text}\nx = 1\n"
    assert redact(around) == (f"import os\n{expected}\nx = 1\n", marked.count("«"))


@pytest.mark.parametrize("marked", [one for one in FOUND if "…" not in one])
def test_what_is_left_of_code_is_code(marked):
    expected = parts(marked)[1]
    if not expected.startswith("for") or expected.endswith("pass"):
        ast.parse(expected.replace(": try_it(password)", ": pass"))


@pytest.mark.parametrize("text", STAYS)
def test_code_of_the_same_form_stays(text):
    assert redact(text) == (text, 0)
    assert redact(f"import os\n{text}\nx = 1\n") == (f"import os\n{text}\nx = 1\n", 0)


@pytest.mark.parametrize("marked", ["password = (\n    '«open'\n    'Sesame99»'\n)"])
def test_a_patch_keeps_its_lines(marked):
    text = "+" + parts(marked)[0].replace("\n", "\n+") + "\n x = 1\n"
    clean, count = redact(text, keep_lines=True)
    assert count == 1
    assert clean.count("\n") == text.count("\n")
    assert "open" not in clean
    assert "Sesame99" not in clean
