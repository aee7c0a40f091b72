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

# Between « and » stands each of these: passwords as people choose them, and what a generator makes.
ARGUMENTS = [
    "setattr(cfg, 'password', '«»')",
    "config.set('db', 'password', '«»')",
    "os.putenv('DB_PASSWORD', '«»')",
    "monkeypatch.setenv('API_TOKEN', '«»')",
    ".option('password', '«»')",
    "client.set_secret('db-password', '«»')",
    "[('username', 'ana'), ('password', '«»')]",
    "spark.conf.set('fs.azure.account.key', 'abc')\n.option(\"password\", \"«»\")",
    "os.environ.setdefault('DB_PASSWORD', '«»')",
    "x = ('api_key', '«»')",
    "props.setProperty('password', '«»')",
    "vault.put_secret('prod', 'api_key', b'«»')",
    "d.__setitem__('password', '«»')",
    "setattr(\n    cfg,\n    'password',\n    '«»',\n)",
    "dict([('user', 'ana'), ('secret', '«»')])",
    "params.append(('password', '«»'))",
    "c.put('client_secret', '«»')",
    "assign('password', '«»')",
    "keyring.set_password('svc','ana','«»')",
    "z.setpassword(b'«»')",
    "Fernet(b'«»')",
    "find_element('password').send_keys('«»')",
    "page.fill('input[name=\"password\"]', '«»')",
    "driver.find_element(By.ID, 'password').send_keys('«»')",
    "page.fill('#password', '«»')",
    "page.locator('#password').fill('«»')",
    'page.type("input[name=\'password\']", "«»")',
    "user.set_password('«»')",
    "user.check_password('«»')",
    "hmac.new(b'«»', msg, 'sha256')",
    "SecretStr('«»')",
    "page.get_by_label('Password').fill('«»')",
    "make_password('«»')",
    "keyring.set_password('svc', user, '«»')",
]
EXPRESSIONS = [
    "password = os.getenv('P') or '«»'",
    "password = SecretStr('«»')",
    "password = base64.b64encode(b'«»')",
    "pw = urllib.parse.quote_plus('«»')",
    "password = ''.join(['«»'])",
    "get_password = lambda: '«»'",
    "def get_password():\n    return '«»'",
    "password = getpass()  # «»",
    "password = os.environ.get('P') or \"«»\"",
    "password = str(base64.b64encode(b'«»'), 'ascii')",
    "api_key: str = SecretStr('«»')",
    "self.password = bytes('«»', 'utf8')",
    "config['password'] = quote('«»')",
    '@property\ndef password(self) -> str:\n    """The password."""\n    return \'«»\'',
    "password = os.getenv('P', '«»')",
    "password = os.environ.get('DB', default='«»')",
    "async def api_key(x):\n    return '«»'",
    "api_key = lambda x: '«»'",
    "password = input('Password: ') if ask() else '«»'",
    "password = getpass.getpass()  # «»",
    "password = hashlib.sha256(b'«»').hexdigest()",
    'password <- "«»"',
    "api_key <- '«»'",
    "password <<- '«»'",
    'variable "db_password" {\n  default = "«»"\n}',
    'variable "db_password" {\n  type = string\n  description = "the password"\n  default     = "«»"\n}',
    "Credentials(username=ana, password=«»)",
    "Config(host=db, password=«», port=1)",
    "Namespace(user=ana, api_key=«»)",
    "db$password <- '«»'",
    "Login(password=«»)",
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
    # arguments and expressions
    "df.merge(other, on=['password', 'lastname1'])",
    "['user', 'password', 'address2', 'column17']",
    "form.set_label('password', 'Your password')",
    "setattr(cfg, 'password', None)",
    "setattr(cfg, 'password', value1)",
    "config.set('db', 'password', '')",
    "config.set('db', 'password', '${PW}')",
    "[('password', 'conv1')]",
    "[('password', 'strength'), ('user', 'name')]",
    "df.rename('password', 'pw_text')",
    "add_field('password', 'Choose a long password.')",
    "getattr(cfg, 'password', 'default')",
    "page.fill('#user', 'ana123x')",
    "find_element('username').send_keys('ana123x')",
    "setattr(model, 'token', 'word17')",
    "set_token('the', 'next17')",
    "isinstance(x, SecretStr)",
    "Fernet(key)",
    "Fernet.generate_key()",
    "keyring.set_password('svc', 'ana', pw)",
    "def set_password(self, password, hint='first pet'): pass",
    "hmac.new(key, b'hello77', 'sha256')",
    "add_argument('--password', 'first17')",
    "most_similar([('password', 0.8), ('passcode', 0.7)])",
    "plot('password', 'r--'); ax.set('token', 'x1')",
    "st.text_input('Password', 'password')",
    "request.POST.get('password', 'nothing')",
    "z.setpassword(pw)",
    "('password', 'char(64)')",
    "cursor.execute('SELECT password, name1 FROM t')",
    "password = ask('a1b2c3')",
    "password = get_secret('prod/db-2')",
    "password = getpass('Password: ')",
    "password = getpass()  # noqa: S105",
    "password = getpass()  # TODO",
    "password = read()  # see issue17",
    "password = str(password1)",
    "password = os.getenv('DB_PASS1')",
    "password = os.getenv('P', '')",
    "password = os.getenv('P') or None",
    "def get_password():\n    return None",
    "def password_strength(x):\n    return 'weak1'",
    "def test_token():\n    return 'the'",
    "get_password = lambda: getpass('x')",
    'variable "db_password" {\n  type = string\n}',
    'variable "db_password" {\n  default = ""\n}',
    "f(user=ana, password=pw1, key=k2)",
    "Client(user=ana, password=password2)",
    "Client(password=settings.pw2)",
    "x <- password",
    "if (a <-b) password",
    "Client(user=ana, token=tok1)",
    "password = ''.join(random.choices(letters, k=8))",
    "password = ''.join([letters, digits])",
    "token = str('the')",
    "Tokens(token=word17, n=3)",
    "secret_name = str('prod17x')",
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
    'json.loads(\'{\\\\"password\\\\": \\\\"weak\\\\"}\')',
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


@pytest.mark.parametrize("marked", [*ARGUMENTS, *EXPRESSIONS])
def test_a_literal_in_an_argument_or_an_expression_is_replaced(marked, assert_redacted):
    assert_redacted(marked)


@pytest.mark.parametrize("value", ["hunter2", "admin123", "Qwertz!7", "Orchid1989$"])
@pytest.mark.parametrize("marked", ARGUMENTS)
def test_an_argument_is_replaced_even_if_it_is_a_word_with_a_number(marked, value):
    assert value not in redact(marked.replace("«»", value))[0]


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
