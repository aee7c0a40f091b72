"""Which names a cell only evaluates on: a gate may judge on such data, so nothing that a model learns from may be one."""

import ast

import pytest

from mlmagic.session.observation.cell_text import names_only_evaluated


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("model.score(X, y)", {"X", "y"}),
        ("model.fit(X, y)", set()),
        ("model.fit(X, y)\nmodel.score(X, y)", set()),
        ("model.fit(A, b).score(X, y)", {"X", "y"}),
        ("pipe.fit(scale(X)); pipe.predict(X)", set()),
        ("f1_score(y, model.predict(X), average='macro')", {"y", "X"}),
        ("metrics.roc_auc_score(y_true=y, y_score=model.predict_proba(X)[:, 1])", {"y", "X"}),
        ("model.score(X[columns], y.values)", {"X", "columns", "y"}),
        ("model.score(scaler.fit_transform(X), y)", {"y"}),
        ("model.score(scaler.transform(X), y)", {"y"}),  # what `transform` keeps is not known
        ("mlmagic.evaluate(model, X, y)", {"model", "X", "y"}),
        ("mlmagic.drift(X, X_new, model=model)", set()),
        ("mlmagic.drift(X, X_new); model.score(X_new, y)", {"X_new", "y"}),
        ("model.fit(X, y); mlmagic.drift(X, X_new); mlmagic.evaluate(model, X_new, y_new)", {"X_new", "y_new"}),
        ("print(len(X))", set()),
        ("print(len(X)); model.predict(X)", {"X"}),
        ("X = X.dropna(); model.score(X, y)", {"y"}),
        ("for X, y in folds:\n    model.score(X, y)", set()),
        ("def check():\n    return model.score(X, y)", {"X", "y"}),
        ("train(model, X)", set()),
        ("model.partial_fit(X); model.predict(X)", set()),
        ("GridSearchCV(model, grid).fit(X, y).score(X_test, y_test)", {"X_test", "y_test"}),
        ("del X; model.score(y)", {"y"}),
        ("[model.score(part, y) for part in parts]", {"y"}),
        ("cross_val_score(model, X, y)", set()),
        ("scores = cross_validate(model, X, y)", set()),
        ("learning_curve(model, X, y); validation_curve(model, X, y)", set()),
        ("permutation_test_score(model, X, y)", set()),
        ("score(X, y); evaluate(model, X); fit_score(X)", set()),
        ("early(X_val); model.fit(X, eval_set=[(X_val, y_val)])", set()),
    ],
)
def test_names_only_evaluated(cell, expected):
    assert names_only_evaluated(ast.parse(cell)) == expected
