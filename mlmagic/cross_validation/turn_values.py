"""The numbers that code binds in one turn of a loop, by comparing the names of its frame before and after."""

from __future__ import annotations

import ast
import dis
import inspect
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.recording.inferred.clocks import is_clock
from mlmagic.recording.inferred.dict_results import results_in
from mlmagic.remembered import Remembered
from mlmagic.scalars import as_float
from mlmagic.session.observation.bindings import bindings
from mlmagic.user_objects import guarded

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from types import CodeType, FrameType

_PACKAGE = Path(__file__).parents[1]
_REFERENCES = 3
"""To a frame's copy of its local names: the frame's own, the variable's here, and the one of the call that counts."""


class Turn:
    """One turn of a loop in the code of *frame*, from its begin on; *clocks* are names of clock readings."""

    def __init__(self, frame: FrameType, clocks: Container[str] = ()) -> None:
        names = _names(frame)
        self._clocks = clocks
        self._before = {name: Remembered(value) for name, value in names.items()}
        self._sizes = {name: len(value) for name, value in names.items() if type(value) is list}

    def bound(self, frame: FrameType) -> dict[str, Any]:
        """Return the objects that names of *frame* were bound to in this turn."""
        return {name: value for name, value in _names(frame).items() if not self._is_old(name, value)}

    def _is_old(self, name: str, value: Any) -> bool:
        return name in self._before and self._before[name].is_(value)

    def _added(self, frame: FrameType) -> dict[str, Any]:
        """Return the last item of each list that grew in this turn, by the list's name."""
        lists = {
            name: value for name, value in _names(frame).items() if type(value) is list and self._is_old(name, value)
        }
        return {name: value[-1] for name, value in lists.items() if len(value) > self._sizes.get(name, 0)}

    def metrics(self, frame: FrameType) -> dict[str, dict[str, float]]:
        """Return the numbers that were bound in this turn: for each name, its metrics by their keys.

        A float that is written in the code as such is a setting, and a reading of a clock is none either. A number that
        a list gets and that has a name is the name's: the list has no metrics then.
        """
        bound = self.bound(frame)
        literals = {id(value) for value in frame.f_code.co_consts if type(value) is float}
        computed = {
            name: value for name, value in bound.items() if id(value) not in literals and name not in self._clocks
        }
        found = {name: _numbers(name, value) for name, value in computed.items()}
        named = {id(value) for value in bound.values()}
        for name, value in self._added(frame).items():
            found[name] = {} if id(value) in named else _numbers(name, value)
        return {name: numbers for name, numbers in found.items() if numbers or name not in bound}


def _numbers(name: str, value: Any) -> dict[str, float]:
    number = guarded(default=None)(as_float)(value)
    if number is not None:
        return {name: number}
    return dict(guarded(default=[])(results_in)(name, value)) if type(value) is dict else {}


def clocks_in(frame: FrameType) -> set[str]:
    """Return the names that the code of *frame* binds to readings of a clock; none if its source is not known."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(frame)))
    except (OSError, SyntaxError, TypeError):
        return set()
    body = tree.body[0]
    if isinstance(body, (ast.FunctionDef, ast.AsyncFunctionDef)) and body.name == frame.f_code.co_name:
        tree = ast.Module(body.body, [])
    names = {**frame.f_globals, **frame.f_locals}
    return {name for name, binding in bindings(tree).names.items() if is_clock(binding, names)}


def _names(frame: FrameType) -> Mapping[str, Any]:
    """Return the user's names that the code of *frame* uses: those of the notebook, or the local ones of a function."""
    code, names = frame.f_code, frame.f_locals
    used = dict.fromkeys((*code.co_names, *code.co_varnames, *code.co_cellvars, *code.co_freevars))
    found = {name: names[name] for name in used if name[0] not in "_." and name in names}
    if names is not frame.f_globals and type(names) is dict and sys.getrefcount(names) == _REFERENCES:
        names.clear()  # until Python 3.12 the frame keeps this copy, and with it objects that the code has dropped
    return found


def caller(code: CodeType | None) -> FrameType | None:
    """Return the frame of the user's code that asks this generator for its next item.

    It is the one that runs *code*, where the folds were made; else the nearest of no installed package.
    """
    frame = resumed = _outer(sys._getframe())
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    if frame is not None or resumed is None:
        return frame
    frame = resumed
    while frame is not None and _is_of_a_package(frame):
        frame = frame.f_back
    return frame or resumed


def _outer(frame: FrameType | None) -> FrameType | None:
    """Return the frame that resumed the generator of *frame*, None if no Python code did."""
    return frame.f_back.f_back if frame is not None and frame.f_back is not None else None


def _is_of_a_package(frame: FrameType) -> bool:
    file = Path(frame.f_code.co_filename)
    return "site-packages" in file.parts or _PACKAGE in file.parents


_LEFT = {"POP_TOP", "FOR_ITER", "END_FOR", "POP_ITER", "END_SEND"}


def is_raising(frame: FrameType) -> bool:
    """Return whether the code of *frame*, which drops the loop's iterator now, does so because of an exception.

    ``break``, ``return`` and the end of a ``zip`` drop it by an instruction of their own; an exception leaves the frame
    at the instruction that raised.
    """
    code = frame.f_code.co_code
    name = dis.opname[code[frame.f_lasti]] if 0 <= frame.f_lasti < len(code) else ""
    return bool(name) and name not in _LEFT and not name.startswith(("STORE_", "DELETE_"))
