"""Record what each executed cell did besides its source: random draws, names bound, files, modules, working folder.

The facts are plain data, beside the cell in the session's log. What did not change since the cell before is left out::

    {"bound": {"x": "9e02…", "model": null},    names that the cell bound, with a digest of the value if it has one
     "random": {"numpy": "5b1c…"},              digest of a generator's state after the cell, if the cell changed it
     "entropy": ["1f3a…"],                      what unseeded NumPy generators drew from the operating system
     "read": {"/data/a.csv": ["sha256", 123]},  files that it read, with their size
     "written": ["/data/b.csv"],                files that it wrote
     "started": ["process", "connection"],
     "modules": {"helpers": {"file": …, "sha256": …, "source": …}},
     "folder": "/home/me/project"}              the working folder, if it has changed
"""

from __future__ import annotations

import ast
import itertools
import os
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmagic.adapters.import_hooks import when_imported
from mlmagic.session.record.files import FileWatch
from mlmagic.session.record.modules import ModuleWatch
from mlmagic.session.record.shown import without_secrets
from mlmagic.session.record.values import digests_of
from mlmagic.session.script import as_python
from mlmagic.snapshot.randomness import states
from mlmagic.snapshot.randomness.entropy import Entropy
from mlmagic.user_objects import reraise_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_BUDGET_S = 0.001
_LONGEST_PATH = 1_000
_MOST_WORDS = 200
_COMMAND = re.compile(r"\s*(?:[\w, ]+=\s*)?[!%]")
_OTHER_LANGUAGE = re.compile(r"\s*%%(?:bash|sh|script|system|sx|cmd|python3?)\b")
_BETWEEN_WORDS = re.compile(r"[\s='\"<>|;]+")
VARIABLES = ("PYTHONHASHSEED", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUBLAS_WORKSPACE_CONFIG")
"""The variables of the environment that change results; a replay sets them as they were."""
_NOT_OF_THE_USER = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open", "_ih", "_oh", "_dh", "__builtins__"})


before_start: list[Callable[[CellRecorder], None]] = []
"""What is called when a session starts: replay sets the random generators. It belongs to the process of a replay."""


class CellRecorder:
    """Notes what one session's cells do. Its methods never raise, and take less than a millisecond for a usual cell."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._files = FileWatch()
        self._modules = ModuleWatch()
        self.entropy = Entropy()
        self._folder = _folder()
        self._random: dict[str, str] = {}
        self._ids: dict[str, int] = {}
        self._undo: list[Callable[[], None]] = []
        self._reloads = False
        self.start: dict[str, Any] = {}
        self._problems: list[str] = []

    def begin(self) -> Callable[[], None]:
        """Begin to record the session; return a function that ends this."""
        self._guarded(self._begin)

        def stop() -> None:
            while self._undo:
                self._undo.pop()()

        return stop

    def _begin(self) -> None:
        for prepare in before_start:
            prepare(self)
        found = states.states()
        self._random = states.digests(found)
        self.start = {
            "python": sys.version.split()[0],
            "executable": sys.executable,
            "platform": sys.platform,
            "folder": self._folder,
            "path": [entry for entry in sys.path if isinstance(entry, str)],
            "hash_seed": os.environ.get("PYTHONHASHSEED", "random" if sys.flags.hash_randomization else "0"),
            "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
            "random": states.packed(found),
        }
        self._modules.take()
        self._ids = {name: id(value) for name, value in list(self._namespace.items())}
        self._undo.append(self.entropy.watch())
        self._undo.append(self._files.listen())
        for library, module in states.SEEDED_BY_IMPORT.items():
            if library not in found:
                self._undo.append(when_imported(module, partial(self._note_start, library)))

    def _note_start(self, library: str, _: object) -> None:
        """Note the state of a library's generator right after its import: it is seeded by chance."""
        found = states.states()
        if library in found:
            self.start["random"] |= states.packed({library: found[library]})
            self._random[library] = states.digests(found)[library]

    def shown_start(self) -> dict[str, Any]:
        """Return what the session started from, without secrets."""
        return without_secrets(self.start)

    def before(self) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Note what there is before a cell; return the generators' states, and what changed since the last cell."""
        found: dict[str, Any] = {}
        kept: dict[str, bytes] = {}

        def note() -> None:
            self._ids = {name: id(value) for name, value in list(self._namespace.items())}
            kept.update(states.states())
            now = states.digests(kept)
            changed = {name: digest for name, digest in now.items() if self._random.get(name, digest) != digest}
            if changed:
                found["random_before"] = changed
            self._random = now
            self.entropy.take()
            self._files.take()

        self._guarded(note)
        return kept, found

    def take_problems(self) -> list[str]:
        """Return what could not be recorded since the last call, in words."""
        problems, self._problems = self._problems, []
        return problems

    def so_far(self) -> dict[str, Any]:
        """Return what the running cell has done so far, of what a replay of it needs."""
        drawn = self.entropy.so_far()
        return {"entropy": drawn} if drawn else {}

    def after(self, source: str) -> dict[str, Any]:
        """Return the facts of the cell with this *source*, which has ended."""
        found: dict[str, Any] = {}
        self._guarded(lambda: found.update(self._facts(source)))
        return found

    def _facts(self, source: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        now = states.digests()
        changed = {name: digest for name, digest in now.items() if self._random.get(name) != digest}
        self._random = now
        if changed:
            found["random"] = changed
        if drawn := self.entropy.take():
            found["entropy"] = drawn
        bound = self._bound()
        digests = digests_of({name: self._namespace[name] for name in bound if name in self._namespace}, _BUDGET_S)
        found["bound"] = {name: digests.get(name) for name in bound}
        found |= self._files.take(_texts(source, self._namespace))
        self._reloads = self._reloads or "autoreload" in source
        if modules := self._modules.take(again=self._reloads or "reload(" in source):
            found["modules"] = modules
        if (folder := _folder()) != self._folder:
            found["folder"] = self._folder = folder
        return found

    def _bound(self) -> list[str]:
        """Return the names that were bound to another object, or deleted, since `before`."""
        names = self._namespace
        bound = [name for name, value in list(names.items()) if self._ids.get(name) != id(value)]
        bound += [name for name in self._ids if name not in names]
        return [name for name in bound if name not in _NOT_OF_THE_USER and not _is_output(name) and name[:2] != "__"]

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except BaseException as error:  # noqa: BLE001  # no error of mlmagic may reach the user's cell
            reraise_interrupt(error)
            self._problems.append(f"{type(error).__name__}: {error}"[:200])


def _is_output(name: str) -> bool:
    """Return whether IPython itself binds this name: ``_``, ``__``, ``_i``, ``_12``, ``_i12``."""
    rest = name.lstrip("_").removeprefix("i").removeprefix("i").removeprefix("i")
    return name.startswith("_") and (not rest or rest.isdecimal())


def _texts(source: str, namespace: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts in *source* that may name a file: its literals, and the texts and paths of variables it names."""
    if "/" not in source and "." not in source:
        return
    yield from _words_of_commands(source)
    try:
        tree = ast.parse(as_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        value = None
        if isinstance(node, ast.Constant):
            value = node.value
        elif isinstance(node, ast.Name):
            value = namespace.get(node.id)
        if isinstance(value, str) and 0 < len(value) < _LONGEST_PATH and "\n" not in value:
            yield value
        elif isinstance(value, os.PathLike) and type(value).__module__.startswith("pathlib"):
            yield os.fspath(value)


def _words_of_commands(source: str) -> Iterator[str]:
    r"""Yield the words of magics and of the shell's commands, such as ``%run prepare.py --fast``, ``!sh train.sh``.

    >>> list(_words_of_commands("x = 1\n%run 'prepare.py' --data=a.csv"))
    ['%run', 'prepare.py', '--data', 'a.csv']
    """
    lines = source.splitlines()
    is_whole = _OTHER_LANGUAGE.match(source) is not None
    words = (word for line in lines if is_whole or _COMMAND.match(line) for word in _BETWEEN_WORDS.split(line))
    yield from (word for word in itertools.islice(words, _MOST_WORDS) if 0 < len(word) < _LONGEST_PATH)


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return ""
