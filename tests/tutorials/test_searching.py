"""Tags, and the runs that a filter finds."""

import pytest
from pairs import Facts, Pair, same

SETUP = """
import mlflow
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

def accuracy_of(depth):
    return DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X_train, y_train).score(X_test, y_test)
"""
_BY_HAND = """
for depth, team in ((1, "risk"), (2, "risk"), (4, "fraud")):
    with mlflow.start_run(run_name=f"depth {depth}", tags={"team": team}):
        mlflow.set_tag("stage", "draft")
        mlflow.log_param("depth", depth)
        mlflow.log_metric("accuracy", accuracy_of(depth))
"""
_TRACKED = """\
%%track 'depth 1' -t team=risk stage=draft
depth = 1
accuracy = accuracy_of(depth)
# %%
%%track 'depth 2' -t team=risk stage=draft
depth = 2
accuracy = accuracy_of(depth)
# %%
%%track 'depth 4' -t team=fraud
depth = 4
accuracy = accuracy_of(depth)
mlmagic.tag(stage="draft")
# %%
"""
_RUNS = {
    f"depth {depth}": Facts(params=same("depth"), metrics=same("accuracy"), tags=same("team", "stage"))
    for depth in (1, 2, 4)
}

PAIRS = {
    "by a tag, in an order": Pair(
        by_hand=f"""{_BY_HAND}
runs = mlflow.search_runs(filter_string="tags.team = 'risk'", order_by=["metrics.accuracy DESC"])
found = list(runs["tags.mlflow.runName"])
""",
        mlmagic=f"""{_TRACKED}
runs = %runs team = risk --sort accuracy
found = list(runs["name"])
""",
        runs=_RUNS,
        answers=("found",),
    ),
    "by a parameter and a metric": Pair(
        by_hand=f"""{_BY_HAND}
runs = mlflow.search_runs(filter_string="params.depth = '2' and metrics.accuracy > 0.8")
found = list(runs["tags.mlflow.runName"])
""",
        mlmagic=f"""{_TRACKED}
runs = %runs depth = 2 and accuracy > 0.8
found = list(runs["name"])
""",
        runs=_RUNS,
        answers=("found",),
    ),
    "MLflow's own filter": Pair(
        by_hand=f"""{_BY_HAND}
where = "attributes.status = 'FINISHED' and tags.`team` != 'fraud' and metrics.accuracy > 0.5 and params.depth LIKE '%'"
found = list(mlflow.search_runs(filter_string=where)["tags.mlflow.runName"])
""",
        mlmagic=f"""{_TRACKED}
where = "attributes.status = 'FINISHED' and tags.`team` != 'fraud' and metrics.accuracy > 0.5 and params.depth LIKE '%'"
found = list(mlmagic.runs(where)["name"])
""",
        runs=_RUNS,
        answers=("found",),
    ),
    "the best run of all": Pair(
        by_hand=f"""{_BY_HAND}
best = mlflow.search_runs(order_by=["metrics.accuracy DESC"], max_results=1).iloc[0]
depth, accuracy = int(best["params.depth"]), best["metrics.accuracy"]
""",
        mlmagic=f"""{_TRACKED}
best = mlmagic.runs(sort="accuracy", n=1).iloc[0]
depth, accuracy = best["depth"], best["accuracy"]
""",
        runs=_RUNS,
        answers=("depth", "accuracy"),
    ),
    "a tag on a run that has ended": Pair(
        by_hand="""
with mlflow.start_run(run_name="tree") as run:
    mlflow.log_metric("accuracy", accuracy_of(2))
with mlflow.start_run(run_id=run.info.run_id):
    mlflow.set_tags({"reviewed": "yes", "reviewer": "ana"})
""",
        mlmagic="""\
%%track tree
accuracy = accuracy_of(2)
# %%
%%track --resume tree
mlmagic.tag(reviewed="yes", reviewer="ana")
""",
        runs={"tree": Facts(metrics=same("accuracy"), tags=same("reviewed", "reviewer"))},
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_leave_the_same(name, compare):
    compare(SETUP, PAIRS[name])
