"""What a filter means for the runs at hand: what to ask MLflow's store, and a test of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmagic.store.query.filters.matching import test_of
from mlmagic.store.query.filters.names import locate
from mlmagic.store.query.filters.narrowing import asked_of_store
from mlmagic.store.query.filters.tree import And, Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow.entities import Run

    from mlmagic.store.query.filters.names import Keys
    from mlmagic.store.query.filters.tree import Expression


@dataclass(frozen=True)
class DividedFilter:
    """A filter in MLflow's syntax, which narrows down the runs, and a test that decides.

    The test holds for runs that were not asked for by the filter, too. *is_narrow* says that the store returns few runs
    that do not pass.
    """

    server: str = ""
    test: Callable[[Run], bool] | None = None
    is_narrow: bool = True

    def matches(self, run: Run) -> bool:
        """Return whether *run* passes."""
        return self.test is None or self.test(run)


def divide(expression: Expression | None, keys: Keys) -> DividedFilter:
    """Look up every name among *keys*, and divide a filter between the store and the test.

    The store is asked for what the parts say that ``and`` joins; it knows no ``or``, ``not`` or words.

    Raises
    ------
    UsageProblem
        When no run has a name, or an operator or a value does not fit what it names.
    """
    if expression is None:
        return DividedFilter()
    test = test_of(expression, keys)
    asked = [_asked(part, keys) for part in _joined(expression)]
    return DividedFilter(" and ".join(filter(None, asked)), test, is_narrow=all(asked))


def _asked(part: Expression, keys: Keys) -> str | None:
    return asked_of_store(part, locate(part, keys)) if isinstance(part, Condition) else None


def _joined(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, And):
        for part in expression.parts:
            yield from _joined(part)
    else:
        yield expression
