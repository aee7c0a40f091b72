import posixpath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from mlmagic.store.keys import KeyRegistry, changed_key, slug, unused, valid_key

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


@given(st.lists(TEXT, min_size=1))
@example(["precision@5", "precision_at_5"])
@example(["p<0.05", "p_lt_0.05"])
@example(["loss/", "loss", "loss."])
@example(["a" * 251, "a" * 250])
def test_a_key_that_mlflow_takes_is_kept_whatever_came_before(validators, names):
    keys = KeyRegistry()
    for name in names:
        try:
            for validate in validators:
                validate(name)
        except MlflowException:
            taken = False
        else:
            taken = not name.endswith("\n")  # which MLflow overlooks
        assert (keys.key(name) == name) == taken


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


PAIRS = [
    ("p<0.05", "p>0.05"),
    ("p<=0.05", "p<0.05"),
    ("f1 (macro)", "f1 [macro]"),
    ("f1 {macro}", "f1 (macro)"),
    ("precision@5", "precision_5"),
    ("precision@5", "precision_at_5"),
    ("precision@5", "precision#5"),
    ("loss", "loss/"),
    ("loss", "/loss"),
    ("loss", "loss."),
    ("loss", " loss"),
    ("a//b", "a/b"),
    ("a/./b", "a/b"),
    ("../a", "a"),
    ("", "unnamed"),
    ("???", "!!!"),
    ("x" * 300, "x" * 301),
    ("x" * 300, "x" * 250),
    ("é", "e\u0301"),
    ("a;b", "a:b"),
    ("Δ%", "Δ_"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("turned", [False, True])
def test_two_names_stay_two_in_whatever_order_they_come(one, other, turned):
    names = [other, one] if turned else [one, other]
    keys = KeyRegistry()
    found = {name: keys.key(name) for name in names}
    assert found[one] != found[other]
    assert found == {name: valid_key(name) for name in names}  # the same in every run
    assert [keys.key(name) for name in names] == list(found.values())


@given(st.lists(TEXT, unique=True))
@example(["p<0.05", "p_lt_0.05"])
@example(["p_lt_0.05", "p<0.05"])
@example(["f(a)", "f,a,", "f_a_"])
def test_no_two_names_share_a_key(validators, names):
    keys = KeyRegistry()
    found = [keys.key(name) for name in names]
    assert len(set(found)) == len(names)
    for key in found:
        for validate in validators:
            validate(key)


def test_names_that_are_secrets_stay_two_and_their_keys_tell_nothing_of_them():
    one, other = KeyRegistry(), KeyRegistry()
    assert [one.key(name, "<redacted>.x") for name in ("ghp_1.x", "ghp_2.x", "ghp_1.x")] == [
        "redacted_.x_21bd63", "redacted_.x_21bd63_2", "redacted_.x_21bd63",
    ]  # fmt: skip
    assert other.key("ghp_2.x", "<redacted>.x") == "redacted_.x_21bd63"
    assert changed_key("metric", "<redacted>.x", "redacted_.x_21bd63").startswith(
        "a secret was redacted in the metric key"
    )
