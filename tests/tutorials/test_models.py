"""Models, the data that they were fitted on, and autologging."""

import pytest
from pairs import LEFT_OUT, Facts, Pair, same
from sklearn.linear_model import Ridge

SETUP = """
import json

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

diabetes = load_diabetes(as_frame=True, scaled=False).frame
X, y = diabetes.drop(columns="target"), diabetes["target"]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""

_PARAMETERS = [*Ridge().get_params()]
_TRAINING = [
    f"training_{name}"
    for name in ("mean_absolute_error", "mean_squared_error", "r2_score", "root_mean_squared_error", "score")
]
_TAGS = ("estimator_name", "estimator_class")
PAIRS = {
    # MLflow starts a process to find the requirements of a model, unless they are given.
    "a pipeline with its preprocessing is one model": Pair(
        by_hand="""
numeric = X.columns.drop("sex")
preprocessing = ColumnTransformer([("scale", StandardScaler(), numeric), ("encode", OneHotEncoder(), ["sex"])])
with mlflow.start_run(run_name="ridge"):
    mlflow.log_param("alpha", 0.5)
    pipeline = Pipeline([("preprocessing", preprocessing), ("ridge", Ridge(alpha=0.5))]).fit(X_train, y_train)
    rmse = root_mean_squared_error(y_test, pipeline.predict(X_test))
    mlflow.log_metric("rmse", rmse)
    mlflow.sklearn.log_model(
        pipeline, name="pipeline", signature=infer_signature(X_train, pipeline.predict(X_train)),
        serialization_format="cloudpickle", pip_requirements=["scikit-learn"],
    )
signature = mlflow.models.get_model_info(mlflow.search_logged_models(output_format="list")[0].model_uri).signature
columns = signature.inputs.input_names()
""",
        mlmagic="""\
numeric = X.columns.drop("sex")
preprocessing = ColumnTransformer([("scale", StandardScaler(), numeric), ("encode", OneHotEncoder(), ["sex"])])
# %%
%%track ridge
alpha = 0.5
pipeline = Pipeline([("preprocessing", preprocessing), ("ridge", Ridge(alpha=alpha))]).fit(X_train, y_train)
rmse = root_mean_squared_error(y_test, pipeline.predict(X_test))
# %%
signature = mlflow.models.get_model_info(mlflow.search_logged_models(output_format="list")[0].model_uri).signature
columns = signature.inputs.input_names()
""",
        runs={"ridge": Facts(params=same("alpha"), metrics=same("rmse"), models=same("pipeline"))},
        answers=("columns", "rmse"),
    ),
    "data sets": Pair(
        by_hand="""
train, test = diabetes.iloc[:300], diabetes.iloc[300:]
with mlflow.start_run(run_name="ridge"):
    mlflow.log_input(mlflow.data.from_pandas(train, name="train", targets="target"), context="training")
    mlflow.log_input(mlflow.data.from_pandas(test, name="test", targets="target"), context="testing")
    model = Ridge().fit(train[["bmi", "bp"]], train["target"])
    r2 = model.score(test[["bmi", "bp"]], test["target"])
    mlflow.log_metric("r2", r2)
""",
        mlmagic="""\
train, test = diabetes.iloc[:300], diabetes.iloc[300:]
# %%
%%track ridge --no-models
model = Ridge().fit(train[["bmi", "bp"]], train["target"])
r2 = model.score(test[["bmi", "bp"]], test["target"])
""",
        runs={"ridge": Facts(metrics=same("r2"), datasets=same("train", "test"))},
    ),
    "autologging in a tracked cell": Pair(
        by_hand="""
mlflow.sklearn.autolog(log_models=False, silent=True)
with mlflow.start_run(run_name="ridge"):
    model = Ridge(alpha=0.5).fit(X_train, y_train)
mlflow.sklearn.autolog(disable=True)
""",
        mlmagic="""\
mlflow.sklearn.autolog(log_models=False, silent=True)
# %%
%%track ridge --no-models
model = Ridge(alpha=0.5).fit(X_train, y_train)
# %%
mlflow.sklearn.autolog(disable=True)
""",
        runs={
            "ridge": Facts(
                params=same(*_PARAMETERS),
                metrics=same(*_TRAINING),
                tags=same(*_TAGS),
                datasets=same("dataset"),
                files=same("estimator.html"),
            )
        },
    ),
    "a tracked cell in place of autologging": Pair(
        by_hand="""
mlflow.sklearn.autolog(log_models=False, silent=True)
with mlflow.start_run(run_name="ridge") as run:
    model = Ridge(alpha=0.5, random_state=0).fit(X_train, y_train)
mlflow.sklearn.autolog(disable=True)
parameters = mlflow.get_run(run.info.run_id).data.params
""",
        mlmagic="""\
%%track ridge
model = Ridge(alpha=0.5, random_state=0).fit(X_train, y_train)
# %%
recorded = json.loads(mlmagic.last_run.text("mlmagic/models.json"))["model"]["parameters"]
parameters = {name: str(value) for name, value in recorded.items()}
""",
        runs={
            "ridge": Facts(
                # Those that are defaults are in models.json only.
                params=dict.fromkeys(_PARAMETERS, LEFT_OUT)
                | {"alpha": "model.alpha", "random_state": "model.random_state"},
                # Only what the cell itself measures is a metric.
                metrics=dict.fromkeys(_TRAINING, LEFT_OUT),
                tags=dict.fromkeys(_TAGS, LEFT_OUT),  # the class is in models.json too
                files={"estimator.html": LEFT_OUT},  # a cell that ends with the model shows it
                datasets={"dataset": LEFT_OUT},  # X_train and y_train are two, by their names
            )
        },
        answers=("parameters",),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_leave_the_same(name, compare):
    compare(SETUP, PAIRS[name])
