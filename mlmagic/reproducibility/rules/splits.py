"""MLM004: rows that are divided by chance, without a seed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmagic.reproducibility.cells import SPLIT
from mlmagic.reproducibility.code import is_constant, is_none
from mlmagic.reproducibility.findings import found_at
from mlmagic.reproducibility.library_names import ALWAYS_SHUFFLED, SHUFFLED_ON_REQUEST, SPLITTERS, is_of_library
from mlmagic.reproducibility.seeding import NUMPY, TORCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmagic.reproducibility.code import Code, FoundCall
    from mlmagic.reproducibility.findings import Finding
    from mlmagic.reproducibility.seeding import Seeding

_TRAIN_TEST_SPLIT = frozenset({"train_test_split"})
_RANDOM_SPLIT = "torch.utils.data.random_split"
_OWN = frozenset({SPLIT, "mlmagic.split"})


def find(code: Code, seeding: Seeding) -> Iterator[Finding]:
    """Yield the splits that divide otherwise the next time."""
    for call in code.calls:
        if not _is_by_chance(call):
            continue
        of_torch = call.path == _RANDOM_SPLIT
        draws_later = is_of_library(call.path, SPLITTERS)
        if not seeding.covers(TORCH if of_torch else NUMPY, call, draws_later=draws_later):
            yield _unseeded(call, of_torch=of_torch)


def splits_in(code: Code) -> list[FoundCall]:
    """Return the calls that divide rows, seeded or not."""
    return [call for call in code.calls if call.path in _OWN or call.path == _RANDOM_SPLIT or _is_splitter(call)]


def how(call: FoundCall) -> str:
    """Return a split as it is shown: the line of ``%split``, or the call."""
    if call.path == SPLIT:
        magic = next((one for one in call.cell.magics if one.line == call.node.lineno), None)
        return f"%split {magic.rest}" if magic is not None else "%split"
    return call.name


def _is_splitter(call: FoundCall) -> bool:
    return is_of_library(call.path, _TRAIN_TEST_SPLIT | SPLITTERS)


def _is_by_chance(call: FoundCall) -> bool:
    """Return whether a call divides by chance, and is given no seed."""
    if call.has_unknown_arguments:
        return False
    if call.path == _RANDOM_SPLIT:
        return is_none(call.given("generator"))
    if not is_none(call.given("random_state")):
        return False
    if is_of_library(call.path, _TRAIN_TEST_SPLIT):
        return not is_constant(call.given("shuffle"), False)  # the value that is looked for
    if is_of_library(call.path, ALWAYS_SHUFFLED):
        return True
    return is_of_library(call.path, SHUFFLED_ON_REQUEST) and is_constant(call.given("shuffle"), True)


def _unseeded(call: FoundCall, *, of_torch: bool) -> Finding:
    extra = "generator=torch.Generator().manual_seed(42)" if of_torch else "random_state=42"
    given = [ast.unparse(one) for one in call.node.args]
    given += [f"{one.arg}={ast.unparse(one.value)}" for one in call.node.keywords if one.arg != "random_state"]
    shown = f"{ast.unparse(call.node.func)}({', '.join([*given, extra])})"
    message = f"{call.name} divides otherwise each time: no {extra.partition('=')[0]}, and no seed before"
    return found_at(call.cell, call.node.lineno, "MLM004", message, fix=shown, last_line=call.node.end_lineno)
