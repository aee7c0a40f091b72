"""Every form in which code, settings and logs give a value to a name, with every kind of name and of value."""

import itertools

import pytest

from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.redaction import REDACTED, redact

NAMES = [
    *(
        "password",
        "db_password",
        "DB_PASSWORD",
        "api_key",
        "OPENAI_API_KEY",
        "client_secret",
        "authToken",
        "access_token",
    ),
    *("passphrase", "secret_key", "PGPASSWORD", "mysql_pwd", "smtp_pass", "private_key", "connection_string"),
]
VALUES = ["GumXxY9B4b", "Summer2024!", "a1B2-c3D4_e5F6", "p@ss$w0rd9", "ZmFrZXNlY3JldDEyMzQ="]

FORMS = {
    "an assignment": "§ = '«»'",
    "in double quotes": '§="«»"',
    "with a type": "§: str = '«»'",
    "a formatted text": "§ = f'«»'",
    "bytes": "§ = b'«»'",
    "within a condition": "if (§ := '«»'):",
    "an argument": "connect(host='h', §='«»')",
    "a mapping": "{'host': 'h', '§': '«»'}",
    "a mapping in double quotes": '{"§": "«»", "port": 5}',
    "JSON": '{\n  "host": "h",\n  "§": "«»"\n}',
    "nested JSON": '{"db": {"§": "«»"}}',
    "lines of JSON": '{"§":"«»"}\n{"a":1}',
    "escaped JSON": '{\\"§\\": \\"«»\\"}',
    "the environment": "os.environ['§'] = '«»'",
    "the environment, by a method": "os.environ.setdefault('§', '«»')",
    "a fallback": "os.getenv('§', '«»')",
    "an attribute": "self.§ = '«»'",
    "an item": "config['§'] = '«»'",
    "a nested item": "cfg['db']['§'] = '«»'",
    "the first of two": "§ = x or '«»'",
    "in brackets": "§ = (\n    '«»'\n)",
    "an unpacking": "user, § = 'ana', '«»'",
    "a comparison": "assert § == '«»'",
    "a function": "def get_§():\n    return '«»'",
    "a nameless function": "get_§ = lambda: '«»'",
    "an attribute by its name": "setattr(cfg, '§', '«»')",
    "a pair": "('§', '«»')",
    "several": "§s = ['«»']",
    "the default of a field": "§: str = field(default='«»')",
    "the default of a field, later": "§: str = Field(description='for the db', default='«»')",
    "the default of an option": "@click.option('--§', default='«»')",
    "the default of an argument": "parser.add_argument('--§', default='«»', help='x')",
    "a column": "df['§'] = ['«»']",
    "formatting": "f'§={}'.format('«»')",
    "a line of a log": "logger.info('§: %s', '«»')",
    "a command as a list": "['tool', '--§', '«»']",
    "an option in a list": "run(['tool', '--§=«»'])",
    "JavaScript": "const § = '«»';",
    "a mapping of JavaScript": "{ §: '«»' }",
    "R": '§ <- "«»"',
    "PHP": "$§ = '«»';",
    "a constant of PHP": "define('§', '«»');",
    "Go": '§: "«»",',
    "Terraform": '§ = "«»"\n',
    "YAML": "host: h\n§: «»\nport: 5",
    "YAML in quotes": "host: h\n§: '«»'\nport: 5",
    "YAML with a comment": "§: «» # the one",
    "a block of YAML": "§: |\n  «»\nport: 5",
    "a variable of a container": "- name: §\n  value: «»",
    "a variable of a composition": "environment:\n  - §=«»\n  - A=b",
    "a record": '{"name": "§", "value": "«»"}',
    "INI": "[db]\nhost = h\n§ = «»\n",
    "TOML": '[db]\n§ = "«»"\n',
    "a file of variables": "HOST=h\n§=«»\nPORT=5",
    "a file of variables in quotes": '§="«»"',
    "a shell": "export §=«»",
    "a shell with quotes": "export §='«»'",
    "before a command": "§='«»' tool",
    "Windows": "set §=«»",
    "PowerShell": '$env:§ = "«»"',
    "the magic of IPython": "%env §=«»",
    "the magic with a space": "%env § «»",
    "the magic with quotes": "%env § '«»'",
    "a container's file": "ENV §=«»",
    "an option": "tool --§=«» run",
    "an option in quotes": "tool --§='«»' run",
    "an option and its value": "tool --§ '«»' run",
    "an option and its value in double quotes": 'tool --§ "«»"',
    "an address": "https://h/x?a=1&§=«»&b=2",
    "a data source": 'connect("host=h user=ana §=«»")',
    "a connection": '"Server=h;§=«»;"',
    "JDBC": "jdbc:mysql://h/db?user=ana&§=«»",
    "a log": "INFO connecting with §=«» to h",
    "a log with a colon": "2026-01-01 §: «»",
    "a header": "X-§: «»",
    "headers": "{'X-§': '«»'}",
    "a printed object": "Config(host='h', §='«»')",
    "printed arguments": "Namespace(host='h', §='«»')",
    "a notebook's input": "In [1]: § = '«»'",
    "a notebook's output": "Out[2]: {'§': '«»'}",
    "a patch": "+§ = '«»'",
    "a patch of YAML": "-  §: «»",
    "XML": "<§>«»</§>",
    "an attribute of XML": '<x §="«»"/>',
    "a property of XML": '<property name="§" value="«»"/>',
    "a table of CSV": "user,§\nana,«»\n",
    "a request": "curl -d '§=«»' https://h",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_value_of_each_name_is_redacted_and_the_rest_stays(form):
    for name, value in itertools.product(NAMES, VALUES):
        known_values.forget_learned()
        marked = FORMS[form].replace("§", name)
        clean, count = redact(marked.replace("«»", value))
        # The last sign may be that of the text.
        assert clean in {marked.replace("«»", REDACTED + end) for end in ("", value[-1])}, (name, value)
        assert value[:-1] not in clean
        assert count == 1
        assert redact(clean) == (clean, 0)


SETTERS = [
    f"client.set_{name}('«»')"
    for name in ("password", "api_key", "api_token", "access_token", "auth_token", "client_secret")
]


@pytest.mark.parametrize("marked", [*SETTERS, "§: str = Field('«»')".replace("§", "password"), "f = Fernet(b'«»')"])
@pytest.mark.parametrize("value", VALUES[:4])
def test_a_call_that_takes_a_secret(marked, value):
    known_values.forget_learned()
    assert redact(marked.replace("«»", value)) == (marked.replace("«»", REDACTED), 1)


@pytest.mark.parametrize(
    "text",
    [
        "tool --password '<pw>' run",
        "tool --password 'to be set'",
        'use --token "TOKEN" to log in',
        "tool --password '$PASSWORD'",
        "tool --max-tokens '512'",
        "tool --tokenizer 'bert1-base'",
        "%env PASSWORD '<redacted>'",
        "password: str = field(default=None)",
        "password: str = Field('The password')",
        "password: str = Field(..., description='At least 8 characters, one of them a digit')",
        "password = forms.CharField(widget=PasswordInput, default='')",
        "api_key: str = typer.Option(default='', help='from page 1 of the manual')",
        "max_tokens: int = Field(default='512')",
        "client.set_api_key(os.environ['KEY'])",
        "client.set_api_key('<your key>')",
        "def set_access_token(self, token='none'):",
        "set_auth_token(token)",
    ],
)
def test_code_of_the_same_form_without_a_secret_stays(text):
    assert redact(text) == (text, 0)
