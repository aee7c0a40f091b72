"""Infer from a metric's name whether less or more of it is better, and which metrics are the bounds of its interval."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

Direction = Literal["min", "max"]
MetricValue = Literal["last", "best", "min", "max"]
"""Which value of a metric with steps is meant; ``"best"`` is the lowest or the highest, by the metric's direction."""
VALUES: tuple[MetricValue, ...] = ("last", "best", "min", "max")

_LESS = frozenset(
    [
        "loss",
        "losses",
        "error",
        "merror",
        "err",
        "mse",
        "rmse",
        "mae",
        "mape",
        "msle",
        "rmsle",
        "logloss",
        "mlogloss",
        "nloglik",
        "mphe",
        "nll",
        "deviance",
        "perplexity",
        "ppl",
        "entropy",
        "crossentropy",
        "brier",
        "hinge",
        "time",
        "seconds",
        "duration",
        "latency",
        "fpr",
        "fnr",
        "eer",
        "wer",
        "cer",
        "fid",
        "hamming",
        "pinball",
        "cost",
        "costs",
        "penalty",
        "divergence",
        "kl",
        "regret",
    ]
)
_MORE = frozenset(
    [
        "accuracy",
        "acc",
        "f1",
        "fbeta",
        "auc",
        "auroc",
        "auprc",
        "aucpr",
        "roc",
        "ap",
        "precision",
        "recall",
        "r2",
        "score",
        "map",
        "miou",
        "iou",
        "dice",
        "jaccard",
        "bleu",
        "rouge",
        "meteor",
        "ndcg",
        "mrr",
        "cindex",
        "kappa",
        "mcc",
        "matthews",
        "sensitivity",
        "specificity",
        "tpr",
        "tnr",
        "likelihood",
        "reward",
        "correlation",
        "pearson",
        "spearman",
        "silhouette",
        "hits",
        "r2score",
        "variance",
    ]
)
_WORDS: dict[str, Direction] = {
    **dict.fromkeys(("min", "minimum", "minimize", "asc"), "min"),
    **dict.fromkeys(("max", "maximum", "maximize", "desc"), "max"),
}
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*")


def direction_of(name: str) -> Direction | None:
    """Return ``"min"`` if less of the metric *name* is better, ``"max"`` if more is, None if the name does not say.

    The last known word decides, so ``accuracy_loss`` is a loss. scikit-learn's prefix ``neg_`` reverses the direction.

    A spread (``cv_std_accuracy``) has no direction. A number at the end of a word says no more: ``acc1``, ``rouge2``.

    >>> [direction_of(name) for name in ("val_loss", "testAccuracy", "neg_mean_squared_error", "f1_macro", "epochs")]
    ['min', 'max', 'max', 'max', None]
    >>> direction_of("mAP50"), direction_of("cv_mean_accuracy"), direction_of("cv_std_accuracy")
    ('max', 'max', None)
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if "std" in words:
        return None
    for word in reversed(words):
        meant = {word, word.rstrip("0123456789")}
        if not _LESS.isdisjoint(meant):
            return "max" if "neg" in words else "min"
        if not _MORE.isdisjoint(meant):
            return "max"
    return None


def split_direction(text: str) -> tuple[str, Direction | None]:
    """Return the metric and the direction that *text* names, None if it names no direction.

    >>> split_direction("score max"), split_direction(" val loss "), split_direction("max")
    (('score', 'max'), ('val loss', None), ('max', None))
    """
    name, _, word = text.strip().rpartition(" ")
    direction = _WORDS.get(word.lower()) if name else None
    return (name if direction else text.strip()), direction


def interval_ends(names: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the metrics among *names* that have an interval, with the names of its two ends.

    >>> interval_ends(["accuracy", "accuracy_low", "accuracy_high", "day_low"])
    {'accuracy': ('accuracy_low', 'accuracy_high')}
    """
    known = set(names)
    ends = {name: (f"{name}_low", f"{name}_high") for name in names}
    return {name: pair for name, pair in ends.items() if known.issuperset(pair)}
