"""A pipeline that trains again when the model in production has become worse on recent data."""

import pytest
from pairs import Facts, Pair, same

SETUP = """
import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_old, X_new, X_test = X[:200], X[200:400], X[400:]
y_old, y_new, y_test = y[:200], y[200:400], y[400:]
client = MlflowClient()
# MLflow starts a process to find the requirements of a model, unless they are given.
how = {"serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"]}
"""

PAIRS = {
    "retrain, compare, promote": Pair(
        by_hand="""
with mlflow.start_run(run_name="first"):
    model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X_old, y_old)
    mlflow.sklearn.log_model(model, name="model", registered_model_name="cancer", **how)
client.set_registered_model_alias("cancer", "champion", 1)

champion = mlflow.sklearn.load_model("models:/cancer@champion")
before = champion.score(X_test, y_test)
if before < 0.95:
    with mlflow.start_run(run_name="cancer retrained"):
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_new, y_new)
        accuracy = model.score(X_test, y_test)
        mlflow.log_metric("accuracy", accuracy)
        mlflow.set_tag("retrain_reason", f"accuracy was {before:.3f}")
        mlflow.sklearn.log_model(model, name="model", registered_model_name="cancer", **how)
    client.set_model_version_tag("cancer", "2", "retrain_reason", f"accuracy was {before:.3f}")
    client.set_registered_model_alias("cancer", "challenger", 2)
    if accuracy > before:
        client.set_registered_model_alias("cancer", "champion", 2)
""",
        mlmagic="""\
%%track first
model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X_old, y_old)
# %%
%register cancer --alias champion
# %%
%%retrain cancer --on X_test y_test --metric accuracy --min 0.95 --promote-to champion
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_new, y_new)
""",
        runs={
            "first": Facts(models=same("model")),
            "cancer retrained": Facts(metrics=same("accuracy"), models=same("model"), tags=same("retrain_reason")),
        },
        versions={"cancer/1": set(), "cancer/2": {"champion", "challenger"}},
        says="accuracy of cancer/1 on X_test is 0.8757",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_leave_the_same(name, compare):
    compare(SETUP, PAIRS[name])
