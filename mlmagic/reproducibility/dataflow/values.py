"""What a name may stand for in the interpretation: rows of data, estimators, splits of rows, columns, functions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import ast

    from mlmagic.reproducibility.cells import CodeCell

Side = Literal["", "train", "test"]
RowKind = Literal["whole", "side", "part", "union", "unknown"]
EstimatorKind = Literal["transformer", "stateless", "resampler", "model", "search", "splitter"]

_WORDS = re.compile(r"[\W_\d]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIDES: dict[str, Side] = {
    "train": "train", "training": "train", "tr": "train", "trn": "train", "xtrain": "train", "fit": "train",
    "test": "test", "testing": "test", "val": "test", "valid": "test", "validation": "test", "dev": "test",
    "holdout": "test", "te": "test", "xtest": "test", "eval": "test", "xval": "test", "oos": "test",
}  # fmt: skip
_OF_TEST = frozenset({"test", "testing", "te", "xtest", "holdout", "oos"})
_COLUMNS = frozenset({
    "col", "cols", "column", "columns", "feat", "feats", "feature", "features", "var", "vars", "field", "fields",
    "numeric", "numerical", "num", "categorical", "cat", "predictors", "names", "attrs",
})  # fmt: skip


@dataclass(eq=False)
class Rows:
    """A set of rows: the whole of a data set, a side of a split, some other part, or rows of which little is known.

    A union has the ``parts`` that were put below each other. ``division`` is the same for the features and the targets
    that one call divides, and ``name`` the first one that the code gives to a side.
    """

    kind: RowKind = "whole"
    parent: Rows | None = None
    side: Side = ""
    parts: tuple[Rows, ...] = ()
    division: tuple[int, int] | None = None
    name: str = ""

    def is_within(self, other: Rows) -> bool:
        """Return whether these rows are the *other* ones or among them."""
        if any(one is other for one in self.line()) or any(self.is_within(part) for part in other.parts):
            return True
        return bool(self.parts) and all(part.is_within(other) for part in self.parts)

    def has_some_of(self, other: Rows) -> bool:
        """Return whether these rows are among the *other* ones, or were put together from some of them."""
        return self.is_within(other) or any(part.has_some_of(other) for one in self.line() for part in one.parts)

    def is_side_within(self, other: Rows) -> bool:
        """Return whether these rows are, or come from, one side of a split of the *other* ones."""
        found = False
        for one in self.line():
            if one is other:
                return found
            found |= one.kind == "side"
        return False

    @property
    def held_out(self) -> Rows:
        """The rows that were held out, if these are some of them; else these themselves."""
        return next((one for one in self.line() if one.side == "test"), self)

    def is_same_held_out(self, other: Rows) -> bool:
        """Return whether both are, or are part of, the same rows that were held out."""
        mine, theirs = self.held_out, other.held_out
        return mine is theirs or (mine.division is not None and mine.division == theirs.division)

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
    """What was learned from rows: by a transformer, a resampler, or as a statistic such as the mean of a column.

    A repetition learns nothing: it has some of the rows several times.
    """

    what: str
    rows: Rows
    kind: Literal["transformer", "stateless", "resampler", "repetition", "statistic"]
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
    """Rows of features or targets, and what was learned to make them; ``columns`` are the fits of single columns."""

    rows: Rows
    fits: frozenset[Fit] = frozenset()
    columns: frozenset[tuple[str, Fit]] = frozenset()

    @property
    def learned(self) -> frozenset[Fit]:
        """What was learned to make all of the columns."""
        return self.fits | {fit for _, fit in self.columns}

    def of(self, rows: Rows) -> Data:
        """Return other rows of the same columns."""
        return Data(rows, self.fits, self.columns)

    def with_fits(self, *fits: Fit) -> Data:
        """Return the data after *fits* were applied to it."""
        return Data(self.rows, self.fits | frozenset(fits), self.columns)

    def with_column(self, name: str, fits: frozenset[Fit]) -> Data:
        """Return the data with a column that *fits* have made."""
        kept = {pair for pair in self.columns if pair[0] != name}
        return Data(self.rows, self.fits, frozenset(kept | {(name, fit) for fit in fits - self.fits}))

    def only(self, names: frozenset[str]) -> Data:
        """Return the columns of these names."""
        return Data(self.rows, self.fits, frozenset(pair for pair in self.columns if pair[0] in names))

    def without(self, names: frozenset[str]) -> Data:
        """Return the data without the columns of these names."""
        return Data(self.rows, self.fits, frozenset(pair for pair in self.columns if pair[0] not in names))


@dataclass(frozen=True)
class Predictions(Data):
    """What a model said of rows; ``given`` is what it was given, ``last_fit`` how the model was fitted then."""

    model: Estimator | None = None
    given: Data | None = None
    last_fit: LastFit | None = None


@dataclass(eq=False)
class Estimator:
    """A transformer, model, search or splitter; ``made`` is the expression that constructs it."""

    what: str
    kind: EstimatorKind
    made: str
    fit: Fit | None = None
    fitted_rows: Rows | None = None
    last_fit: LastFit | None = None
    stops_early: bool = False
    is_shared: bool = False
    """Whether something else may fit it too: a dict, a loop over models, an unknown function."""


@dataclass(frozen=True, eq=False)
class LastFit:
    """The last fit of a model: ``branch`` says within which branches of the code."""

    rows: Rows
    cell: CodeCell
    node: ast.Call
    branch: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Statistic:
    """A number for each column, learned from rows: ``name`` is how, such as mean."""

    name: str
    rows: Rows
    node: ast.AST
    of_target: bool = False


@dataclass(frozen=True)
class Score:
    """How well these rows were predicted, or several such scores; ``what`` says that it is the best of several.

    ``position`` is the place of the best one, ``best`` the score itself; of ``sorted`` ones an end is the best.
    """

    rows: frozenset[Rows]
    node: ast.AST
    what: Literal["", "best", "position", "sorted"] = ""


@dataclass(frozen=True)
class Index:
    """Positions of rows: a side of a split, or some; ``of_fold`` if one of several splits is meant."""

    side: Side = ""
    of_fold: bool = False


@dataclass(frozen=True)
class Columns:
    """Names of columns; ``names`` is None where the code does not spell them out."""

    names: frozenset[str] | None = None


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


Value = (
    Data | Estimator | Statistic | Score | Index | Columns | RowAccess | Grouped | FoldData | Several | Function | None
)


def side_of(name: str) -> Side:
    """Return the side of a split that a name implies.

    >>> side_of("X_train"), side_of("df_test"), side_of("valData"), side_of("X"), side_of("latest")
    ('train', 'test', 'test', '', '')
    """
    words = _WORDS.split(_CAMEL.sub(" ", name).replace(" ", "_").casefold())
    return next((_SIDES[word] for word in words if word in _SIDES), "")


def names_test_rows(name: str) -> bool:
    """Return whether a name is one of the rows that judge the final model, and not of those that choose it.

    >>> names_test_rows("X_test"), names_test_rows("X_val"), names_test_rows("test_valid")
    (True, False, False)
    """
    words = {word for word in _WORDS.split(_CAMEL.sub("_", name).casefold()) if _SIDES.get(word) == "test"}
    return bool(words) and words <= _OF_TEST


def names_columns(name: str) -> bool:
    """Return whether a name is one that people give to lists of columns.

    >>> names_columns("num_cols"), names_columns("features"), names_columns("train_idx")
    (True, True, False)
    """
    return any(word in _COLUMNS for word in _WORDS.split(_CAMEL.sub("_", name).casefold()))
