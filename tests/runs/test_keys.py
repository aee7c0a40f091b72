import posixpath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlmagic.runs.keys import LONGEST_KEY, slug, unused, valid_key

TEXT = st.text() | st.lists(st.sampled_from([*"ab./ :-_\\é\u0301\n\t\x00", "..", "//", "٣", "\ud800"])).map("".join)


@pytest.fixture(scope="module")
def validators():
    from mlflow.utils import validation

    return (
        validation._validate_metric_name,
        validation._validate_param_name,
        validation._validate_tag_name,
        lambda key: validation._validate_length_limit("key", validation.MAX_ENTITY_KEY_LENGTH, key),
    )


@given(TEXT)
@example("a" * 249 + "/b")
@example("a" * 249 + " b")
@example("/.a/")
@example("a/ . /b. ./")
def test_every_key_is_one_that_mlflow_takes(validators, text):
    key = valid_key(text)
    for validate in validators:
        validate(key)
    assert valid_key(key) == key


@given(st.text(st.sampled_from("abé_-.:0"), min_size=1, max_size=LONGEST_KEY))
def test_a_key_that_mlflow_takes_is_kept(text):
    if text.strip(".") == text:
        assert valid_key(text) == text


@given(TEXT)
@example("é" * 300)
@example("../../etc/passwd")
def test_a_slug_is_one_safe_file_name(text):
    name = slug(text)
    assert len(name.encode()) < 200
    assert posixpath.basename(name) == name
    assert not name.startswith(".")
    assert not set(name) & set('/\\:*?"<>| \n\x00')
    assert slug(name) == name


@given(st.lists(st.sampled_from(["a", "a_2", "a_3", "b", ""])))
def test_names_that_were_given_are_never_given_again(names):
    taken = set()
    given_names = [unused(name, taken) for name in names]
    assert len(given_names) == len(set(given_names))
    assert set(given_names) == taken
