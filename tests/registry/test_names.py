"""Names of models, aliases and versions, and the references that are made of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.registry.names import Reference, reference_in, require_alias, require_name, require_version


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("churn", Reference("churn")),
        (" churn ", Reference("churn")),
        ("churn/3", Reference("churn", version=3)),
        ("churn/03", Reference("churn", version=3)),
        ("churn@champion", Reference("churn", alias="champion")),
        ("churn@Champion", Reference("churn", alias="Champion")),
        ("churn/latest", Reference("churn")),
        ("churn/Latest", Reference("churn")),
        ("models:/churn/3", Reference("churn", version=3)),
        ("models:/churn@champion", Reference("churn", alias="champion")),
        ("models:/churn", Reference("churn")),
        ("two words/3", Reference("two words", version=3)),
        ("größe@für", Reference("größe", alias="für")),
        ("o'neil", Reference("o'neil")),
    ],
)
def test_what_a_reference_names(text, reference):
    assert reference_in(text, "") == reference


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no name for a model: it is empty"),
        ("models:/", "it is empty"),
        ("@champion", "it is empty"),
        ("/3", "it is empty"),
        (
            "churn/0",
            r"a version is a number, such as 3, or an alias, such as challenger; not '0' \(str\)\. The versions: %models churn",
        ),
        ("churn/-1", "not '-1'"),
        ("churn/x", "not 'x'"),
        ("churn/3/4", "not '3/4'"),
        ("churn/³", "not '³'"),
        ("churn/9999999999", "not '9999999999'"),
        ("churn/3@x", "'churn/3' is no name for a model: it has no / and no :"),
        ("a:b", "it has no / and no :"),
        ("churn\n/3", "it is one line of text"),
    ],
)
def test_what_names_nothing_is_one_line(text, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        reference_in(text, "%register churn")
    assert "\n" not in str(caught.value)


NAMES = st.text(alphabet="abzÄ漢 _-.0'", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(NAMES, st.one_of(st.none(), st.integers(1, 10**9 - 1)), st.from_regex(r"\A[a-z][\w-]{0,9}\Z"))
def test_a_reference_reads_back_as_it_is_written(name, version, alias):
    for reference in (Reference(name, version=version), Reference(name, alias=alias)):
        assert reference_in(str(reference), "") == reference
        assert reference_in(f"models:/{reference}", "") == reference


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("a/b", "it has no / and no :"),
        ("a:b", "it has no / and no :"),
        ("a@b", "what follows @ is an alias"),
        (" a", "without spaces around it"),
        ("a\tb", "it is one line of text"),
        ("a\x1b[2Jb", "it is one line of text"),
        ("a" * 251, "it has at most 250 characters"),
    ],
)
def test_what_is_no_name_for_a_model(name, problem):
    with pytest.raises(UsageProblem, match=problem) as caught:
        require_name(name, "%register churn")
    assert str(caught.value).endswith("For example: %register churn")
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", [3, None, ["churn"], b"churn"])
def test_a_name_is_text(name):
    with pytest.raises(UsageProblem, match=r"the registry: name is text, not "):
        require_name(name, "%register churn")


@pytest.mark.parametrize("alias", ["champion", "a", "A-b_c9", "é", "vx", "v", "production", "a" * 255])
def test_aliases_that_mlflow_takes(alias):
    assert require_alias(alias) == (alias, "")


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ("", "'' is no alias: it has letters, digits, _ and - only"),
        ("a b", "'a b' is no alias"),
        ("a@b", "is no alias"),
        ("a.b", "is no alias"),
        ("a" * 256, "is no alias"),
        ("latest", "MLflow keeps 'latest' for itself"),
        ("LATEST", "MLflow keeps 'LATEST' for itself"),
        ("v3", "MLflow keeps 'v3' for itself: a version is named by its number"),
        ("V12", "MLflow keeps 'V12' for itself"),
        ("Archived", "'Archived' is a stage of older versions of MLflow, which has aliases in their place"),
        ("None", "'None' is a stage of older versions"),
        (3, "alias is text, not 3"),
        (None, "alias is text, not None"),
    ],
)
def test_what_is_no_alias_is_one_line(alias, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        require_alias(alias)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("stage", ["Production", "Staging"])
def test_a_stage_of_before_is_an_alias_now(stage):
    assert require_alias(stage) == (
        stage.lower(),
        f"stages such as {stage} are gone from MLflow: it is the alias {stage.lower()!r} now",
    )


@pytest.mark.parametrize(("version", "number"), [(3, 3), ("3", 3), ("003", 3), (1, 1), ("999999999", 999_999_999)])
def test_versions_are_numbers(version, number):
    assert require_version(version, "churn") == number


@pytest.mark.parametrize(
    "version", [0, "0", -1, "-1", 3.0, "3.0", True, None, "", "³", "1" * 10, "champion", "@champion", " 3"]
)
def test_what_is_no_version_is_told(version):
    with pytest.raises(
        UsageProblem, match=r"a version is a number, such as 3, or an alias.*The versions: %models churn"
    ):
        require_version(version, "churn")
