"""Whether a run passes a filter."""

import datetime as dt
import math
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from light_runs import START_MS, light_run

from mlmagic.errors import UsageProblem
from mlmagic.store.query.filters.matching import test_of, value_of
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.filters.parser import parse

test_of.__test__ = False  # a function of the language, which pytest takes for a test by its name
ID = "abcdef0123456789abcdef0123456789"
LOCAL_START = dt.datetime.fromtimestamp(START_MS / 1000, dt.UTC).astimezone().replace(tzinfo=None)
RUN = light_run(
    "Forest 7",
    {"lr": "0.10", "optimizer": "AdamW", "note": 'it\'s "fine"', "empty": "", "inf": "inf", "odd": "nan"},
    {"loss": 0.5, "gap": math.nan, "up": math.inf, "zero": 0.0},
    run_id=ID,
    tags={"team": "Risk", "mlflow.user": "ana", "mlflow.source.type": "LOCAL", "count": "3"},
    datasets={"train": "9f3a", "valid set": "1B1B"},
    status="FAILED",
    end=START_MS + 90_000,
)
OTHER = light_run("other", {"lr": "word", "depth": "3"}, {"loss": 2.0, "extra": 1.0}, tags={"team": "blue"})
KEYS = Keys.seen_in([RUN, OTHER], "", complete=True)


def passes(text, run=RUN, keys=KEYS):
    return test_of(parse(text, keys.is_name), keys)(run)


def refusal(text, keys=KEYS):
    with pytest.raises(UsageProblem) as caught:
        passes(text, keys=keys)
    return str(caught.value)


HOLD = [
    *("loss = 0.5", "loss = 5e-1", "loss != 0.6", "loss <= 0.5", "loss >= 0.5", "loss < 0.51", "loss > 0.49"),
    *("loss in (1, 0.5)", "loss not in (1, 2)", "loss is not missing", "extra is missing"),
    *("gap = nan", "gap != 0", "gap in (nan)", "gap not in (0, 1)", "up = inf", "up > 1e308", "up < nan or up = inf"),
    *("zero = -0", "zero = 0"),
    *("lr = 0.1", "lr = 0.10", "lr = '0.10'", "lr != '0.1'", "lr <= 0.1", "lr >= 0.1", "lr < 0.2", "lr > 1e-3"),
    *("lr in (0.1)", "lr in ('0.10', 5)", "lr not in ('0.1')", "lr ~ 0.1", "lr ~ '.10'", "lr like '0.%'"),
    *("optimizer = adamw", "optimizer = 'AdamW'", "optimizer != 'adamw'", "optimizer ~ DAM", "optimizer !~ sgd"),
    *("optimizer like 'Adam_'", "optimizer ilike 'ADAM%'", "optimizer in (sgd, adamw)", "optimizer not in (sgd)"),
    *("note = x or note ~ fine", "empty = ''", "empty is not missing", "depth is missing", "inf = inf", "inf > 1"),
    *("odd = nan", "team = risk", "team ~ ris", "tags.count = 3", "count > 2", "user = ana", "tags.mlflow.user = ANA"),
    *("name = 'Forest 7'", "name ~ forest", "name ilike '%FOREST%'", "name != other", "name is not missing"),
    *(
        "status = failed",
        "status in (killed, FAILED)",
        "status != finished",
        "status not in (finished)",
        "status ~ fail",
    ),
    *("status like 'F%'", "duration = 90", "duration > 1 min", "duration < 1.6min", "duration in (90, 5)"),
    *(f"started = {START_MS}", f"ended = {START_MS + 90_000}", "started > 2020-01-01", f"started >= {LOCAL_START}"),
    *("train = 9f3a", "data.train ~ F3", "`valid set` = 1b1b", "dataset.name = train", "dataset.name = 'valid set'"),
    *("dataset.name in (x, train)", "dataset.digest ~ b1", "dataset.digest != 9f3a", "dataset.name is not missing"),
    *(f"run_id = {ID}", "run_id ~ abcdef01", "user_id = ana", "artifact_uri ~ artifacts"),
    *("forest", "FOREST", "risk", "'Forest 7'", "adamw", "0.10", "9F3A", "failed", "abcdef01", "abcd", "ABCDEF", "ana"),
    *("not sgd", "loss = 1 or lr = 0.1", "loss = 0.5 and (lr = 5 or team = risk)", "not (loss = 1 or loss = 2)"),
    *("not not loss = 0.5", "not depth = 3", "not loss > 1 and risk"),
]
FAIL = [
    *(
        "loss = 0.6",
        "loss != 0.5",
        "loss < 0.5",
        "loss > 0.5",
        "loss in (1, 2)",
        "loss not in (0.5)",
        "loss is missing",
    ),
    *(
        "extra = 1",
        "extra != 5",
        "extra not in (5)",
        "extra is not missing",
        "gap < 1",
        "gap > 1",
        "gap = 0",
        "gap != nan",
    ),
    *("loss in (nan)", "loss in (nan, 2)", "gap not in (nan)", "up < inf", "up != inf", "up < nan"),
    *("lr = '0.1'", "lr != 0.1", "lr < 0.1", "lr > 0.1", "lr in ('0.1')", "lr not in (0.1)", "lr ~ 0.2"),
    *(
        "optimizer = 'adamw'",
        "optimizer != adamw",
        "optimizer like 'adam%'",
        "optimizer !~ dam",
        "optimizer in ('adamw')",
    ),
    *("depth = 3", "depth != 3", "depth ~ 3", "depth !~ 4", "empty is missing", "odd > 0", "odd < 5"),
    *(
        "team = blue",
        "count < 3",
        "status = finished",
        "status != failed",
        "status in (killed)",
        "status not in (failed)",
    ),
    *("duration < 90", "duration > 90", "started < 2020-01-01", f"ended < {START_MS}", f"started != {START_MS}"),
    *("train = 9f3", "train = '9F3A'", "dataset.name = valid", "dataset.name is missing", "dataset.name ~ test"),
    *("run_id = abcdef01", "name = forest", "name !~ forest", "user_id != ana"),
    *(
        "sgd",
        "LOCAL",
        "bcdef01",
        "not risk",
        "loss = 0.5 and sgd",
        "loss = 1 or loss = 2",
        "not (loss = 1 or lr = 0.1)",
    ),
]


@pytest.mark.parametrize("text", HOLD)
def test_these_hold(text):
    assert passes(text) is True


@pytest.mark.parametrize("text", FAIL)
def test_these_do_not_hold(text):
    assert passes(text) is False


def test_a_run_without_inputs_has_no_dataset():
    run = light_run("plain", metrics={"loss": 1})
    run.inputs = None
    assert passes("dataset.name is missing", run)
    assert passes("train is missing", run)
    assert not passes("dataset.name = train", run)
    assert not passes("9f3a", run)


def test_a_run_that_has_not_ended_has_no_duration():
    run = light_run("running", status="RUNNING", end=None)
    assert not passes("duration < 5", run)
    assert not passes("duration > 5", run)
    assert passes("duration is missing", run)
    assert passes("ended is missing", run)
    assert passes("not duration > 5", run)


def test_a_run_without_a_name_has_an_empty_one():
    run = light_run(None)
    assert passes("name = ''", run)
    assert passes("name != other", run)
    assert not passes("other", run)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_float_stands_for_infinity(sign):
    run = light_run(metrics={"loss": sign * sys.float_info.max})
    assert value_of(run, "metric", "loss") == sign * math.inf
    assert value_of(light_run(metrics={"loss": sign * 1.7e308}), "metric", "loss") == sign * 1.7e308


def test_the_beginning_of_an_id_has_four_characters_or_more():
    assert passes("abcd")
    assert not passes("abc", keys=Keys())
    assert not passes("bcde", keys=Keys())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("loss = high", "'loss' is a metric: compare it with a number, not 'high'. For example: loss < 0.2"),
        ("loss in (1, x)", "'loss' is a metric: compare it with a number, not 'x'. For example: loss < 0.2"),
        ("loss ~ 5", "'loss' is a metric: compare it by =, !=, <, <=, >, >=, not ~. For example: loss < 0.2"),
        ("loss like '5%'", "'loss' is a metric: compare it by =, !=, <, <=, >, >=, not like. For example: loss < 0.2"),
        (
            "duration ~ 5",
            "'duration' is a duration: compare it by =, !=, <, <=, >, >=, not ~. For example: duration > 60",
        ),
        ("duration > soon", "A duration is compared with seconds, or 5 min, not 'soon'. For example: duration > 60"),
        ("ended > soon", "'ended' is compared with a date, not 'soon'. For example: ended > 2026-01-31"),
        ("started ilike x", "'started' is a date: compare it by =, !=, <, <=, >, >=, not ilike."),
        ("optimizer > adam", "'optimizer' is text: > compares it with a number, not 'adam'."),
        ("lr < '0.2'", "'lr' is text: < compares it with a number, not '0.2'."),
        ("optimizer < 5", "'optimizer' is not a number in any run: < compares numbers. For example: optimizer = adam"),
        ("team >= 5", "'team' is not a number in any run: >= compares numbers."),
        ("name > 5", "'name' is text: compare it by =, !=, ~, !~, like, in (…), not >. For example: name = adam"),
        (
            "`valid set` > 5",
            "'valid set' is text: compare it by =, !=, ~, !~, like, in (…), not >. For example: `valid set`",
        ),
        ("dataset.digest <= 5", "'dataset.digest' is text: compare it by =, !=, ~, !~, like, in (…), not <=."),
        (
            "status = finishd",
            "'finishd' is not a status. Did you mean 'FINISHED'? There are RUNNING, SCHEDULED, FINISHED,",
        ),
        ("status not in (killed, x)", "'x' is not a status. There are RUNNING,"),
        ("los", "No run has the word 'los'. For a condition an operator follows: loss < 0.2"),
        ("started", "No run has the word 'started'. For a condition an operator follows: started > 2026-01-31"),
        ("optim", "No run has the word 'optim'. For a condition an operator follows: optimizer = adam"),
        ("risk and valid", "No run has the word 'valid'. For a condition an operator follows: `valid set` = adam"),
        ("stat", "No run has the word 'stat'. For a condition an operator follows: status = FAILED"),
    ],
)
def test_what_cannot_be_compared_is_refused(text, message):
    assert refusal(text).startswith(message)


def test_a_word_that_some_run_has_is_no_name_on_its_way():
    assert passes("fo") and not passes("other")  # noqa: PT018
    assert not passes("'los'")  # quoted it is a text that is searched for
    assert not passes("los", keys=Keys(metrics=frozenset({"loss"})))  # other runs may have it


def test_a_word_that_begins_a_name_is_searched_where_some_run_has_it():
    run = light_run("other", {"objective": "loss-v2"}, {"loss": 1})
    keys = Keys.seen_in([run], "", complete=True)
    assert passes("loss", run, keys)
    assert not passes("loss", light_run("none"), keys)


def test_the_use_of_a_dataset_is_its_tag_in_the_store():
    def used(*tags):
        run = light_run(datasets={"train": "9f"})
        run.inputs.dataset_inputs = [
            SimpleNamespace(dataset=one.dataset, tags=[SimpleNamespace(key=key, value=value) for key, value in tags])
            for one in run.inputs.dataset_inputs
        ]
        return run

    training = used(("other", "evaluation"), ("mlflow.data.context", "training"))
    assert passes("dataset.context = training", training)
    assert not passes("dataset.context = evaluation", training)
    assert passes("dataset.context = ''", used())
    assert passes("dataset.context = ''", RUN)  # the rows of a database are read without it


def test_an_order_of_words_is_accepted_where_other_runs_may_have_numbers():
    assert not passes("optimizer > 5", keys=Keys(params=frozenset({"optimizer"})))


CONDITIONS = st.sampled_from([text for text in [*HOLD, *FAIL] if " or " not in text and " and " not in text])


@given(
    st.recursive(
        CONDITIONS.map(lambda text: (text, passes(text))),
        lambda inner: st.tuples(inner, inner).flatmap(
            lambda pair: st.sampled_from(
                [
                    (f"({pair[0][0]}) and ({pair[1][0]})", pair[0][1] and pair[1][1]),
                    (f"({pair[0][0]}) or ({pair[1][0]})", pair[0][1] or pair[1][1]),
                    (f"not ({pair[0][0]})", not pair[0][1]),
                ]
            )
        ),
        max_leaves=6,
    )
)
def test_conditions_are_joined_as_python_joins_them(case):
    text, expected = case
    assert passes(text) is expected


@given(st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"]), max_size=8), st.text(max_size=8))
def test_a_quoted_text_is_compared_to_the_letter_and_searched_in_any_case(value, other):
    run = light_run(params={"p": value + other})
    keys = Keys.seen_in([run], "", complete=True)
    assert passes(f"p ~ '{value}'", run, keys)
    assert passes(f"p = '{value}'", run, keys) is (other == "")
    assert passes(f"p != '{value}'", run, keys) is (other != "")
