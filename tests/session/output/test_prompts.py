"""What is typed in a prompt for a secret is hidden from then on, and the user's call is as it was."""

from __future__ import annotations

import builtins
import getpass

import pytest

from mlmagic.extension import load_ipython_extension, unload_ipython_extension
from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.prompt_answers import is_secret_answer
from mlmagic.snapshot.secrets.redaction import REDACTED, redact


@pytest.fixture(autouse=True)
def _nothing_typed_yet(monkeypatch):
    monkeypatch.setattr(known_values, "_typed", set())
    monkeypatch.setattr(known_values, "_seen_environment", {})
    monkeypatch.setenv("MY_SECRET_X", "")  # a test sets it


@pytest.fixture
def terminal(new_shell, monkeypatch, tmp_path):
    """A shell with mlmagic, in which every prompt is answered by *answers*."""
    answers = []

    def answer(prompt="", *_, **__):
        given = answers.pop(0)
        if isinstance(given, BaseException):
            raise given
        return given

    monkeypatch.setattr(builtins, "input", answer)
    monkeypatch.setattr(getpass, "getpass", answer)
    monkeypatch.chdir(tmp_path)
    shell = new_shell()
    before = (builtins.input, getpass.getpass)
    load_ipython_extension(shell)

    def run(code, *given):
        answers[:] = given
        return shell.run_cell(code)

    yield run
    unload_ipython_extension(shell)
    assert (builtins.input, getpass.getpass) == before


def test_what_getpass_returns_is_hidden_wherever_it_reappears(terminal):
    assert redact("it is swordfish") == ("it is swordfish", 0)
    terminal("import getpass\nx = getpass.getpass('x: ')\nassert x == 'swordfish'", "swordfish").raise_error()
    assert redact("it is swordfish, and swordfish!") == (f"it is {REDACTED}, and {REDACTED}!", 2)
    assert redact('{"x": "swordfish"}')[1] == 1


def test_it_is_hidden_as_other_formats_write_it(terminal):
    terminal("import getpass; getpass.getpass()", 'p@ss "w\\rd/ü')
    written = [r"p@ss \"w\\rd/ü", r"p@ss \"w\\rd/\u00fc", "p%40ss%20%22w%5Crd%2F%C3%BC", "p%40ss+%22w%5Crd%2F%C3%BC"]
    assert [redact(f"<{form}>") for form in written] == [(f"<{REDACTED}>", 1)] * 4


@pytest.mark.parametrize("value", ["abc", "", "    ", "****", "redacted", "None"])
def test_too_little_to_be_looked_for(terminal, value):
    terminal("import getpass; getpass.getpass()", value)
    text = f"abc {value} <redacted> None true"
    assert redact(text) == (text, 0)


def test_a_short_one_is_hidden_only_where_it_stands_alone(terminal):
    terminal("import getpass; getpass.getpass(); getpass.getpass()", "1234", "zork")
    assert redact("pin=1234. 0.1234 12345 zork zorkmid\n\\nzork") == (
        f"pin={REDACTED}. 0.1234 12345 {REDACTED} zorkmid\n\\n{REDACTED}",
        3,
    )


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("x = input('Password: ')", "open sesame"),
        ("x = input('Please paste your API key for the service: ')", "abcd-efgh"),
        ("api_key = input('> ')", "abcd-efgh"),
        ("import os\nos.environ['MY_SECRET_X'] = input()", "open sesame"),
        ("x = {'password': input()}", "open sesame"),
        ("token = input('> ')", "abcd1234efgh"),
        ("def ask():\n    password = input('? ')\n    return password\nask()", "open sesame"),
        ("x = input('anything: ')", "ghp_" + "a1B2" * 9),
    ],
)
def test_a_secret_typed_into_input_is_hidden(terminal, code, typed):
    terminal(code, typed).raise_error()
    assert redact(f"so: {typed}.") == (f"so: {REDACTED}.", 1)


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("x = input('Delete the key? [y/n] ')", "y"),
        ("lr = float(input('learning rate: '))", "0.125"),
        ("name = input('Your name: ')", "Anastasia"),
        ("x = input('Max tokens: ')", "51200"),
        ("key = input('Sort key: ')", "accuracy"),
        ("token = input('First token: ')", "hello"),
        ("password_file = input('Password file: ')", "/run/secrets/db"),
        ("x = input()", "a line of text"),
    ],
)
def test_what_is_typed_elsewhere_is_no_secret(terminal, code, typed):
    terminal(code, typed).raise_error()
    text = f"so: {typed}."
    assert redact(text) == (text, 0)


@pytest.mark.parametrize("error", [EOFError(), KeyboardInterrupt(), ValueError("no prompt")])
def test_what_a_prompt_raises_is_raised(terminal, error):
    assert terminal("import getpass; getpass.getpass()", error).error_in_exec is error
    assert terminal("input('password: ')", error).error_in_exec is error


def test_a_prompt_that_is_no_text_changes_nothing(terminal):
    terminal(
        "class Odd:\n    def __str__(self): raise ValueError\nassert input(Odd()) == 'a b c d'", "a b c d"
    ).raise_error()


def test_a_name_that_is_not_on_the_line_of_the_call_tells_nothing():
    assert not is_secret_answer("open sesame", "> ", "input('> ')")
    assert not is_secret_answer("open sesame", "> ", "password == input('> ')")
