"""Overrides on a line: nothing is lost, and what is in brackets or quotes stays together."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.config.overrides import in_quotes, key_of, quoted, words_of


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("cfg model=rf model.depth=5", ["cfg", "model=rf", "model.depth=5"]),
        ("lr=0.1, 0.01 depth=3", ["lr=0.1,0.01", "depth=3"]),
        ("lr = 0.1 depth= 3 width =4", ["lr=0.1", "depth=3", "width=4"]),
        ("x='a, b' y=\"c d\"", ["x='a, b'", 'y="c d"']),
        ("n=choice(1, 2) r=range(1, 10) l=[1, 2] d={a: 1, b: {c: 2}}",
         ["n=choice(1, 2)", "r=range(1, 10)", "l=[1, 2]", "d={a: 1, b: {c: 2}}"]),
        ("lr=${other} s=${oc.env:HOME}", ["lr=${other}", "s=${oc.env:HOME}"]),
        ("empty= next=1", ["empty=", "next=1"]),
        ("q='it\\'s, this' b=2", ["q='it\\'s, this'", "b=2"]),
        ("--config-dir 'my configs' a=1", ["--config-dir", "'my configs'", "a=1"]),
        ("a=1, --quiet", ["a=1,", "--quiet"]),
        ("open=[1, 2", ["open=[1, 2"]),
        ("cfg 'l=[1,2]' lr=1", ["cfg", "l=[1,2]", "lr=1"]),
        ('"l=[1, 2]"', ["l=[1, 2]"]),
        ("'lr=0.1, 0.01' \"depth=range(1, 4)\"", ["lr=0.1, 0.01", "depth=range(1, 4)"]),
        ("'+new={a: 1}' '++b.c=2' '~old' '~old=1'", ["+new={a: 1}", "++b.c=2", "~old", "~old=1"]),
        ("'db/engine@store=fast' 'hydra.job.name=x'", ["db/engine@store=fast", "hydra.job.name=x"]),
        ("\"name='a b'\" 'name=\"a b\"'", ["name='a b'", 'name="a b"']),
        (r'"name=\"a b\""', ['name="a b"']),
        ("\"opt=choice('a','b')\" opt=choice('a','b')", ["opt=choice('a','b')", "opt=choice('a','b')"]),
        ("'o=${lr}' 'größe=1'", ["o=${lr}", "größe=1"]),
        ("name='a=b' 'my sweep' 'it is' \"x\"", ["name='a=b'", "'my sweep'", "'it is'", '"x"']),
        ("l='[1,2]' 'a','b' '' '", ["l='[1,2]'", "'a','b'", "''", "'"]),
        ("'a=1','b=2'", ["'a=1','b=2'"]),
        ("'not closed=1", ["'not closed=1"]),
    ],
)  # fmt: skip
def test_a_line_is_divided_where_a_person_means_it(line, words):
    assert words_of(line) == words


@given(st.text(alphabet="ab=,[](){}'\" -1\\", max_size=40))
def test_no_letter_is_lost_but_spaces_and_a_shells_quotes(line):
    letters = line.translate(dict.fromkeys(map(ord, "'\"\\ ")))
    assert "".join(words_of(line)).translate(dict.fromkeys(map(ord, "'\"\\ "))) == letters


@given(st.text(alphabet="abÄß漢é xyz", min_size=1, max_size=12).map(str.strip).filter(bool))
def test_words_of_any_letters_are_read_by_hydra_as_they_were_typed(text):
    [override] = OverridesParser.create().parse_overrides([quoted(f"name={text}")])
    assert override.value() == text


@given(st.text(alphabet="äb\\-/.", min_size=1, max_size=12).filter(lambda text: "ä" in text))
def test_backslashes_mean_the_same_beside_letters_that_are_not_ascii(text):
    [plain] = OverridesParser.create().parse_overrides([f"name={text.replace('ä', 'a')}"])
    [override] = OverridesParser.create().parse_overrides([quoted(f"name={text}")])
    assert override.value().replace("ä", "a") == plain.value()


@given(st.text(max_size=12))
def test_any_text_in_quotes_is_read_back(text):
    [override] = OverridesParser.create().parse_overrides([f"name={in_quotes(text)}"])
    assert override.value() == text


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("a.b=1", "a.b"),
        ("+a=1", "a"),
        ("++a=1", "a"),
        ("~a.b", "a.b"),
        ("db/engine=x", "db.engine"),
        ("db@src:dst=x", "dst"),
    ],
)
def test_the_key_of_an_override(override, key):
    assert key_of(override) == key
