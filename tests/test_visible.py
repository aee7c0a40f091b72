"""The nearest word, and text without control characters, for any text."""

from hypothesis import given
from hypothesis import strategies as st

from mlmagic.suggestions import did_you_mean
from mlmagic.visible import clean, is_plain, visible


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
