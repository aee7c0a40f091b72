"""What a name may stand for in the interpretation: rows of data, estimators, splits of rows, columns, functions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import ast

    from mlmagic.reproducibility.cells import CodeCell

Side = Literal["", "train", "test"]
RowKind = Literal["whole", "side", "part", "unknown"]
EstimatorKind = Literal["transformer", "stateless", "resampler", "model", "search", "splitter"]

_WORDS = re.compile(r"[\W_\d]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIDES: dict[str, Side] = {
    "train": "train", "training": "train", "tr": "train", "trn": "train", "xtrain": "train", "fit": "train",
    "test": "test", "testing": "test", "val": "test", "valid": "test", "validation": "test", "dev": "test",
    "holdout": "test", "te": "test", "xtest": "test", "eval": "test", "xval": "test", "oos": "test",
}  # fmt: skip
_COLUMNS = frozenset({
    "col", "cols", "column", "columns", "feat", "feats", "feature", "features", "var", "vars", "field", "fields",
    "numeric", "numerical", "num", "categorical", "cat", "predictors", "names", "attrs",
})  # fmt: skip


@dataclass(eq=False)
class Rows:
    """A set of rows: the whole of a data set, a side of a split, some other part, or rows of which little is known."""

    kind: RowKind = "whole"
    parent: Rows | None = None
    side: Side = ""

    def is_within(self, other: Rows) -> bool:
        """Return whether these rows are the *other* ones or among them."""
        return any(one is other for one in self.line())

    def is_side_within(self, other: Rows) -> bool:
        """Return whether these rows are, or come from, one side of a split of the *other* ones."""
        found = False
        for one in self.line():
            if one is other:
                return found
            found |= one.kind == "side"
        return False

    def line(self) -> list[Rows]:
        """Return these rows and those that they were taken from."""
        found: list[Rows] = []
        rows: Rows | None = self
        while rows is not None:
            found.append(rows)
            rows = rows.parent
        return found


@dataclass(frozen=True, eq=False)
class Fit:
    """What was learned from rows: by a transformer, a resampler, or as a statistic such as the mean of a column."""

    what: str
    rows: Rows
    kind: Literal["transformer", "stateless", "resampler", "statistic"]
    cell: CodeCell
    node: ast.AST
    owner: Estimator | None = None
    made_by: str = ""

    @property
    def line(self) -> int:
        """The line on which it was learned."""
        return getattr(self.node, "lineno", 1)

    @property
    def last_line(self) -> int:
        """The last line of the expression."""
        return getattr(self.node, "end_lineno", None) or self.line


@dataclass(frozen=True)
class Data:
    """Rows of features or targets, and what was learned to make them."""

    rows: Rows
    fits: frozenset[Fit] = frozenset()

    def with_fits(self, *fits: Fit) -> Data:
        """Return the data after *fits* were applied to it."""
        return Data(self.rows, self.fits | frozenset(fits))


@dataclass(eq=False)
class Estimator:
    """A transformer, model, search or splitter; ``made`` is the expression that constructs it."""

    what: str
    kind: EstimatorKind
    made: str
    fit: Fit | None = None
    fitted_rows: Rows | None = None


@dataclass(frozen=True)
class Statistic:
    """A number for each column, learned from rows: ``name`` is how, such as mean."""

    name: str
    rows: Rows
    node: ast.AST
    of_target: bool = False


@dataclass(frozen=True)
class Index:
    """Positions of rows: a side of a split, or some."""

    side: Side = ""


@dataclass(frozen=True)
class Columns:
    """Names of columns."""


@dataclass(frozen=True)
class RowAccess:
    """``df.loc`` or ``df.iloc``, whose first key chooses rows."""

    data: Data


@dataclass(frozen=True)
class Grouped:
    """The result of ``groupby``, ``rolling`` and the like; ``column`` is the one that was chosen of it."""

    data: Data
    by_group: bool
    column: str = ""


@dataclass(frozen=True)
class FoldData:
    """The folds that a splitter makes of rows; ``fold.X_train`` of `mlmagic.folds` are parts of it."""

    data: Data | None = None


@dataclass(frozen=True)
class Several:
    """A tuple or list."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Function:
    """A function of the notebook, or a class with the base TransformerMixin."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    cell: CodeCell = field(compare=False)


Value = Data | Estimator | Statistic | Index | Columns | RowAccess | Grouped | FoldData | Several | Function | None


def side_of(name: str) -> Side:
    """Return the side of a split that a name implies.

    >>> side_of("X_train"), side_of("df_test"), side_of("valData"), side_of("X"), side_of("latest")
    ('train', 'test', 'test', '', '')
    """
    words = _WORDS.split(_CAMEL.sub(" ", name).replace(" ", "_").casefold())
    return next((_SIDES[word] for word in words if word in _SIDES), "")


def names_columns(name: str) -> bool:
    """Return whether a name is one that people give to lists of columns.

    >>> names_columns("num_cols"), names_columns("features"), names_columns("train_idx")
    (True, True, False)
    """
    return any(word in _COLUMNS for word in _WORDS.split(_CAMEL.sub("_", name).casefold()))
