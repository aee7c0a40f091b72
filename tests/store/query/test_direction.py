"""Whether less or more of a metric is better, by its name."""

import pytest

from mlmagic.store.query.direction import direction_of

LESS = [
    *(
        "loss",
        "val_loss",
        "valLoss",
        "train/loss",
        "LOSS",
        "val.loss",
        "log_loss",
        "logloss",
        "mlogloss",
        "binary_logloss",
    ),
    *(
        "mse",
        "rmse",
        "RMSE",
        "test_mae",
        "mape",
        "mean_squared_error",
        "top1_err",
        "merror",
        "hamming_loss",
        "accuracy_loss",
    ),
    *(
        "perplexity",
        "ppl",
        "cross_entropy",
        "kl",
        "kl_divergence",
        "brier_score_loss",
        "seconds",
        "fit_time",
        "latency_ms",
    ),
    *("fpr", "fid", "wer", "loss_2", "loss@5", "validation_0-logloss", "f1_error", "loss1", "val_err5"),
]
MORE = [
    *(
        "accuracy",
        "val_accuracy",
        "valAccuracy",
        "acc",
        "acc1",
        "f1",
        "f1_macro",
        "F1",
        "auc",
        "AUC",
        "roc_auc",
        "ROC AUC",
    ),
    *(
        "r2",
        "R2",
        "r2_score",
        "precision@5",
        "recall",
        "map",
        "mAP",
        "ndcg@10",
        "hits@1",
        "bleu",
        "rouge1",
        "score",
        "iou",
    ),
    *(
        "neg_mean_squared_error",
        "neg_log_loss",
        "explained_variance",
        "silhouette",
        "mcc",
        "cv_mean_accuracy",
        "loss_score",
    ),
    *("log_likelihood", "test_score", "balanced_accuracy", "mAP50", "map50-95", "acc5", "rouge2", "neg_loss1"),
]
UNKNOWN = [
    *("", "epoch", "lr", "steps", "n", "custom", "grad_norm", "cv_std_accuracy", "std_loss", "ñ", "42", "_", "lossy"),
    *("number_of_rows", "l2", "p95", "f", "temperature", "learning_rate"),
]


@pytest.mark.parametrize("name", LESS)
def test_less_is_better(name):
    assert direction_of(name) == "min"


@pytest.mark.parametrize("name", MORE)
def test_more_is_better(name):
    assert direction_of(name) == "max"


@pytest.mark.parametrize("name", UNKNOWN)
def test_the_name_does_not_say(name):
    assert direction_of(name) is None


def test_every_scorer_of_scikit_learn_is_better_where_it_is_more():
    from sklearn.metrics import get_scorer_names

    unsure = {name for name in get_scorer_names() if direction_of(name) is None}
    assert {name for name in get_scorer_names() if direction_of(name) == "min"} == set()
    assert len(unsure) < len(get_scorer_names()) / 4, unsure
