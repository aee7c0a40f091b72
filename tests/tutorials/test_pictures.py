"""Pictures and reports: ROC curve, confusion matrix, feature importances, texts."""

import pytest
from pairs import Facts, Pair, same

SETUP = """
import matplotlib.pyplot as plt
import mlflow
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay, classification_report
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X = X.iloc[:, :5]
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
forest = RandomForestClassifier(10, max_depth=4, random_state=0).fit(X_train, y_train)
"""

PAIRS = {
    "pictures drawn by scikit-learn": Pair(
        by_hand="""
with mlflow.start_run(run_name="forest"):
    figure, axes = plt.subplots()
    RocCurveDisplay.from_estimator(forest, X_test, y_test, ax=axes)
    mlflow.log_figure(figure, "roc_curve.png")
    figure, axes = plt.subplots()
    ConfusionMatrixDisplay.from_estimator(forest, X_test, y_test, ax=axes)
    mlflow.log_figure(figure, "confusion_matrix.png")
""",
        mlmagic="""\
%%track forest
RocCurveDisplay.from_estimator(forest, X_test, y_test)
plt.title("ROC curve")
ConfusionMatrixDisplay.from_estimator(forest, X_test, y_test)
plt.title("Confusion matrix");
""",
        runs={
            "forest": Facts(
                files={"roc_curve.png": "figures/ROC_curve.png", "confusion_matrix.png": "figures/Confusion_matrix.png"}
            )
        },
    ),
    "a picture that is saved": Pair(
        by_hand="""
with mlflow.start_run(run_name="forest"):
    pd.Series(forest.feature_importances_, X.columns).sort_values().plot.barh()
    plt.savefig("feature_importance.png")
    mlflow.log_artifact("feature_importance.png")
""",
        mlmagic="""\
%%track forest
pd.Series(forest.feature_importances_, X.columns).sort_values().plot.barh()
plt.savefig("feature_importance.png")
""",
        runs={"forest": Facts(files={"feature_importance.png": "figures/feature_importance.png"})},
    ),
    "pictures of an evaluation": Pair(
        by_hand="""
importances = permutation_importance(forest, X_test, y_test, random_state=0)
with mlflow.start_run(run_name="forest"):
    mlflow.log_figure(RocCurveDisplay.from_estimator(forest, X_test, y_test).figure_, "roc.png")
    mlflow.log_figure(ConfusionMatrixDisplay.from_estimator(forest, X_test, y_test).figure_, "confusion_matrix.png")
    mlflow.log_figure(pd.Series(importances.importances_mean, X.columns).plot.barh().figure, "permutation_importance.png")
""",
        mlmagic="""\
%%track forest
%evaluate forest X_test y_test --importance
""",
        runs={
            "forest": Facts(
                files={
                    f"{name}.png": f"figures/{name}.png"
                    for name in ("roc", "confusion_matrix", "permutation_importance")
                }
            )
        },
    ),
    "a report that is printed": Pair(
        by_hand="""
report = classification_report(y_test, forest.predict(X_test))
with mlflow.start_run(run_name="forest"):
    mlflow.log_text(report, "classification_report.txt")
""",
        mlmagic="""\
%%track forest
print(classification_report(y_test, forest.predict(X_test)), end="")
""",
        runs={"forest": Facts(files={"classification_report.txt": "mlmagic/output.txt"})},
    ),
    "a file that is written": Pair(
        by_hand="""
table = pd.DataFrame({"actual": y_test, "predicted": forest.predict(X_test)})
with mlflow.start_run(run_name="forest"):
    table.to_csv("predictions.csv", index=False)
    mlflow.log_artifact("predictions.csv")
""",
        mlmagic="""\
%%track forest
table = pd.DataFrame({"actual": y_test, "predicted": forest.predict(X_test)})
table.to_csv("predictions.csv", index=False)
mlmagic.log_artifact("predictions.csv")
""",
        runs={"forest": Facts(files=same("predictions.csv"))},
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_leave_the_same(name, compare):
    compare(SETUP, PAIRS[name])
