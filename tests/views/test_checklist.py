"""The checklist as a table and as text."""

from mlmagic.reproducibility.checklist import Checklist, item
from mlmagic.views.reproducibility.checklist import checklist_bundle

FOUND = Checklist(
    "forest",
    "a1",
    (
        item(1, "passed", "%seed 42 (cell 1, line 1)"),
        item(2, "failed", "cell 3, line 1: no seed", "and 2 more", fix="train_test_split(X, random_state=42)"),
        item(6, "not recorded", "no commit", fix="git init"),
        item(8, "not applicable", "a script", fix="not shown"),
    ),
    note="the run failed",
    problem="the score is not the run's tag",
)


def test_the_text_has_each_item_with_its_evidence_and_the_code_that_mends_it():
    assert checklist_bundle(FOUND)["text/plain"].split("\n") == [
        "forest: 2/4 reproducible",
        "  passed          1  Seeds set                   %seed 42 (cell 1, line 1)",
        "  failed          2  Splits seeded or hashed     cell 3, line 1: no seed; and 2 more",
        "                  -> train_test_split(X, random_state=42)",
        "  not recorded    6  Code under version control  no commit",
        "                  -> git init",
        "  not applicable  8  Cells in order              a script",
        "  ! the run failed",
        "  ! the score is not the run's tag",
    ]


def test_the_table_says_the_same():
    html = checklist_bundle(FOUND)["text/html"]
    for text in (
        "2/4",
        "forest",
        "1. Seeds set",
        "no seed",
        "and 2 more",
        "random_state=42",
        "git init",
        "the run failed",
    ):
        assert text in html
    assert "not shown" not in html
    assert html.count("<tr class=") == 4
