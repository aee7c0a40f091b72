"""detect-secrets is loaded when a text may hold what only it finds, and its failing stops nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlmagic.runs.notices import Notices
from mlmagic.snapshot import secret_plugins
from mlmagic.snapshot.secrets import REDACTED, problems, redact

SENDGRID = "SG" + "." + "a1B2c3D4e5F6g7H8i9J0k1" + "." + "l2M3n4O5p6Q7r8S9t0U1v2W3x4Y5z6A7b8C9d0E1f2G"


def test_plain_cells_and_loading_the_extension_do_not_import_it():
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_line_magic("load_ext", "mlmagic")
from mlmagic.snapshot.secrets import redact
redact("model = RandomForest(max_depth=3).fit(X, y)  # tokens, keys, https://example.org, password='x'")
assert "detect_secrets" not in sys.modules and "requests" not in sys.modules
redact("SG." + "a" * 22 + "." + "b" * 43)
assert "detect_secrets" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.setattr(secret_plugins, "_problems", [])
    secret_plugins._patterns.cache_clear()
    yield
    secret_plugins._patterns.cache_clear()


def test_a_broken_install_is_told_once_and_the_other_rules_count(fresh, monkeypatch):
    monkeypatch.setitem(sys.modules, "detect_secrets.plugins.sendgrid", None)
    text = f"{SENDGRID} password='hunter2' 1"
    assert redact(text) == (f"{SENDGRID} password='{REDACTED}' 1", 1)
    redact(text + "2")
    [line] = problems()
    assert line.startswith("detect-secrets cannot be used (ModuleNotFoundError: ")
    assert line.endswith("Mend it with: pip install --force-reinstall detect-secrets")


def test_every_plugin_that_is_used_is_there(fresh):
    for plugin in secret_plugins.PLUGINS:
        assert secret_plugins._patterns(plugin.module, plugin.detector)[plugin.only], plugin.module
    assert secret_plugins.problems() == []


def test_a_secret_in_quotes_within_quotes_is_found():
    key = "AK" + "C" + "a1B2" * 18
    assert redact(r'{"text": "[{\"k\": \"' + key + r'\"}]"}') == (r'{"text": "[{\"k\": \"' + REDACTED + r'\"}]"}', 1)


def test_a_notice_shows_no_secret():
    notices = Notices()
    notices.warn(f"the parameter is {SENDGRID}")
    assert [notice.text for notice in notices.all()] == [f"the parameter is {REDACTED}"]
