import os
import subprocess
import sys

import pytest
from traitlets import TraitError

from mlmagic.errors import UsageProblem
from mlmagic.user_settings import MLMagic, settings

VALUES = {
    "experiment": "churn study",
    "ui_url": "http://127.0.0.1:5000",
    "quiet": True,
    "figures": False,
    "tracebacks": True,
    "output_limit_mb": 0.5,
    "patch_limit_mb": 0.25,
    "system_interval_s": 2.5,
    "data_budget_s": 0.5,
    "model_limit_mb": 12.5,
    "artifact_servers": ["artifacts:5500", "other:443"],
    "instantiate_allow": ["math.sqrt", "mypackage"],
    "journal": "runs/journal",
    "journal_days": 0.5,
    "store_timeout_s": 1.5,
    "offline": True,
    "secret_patterns": [r"ACME-\d+", "it's [a-z]+"],
}
NAMES = sorted(settings.trait_names(config=True))


@pytest.fixture(autouse=True)
def _as_before():
    before = {name: getattr(settings, name) for name in NAMES}
    yield
    for name, value in before.items():
        setattr(settings, name, value)


@pytest.fixture
def shell(new_shell):
    made = new_shell()
    made.configurables.append(settings)
    return made


def in_new_process(name, text):
    """Return what the setting is in a process that starts with its environment variable set to *text*."""
    code = f"import mlmagic; print(repr(mlmagic.settings.{name}))"
    variable = f"MLMAGIC_{name.upper()}"
    return subprocess.run(
        [sys.executable, "-c", code], check=False, env=os.environ | {variable: text}, capture_output=True, text=True
    )


def test_every_setting_is_tested():
    assert sorted(VALUES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_set_by_config_and_read_back(shell, capsys, name):
    value = VALUES[name]
    assert getattr(settings, name) != value
    shell.run_cell(f"%config MLMagic.{name} = {value!r}").raise_error()
    assert getattr(settings, name) == value
    assert shell.run_cell(f"%config MLMagic.{name}").result == value
    shell.run_cell("%config MLMagic")
    assert f"MLMagic.{name}=" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_set_by_python_and_has_a_description(name):
    setattr(settings, name, VALUES[name])
    assert getattr(settings, name) == VALUES[name]
    assert len(settings.trait_metadata(name, "help")) > 20


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_set_by_its_environment_variable(monkeypatch, name):
    monkeypatch.setenv(f"MLMAGIC_{name.upper()}", str(VALUES[name]))
    assert getattr(MLMagic(), name) == VALUES[name]
    assert getattr(MLMagic(**{name: getattr(settings, name)}), name) == getattr(settings, name)


def test_the_environment_is_read_when_mlmagic_is_imported():
    assert in_new_process("experiment", "churn study").stdout == "'churn study'\n"


def test_a_wrong_environment_variable_is_one_clear_error():
    wrong = in_new_process("quiet", "perhaps")
    assert wrong.returncode != 0
    assert "UsageProblem: MLMAGIC_QUIET='perhaps' is not valid: " in wrong.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("quiet", "yes"), ("output_limit_mb", -1.0), ("system_interval_s", 0.0), ("experiment", 3), ("figures", None)],
)
def test_a_wrong_value_is_refused_and_the_old_one_stays(name, value):
    before = getattr(settings, name)
    with pytest.raises(TraitError, match=name):
        setattr(settings, name, value)
    assert getattr(settings, name) == before


@pytest.mark.parametrize(("typed", "meant"), [("xperiment", "experiment"), ("figure", "figures"), ("quite", "quiet")])
def test_a_misspelt_setting_is_refused(shell, capsys, caplog, typed, meant):
    with pytest.raises(UsageProblem, match=rf"no setting '{typed}'\. Did you mean '{meant}'\?"):
        setattr(settings, typed, "x")
    caplog.clear()
    shell.run_cell(f"%config MLMagic.{typed} = 'x'")
    assert not hasattr(settings, typed)
    [record] = caplog.records
    assert record.getMessage().startswith(f"there is no setting '{typed}'. Did you mean '{meant}'? There are: ")
    assert "Warning" not in "".join(capsys.readouterr())
    shell.run_cell(f"%config MLMagic.{typed}")
    assert f"no setting '{typed}'. Did you mean '{meant}'? There are: " in capsys.readouterr().out


def test_full_tracebacks_are_a_setting():
    with pytest.raises(UsageProblem, match="wrong") as caught:
        raise UsageProblem("wrong")
    assert caught.value._render_traceback_() == ["UsageProblem: wrong"]
    settings.tracebacks = True
    assert "".join(caught.value._render_traceback_()).startswith("Traceback (most recent call last)")
    settings.tracebacks = False
    assert caught.value._render_traceback_() == ["UsageProblem: wrong"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            [r"ACME-(\d+"],
            r"'ACME-\(\\\\d\+' is no regular expression: missing \), unterminated subpattern at position 5",
        ),
        (["fine", "*"], r"'\*' is no regular expression: nothing to repeat at position 0"),
        (["a*"], r"'a\*' matches the empty text, which is everywhere"),
    ],
)
def test_a_malformed_pattern_is_refused_at_once_with_the_reason(value, told):
    settings.secret_patterns = ["fine"]
    with pytest.raises(UsageProblem, match=f"secret_patterns: {told}") as caught:
        settings.secret_patterns = value
    assert isinstance(caught.value, TraitError)
    assert 'r"ACME-' in str(caught.value)
    assert settings.secret_patterns == ["fine"]


def test_a_malformed_pattern_in_a_config_is_shown_and_the_old_ones_stay(shell, caplog):
    settings.secret_patterns = ["fine"]
    shell.run_cell('%config MLMagic.secret_patterns = ["("]')
    assert "'(' is no regular expression" in caplog.text
    assert settings.secret_patterns == ["fine"]


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        (r"ACME-\d+", [r"ACME-\d+"]),
        (r"[A-Z]{4}-[0-9]+", [r"[A-Z]{4}-[0-9]+"]),
        (r"['ACME-\\d+', '[0-9]{9}']", [r"ACME-\d+", "[0-9]{9}"]),
        ("", []),
    ],
)
def test_patterns_in_the_environment_are_one_or_a_list(monkeypatch, text, patterns):
    monkeypatch.setenv("MLMAGIC_SECRET_PATTERNS", text)
    assert MLMagic().secret_patterns == patterns


def test_a_malformed_pattern_in_the_environment_is_one_clear_error():
    wrong = in_new_process("secret_patterns", "ACME-(")
    assert (
        "UsageProblem: MLMAGIC_SECRET_PATTERNS='ACME-(' is not valid: secret_patterns: 'ACME-(' is no" in wrong.stderr
    )
