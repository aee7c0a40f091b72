"""Registered models: versions with tags, stages and aliases, and loading by alias."""

import pytest
from pairs import Facts, Pair, same

SETUP = """
import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

X, y = load_iris(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
client = MlflowClient()
# MLflow starts a process to find the requirements of a model, unless they are given.
how = {"serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"]}
"""


def _two_versions(name):
    """Return code by hand, and cells, that register two trees as versions 1 and 2 of *name*."""
    by_hand = f"""
for depth in (1, 3):
    with mlflow.start_run(run_name=f"depth_{{depth}}"):
        model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X_train, y_train)
        mlflow.sklearn.log_model(model, name="model", registered_model_name="{name}", **how)
"""
    cell = """\
%%track depth_{depth}
model = DecisionTreeClassifier(max_depth={depth}, random_state=0).fit(X_train, y_train)
# %%
%register {name}
# %%
"""
    return by_hand, cell.format(depth=1, name=name) + cell.format(depth=3, name=name)


_RUNS = {f"depth_{depth}": Facts(models=same("model")) for depth in (1, 3)}
_BY_HAND = {name: _two_versions(name)[0] for name in ("staged", "replaced", "loaded", "moved")}
_TRACKED = {name: _two_versions(name)[1] for name in _BY_HAND}

PAIRS = {
    "a version with tags and a description": Pair(
        by_hand="""
with mlflow.start_run(run_name="tree") as run:
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X_train, y_train)
    logged = mlflow.sklearn.log_model(model, name="model", **how)
version = mlflow.register_model(logged.model_uri, "iris", tags={"team": "risk"})
client.update_model_version("iris", version.version, description="the first tree")
""",
        mlmagic="""\
%%track tree
model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X_train, y_train)
# %%
%register iris -t team=risk --description "the first tree"
""",
        runs={"tree": Facts(models=same("model"))},
        versions={"iris/1": set()},
        says="'iris' version 1: registered from the model 'model' of the run 'tree'",
    ),
    "stages become aliases": Pair(
        by_hand=f"""{_BY_HAND["staged"]}
client.transition_model_version_stage("staged", 1, stage="Production")
client.transition_model_version_stage("staged", 2, stage="Staging")
""",
        mlmagic=f"""{_TRACKED["staged"]}
%promote staged 1 --to Production
# %%
%promote staged 2 --to Staging
""",
        runs=_RUNS,
        versions={"staged/1": {"production"}, "staged/2": {"staging"}},
        says="it is the alias 'staging' now",
    ),
    "a stage that moves on": Pair(
        by_hand=f"""{_BY_HAND["replaced"]}
client.transition_model_version_stage("replaced", 1, stage="Production")
client.transition_model_version_stage("replaced", 2, stage="Production", archive_existing_versions=True)
predictions = mlflow.sklearn.load_model("models:/replaced/Production").predict(X_test)
""",
        mlmagic=f"""{_TRACKED["replaced"]}
%promote replaced 1 --to Production
# %%
%promote replaced 2 --to Production
# %%
predictions = mlmagic.load_model("replaced@production").predict(X_test)
""",
        runs=_RUNS,
        versions={"replaced/1": set(), "replaced/2": {"production"}},
        answers=("predictions",),
    ),
    "loading by alias": Pair(
        by_hand=f"""{_BY_HAND["loaded"]}
client.set_registered_model_alias("loaded", "champion", 1)
champion = mlflow.sklearn.load_model("models:/loaded@champion")
predictions, depth = champion.predict(X_test), champion.get_depth()
newest = mlflow.sklearn.load_model("models:/loaded/2").get_depth()
""",
        mlmagic=f"""{_TRACKED["loaded"]}
%promote loaded 1 --to champion
# %%
champion = mlmagic.load_model("loaded@champion")
predictions, depth = champion.predict(X_test), champion.get_depth()
newest = mlmagic.load_model("loaded/2").get_depth()
""",
        runs=_RUNS,
        versions={"loaded/1": {"champion"}, "loaded/2": set()},
        answers=("predictions", "depth", "newest"),
    ),
    "champion and challenger change places": Pair(
        by_hand=f"""{_BY_HAND["moved"]}
client.set_registered_model_alias("moved", "champion", 1)
client.set_registered_model_alias("moved", "challenger", 2)
champion, challenger = (
    mlflow.sklearn.load_model(f"models:/moved@{{alias}}").score(X_test, y_test) for alias in ("champion", "challenger")
)
if challenger > champion:
    client.set_registered_model_alias("moved", "champion", 2)
    client.delete_registered_model_alias("moved", "challenger")
""",
        mlmagic=f"""{_TRACKED["moved"]}
%promote moved 1 --to champion
# %%
%promote moved 2 --to champion --better-than champion --on X_test,y_test --metric accuracy
""",
        runs=_RUNS,
        versions={"moved/1": set(), "moved/2": {"champion"}},
        says="champion of 'moved' is version 2 now",
    ),
}


@pytest.mark.filterwarnings("ignore:.*stage:FutureWarning")
@pytest.mark.parametrize("name", PAIRS)
def test_both_leave_the_same(name, compare):
    compare(SETUP, PAIRS[name])
