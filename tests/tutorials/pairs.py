"""Snippets of MLflow tutorials, each beside the tracked cell that says the same.

A `Pair` is a row of a table: the snippet as tutorials write it with plain MLflow, the cells of mlmagic that replace it,
and what the two stores must then have in common. Each subject has a module:

==========================  ============================================================================
``test_folds.py``           nested runs of a cross-validation, with mean and spread
``test_metrics.py``         metrics of one's own, learning curves by step, two models on one test set
``test_pictures.py``        ROC curve, confusion matrix, feature importances, reports as text
``test_models.py``          a pipeline as one model, data sets, autologging
``test_searching.py``       tags, and runs by filter
``test_registered.py``      registered models, stages, aliases, loading by alias
``test_retraining.py``      training again when the model in production has become worse
==========================  ============================================================================

The next subject is a module of this form: a ``SETUP`` that both sides execute
first, ``PAIRS`` by name, and one parametrised test that calls the fixture ``compare``.

The snippet by hand runs first, without mlmagic, in a store of its own. What it leaves there must be what the row lists,
so that no row is silent about a part of it. The cells then run in an IPython shell, in another store, and must leave all
of it too, under the same names or under those that the row gives. mlmagic records more than that, which is not compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NEXT_CELL = "# %%\n"
"""The line that stands between two cells of mlmagic."""
LEFT_OUT = ""
"""In place of mlmagic's name: it has no such record, for a reason that the row gives."""


def same(*names: str) -> dict[str, str]:
    """Return *names* as what is called the same on both sides; ``| {"by hand": "mlmagic's"}`` adds what is not."""
    return {name: name for name in names}


@dataclass(frozen=True)
class Facts:
    """What a run has in both stores, as names by hand and with mlmagic.

    Attributes
    ----------
    params, tags
        Equal as text. Of the tags, only the user's count.
    metrics
        Equal in every step, and in every value to 12 digits.
    models
        Logged models that predict the same.
    datasets
        Inputs of equal numbers of rows and columns, with the same context.
    files
        Artifacts of the same kind; text files with the same content.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """A snippet by hand, the cells that replace it, and what both leave.

    Attributes
    ----------
    runs
        The runs by name, ``"forest/fold_0"`` for one below another. mlmagic may have more below one.
    versions
        The aliases of registered versions (``"churn/1"``), which are from runs of equal names and predict the same. A
        stage counts as the alias of its name.
    answers
        Variables that end with the same value.
    says
        What the cells of mlmagic print, in part.
    """

    by_hand: str
    mlmagic: str
    runs: Mapping[str, Facts]
    versions: Mapping[str, set[str]] = field(default_factory=dict)
    answers: tuple[str, ...] = ()
    says: str = ""
