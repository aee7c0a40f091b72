"""Cross-validation: a run for each fold below the model's, which has mean and spread."""

import pytest
from pairs import Facts, Pair, same

SETUP = """
import mlflow
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
"""
_MEAN_AND_STD = {"cv_mean": "cv_mean_accuracy", "cv_std": "cv_std_accuracy"}


def _folds(parent, count, **facts):
    return {f"{parent}/fold_{number}": Facts(**facts) for number in range(count)}


PAIRS = {
    "a loop over folds": Pair(
        by_hand="""
cv = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
with mlflow.start_run(run_name="tree"):
    mlflow.log_params({"max_depth": 4, "criterion": "entropy"})
    scores = []
    for fold, (train, val) in enumerate(cv.split(X, y)):
        with mlflow.start_run(run_name=f"fold_{fold}", nested=True):
            model = DecisionTreeClassifier(max_depth=4, criterion="entropy", random_state=0)
            model.fit(X.iloc[train], y.iloc[train])
            accuracy = accuracy_score(y.iloc[val], model.predict(X.iloc[val]))
            mlflow.log_param("fold", fold)
            mlflow.log_metric("accuracy", accuracy)
            scores.append(accuracy)
    mlflow.log_metric("cv_mean", np.mean(scores))
    mlflow.log_metric("cv_std", np.std(scores))
""",
        mlmagic="""\
%%track tree
max_depth, criterion = 4, "entropy"
for fold in mlmagic.folds(StratifiedKFold(n_splits=5, shuffle=True, random_state=0), X, y):
    model = DecisionTreeClassifier(max_depth=max_depth, criterion=criterion, random_state=0)
    model.fit(fold.X_train, fold.y_train)
    accuracy = accuracy_score(fold.y_val, model.predict(fold.X_val))
""",
        runs={
            "tree": Facts(params=same("max_depth", "criterion"), metrics=_MEAN_AND_STD),
            **_folds("tree", 5, params=same("fold"), metrics=same("accuracy")),
        },
    ),
    "several metrics in one call": Pair(
        by_hand="""
scoring = ["accuracy", "f1", "roc_auc"]
with mlflow.start_run(run_name="tree"):
    results = cross_validate(DecisionTreeClassifier(max_depth=3, random_state=0), X, y, cv=5, scoring=scoring)
    for fold in range(5):
        with mlflow.start_run(run_name=f"fold_{fold}", nested=True):
            for metric in scoring:
                mlflow.log_metric(metric, results[f"test_{metric}"][fold])
    for metric in scoring:
        mlflow.log_metric(f"cv_mean_{metric}", results[f"test_{metric}"].mean())
        mlflow.log_metric(f"cv_std_{metric}", results[f"test_{metric}"].std())
""",
        mlmagic="""\
%%track tree
tree = DecisionTreeClassifier(max_depth=3, random_state=0)
mlmagic.cross_validate(tree, X, y, cv=5, scoring=["accuracy", "f1", "roc_auc"])
""",
        runs={
            "tree": Facts(
                metrics=same(*(f"cv_{what}_{one}" for what in ("mean", "std") for one in ("accuracy", "f1", "roc_auc")))
            ),
            **_folds("tree", 5, metrics=same("accuracy", "f1", "roc_auc")),
        },
    ),
    "scikit-learn's own call": Pair(
        by_hand="""
with mlflow.start_run(run_name="tree"):
    mlflow.log_param("max_depth", 3)
    scores = cross_val_score(DecisionTreeClassifier(max_depth=3, random_state=0), X, y, cv=5)
    mlflow.log_metric("accuracy_mean", scores.mean())
    mlflow.log_metric("accuracy_std", scores.std())
""",
        mlmagic="""\
%%track tree
scores = cross_val_score(DecisionTreeClassifier(max_depth=3, random_state=0), X, y, cv=5)
""",
        runs={
            "tree": Facts(
                params={"max_depth": "DecisionTreeClassifier.max_depth"},
                metrics={"accuracy_mean": "scores.mean", "accuracy_std": "scores.std"},
            )
        },
    ),
    "nested cross-validation": Pair(
        by_hand="""
with mlflow.start_run(run_name="nested"):
    mlflow.log_param("inner_folds", 2)
    scores = []
    for fold, (train, val) in enumerate(KFold(3, shuffle=True, random_state=0).split(X)):
        with mlflow.start_run(run_name=f"fold_{fold}", nested=True):
            search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 4]}, cv=2)
            search.fit(X.iloc[train], y.iloc[train])
            mlflow.log_params(search.best_params_)
            mlflow.log_metric("inner", search.best_score_)
            scores.append(search.score(X.iloc[val], y.iloc[val]))
            mlflow.log_metric("accuracy", scores[-1])
    mlflow.log_metric("cv_mean", np.mean(scores))
    mlflow.log_metric("cv_std", np.std(scores))
""",
        mlmagic="""\
%%track nested
inner_folds = 2
for fold in mlmagic.folds(KFold(3, shuffle=True, random_state=0), X, y):
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 4]}, cv=inner_folds)
    search.fit(fold.X_train, fold.y_train)
    mlmagic.log_params(search.best_params_)
    inner = search.best_score_
    accuracy = search.score(fold.X_val, fold.y_val)
""",
        runs={
            "nested": Facts(params=same("inner_folds"), metrics=_MEAN_AND_STD),
            **_folds("nested", 3, params=same("max_depth"), metrics=same("inner", "accuracy")),
        },
    ),
    "two models over the same folds": Pair(
        by_hand="""
models = {"tree": DecisionTreeClassifier(max_depth=3, random_state=0), "bayes": GaussianNB()}
for name, model in models.items():
    with mlflow.start_run(run_name=name):
        scores = cross_val_score(model, X, y, cv=KFold(3, shuffle=True, random_state=0))
        mlflow.log_metric("cv_mean", scores.mean())
        mlflow.log_metric("cv_std", scores.std())
best = mlflow.search_runs(order_by=["metrics.cv_mean DESC"]).loc[0, "tags.mlflow.runName"]
""",
        mlmagic="""\
%%track tree
mlmagic.cross_validate(DecisionTreeClassifier(max_depth=3, random_state=0), X, y,
                       cv=KFold(3, shuffle=True, random_state=0), scoring="accuracy")
# %%
%%track bayes
mlmagic.cross_validate(GaussianNB(), X, y,
                       cv=KFold(3, shuffle=True, random_state=0), scoring="accuracy")
# %%
best = mlmagic.runs(sort="cv_mean_accuracy").loc[0, "name"]
""",
        runs={"tree": Facts(metrics=_MEAN_AND_STD), "bayes": Facts(metrics=_MEAN_AND_STD)},
        answers=("best",),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_leave_the_same(name, compare):
    compare(SETUP, PAIRS[name])
