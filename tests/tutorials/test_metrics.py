"""Metrics: one's own, curves by step, a model's on test data, and two models on the same rows."""

import pytest
from pairs import LEFT_OUT, Facts, Pair, same

SETUP = """
import mlflow
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import learning_curve, train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
forest = RandomForestClassifier(10, max_depth=4, random_state=0).fit(X_train, y_train)
tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X_train, y_train)

def business_cost(y_true, y_pred):
    return 10 * ((y_true == 1) & (y_pred == 0)).sum() + ((y_true == 0) & (y_pred == 1)).sum()
"""

PAIRS = {
    "a metric of one's own": Pair(
        by_hand="""
with mlflow.start_run(run_name="forest"):
    predictions = forest.predict(X_test)
    mlflow.log_metric("accuracy", accuracy_score(y_test, predictions))
    mlflow.log_metric("business_cost", business_cost(y_test, predictions))
""",
        mlmagic="""\
%%track forest -m cost
predictions = forest.predict(X_test)
accuracy = accuracy_score(y_test, predictions)
cost = business_cost(y_test, predictions)
""",
        runs={"forest": Facts(metrics=same("accuracy") | {"business_cost": "cost"})},
    ),
    "mlflow.models.evaluate with a metric of one's own": Pair(
        by_hand="""
def cost_of(predictions, targets, metrics):
    return mlflow.metrics.MetricValue(aggregate_results={"business_cost": float(business_cost(targets, predictions))})

with mlflow.start_run(run_name="forest"):
    mlflow.models.evaluate(
        lambda rows: forest.predict(rows[X_test.columns]), X_test.assign(target=y_test), targets="target",
        model_type="classifier", evaluators="default",
        extra_metrics=[mlflow.models.make_metric(eval_fn=cost_of, greater_is_better=False, name="business_cost")],
    )
""",
        mlmagic="""\
%%track forest
%evaluate forest X_test y_test --metric business_cost=business_cost
""",
        runs={
            "forest": Facts(
                metrics=same("business_cost")
                | {f"{one}_score": one for one in ("accuracy", "f1", "precision", "recall")}
                # In the confusion matrix, and in the number of the rows of the data.
                | dict.fromkeys(("true_negatives", "false_positives", "false_negatives", "true_positives"), LEFT_OUT)
                | {"example_count": LEFT_OUT},
                files={"confusion_matrix.png": "figures/confusion_matrix.png"},
                datasets={"dataset": LEFT_OUT},  # X_test and y_test are two, by their names
            )
        },
    ),
    "curves by step": Pair(
        by_hand="""
scaled, others = StandardScaler().fit_transform(X_train), StandardScaler().fit_transform(X_test)
with mlflow.start_run(run_name="sgd"):
    mlflow.log_params({"alpha": 0.01, "epochs": 6})
    model = SGDClassifier(loss="log_loss", alpha=0.01, random_state=0)
    for epoch in range(6):
        model.partial_fit(scaled, y_train, classes=[0, 1])
        mlflow.log_metric("train_loss", log_loss(y_train, model.predict_proba(scaled)), step=epoch)
        mlflow.log_metric("val_loss", log_loss(y_test, model.predict_proba(others)), step=epoch)
""",
        mlmagic="""\
scaled, others = StandardScaler().fit_transform(X_train), StandardScaler().fit_transform(X_test)
# %%
%%track sgd
alpha, epochs = 0.01, 6
model = SGDClassifier(loss="log_loss", alpha=alpha, random_state=0)
for epoch in range(epochs):
    model.partial_fit(scaled, y_train, classes=[0, 1])
    train_loss = log_loss(y_train, model.predict_proba(scaled))
    val_loss = log_loss(y_test, model.predict_proba(others))
""",
        runs={"sgd": Facts(params=same("alpha", "epochs"), metrics=same("train_loss", "val_loss"))},
    ),
    "curves by the size of the training set": Pair(
        by_hand="""
sizes, train_scores, val_scores = learning_curve(tree, X, y, train_sizes=[0.2, 0.5, 1.0], cv=3)
with mlflow.start_run(run_name="tree"):
    for size, train, val in zip(sizes, train_scores.mean(axis=1), val_scores.mean(axis=1)):
        mlflow.log_metric("train_score", train, step=int(size))
        mlflow.log_metric("val_score", val, step=int(size))
""",
        mlmagic="""\
%%track tree
sizes, train_scores, val_scores = learning_curve(tree, X, y, train_sizes=[0.2, 0.5, 1.0], cv=3)
for size, train, val in zip(sizes, train_scores.mean(axis=1), val_scores.mean(axis=1)):
    mlmagic.log(train_score=train, val_score=val, step=size)
""",
        runs={"tree": Facts(metrics=same("train_score", "val_score"))},
    ),
    "two models, a run each": Pair(
        by_hand="""
for name, model in {"forest": forest, "tree": tree}.items():
    with mlflow.start_run(run_name=name):
        mlflow.log_metric("accuracy", accuracy_score(y_test, model.predict(X_test)))
runs = mlflow.search_runs(order_by=["metrics.accuracy DESC"])
best, accuracies = runs.loc[0, "tags.mlflow.runName"], list(runs["metrics.accuracy"])
""",
        mlmagic="""\
%%track forest
accuracy = accuracy_score(y_test, forest.predict(X_test))
# %%
%%track tree
accuracy = accuracy_score(y_test, tree.predict(X_test))
# %%
runs = %runs --sort accuracy
best, accuracies = runs.loc[0, "name"], list(runs["accuracy"])
""",
        runs={"forest": Facts(metrics=same("accuracy")), "tree": Facts(metrics=same("accuracy"))},
        answers=("best", "accuracies"),
    ),
    "two models on one test set": Pair(
        by_hand="""
with mlflow.start_run(run_name="comparison"):
    of_forest, of_tree = (accuracy_score(y_test, model.predict(X_test)) for model in (forest, tree))
    mlflow.log_metrics({"accuracy": of_forest, "accuracy_difference": of_forest - of_tree})
""",
        mlmagic="""\
%%track comparison
%evaluate forest X_test y_test --against tree
""",
        runs={
            "comparison": Facts(metrics=same("accuracy") | {"accuracy_difference": "minus_tree/accuracy"}),
        },
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_leave_the_same(name, compare):
    compare(SETUP, PAIRS[name])
