"""``%%retrain`` in a real kernel: the body runs only if it is needed, as a tracked cell, and the verdict is shown."""

SETUP = """\
%load_ext mlmagic
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_old, y_old, X_new, y_new, X_recent, y_recent = X[:200], y[:200], X[200:400], y[200:400], X[400:], y[400:]
"""
FIRST = "%%track first\nmodel = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X_old, y_old)"
BODY = """
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X_new, y_new)
print("trained", round(model.score(X_recent, y_recent), 3))
"""
LINE = "%%retrain churn --on X_recent y_recent --metric accuracy"


def verdict(output):
    assert output.status == "ok", output.text
    (shown,) = [content["data"] for content in output.of("execute_result")]
    assert "mlmagic-evaluation" in shown["text/html"]
    return shown["text/plain"]


def test_from_kept_to_promoted_and_again(kernel):
    kernel.check(SETUP)
    kernel.check(FIRST)
    kernel.check("%register churn --alias champion")
    kept = kernel.run(f"{LINE} --min 0.5 --promote-to champion{BODY}")
    assert verdict(kept).startswith("churn: The champion stays\n  accuracy of churn/1 on X_recent is 0.8757 [0.8")
    assert "trained" not in kept.stdout
    assert kept.summaries == []
    promoted = kernel.run(f"{LINE} --min 0.95 --promote-to champion --into result -t team=risk{BODY}")
    assert verdict(promoted).startswith("churn: Promoted\n")
    assert "below 0.95: training\n" in promoted.stdout
    assert "trained 0.994" in promoted.stdout  # scoring on the recent data is no training on it
    (card,) = promoted.summaries
    assert "churn retrained" in card
    held = kernel.check(
        "run = mlmagic.last_run\n"
        "print(run.tags['retrain_reason'][:24], run.tags['team'], result.verdict, result.version)\n"
        "print(run.id == result.run_id, type(model).__name__, sorted(run.metrics)[:2])"
    )
    assert held.splitlines()[:2] == [
        "accuracy of churn/1 on X risk promoted 2", "True Pipeline ['accuracy', 'accuracy_high']",
    ]  # fmt: skip
    again = kernel.run(f"{LINE} --min 0.95 --promote-to champion{BODY}")
    assert verdict(again).startswith("churn: The champion stays\n  accuracy of churn/2 on X_recent is 0.9941")


def test_a_body_that_fails_and_lines_that_are_wrong(kernel):
    kernel.check(SETUP)
    kernel.check(FIRST)
    kernel.check("%register churn --alias champion")
    before = kernel.check("print(mlmagic.registered_models('churn').shape[0])").strip()
    failed = kernel.run(f"{LINE} --min 0.95 --promote-to champion\nmodel = 1 / 0")
    assert failed.status == "error"
    assert "ZeroDivisionError" in failed.text
    assert "retrain_reason" not in failed.text  # nothing of the plumbing is in the traceback
    assert "AlreadyShownError" not in failed.text
    left = kernel.run(f"{LINE} --min 0.95\nrate = 0.5")
    assert "the training of 'churn' left no model in the run 'churn retrained'" in left.text
    for line, message in {
        "%%retrain": "the model's NAME and --on X,y and --metric must be given",
        "%%retrain churn --on X_recent --metric accuracy": "--on X_recent: it takes the recent data and its targets",
        "%%retrain churn --on X_recnt y_recent --metric accuracy": "no variable 'X_recnt'. Did you mean 'X_recent'?",
        "%%retrain churn --on X_recent y_recent --metric acuracy": "Did you mean 'accuracy'?",
        f"{LINE} --mni 0.5": "has no option '--mni'. Did you mean '--min'?",
        f"{LINE} --min high": "--min high: give a number",
        f"{LINE} --min 0.5 --max 1": "one of them decides",
        f"{LINE} --into 5x": "'5x' is no name for a variable",
    }.items():
        output = kernel.run(f"{line}\nmodel = 1")
        assert output.status == "error", line
        assert message in output.text, (line, output.text)
        assert len(output.errors[0].splitlines()) == 1, output.text
    assert "the body is empty" in kernel.run(f"{LINE} --min 0.5\n  ").text
    assert kernel.check("print(mlmagic.registered_models('churn').shape[0])").strip() == before
