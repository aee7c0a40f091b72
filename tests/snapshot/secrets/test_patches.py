"""A redacted patch keeps its form: Git still reads it."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.snapshot.secrets.patches import redact_patch
from mlmagic.snapshot.secrets.redaction import REDACTED

_KIND = "RSA PRIVATE KEY-----"  # apart, so that no scanner takes this file for a leak
KEY = f"-----BEGIN {_KIND}\n{'MIIEowIBAAKCAQEA7bq8aB3dE6gH1jK4mN7pQ0sT2vW5yZ8c' * 3}\n-----END {_KIND}"


def git(folder, *arguments, given=None):
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, input=given
    ).stdout


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "user.name", "Ana")
    git(tmp_path, "config", "user.email", "ana@example.org")
    return tmp_path


def patch_of(repository, before, after):
    (repository / "a.py").write_text(before)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "before")
    (repository / "a.py").write_text(after)
    return git(repository, "diff")


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ("x = 1\n", f'x = 1\nkey = """{KEY}"""\ny = 2\n', 1),
        (f'x = 1\nkey = """{KEY}"""\ny = 2\n', "x = 1\n", 1),
        (f'x = 1\nkey = """{KEY}"""\ny = 2\n', f'x = 2\nkey = """{KEY}"""\ny = 3\n', 1),
        ("a = 1\n", 'password = """one\ntwo 7\nthree"""\n', 1),
        ("a: 1\n", "password: hunter2x\nb:\n  api_key: hunter2y\n", 2),
    ],
)
def test_a_redacted_patch_is_one_that_git_reads_with_as_many_lines(repository, before, after, count):
    patch = patch_of(repository, before, after)
    clean, found = redact_patch(patch)
    assert found == count
    assert "MIIEow" not in clean
    assert "hunter2" not in clean
    assert clean.count("\n") == patch.count("\n")
    assert git(repository, "apply", "--numstat", given=clean) == git(repository, "apply", "--numstat", given=patch)
    assert redact_patch(clean) == (clean, 0)


def test_a_patch_without_secrets_is_as_it_was(repository):
    patch = patch_of(repository, "x = 1\n", "x = 2\nmax_tokens = 512\n")
    assert redact_patch(patch) == (patch, 0)
    git(repository, "checkout", "-q", ".")
    git(repository, "apply", given=redact_patch(patch)[0])
    assert (repository / "a.py").read_text() == "x = 2\nmax_tokens = 512\n"


def test_a_key_without_its_end_does_not_swallow_the_next_file():
    begun = KEY.rpartition("\n")[0].replace("\n", "\n+")
    header = "diff --git a/b.py b/b.py\n--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n"
    clean, count = redact_patch(f"@@ -0,0 +1,4 @@\n+{begun}\n{header}-{KEY.splitlines()[-1]}\n")
    assert count == 1
    assert header in clean
    assert REDACTED in clean


@given(
    st.lists(
        st.sampled_from(
            ["+", "-", " ", "\n", "@@ -1 +1 @@", "diff --git a/x b/x", "password = '", '"""', "hunter2", KEY]
        )
    )
)
def test_lines_are_never_lost_or_added(pieces):
    patch = "".join(pieces)
    assert redact_patch(patch)[0].count("\n") == patch.count("\n")
