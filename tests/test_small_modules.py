"""The modules at the top of the package that have no room of their own: arguments, errors, numbers, words, references."""

import gc
import math
import os
import stat
import weakref
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic import errors
from mlmagic.adapters.optional import require
from mlmagic.arguments import described, require_mapping, require_text, require_text_or_none
from mlmagic.confirming import confirmed
from mlmagic.errors import MissingPackageError, MLMagicError, PromotionRefusedError, StoreAwayError, UsageProblem
from mlmagic.private import make_private
from mlmagic.remembered import GONE, Remembered
from mlmagic.scalars import as_float, as_number, is_float_scalar, mean_and_std
from mlmagic.shadowing import shadow
from mlmagic.suggestions import did_you_mean
from mlmagic.user_settings import settings
from mlmagic.verdicts import GateVerdict
from mlmagic.visible import clean, is_plain, visible


class Odd:
    """An object whose every word raises."""

    def __repr__(self):
        raise SystemExit("no text")

    __str__ = __float__ = __bool__ = __repr__


# Arguments


@pytest.mark.parametrize("value", ["", "x", "two\nlines", type("Text", (str,), {})("x")])
def test_text_is_text(value):
    require_text("f", "f('x')", a=value)
    require_text_or_none("f", "f('x')", a=value, b=None)


@pytest.mark.parametrize("value", [5, None, b"x", ["x"], object, Odd(), np.str_, 0.5, ("x",)])
def test_what_is_no_text_is_named_with_its_value_its_type_and_an_example(value):
    with pytest.raises(UsageProblem, match=r"^f: second is text, not .*\. For example: f\('x'\)$"):
        require_text("f", "f('x')", first="x", second=value)


@pytest.mark.parametrize("value", [None, {}, {"a": 1}, pd.Series({"a": 1}), pd.DataFrame({"a": [1]}), os.environ])
def test_what_has_keys_is_a_mapping(value):
    require_mapping("f", "f(a=1)", value)


@pytest.mark.parametrize("value", [5, "a", [1], {1}, Odd(), np.ones(2)], ids=lambda one: type(one).__name__)
def test_what_has_no_keys_is_no_mapping(value):
    with pytest.raises(
        UsageProblem, match=r"^f takes keywords or a mapping of names to values, not .*For example: f\(a=1\)"
    ):
        require_mapping("f", "f(a=1)", value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5 (int)"),
        (None, "None"),
        (True, "True (bool)"),
        ("a\nb", r"'a\nb' (str)"),
        (Odd(), "a value of type Odd"),
        (np.float64(0.5), "np.float64(0.5) (float64)"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_value_is_described_in_one_short_line(value, text):
    assert described(value) == text


def deep(levels):
    """Return lists in dicts in lists, with long texts."""
    return {"k" * 50 + str(at): [deep(levels - 1), "x" * 100] for at in range(5)} if levels else "a\nb" * 50


@pytest.mark.parametrize("value", [deep(1), deep(3), "x" * 10_000, list(range(1000)), 10**300, b"\x00" * 500], ids=lambda one: type(one).__name__)  # fmt: skip
def test_a_large_value_is_described_in_one_short_line(value):
    shown = described(value)
    assert "\n" not in shown
    assert len(shown) < 230
    assert shown.endswith(f" ({type(value).__name__})")


# Errors


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


# Numbers


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0), (True, 1.0), (0.5, 0.5), (np.int8(3), 3.0), (np.float16(0.5), 0.5), (np.bool_(True), 1.0),
        (np.array(0.5), 0.5), (np.array([[0.5]]), 0.5), (Decimal("0.5"), 0.5), (Fraction(1, 4), 0.25), (10**400, math.inf),
        (-(10**400), -math.inf), (math.inf, math.inf), (Decimal("Infinity"), math.inf),
        ("0.5", None), (b"1", None), (None, None), (1 + 2j, None), (np.complex64(1), None), ([1.0], None), ({1: 2}, None),
        (np.array([1.0, 2.0]), None), (np.array([]), None), (np.datetime64("2026"), None), (np.timedelta64(1, "s"), None),
        (pd.Timestamp("2026"), None), (Decimal("sNaN"), None), (Odd(), None), (print, None), (float, None),
    ],
    ids=lambda one: f"{type(one).__name__}",
)  # fmt: skip
def test_a_number_is_a_single_real_one(value, number):
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.5, 0.5), (np.float32(0.5), 0.5), (np.array(0.5), 0.5), (type("F", (float,), {})(0.5), 0.5), (1, None), (True, None),
        (np.int64(1), None), (np.array(1), None), (np.array([0.5]), None), (Decimal("0.5"), None), ("0.5", None), (None, None),
        (np.complex128(1), None),
    ],
    ids=lambda one: f"{type(one).__name__}",
)  # fmt: skip
def test_a_measurement_is_a_floating_point_scalar(value, number):
    assert as_float(value) == number


def test_torch_scalars_are_numbers_and_measurements():
    torch = pytest.importorskip("torch")
    assert as_number(torch.tensor([2])) == 2.0
    assert as_float(torch.tensor(0.5)) == 0.5
    assert as_float(torch.tensor(2)) is None
    assert is_float_scalar(torch.tensor(0.5, dtype=torch.bfloat16))


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_mean_and_deviation_are_those_of_numpy(values):
    mean, deviation = mean_and_std(values)
    assert mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    assert deviation == pytest.approx(np.std(values), rel=1e-6, abs=1e-6)


def test_the_deviation_from_a_mean_that_is_not_finite_is_not_known():
    for values in ([math.inf, 1.0], [math.nan], [1e308, 1e308]):
        mean, deviation = mean_and_std(values)
        assert not math.isfinite(mean)
        assert math.isnan(deviation)


# Words


@given(st.text(max_size=30), st.lists(st.text(max_size=12), max_size=6))
def test_the_nearest_word_is_one_of_the_valid_ones_and_no_other_is_nearer(word, valid):
    hint = did_you_mean(word, valid)
    assert not hint or any(hint == f" Did you mean '{clean(one)}'?" for one in valid)
    assert "\n" not in hint


@given(st.text(alphabet="abcd", min_size=3, max_size=12), st.data())
def test_a_word_with_one_letter_changed_finds_its_own(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    wrong = data.draw(
        st.sampled_from([word[:at] + word[at + 1 :], word[:at] + "z" + word[at + 1 :], word[:at] + "z" + word[at:]])
    )
    assert did_you_mean(wrong, ["qqqqqqqqqqqqqqqqqqqqq", word]) == f" Did you mean '{word}'?" or len(wrong) < 2


@given(st.text())
def test_cleaned_text_is_plain_and_stays_as_it_is(text):
    line = clean(text)
    assert is_plain(line)
    assert clean(line) == line
    assert len(line) == len(text)
    assert visible(visible(text)) == visible(text)
    assert visible(text).count("\n") == text.count("\n")


def test_anything_has_a_visible_form():
    assert (clean(5), clean(None), clean(["\n"])) == ("5", "None", r"['\n']")


# References


class Thing:
    pass


def test_an_object_is_remembered_and_not_kept_alive():
    thing = Thing()
    remembered = Remembered(thing)
    assert remembered.is_(thing)
    assert remembered.value() is thing
    assert not remembered.is_(Thing())
    alive = weakref.ref(thing)
    del thing
    gc.collect()
    assert alive() is None
    assert remembered.value() is GONE


@pytest.mark.parametrize("value", [None, 5, 0.5, "text", b"bytes", True, np.float64(0.5)], ids=repr)
def test_a_small_value_is_kept(value):
    remembered = Remembered(value)
    assert remembered.value() is value
    assert remembered.is_(value)


def test_lists_and_large_texts_are_known_by_their_place_only():
    for value in ([1, 2], {"a": 1}, "x" * 20_000, (1, 2)):
        remembered = Remembered(value)
        assert remembered.is_(value)
        assert remembered.value() is GONE
        assert not remembered.is_(object())


def test_a_shadow_is_taken_back_unless_somebody_replaced_it():
    class Owner:
        name = "of the class"

    owner = Owner()
    undo = shadow(owner, "name", "shadow")
    assert owner.name == "shadow"
    undo()
    assert owner.name == "of the class"
    assert vars(owner) == {}
    undo = shadow(Owner, "name", "shadow")
    Owner.name = "theirs"
    undo()
    assert Owner.name == "theirs"
    owner.name = "mine"
    undo = shadow(owner, "name", "shadow")
    undo()
    undo()
    assert owner.name == "mine"


# Asking, and private folders


@pytest.mark.parametrize(
    ("answer", "yes"), [("y", True), (" YES ", True), ("Y\n", True), ("n", False), ("", False), ("yesterday", False)]
)
def test_only_yes_is_yes(monkeypatch, answer, yes):
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or answer)
    assert confirmed("Really? ", "add --yes") is yes
    assert asked == ["Really? "]


@pytest.mark.parametrize("error", [EOFError(), OSError("no terminal"), RuntimeError("raw_input was called")])
def test_where_nobody_can_be_asked_the_way_out_is_named(monkeypatch, error):
    def ask(_):
        raise error

    monkeypatch.setattr("builtins.input", ask)
    with pytest.raises(UsageProblem, match=r"^nobody can be asked here: add --yes$"):
        confirmed("Really? ", "add --yes")


def test_ctrl_c_at_a_question_is_no_answer(monkeypatch):
    def ask(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", ask)
    with pytest.raises(KeyboardInterrupt):
        confirmed("Really? ", "x")


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_a_private_folder_and_its_new_parents_are_the_users_alone(tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    make_private(tmp_path / "open" / "a" / "b")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "open" / "a", tmp_path / "open" / "a" / "b")] == [
        0o700
    ] * 2
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o755
    (tmp_path / "open").chmod(0o777)
    make_private(tmp_path / "open")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", ["a link", "a file"])
def test_what_is_no_folder_is_not_made_private(tmp_path, kind):
    place = tmp_path / "place"
    if kind == "a link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.write_text("x")
    with pytest.raises(NotADirectoryError, match="is no folder, or a link"):
        make_private(place)
