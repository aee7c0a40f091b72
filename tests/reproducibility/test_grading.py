"""The eight items, graded from facts of runs that are made up here."""

from __future__ import annotations

import pytest

from mlmagic.reproducibility.cells import read_cell
from mlmagic.reproducibility.checking import graded
from mlmagic.reproducibility.needed_cells import needed
from mlmagic.reproducibility.run_facts import RunFacts
from mlmagic.session.log import ExecutionLog, LoggedCell

GIT = {"mlflow.source.git.commit": "0123456789abcdef", "mlmagic.git.dirty": "false"}
TAGS = {"mlmagic.id": "f" * 32, "mlflow.source.type": "NOTEBOOK", **GIT}
IMPORTS = "from sklearn.svm import SVC\nfrom sklearn.preprocessing import StandardScaler"
GOOD = (
    "%load_ext mlmagic\n%seed 42",
    "from sklearn.datasets import load_wine\nX, y = load_wine(return_X_y=True)",
    "%split X y --test 0.2 --stratify y",
    "%%track wine\nmodel = make_pipeline(StandardScaler(), SVC()).fit(X_train, y_train)",
)
BESIDE = (
    IMPORTS,
    "%split X y --seed 1",
    "%%track a\ns = StandardScaler().fit(X_train)\nm = SVC().fit(s.transform(X_train), y_train)",
)


def item(number, sources=GOOD, *, ids=(), **more):
    """Return an item of a run with a session of these cells."""
    read = tuple(read_cell(source, at) for at, source in enumerate(sources, 1))
    log = ExecutionLog([LoggedCell(at, one, "ok", cell_id=dict(ids).get(at)) for at, one in enumerate(sources, 1)])
    given = {"tags": TAGS, "params": {}, "datasets": (("X_train", "d" * 32, {}),), "requirements": "a==1\nb==2\n"}
    given |= {"cells": needed(read), "all_cells": read, "log": log, "environment": {"python": {"version": "3.13.1"}}}
    facts = RunFacts("r1", "a", "FINISHED", **(given | more))
    return next(one for one in graded(facts) if one.number == number)


@pytest.mark.parametrize(
    ("number", "evidence"),
    [
        (1, "%seed 42 (cell 1, line 2)"),
        (2, "%split X y --test 0.2 --stratify y (cell 3, line 1)"),
        (3, "X_train"),
        (4, "2 packages, Python 3.13.1"),
        (5, "nothing is fitted outside of the model"),
        (6, "commit 01234567, nothing uncommitted"),
        (7, "no absolute paths, no number in several cells"),
        (8, "clean"),
    ],
)
def test_each_item_of_a_good_run_is_passed_with_its_evidence(number, evidence):
    found = item(number)
    assert (found.state, found.evidence, found.fix) == ("passed", (evidence,), "")


@pytest.mark.parametrize(
    ("number", "cells", "evidence", "fix"),
    [
        (
            1,
            ["import numpy as np", "%%track a\nnoise = np.random.rand(3)"],
            "cell 2, line 2: numpy.random.rand: NumPy's np.random is not seeded before",
            "%seed 42",
        ),
        (
            2,
            ["from sklearn.model_selection import train_test_split", "a, b = train_test_split(X)", "%%track a\nprint(a)"],
            "cell 2, line 1: train_test_split divides otherwise each time",
            "train_test_split(X, random_state=42)",
        ),
        (
            5,
            [IMPORTS, "X = StandardScaler().fit_transform(X)", "%split X y --seed 1", "%%track a\nm = SVC().fit(X_train, y_train)"],
            "cell 2, line 1: StandardScaler is fitted on rows that %split divides afterwards (cell 3, line 1)",
            "model = make_pipeline(StandardScaler(), SVC()).fit(X_train, y_train)",
        ),
        (
            5,
            [IMPORTS, "%split X y --seed 1", "%%track a\nm = SVC().fit(X, y)\naccuracy = m.score(X_test, y_test)"],
            "cell 3, line 2: SVC is fitted on rows that judge it: score (cell 3, line 3)",
            "SVC().fit(X_train, y_train)",
        ),
        (
            5,
            [
                IMPORTS,
                "%split X y --seed 1",
                "%%track a\nscores = []\nfor C in [1, 2]:\n    m = SVC(C=C).fit(X_train, y_train)\n"
                "    scores.append(m.score(X_test, y_test))\nbest = max(scores)",
            ],
            "cell 3, line 6: best is chosen by the scores of the test set, and no other rows are held out to judge it",
            "choose by cross_val_score(model, X_train, y_train).mean(); then score the chosen one on the test set, once",
        ),
        (
            7,
            ['df = pd.read_csv("/home/ana/x.csv")', "%%track a\nmodel = df.mean()"],
            "cell 1, line 1: the absolute path '/home/ana/x.csv' is on this machine only",
            'DATA = Path(os.environ.get("DATA", "data")); DATA / "x.csv"',
        ),
    ],
)  # fmt: skip
def test_what_code_fails_is_named_with_its_place_and_the_line_that_mends_it(number, cells, evidence, fix):
    found = item(number, cells)
    assert found.state == "failed"
    assert found.evidence[0].startswith(evidence)
    assert found.fix == fix
    assert [at for at in (1, 2, 5, 7) if item(at, cells).state == "failed"] == [number]


def test_a_cell_that_the_run_does_not_depend_on_is_not_held_against_it():
    unrelated = (
        "import random\nrandom.random()",
        "data = open('/home/ana/x')",
        "Z = PCA().fit_transform(Q)\nparts = train_test_split(Z)",
    )
    assert {item(number, (*unrelated, *GOOD)).state for number in (1, 2, 5, 7)} == {"passed"}


def test_a_mistake_that_was_mended_before_the_run_is_not_held_against_it():
    cells = (GOOD[0], GOOD[1], "X = StandardScaler().fit_transform(X)", GOOD[2], *GOOD[1:])
    assert item(5, cells).state == "passed"


def test_a_function_that_is_bound_before_what_it_reads_is_followed():
    cells = [
        "import numpy as np",
        "def draw():\n    return make(3)",
        "make = np.random.rand",
        "%%track a\ny = draw()",
        GOOD[0],
    ]
    read = [read_cell(source, at) for at, source in enumerate(cells[:4], 1)]
    assert [one.number for one in needed(read)] == [1, 2, 3, 4]


def test_the_cells_of_a_continued_run_count_all():
    cells = [
        read_cell("import numpy as np", 1),
        read_cell("%%track a\nx = np.random.rand()", 2, run="r"),
        read_cell("y = 1", 3),
    ]
    last = read_cell("%%track --resume\nprint(1)", 4, run="r")
    assert [one.number for one in needed([*cells, last])] == [1, 2, 4]


def test_preprocessing_beside_the_model_fails_only_if_the_model_is_recorded():
    assert item(5, BESIDE).state == "passed"
    found = item(5, BESIDE, models=("m",))
    assert found.state == "failed"
    assert found.evidence[0].startswith("cell 3, line 3: SVC is trained on what StandardScaler (cell 3, line 2) made")
    assert found.fix == "model = make_pipeline(StandardScaler(), SVC()).fit(X_train, y_train)"


@pytest.mark.parametrize(
    ("number", "evidence"), [(1, "no random numbers are drawn"), (2, "no rows are divided"), (5, "no model is fitted")]
)
def test_what_the_code_does_not_do_is_not_applicable_and_counts(number, evidence):
    found = item(number, ["%%track a\nx = 1 + 1"])
    assert (found.state, found.evidence, found.is_good) == ("not applicable", (evidence,), True)


@pytest.mark.parametrize(
    ("tags", "patch", "state", "evidence"),
    [
        ({}, None, "passed", "nothing uncommitted"),
        ({"mlmagic.git.dirty": "true"}, "diff --git a b", "passed", "kept in mlmagic/uncommitted.patch"),
        ({"mlmagic.git.dirty": "true"}, "", "passed", "only outputs of notebooks"),
        ({"mlmagic.git.dirty": "true"}, None, "failed", "no patch is recorded"),
        ({"mlmagic.git.dirty": "true"}, "+k = <redacted>", "failed", "does not apply"),
        ({"mlmagic.git.dirty": "perhaps"}, None, "not recorded", "whether anything was uncommitted is not recorded"),
        ({"mlflow.source.git.commit": ""}, None, "failed", "in no Git repository"),
    ],
)
def test_version_control_is_graded_by_what_can_be_had_again(tags, patch, state, evidence):
    found = item(6, tags=TAGS | tags, patch=patch)
    assert found.state == state
    assert evidence in " ".join(found.evidence)
    assert bool(found.fix) == (state == "failed")


@pytest.mark.parametrize(
    ("tags", "state", "evidence"),
    [
        ({"mlmagic.order": "clean"}, "passed", "clean"),
        ({"mlmagic.order": "stale", "mlmagic.order.reason": "lr"}, "failed", "stale: lr"),
        ({"mlmagic.order": "out-of-order"}, "failed", "out-of-order"),
        ({"mlmagic.order": "whatever"}, "passed", "clean"),
    ],
)
def test_the_order_of_cells_is_that_of_the_tag_or_of_the_log(tags, state, evidence):
    found = item(8, tags=TAGS | tags)
    assert (found.state, found.evidence) == (state, (evidence,))


def test_an_input_of_an_edited_cell_is_found_in_the_log():
    found = item(8, ("lr = 0.1", "rate = 0.1", "%%track a\nprint(lr)"), ids={1: "x", 2: "x", 3: "y"})
    assert found.state == "failed"
    assert found.evidence == ("stale: lr comes from cell [1], which was edited and run again as [2]",)


def test_a_cell_that_was_run_again_with_the_same_names_is_no_stale_input():
    cells = ("lr = 0.1", "lr = 0.2", "%%track a\nprint(lr)")
    assert item(8, cells, ids={1: "x", 2: "x", 3: "y"}).state == "passed"


def test_a_script_has_no_order_of_cells():
    found = item(8, tags=TAGS | {"mlflow.source.type": "LOCAL"}, log=None, all_cells=())
    assert found.state == "not applicable"


def test_a_sample_of_data_is_no_fingerprint():
    found = item(3, datasets=(("big", "d" * 32, {"sampled": True}),))
    assert (found.state, found.evidence) == ("failed", ("only a sample was hashed: big",))


def test_a_run_that_reads_no_data_needs_no_fingerprint_one_that_reads_some_does():
    assert item(3, ["%%track a\nx = 1 + 1"], datasets=()).state == "not applicable"
    assert item(3, ["%%track a --no-data\ndf = pd.read_csv('a.csv')"], datasets=()).state == "failed"


def test_of_a_run_without_any_code_nothing_is_claimed():
    about = {
        "cells": None,
        "all_cells": (),
        "log": None,
        "tags": {"mlmagic.id": "e"},
        "datasets": (),
        "requirements": None,
    }
    assert {number: item(number, **about).state for number in range(1, 9)} == dict.fromkeys(range(1, 9), "not recorded")


def test_the_packages_of_a_logged_model_count():
    assert item(4, requirements=None, models=("m",), has_model_requirements=True).state == "passed"
    assert item(4, requirements=None).state == "not recorded"


def test_a_trial_has_a_seed_of_its_own():
    cells = ["import numpy as np", "x = np.random.rand(3)"]
    child = TAGS | {"mlflow.parentRunId": "p"}
    assert item(1, cells, tags=child, params={"seed": "7"}).state == "passed"
    assert item(1, cells, tags=child).state == "failed"
    assert item(1, cells, params={"seed": "7"}).state == "failed"


def test_a_model_that_a_config_makes_is_judged_by_its_recorded_parameters():
    cells = ["cfg = compose('forest')", "%%track a\nmodel = mlmagic.instantiate(cfg.model).fit(X, y)"]
    forest = {"class": "sklearn.ensemble._forest.RandomForestClassifier", "parameters": {"random_state": None}}
    found = item(1, cells, parameters={"model": forest})
    assert (found.state, found.evidence) == ("failed", ("model: RandomForestClassifier has random_state=None",))
    assert item(1, [GOOD[0], *cells], parameters={"model": forest}).state == "passed"
    assert item(1, cells, parameters={"model": forest | {"parameters": {"random_state": 3}}}).state == "not applicable"
    inner = {"random_state": 0, "estimator": "DecisionTreeClassifier", "estimator__random_state": None}
    boosted = {"class": "sklearn.ensemble._weight_boosting.AdaBoostClassifier", "parameters": inner}
    assert item(1, cells, parameters={"model": boosted}).state == "not applicable"


def test_a_cell_that_is_no_python_hides_no_other():
    assert item(1, ["import numpy as np", "x = (", "%%bash\nls", "%%track a\ny = np.random.rand(2)"]).state == "failed"
