"""What MLflow is asked loses no run that passes the test: on a real store, with values that databases disagree on."""

import pytest
from databases import copy_new_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.store.query import queries
from mlmagic.store.query.filters.division import DividedFilter, divide
from mlmagic.store.query.filters.names import Keys
from mlmagic.store.query.filters.tree import And, Condition, Name, Not, Or, Value, Words

TEXTS = [
    *("adam", "Adam", "ADAM w", "kiln", "\N{KELVIN SIGN}iln", "straße", "STRASSE", "Éte", "été", "a%b", "a_b", "axb"),
    *(
        "it's",
        'say "x"',
        "both ' and \"",
        "back\\slash",
        "two\nlines adam",
        "`x`",
        "0.1",
        "0.10",
        "nan",
        " ",
        "🎉",
        "1;--",
    ),
    *("İ", "ﬁ", "x, y", "(z)", "'q'"),
]
NUMBERS = [0.0, -0.0, 0.5, -1.5, 1e-300, 1e300, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan"), 1e20]
STATUSES = ["FINISHED", "FAILED", "KILLED"]


def fill(client):
    """Make a run for each text."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    for at, text in enumerate(TEXTS):
        start = 1_750_000_000_000 + at
        run_id = client.create_run("0", start_time=start, run_name=text).info.run_id
        metrics = [Metric("loss", NUMBERS[at % len(NUMBERS)], start, 0)] if at % 4 else []
        other = TEXTS[at * 5 % len(TEXTS)]
        client.log_batch(run_id, metrics, [Param("p", text)], [RunTag("t", other)] if at % 3 else [])
        if at % 2 and "\n" not in other:
            tags = [InputTag("mlflow.data.context", "train" if at % 3 else "Eval")]
            client.log_inputs(run_id, [DatasetInput(Dataset(other, f"d{at % 4}", "local", "{}"), tags=tags)])
        if at % 5:
            client.set_terminated(run_id, STATUSES[at % 3], end_time=start + at * 1000)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("store")
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    fill(client)
    runs = list(queries.search(client, ["0"], DividedFilter()))
    return client, runs, Keys.seen_in(runs, "", complete=True)


def conditions(names, signs, values):
    """Return conditions on one of these names: with one value, with two, or with none."""
    named = st.sampled_from([Name(prefix, key) for prefix, _, key in (name.rpartition(".") for name in names)])
    lists = st.builds(Condition, named, st.sampled_from(["in", "not in"]), st.tuples(values, values))
    missing = st.builds(Condition, named, st.sampled_from(["is missing", "is not missing"]))
    return st.one_of(*[st.builds(Condition, named, st.sampled_from(signs), st.tuples(values))] * 4, lists, missing)


COMPARE = ["=", "!=", "<", "<=", ">", ">="]
WORDS = st.sampled_from(TEXTS) | st.text("aAkKiI\N{KELVIN SIGN}éE%_x'\\ ", max_size=4) | st.text(max_size=3)
VALUES = st.builds(Value, WORDS, st.booleans())
CONDITIONS = st.one_of(
    conditions(["params.p", "tags.t", "name"], ["=", "!=", "~", "!~", "like", "ilike"], VALUES),
    conditions(["dataset.name", "dataset.context", "user_id"], ["=", "!=", "~", "!~", "like", "ilike"], VALUES),
    conditions(["params.p"], COMPARE, st.builds(Value, st.sampled_from(["0.1", "0", "nan", "-inf", "1e400"]))),
    conditions(["loss"], COMPARE, st.builds(Value, st.sampled_from([*map(repr, NUMBERS), "1e400", "1", "-2"]))),
    conditions(["status"], ["=", "!=", "like", "~"], st.builds(Value, st.sampled_from([*STATUSES, "running"]))),
    conditions(
        ["started", "ended"],
        COMPARE,
        st.builds(Value, st.sampled_from(["2025-06-15", "1750000000005", "1.5", "1e300", "-5", "1750000012003"])),
    ),
    conditions(["duration"], COMPARE, st.builds(Value, st.sampled_from(["1", "5 s", "0.1 min", "-1"]))),
)
OTHERS = st.builds(Words, st.sampled_from(TEXTS), st.just(True)) | st.builds(Not, CONDITIONS)
EITHER = st.tuples(CONDITIONS | OTHERS, CONDITIONS).map(Or)
FILTERS = st.lists(CONDITIONS | OTHERS | EITHER, min_size=1, max_size=4).map(lambda parts: And(tuple(parts)))


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.filter_too_much])
@given(FILTERS)
def test_the_store_loses_no_run(filled, tree):
    client, runs, keys = filled
    try:
        chosen = divide(tree, keys)
    except UsageProblem:
        return
    found = list(client.search_runs(["0"], chosen.server)) if chosen.server else runs
    passing = {run.info.run_id for run in runs if chosen.matches(run)}
    assert {run.info.run_id for run in found if chosen.matches(run)} == passing, chosen.server


@pytest.mark.parametrize(
    ("condition", "server"),
    [
        (Condition(Name("", "loss"), "<", (Value("0.5"),)), "metrics.`loss` < 0.5"),
        (Condition(Name("", "loss"), ">", (Value("1e20"),)), "metrics.`loss` > 1e20"),
        (Condition(Name("", "loss"), "<", (Value("inf"),)), ""),
        (Condition(Name("", "p"), "=", (Value("adam", quoted=True),)), "params.`p` = 'adam'"),
        (Condition(Name("", "p"), "=", (Value("Adam"),)), "params.`p` ILIKE 'Adam'"),
        (Condition(Name("", "p"), "=", (Value("kiln"),)), "params.`p` ILIKE '__ln'"),
        (Condition(Name("", "p"), "=", (Value("0.1"),)), ""),
        (Condition(Name("", "p"), "!=", (Value("adam"),)), ""),
        (Condition(Name("", "name"), "~", (Value("dam"),)), "attributes.run_name ILIKE '%dam%'"),
        (Condition(Name("", "status"), "=", (Value("failed"),)), "attributes.status = 'FAILED'"),
        (Condition(Name("", "ended"), ">=", (Value("1750000000005"),)), "attributes.end_time >= 1750000000005"),
        (Condition(Name("dataset", "name"), "=", (Value("adam", quoted=True),)), "datasets.name = 'adam'"),
    ],
)
def test_the_store_is_asked_what_it_can_answer(filled, condition, server):
    assert divide(condition, filled[2]).server == server


def test_several_conditions_narrow_down_together(filled):
    loss = Condition(Name("", "loss"), "<", (Value("0.5"),))
    either = Or((loss, Words("adam")))
    both = divide(And((loss, And((either, loss)), Not(loss))), filled[2])
    assert both.server == "metrics.`loss` < 0.5 and metrics.`loss` < 0.5"
    assert not both.is_narrow
    assert divide(loss, filled[2]).is_narrow
    assert divide(either, filled[2]).server == ""
