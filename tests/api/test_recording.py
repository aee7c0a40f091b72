"""``mlmagic.track``, ``log``, ``log_params`` and ``tag``: each argument, right and wrong, and what the store has then."""

import math
from collections import OrderedDict
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

import mlmagic
from mlmagic.errors import MLMagicError, NoActiveRunError, RunNotFoundError, UsageProblem


class Unprintable:
    def __str__(self):
        raise SystemExit("no text")

    __repr__ = __str__


class HasKeys:
    """A mapping by its methods only, as some libraries have them."""

    def __init__(self, name):
        self.name = name

    def keys(self):
        return [self.name]

    def __getitem__(self, key):
        return 0.5


MAPPINGS = {
    "dict": lambda name: {name: 0.5},
    "ordered": lambda name: OrderedDict({name: 0.5}),
    "read_only": lambda name: MappingProxyType({name: 0.5}),
    "by_its_methods": HasKeys,
    "series": lambda name: pd.Series({name: 0.5}),
    "series_of_two": lambda name: pd.Series({name: 0.5, "second": 0.5}),
    "row": lambda name: pd.DataFrame({name: [0.5]}).iloc[0],
    "float32": lambda name: {name: np.float32(0.5)},
    "array": lambda name: {name: np.array(0.5)},
    "decimal": lambda name: {name: Decimal("0.5")},
    "fraction": lambda name: {name: Fraction(1, 2)},
}


def test_names_and_values_come_in_any_mapping(record):
    def work():
        for name, make in MAPPINGS.items():
            mlmagic.log(make(name))
            mlmagic.log_params(make(name))
            mlmagic.tag(make(name))
        for function in (mlmagic.log, mlmagic.log_params, mlmagic.tag):
            function(None)
            function({})

    found = record(work)
    names = {*MAPPINGS, "second"}
    assert found.stored.data.metrics == dict.fromkeys(names, 0.5)
    assert found.stored.data.params.keys() == names
    assert found.tags.keys() == names
    assert found.warnings == []


def test_metrics_have_the_names_and_values_that_were_given(record):
    def work():
        mlmagic.log({"val/loss": 0.5, "größe": 1, 1: 0.5, None: 0.25})
        mlmagic.log(
            scores={"rf": 0.5, "svm": {"test": 0.25}}, flag=True, count=np.int64(3), high=math.inf, low=-math.inf
        )
        mlmagic.log(loss=[0.3, 0.2, np.float64(0.1)], other=np.array([1.0, 2.0]))

    found = record(work)
    assert mlmagic.Run(found.stored.info.run_id).metrics == {
        "val/loss": 0.5, "größe": 1.0, "1": 0.5, "None": 0.25, "scores.rf": 0.5, "scores.svm.test": 0.25, "flag": 1.0,
        "count": 3.0, "high": math.inf, "low": -math.inf, "loss": 0.1, "other": 2.0,
    }  # fmt: skip
    assert found.history("loss") == [(0, 0.3), (1, 0.2), (2, 0.1)]
    assert found.history("other") == [(0, 1.0), (1, 2.0)]


def test_what_is_no_number_is_a_line_in_the_summary_and_the_cell_goes_on(record):
    values = {
        "text": "high", "none": None, "thing": object(), "complex": 1 + 2j, "table": np.ones((2, 2)), "mixed": [1, "a"],
        "odd": Unprintable(), "function": print,
    }  # fmt: skip

    def work():
        mlmagic.log(values)
        mlmagic.log(accuracy=0.9)

    found = record(work)
    assert found.stored.data.metrics == {"accuracy": 0.9}
    assert len(found.warnings) == len(values)
    for name, line in zip(values, found.warnings, strict=True):
        assert line.startswith(f"metric {name!r} is ")
        assert line.endswith(", not a number: it was not recorded")


STEPS = {
    "counted": ([None, None, None], [0, 1, 2]),
    "on_from_the_last": ([0, 5, None], [0, 5, 6]),
    "negative": ([-3, None], [-3, -2]),
    "numpy": ([np.int64(4), True], [1, 4]),
    "whole": ([2.0], [2]),
}


def test_steps_count_on_from_the_last_one(record):
    def work():
        for name, (steps, _) in STEPS.items():
            for at, step in enumerate(steps):
                mlmagic.log({name: at / 10}, step=step)

    found = record(work)
    assert {name: [step for step, _ in found.history(name)] for name in STEPS} == {
        name: expected for name, (_, expected) in STEPS.items()
    }
    assert found.warnings == []


ODD_STEPS = {
    "text": ("x", "a step of metric 'text' is not a 64-bit integer: the next step was used"),
    "large": (2**70, "a step of metric 'large' is not a 64-bit integer: the next step was used"),
    "nan": (math.nan, "a step of metric 'nan' is not a 64-bit integer: the next step was used"),
    "inf": (math.inf, "a step of metric 'inf' is not a 64-bit integer: the next step was used"),
    "list": ([1], "a step of metric 'list' is not a 64-bit integer: the next step was used"),
    "half": (1.5, "steps of metric 'half' are no whole numbers: they were rounded down"),
}


def test_a_step_that_is_none_is_told_and_the_value_is_kept(record):
    found = record(lambda: [mlmagic.log({name: 0.5}, step=step) for name, (step, _) in ODD_STEPS.items()])
    assert found.stored.data.metrics == dict.fromkeys(ODD_STEPS, 0.5)
    assert found.warnings == [said for _, said in ODD_STEPS.values()]
    assert found.history("half") == [(1, 0.5)]


def test_keywords_take_precedence_over_the_mapping(record):
    def work():
        mlmagic.log({"loss": 1.0, "a": 2.0}, loss=0.5)
        mlmagic.log_params({"lr": 1, "depth": 2}, lr=0.5)
        mlmagic.tag({"team": "red", "stage": "draft"}, team="blue")

    found = record(work)
    assert found.stored.data.metrics == {"loss": 0.5, "a": 2.0}
    assert found.stored.data.params == {"lr": "0.5", "depth": "2"}
    assert found.tags == {"team": "blue", "stage": "draft"}


def test_parameters_are_flat_text(record):
    def work():
        mlmagic.log_params({"model": {"depth": 3, "layers": [64, 32]}, 1: {2: 3}}, deep={"er": {"est": 1}})
        mlmagic.log_params(none=None, flag=True, text="adam", empty="", number=np.float64(0.1))

    assert record(work).stored.data.params == {
        "model.depth": "3", "model.layers": "[64, 32]", "1.2": "3", "deep.er.est": "1", "none": "None", "flag": "True",
        "text": "adam", "empty": "", "number": "0.1",
    }  # fmt: skip


def test_an_object_without_a_text_costs_only_itself(record):
    found = record(lambda: mlmagic.log_params(odd=Unprintable(), lr=0.1))
    assert found.stored.data.params["lr"] == "0.1"
    assert "Unprintable" in found.stored.data.params["odd"]


def test_tags_are_the_same_text_by_either_way(record):
    given = {"team": "risk", "n": 3, "none": None, "list": [1, 2], 1: 2, "empty": ""}
    expected = {"team": "risk", "n": "3", "none": "None", "list": "[1, 2]", "1": "2", "empty": ""}
    assert record(lambda: mlmagic.tag(given)).tags == expected
    assert record(tags=given).tags == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tags": 5}, r"mlmagic\.track: tags is a mapping such as \{'team': 'search'\}, got 5\."),
        ({"tags": ["a"]}, r"tags is a mapping .*, got \['a'\]"),
        ({"tags": "team=risk"}, r"tags is a mapping .*, got 'team=risk'"),
        ({"name": b"a"}, r"name is text, not b'a' \(bytes\)"),
        ({"experiment": 5}, r"experiment is text, not 5 \(int\)"),
        ({"description": ["a"]}, r"description is text, not \['a'\] \(list\)"),
        ({"parent": 5}, r"parent is text, not 5 \(int\)"),
        ({"resume": True}, r"resume is text, not True \(bool\)"),
    ],
)
def test_an_option_of_a_wrong_type_is_refused_before_anything_is_opened(store_uri, options, message):
    import mlflow

    with pytest.raises(UsageProblem, match=message) as caught, mlmagic.track(**options):
        pass
    assert "\n" not in str(caught.value)
    assert mlflow.search_runs(output_format="list", search_all_experiments=True) == []


@pytest.mark.parametrize("option", ["parent", "resume"])
def test_a_run_that_is_not_there_is_refused_and_the_body_does_not_run(store_uri, option):
    ran = []
    with pytest.raises(RunNotFoundError, match="No run has the name or id 'nope'"), mlmagic.track(**{option: "nope"}):
        ran.append(1)
    assert ran == []


def test_the_options_reach_the_run(record):
    import mlflow

    outer = record(name="outer").stored
    found = record(
        name="inner", experiment="churn", description="a note", parent="outer", tags={"team": "risk"}, quiet=True
    ).stored
    assert found.info.run_name == "inner"
    assert found.data.tags["mlflow.parentRunId"] == outer.info.run_id
    assert mlflow.get_experiment(found.info.experiment_id).name in {"churn", "Default"}
    assert found.data.tags["mlflow.note.content"] == "a note"
    assert found.data.tags["team"] == "risk"


def test_a_run_is_continued_under_its_own_id(record):
    first = record(lambda: mlmagic.log(loss=1.0), name="first")
    again = record(lambda: mlmagic.log(loss=0.5), resume="first")
    last = record(lambda: mlmagic.log(loss=0.25), resume="")
    assert first.stored.info.run_id == again.stored.info.run_id == last.stored.info.run_id
    assert last.history("loss") == [(0, 1.0), (1, 0.5), (2, 0.25)]


def test_a_config_is_recorded_under_its_variables_name(store_uri):
    from mlflow import MlflowClient

    settings = {"lr": 0.1, "model": {"depth": 3, "layers": [1, 2]}, "off": None}
    with mlmagic.track("configured", config=settings, quiet=True) as run:
        pass
    mlmagic.sync()
    assert MlflowClient().get_run(run.id).data.params == {
        "settings.lr": "0.1", "settings.model.depth": "3", "settings.model.layers": "[1, 2]", "settings.off": "None",
    }  # fmt: skip
    assert "layers:\n  - 1" in mlmagic.Run(run.id).text("mlmagic/config.yaml")


@pytest.mark.parametrize("config", [5, object()], ids=["a number", "an object"])
def test_a_config_that_is_no_mapping_is_told(record, config):
    (line,) = record(config=config).warnings
    assert "is not recorded: TypeError" in line


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: mlmagic.log(a=1), "mlmagic.log"),
        (lambda: mlmagic.log_params(a=1), "mlmagic.log_params"),
        (lambda: mlmagic.tag(a=1), "mlmagic.tag"),
        (lambda: mlmagic.log_figure(None), "mlmagic.log_figure"),
        (lambda: mlmagic.log_artifact("x"), "mlmagic.log_artifact"),
    ],
)
def test_without_a_run_the_error_says_how_to_get_one(store_uri, call, named):
    with pytest.raises(
        NoActiveRunError, match=rf"^{named} was called where no run is active.*%%track on the first line"
    ):
        call()


def test_after_the_block_there_is_no_run(record):
    record()
    with pytest.raises(NoActiveRunError, match="no run is active, or after its run has ended"):
        mlmagic.log(a=1)


def test_an_exception_of_the_block_is_the_users_own(record):
    with pytest.raises(ZeroDivisionError, match="division"):
        record(lambda: 1 / 0, name="broken")
    mlmagic.sync()
    assert mlmagic.Run.find("broken").status == "FAILED"


def test_every_error_of_these_functions_is_caught_by_one_class(store_uri):
    for call in (lambda: mlmagic.log(5), lambda: mlmagic.track(5), lambda: mlmagic.tag(a=1)):
        with pytest.raises(MLMagicError, match=r"mlmagic\.\w+"):
            call()
