"""Secrets of two kinds, each put in place of the mark in a text, alone and among other lines."""

import pytest

from mlmagic.snapshot.secrets import known_values
from mlmagic.snapshot.secrets.known_values import REDACTED
from mlmagic.snapshot.secrets.redaction import redact


@pytest.fixture(params=["GumXxY9B4b", "Summer2024!"])
def assert_redacted(request):
    """Return a function that requires a secret at each ``«»`` of a text to be redacted, and nothing else."""

    def check(marked):
        text, expected = marked.replace("«»", request.param), marked.replace("«»", REDACTED)
        for before, after in (("", ""), ("x = 1\n", "\nloss=0.5\n")):
            known_values.forget_learned()
            clean, count = redact(before + text + after)
            # At the end of a sentence the mark may be the sentence's.
            assert clean in {before + expected + after, before + expected.replace(REDACTED, f"{REDACTED}!") + after}
            assert count == marked.count("«»")
            assert redact(clean) == (clean, 0)

    return check
