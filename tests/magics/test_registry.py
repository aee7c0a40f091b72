import contextlib
import io
import re

import pytest
from cells import refusal, run
from logged import log_model

import mlmagic
from mlmagic.errors import UsageProblem
from mlmagic.magics.completion import complete
from mlmagic.magics.parsing import take_filter
from mlmagic.magics.registry import RegistryMagics
from mlmagic.recording import open_runs


@pytest.fixture(autouse=True)
def _registered(shell):
    open_runs._last.clear()
    shell.register_magics(RegistryMagics)


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def forest(make_run, client):
    """A run with two logged models."""
    from sklearn.dummy import DummyClassifier

    run_id = make_run("forest", {"depth": 3}, {"accuracy": 0.9, "loss": 0.1})
    for name in ("model", "scaler"):
        log_model(DummyClassifier().fit([[0]], [0]), name, client=client, run_id=run_id, requirements=["numpy"])
    return run_id


@pytest.fixture
def versions(client, make_run):
    """Two versions of ``churn``."""
    client.create_registered_model("churn")
    for at, accuracy in enumerate((0.8, 0.9)):
        client.create_model_version(
            "churn", "s3://bucket/model", make_run(f"run {at}", {"depth": at}, {"accuracy": accuracy})
        )


def test_register(shell, forest, client):
    _, text = run(
        shell,
        "%register churn --run forest --model model -t team=risk tier=1 --description 'two words' --alias challenger",
    )
    assert re.fullmatch(
        r"'churn' version 1: registered from the model 'model' of the run 'forest'; "
        r"challenger of 'churn' is version 1 now; it had none\n", text
    )  # fmt: skip
    stored = client.get_model_version("churn", "1")
    assert (stored.tags["team"], stored.tags["tier"], stored.description) == ("risk", "1", "two words")
    assert "it is this version already" in run(shell, "%register churn --run forest --model model")[1]
    assert "version 2" in run(shell, "%register --again --run forest churn --model model")[1]
    shell.user_ns["which"] = "scaler"
    assert "'scaler'" in run(shell, "%register churn --run forest --model {which}")[1]


def test_models_promote_and_rollback(shell, versions, client):
    assert run(shell, "%promote churn 1")[1] == "champion of 'churn' is version 1 now; it had none\n"
    shell.user_ns["limit"] = 0.85
    _, text = run(shell, "%promote churn --to champion --if accuracy > {limit} and depth = 1 --reason 'the better one'")
    assert text == "champion of 'churn' is version 2 now; it was version 1: accuracy = 0.9 (> 0.85); depth = 1 (= 1)\n"
    assert (
        run(shell, "%promote churn 2 --to champion")[1]
        == "champion of 'churn' is version 2 already; nothing was changed\n"
    )
    _, text = run(shell, '%promote churn 1 --if "accuracy > 0.85" --dry-run --to champion')
    assert text == "version 1 of 'churn' would be refused as champion: accuracy = 0.8, wanted > 0.85\n"
    line = refusal(shell, "%promote churn 1 --if accuracy > 0.85")
    assert line.startswith("PromotionRefusedError: version 1 of 'churn' was not made champion: accuracy = 0.8, wanted")
    assert run(shell, "%promote churn @champion --to Staging")[1].splitlines() == [
        "staging of 'churn' is version 2 now; it had none",
        "stages such as Staging are gone from MLflow: it is the alias 'staging' now",
    ]
    assert (
        run(shell, "%rollback churn --to champion --reason slow")[1]
        == "champion of 'churn' is version 1 now; it was version 2\n"
    )
    shell.run_cell("frame = %models churn --where accuracy > 0.85 and alias = staging").raise_error()
    assert list(shell.user_ns["frame"]["version"]) == [2]
    shell.run_cell("frame = %models churn --history").raise_error()
    assert list(shell.user_ns["frame"]["what"]) == ["rolled back", "promoted", "refused", "promoted", "promoted"]
    shell.run_cell("frame = %models -n 1").raise_error()
    shown, _ = shell.display_formatter.format(shell.user_ns["frame"])
    assert "mlmagic-models" in shown["text/html"]
    assert "The newest 1 version" in shown["text/plain"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%register", r"Name the registered model: %register churn --run forest\. Those that there are: %models"),
        ("%register churn --run nowhere", "No run has the name or id 'nowhere'"),
        ("%register churn --rnu x", r"%register has no option '--rnu'\. Did you mean '--run'\?"),
        ("%register churn -t risk", "%register -t takes KEY=VALUE, got 'risk'"),
        ("%register a/b", "'a/b' is no name for a model"),
        ("%models chrun", r"no registered model 'chrun'\. Did you mean 'churn'\?"),
        ("%models --history", "%models churn --history"),
        ("%models churn --where", "%models --where takes a filter"),
        ("%models churn --where acuracy > 1", r"Did you mean 'accuracy'\?"),
        ("%models churn -n many", "invalid int value: 'many'"),
        ("%promote", "Name the registered model: %promote churn 3"),
        ("%promote churn three", r"the model 'churn' has no alias 'three'.*The versions: %models churn"),
        (
            "%promote churn 1.5",
            r"a version is a number, such as 3, or an alias, such as challenger; not '1\.5' \(str\)",
        ),
        ("%promote churn 1 champion", r"2 words \(name, version\), got 'champion'.*%promote NAME VERSION --to ALIAS"),
        ("%promote churn 1 --to", "%promote --to takes a value: --to ALIAS"),
        ("%promote churn 1 --to a --to b", "%promote takes one --to, got two: 'a' and 'b'"),
        ("%promote churn 1 --to 2", "'2' is the number of a version, and no alias"),
        ("%promote churn 1 --if {limit}", r"%promote: \{limit\} has no value: there is no variable 'limit'"),
        ("%promote churn 1 --if accuracy > $boundd", r"\$boundd has no value: there is no variable 'boundd'"),
        ("%promote churn 1 --if accuracy > {limits}", r"Did you mean 'limits_'\?"),
        ("%promote churn 1 --if --to champion", "%promote --if has no conditions. For example: --if accuracy > 0.85"),
        ('%promote churn 1 --if ""', "%promote --if has no conditions"),
        ("%promote {name} 1", r"\{name\} has no value"),
        ("%register churn --run {name}", r"%register: \{name\} has no value"),
        ("%models churn --where accuracy > {name}", r"%models: \{name\} has no value"),
        (
            "%promote churn 1 --if accuracy > 0.5 --if loss < 1",
            "--if is given twice: join the conditions by and",
        ),
        ("%promote churn 1 --if accuracy > {nan}", "compares with NaN, from which every number differs"),
        ("%promote churn 1 --if not accuracy < nan", "compares with NaN"),
        ("%promote churn 1 --if accuracy > {limits_:.3f}", r"without a format, as \{round\(x, 3\)\}"),
        ("%promote churn 1 --if accuracy >> 0.8", ">> is not an operator"),
        ("%promote churn 1 --if __import__('os')", "is no condition: after '__import__' comes an operator"),
        ("%models churn --history -n 1", "%models --history shows every record"),
        ("%register --help", r"%register\? shows the help"),
        ("%rollback churn 2", r"it takes an alias.*%promote churn 2 --to champion"),
        ("%rollback churn champion --to shadow", "undoes the promotion of one alias, got champion and shadow"),
        ("%rollback churn chmpion", "no promotion of 'chmpion'"),
        ("%promote churn 9", "has no version 9; the nearest is 2"),
        ("%promote churn 1 --if forest", "the gate 'forest' is no condition"),
        ("%promote churn 1 --if", "%promote --if has no conditions"),
        ("%promote churn 1 --if f1 > 0.5", "churn/1 does not have a metric, param or tag 'f1'"),
        ("%promote churn 1 --to 'the best'", "'the best' is no alias"),
        ("%promote churn 1 2", "takes no more than 2 words"),
        ("%rollback", "Name the registered model: %rollback churn"),
        ("%rollback churn", "no promotion of 'champion' of 'churn' is recorded"),
        ("%rollback churn --reason 'x", "no closing quotation"),
    ],
)
def test_bad_input_is_one_line(shell, versions, line, message):
    shell.push({"limits_": 1, "nan": float("nan")})
    assert re.search(message, refusal(shell, line))


def test_an_alias_stands_for_the_version_that_has_it(shell, versions, client):
    run(shell, "%promote churn 1 --to challenger")
    assert run(shell, "%promote churn challenger")[1] == "champion of 'churn' is version 1 now; it had none\n"
    assert "is version 2 now; it was version 1" in run(shell, "%promote churn latest")[1]
    assert "would be version 1; it is version 2" in run(shell, "%promote churn v1 --dry-run")[1]
    assert "is version 1 now" in run(shell, "%promote churn @challenger")[1]
    assert mlmagic.promote("churn", "challenger", dry_run=True).version == 1
    line = refusal(shell, "%promote churn Challenger")
    assert "has no alias 'Challenger'. Did you mean 'challenger'?" in line
    assert run(shell, "%rollback churn champion")[1] == "champion of 'churn' is version 2 now; it was version 1\n"
    assert run(shell, "%rollback churn @challenger")[1] == "challenger of 'churn' is no version now; it was version 1\n"


def test_an_alias_that_differs_in_capitals_only_is_none(shell, versions, forest, client):
    run(shell, "%promote churn 1")
    told = "the model 'churn' has the alias 'champion', and 'Champion' is another: --to champion"
    assert told in refusal(shell, "%promote churn 2 --to Champion")
    assert told in refusal(shell, "%register churn --run forest --model model --alias Champion")
    assert len(client.search_model_versions("name = 'churn'")) == 2


def test_a_filter_ends_where_an_option_begins():
    assert take_filter("churn --if=accuracy > 0.9 --to x", "--if", {"--to"}) == ("churn --to x", "accuracy > 0.9")
    assert take_filter("churn --iffy", "--if", {}) == ("churn --iffy", None)
    assert take_filter("churn --if name = 'a b' -n 3", "--if", {"-n"}) == ("churn -n 3", "name = 'a b'")


def test_tab(shell, versions, forest):
    mlmagic.promote("churn", 1, to="shadow")
    assert complete(shell, "models", "%models ch", "ch") == ["churn"]
    assert complete(shell, "promote", "%promote churn ", "") == ["2", "1", "@shadow"]
    assert complete(shell, "promote", "%promote churn @", "@") == ["@shadow"]
    assert complete(shell, "promote", "%promote churn 2 --to s", "s") == ["shadow"]
    assert complete(shell, "promote", "%promote churn 2 ", "") == []
    assert complete(shell, "rollback", "%rollback churn ", "") == ["shadow", "champion", "challenger"]
    assert complete(shell, "rollback", "%rollback churn shadow ", "") == []
    assert "champion" in complete(shell, "rollback", "%rollback churn --to ", "")
    assert complete(shell, "promote", "%promote churn 2 --if acc", "acc") == ["accuracy"]
    assert complete(shell, "promote", "%promote churn 2 --if accuracy > 1 a", "a") == ["and"]
    assert complete(shell, "models", "%models --where de", "de") == ["depth"]
    assert complete(shell, "register", "%register churn --run fo", "fo") == ["forest"]
    assert complete(shell, "register", "%register churn --run forest --model ", "") == ["model", "scaler"]
    assert complete(shell, "register", "%register --alias ch", "ch") == ["champion", "challenger"]
    assert complete(shell, "register", "%register churn -t ", "") == []
    assert complete(shell, "promote", "%promote --d", "--d") == ["--dry-run"]
    assert complete(shell, "models", "%models --h", "--h") == ["--history"]


def test_tab_without_a_store_offers_nothing(shell, store_uri):
    import mlflow

    mlflow.set_tracking_uri("http://127.0.0.1:9")
    assert complete(shell, "promote", "%promote ch", "ch") == []


def test_a_function_of_the_notebook_may_call_them(shell, versions):
    shell.run_cell(
        "def best(name):\n    get_ipython().run_line_magic('promote', '{name} 1')\nbest('churn')"
    ).raise_error()
    with pytest.raises(UsageProblem, match=r"\{unknown\} has no value: there is no variable 'unknown'"):
        shell.run_line_magic("promote", "{unknown} 1")


@pytest.fixture
def notebook(store_uri, new_shell):
    """A shell in which the extension is loaded."""
    made = new_shell()
    with contextlib.redirect_stdout(io.StringIO()):
        mlmagic.load_ipython_extension(made)
    yield made
    mlmagic.unload_ipython_extension(made)


CELL = """%%track forest --quiet
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier
X, y = load_iris(return_X_y=True)
model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
accuracy = model.score(X, y)
"""


def test_from_a_tracked_cell_to_the_champion(notebook, monkeypatch):
    monkeypatch.setattr("builtins.input", pytest.fail)
    run(notebook, CELL)
    assert (
        "'churn' version 1: registered from the model 'model' of the run 'forest'"
        in run(notebook, "%register churn")[1]
    )
    _, text = run(notebook, "%promote churn --if accuracy > 0.9 and model.max_depth = 2")
    assert text.startswith(
        "champion of 'churn' is version 1 now; it had none: accuracy = 0.96 (> 0.9); model.max_depth"
    )
    run(notebook, "loaded = mlmagic.load_model('churn@champion')")
    assert notebook.user_ns["loaded"].get_params() == notebook.user_ns["model"].get_params()
    assert (
        notebook.user_ns["loaded"].predict(notebook.user_ns["X"])
        == notebook.user_ns["model"].predict(notebook.user_ns["X"])
    ).all()
    run(notebook, "frame = %models churn")
    (row,) = notebook.user_ns["frame"].to_dict("records")
    assert re.fullmatch(r"X [0-9a-f]{32}, y [0-9a-f]{32}", row["data"])
