"""The exceptions: each is ours and a builtin one, and shows in one block."""

import pandas as pd
import pytest

from mlmagic import errors
from mlmagic.adapters.optional import require
from mlmagic.errors import MissingPackageError, MLMagicError, PromotionRefusedError, StoreAwayError, UsageProblem
from mlmagic.user_settings import settings
from mlmagic.verdicts import GateVerdict


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.UsageProblem, ValueError),
        (errors.NoActiveRunError, RuntimeError),
        (errors.StoreError, RuntimeError),
        (errors.RunNotFoundError, LookupError),
        (errors.ModelNotFoundError, LookupError),
        (errors.ModelLoadError, RuntimeError),
        (errors.PromotionRefusedError, RuntimeError),
        (errors.MissingPackageError, ImportError),
    ],
)
def test_an_error_is_ours_and_a_builtin_one(error, builtin):
    assert issubclass(error, MLMagicError)
    assert issubclass(error, builtin)
    assert issubclass(errors.Interrupted, KeyboardInterrupt)
    assert not issubclass(errors.Interrupted, MLMagicError)


def test_an_error_shows_in_one_block_and_by_a_setting_with_its_traceback(monkeypatch):
    def fails():
        raise UsageProblem("wrong\x1b[2J")

    with pytest.raises(UsageProblem, match="wrong") as caught:
        fails()
    assert caught.value._render_traceback_() == ["UsageProblem: wrong\N{REPLACEMENT CHARACTER}[2J"]
    monkeypatch.setattr(settings, "tracebacks", True)
    shown = "".join(caught.value._render_traceback_())
    assert "in fails" in shown
    assert "Traceback" in shown
    monkeypatch.setattr(settings, "tracebacks", False)
    assert errors.Interrupted("stopped")._render_traceback_() == ["KeyboardInterrupt: stopped"]


def test_errors_carry_what_happened():
    away = StoreAwayError("away", only_this=True, wait_s=3)
    assert (away.only_this, away.too_large, away.is_gone, away.is_from_elsewhere, away.wait_s) == (
        True,
        False,
        False,
        False,
        3,
    )
    assert away._render_traceback_() == [
        "StoreAwayError: away. Try again when it answers; %mlmagic shows which store is used"
    ]
    verdict = GateVerdict(passed=False, sentence="no", numbers={"loss": 0.5})
    assert PromotionRefusedError("no", verdict).verdict.numbers == {"loss": 0.5}
    assert PromotionRefusedError("no").verdict is None
    frame = pd.DataFrame({"a": [1]})
    assert errors.SweepFailedError("all failed", frame).results is frame
    assert errors.SweepInterrupted("stopped", frame).results is frame


def test_a_package_that_is_there_and_does_not_import_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("import no_such_module_of_it")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_of_it"):
        require("broken_package", "x")
    with pytest.raises(MissingPackageError, match=r"^x needs the-name: %pip install the-name$"):
        require("no_such_package", "x", pip="the-name")
