"""The names that random programs use, and what a run of a program leaves: names, events in order, and the exception."""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import itertools
import re
import reprlib
import traceback
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from random_programs import NAMES

if TYPE_CHECKING:
    import types
    from collections.abc import Callable, Mapping

FILE = "<cell>"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Context:
    """A context manager, also an asynchronous one, that binds what it gets."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __enter__(self) -> Any:
        return self.value

    def __exit__(self, *_: object) -> bool:
        return False

    async def __aenter__(self) -> Any:
        return self.value

    async def __aexit__(self, *_: object) -> bool:
        return False


class Point:
    __match_args__ = ("x",)

    def __init__(self, x: Any = 0, **_: Any) -> None:
        self.x = x


def two(value: Any) -> list[Any]:
    """Return at most two items for any value, so that every value can be looped over."""
    if isinstance(value, set):  # its order may follow from addresses
        return sorted(value, key=shown)[:2]
    if isinstance(value, (list, tuple, range, dict, str)):
        return list(itertools.islice(value, 2))
    return [value, 1]


async def later(value: Any) -> Any:
    return value


async def arrive(value: Any) -> Any:
    for item in two(value):
        yield item


def done(value: Any) -> Any:
    """Run a coroutine or a generator to its end; return any other value as it is."""
    if inspect.iscoroutine(value):
        try:
            value.send(None)
        except StopIteration as end:
            return end.value
    if inspect.isgenerator(value):
        return list(itertools.islice(value, 9))
    return value


class Box:
    """Holds items and attributes, and has the methods of an estimator."""

    def __init__(self, events: list[Any]) -> None:
        self.v = 1
        self._events = events
        self._items: dict[str, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        self._events.append(("get", shown(key)))
        return self._items[shown(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._events.append(("set", shown(key), shown(value)))
        self._items[shown(key)] = value

    def fit(self, *values: Any) -> Box:
        self._events.append(("fit", *map(shown, values)))
        return self

    def score(self, *values: Any) -> float:
        self._events.append(("score", *map(shown, values)))
        return len(values) / 2

    def end_run(self, value: Any) -> Any:
        self._events.append(("end", shown(value)))
        return value

    def bad(self, value: Any) -> Any:
        raise LookupError(shown(value))

    train = f1 = score
    DataLoader = bad


@reprlib.recursive_repr()
def shown(value: Any) -> str:
    """Return a text for *value* that is the same in two runs."""
    if value is None or isinstance(value, (int, float, str, BaseException)):
        return _ADDRESS.sub("", repr(value))
    if isinstance(value, (list, tuple, set)):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{shown(key)}: {shown(item)}' for key, item in value.items())}}}"
    return type(value).__name__


def world(events: list[Any]) -> dict[str, Any]:
    """Return the names that programs use besides those of the notebook; *events* gets what they do, in order."""

    def event(kind: str) -> Callable[..., Any]:
        def took(*values: Any, **words: Any) -> Any:
            events.append((kind, shown(values), shown(words)))
            return values[0] if values else 0

        return took

    def measure(one: Any, other: Any) -> float:
        events.append(("measure", shown(one), shown(other)))
        return 0.5

    left = iter(range(9))

    def again(value: Any) -> bool:
        """Return whether *value* is true, and False once all loops have had nine turns: each program ends."""
        return bool(value) and next(left, None) is not None

    box = Box(events)
    return {
        "__builtins__": vars(builtins), "__name__": "__main__", "Context": Context, "Point": Point, "two": two, "later": later,
        "arrive": arrive, "done": done, "note": event("note"), "same": lambda *_: lambda thing: thing, "measure": measure, "box": box,
        "rows": [1, 2], "metrics": box, "model": box, "DataLoader": event("load"), "width": 3,
        "again": again,
    }  # fmt: skip


@dataclass
class Outcome:
    """What a run left: values as text, the events, and the exception with the place of each frame in the program."""

    names: dict[str, str] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    error: tuple[Any, ...] | None = None


def compiled(tree: ast.Module | str) -> types.CodeType | None:
    """Return the code of a cell, in which ``await`` may stand at the top; None if it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile(tree, FILE, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError:
            return None


def execute(code: types.CodeType, namespace: dict[str, Any]) -> Exception | None:
    """Run the code of a cell as IPython does; return the exception that ended it."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(None):
        warnings.simplefilter("ignore")
        try:
            running = eval(code, namespace)
            if inspect.iscoroutine(running):
                done(running)
        except Exception as error:  # noqa: BLE001  # whatever a random program raises
            return error
    return None


def place(error: BaseException | None) -> tuple[Any, ...] | None:
    """Return type, text and causes of *error*, and the lines and columns of the frames in the program."""
    if error is None:
        return None
    frames = [
        (at.name, at.lineno, at.end_lineno, at.colno, at.end_colno)
        for at in traceback.extract_tb(error.__traceback__)
        if at.filename == FILE
    ]
    inner = tuple(map(place, getattr(error, "exceptions", ())))
    return type(error), _ADDRESS.sub("", str(error)), frames, place(error.__context__), inner


def outcome(tree: ast.Module | str, names: Mapping[str, Any] | None = None) -> Outcome | None:
    """Run a program in a new notebook; None if it is no Python."""
    code = compiled(tree)
    if code is None:
        return None
    events: list[Any] = []
    given = world(events)
    namespace = {**given, **(start() if names is None else names)}
    error = execute(code, namespace)
    kept = {name: shown(value) for name, value in namespace.items() if name not in given}
    return Outcome(kept, events, place(error))


def start() -> dict[str, int]:
    """Return the names of the notebook with their values."""
    return {name: number for number, name in enumerate(NAMES)}
