"""A cell of a notebook or of a session's log as a syntax tree, with its magics as calls or as lines."""

from __future__ import annotations

import ast
import re
import shlex
import warnings
from dataclasses import dataclass, field
from typing import NamedTuple

from mlmagic.session.script import as_python

SPLIT, EVALUATE = "__mlmagic_split__", "__mlmagic_evaluate__"
"""The names of the calls that stand for ``%split`` and ``%evaluate`` in the tree of a cell."""
_LINE = re.compile(r"(?P<indent>\s*)(?:[^\W\d]\w*\s*=\s*)?(?P<mark>%{1,2})(?P<name>[^\W\d]\w*)(?P<rest>.*)")
_COMMENTED = re.compile(r"#\s*(?=%{1,2}[^\W\d])")
_BODY_IS_PYTHON = frozenset({"track", "time", "timeit", "capture", "prun", "mprun", "memit", "sweep", "retrain"})
_NOT_KNOWN_TO_SCRIPTS = frozenset({"sweep", "retrain"})
_RECORDS_MODELS = frozenset({"track", "sweep", "retrain"})
_NEWLINE = re.compile(r"\r\n|\r|\n")
_FLAGS = frozenset({"--quiet"})


class Magic(NamedTuple):
    """A line magic or, with ``%%``, a cell magic: its name, the words after it, and its line."""

    name: str
    rest: str
    line: int
    is_cell: bool


@dataclass(frozen=True, eq=False)
class CodeCell:
    """A cell: ``number`` is what a reader calls it, ``problem`` says why it could not be parsed, with ``problem_line``.

    ``run`` is the id of the run that it recorded, if it is from a session's log; ``first_line`` where it begins in a
    script.
    """

    source: str
    number: int | None = None
    tree: ast.Module = field(default_factory=lambda: ast.Module([], []))
    magics: tuple[Magic, ...] = ()
    problem: str = ""
    problem_line: int = 1
    execution_count: int | None = None
    run: str | None = None
    is_from_script: bool = False
    first_line: int | None = None

    @property
    def records_models(self) -> bool:
        """Whether the models that the cell fits are recorded."""
        return any(one.is_cell and one.name in _RECORDS_MODELS and "--no-models" not in one.rest for one in self.magics)

    @property
    def is_sweep(self) -> bool:
        """Whether the cell is the body of a sweep, whose trials have a seed each."""
        return any(one.is_cell and one.name == "sweep" for one in self.magics)


def read_cell(
    source: str,
    number: int | None = None,
    *,
    execution_count: int | None = None,
    run: str | None = None,
    is_from_script: bool = False,
    first_line: int | None = None,
) -> CodeCell:
    r"""Parse a cell as typed; in a script, magics may be comments, as jupytext and mlmagic write them. Never raises.

    >>> cell = read_cell("%%track forest\n%split X y --seed 1\nmodel = fit(X_train)", 3)
    >>> cell.records_models, ast.unparse(cell.tree).splitlines()[0]
    (True, 'X_train, X_test, y_train, y_test = __mlmagic_split__(X, y)')
    """
    lines = lines_of(source)
    if is_from_script:
        lines = [_COMMENTED.sub("", line, count=1) if _COMMENTED.match(line) else line for line in lines]
    magics = [magic for at, line in enumerate(lines, 1) if (magic := _magic(line, at, lines)) is not None]
    python = "\n".join(_as_call(line) for line in lines) if magics else "\n".join(lines)
    tree, problem, problem_line = _parsed(python)
    if problem:  # `as_python` compiles, which takes longer
        tree, problem, problem_line = _parsed(as_python(python))
    if not tree.body and not problem and not _is_foreign(lines):
        problem, problem_line = _problem_of(lines)
    return CodeCell(
        source, number, tree, tuple(magics), problem, problem_line, execution_count, run, is_from_script, first_line
    )


def lines_of(source: str) -> list[str]:
    r"""Return the lines as Python counts them: a form feed ends none.

    >>> lines_of("a\r\nb\x0cc")
    ['a', 'b\x0cc']
    """
    return _NEWLINE.split(source)


def _magic(line: str, at: int, lines: list[str]) -> Magic | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    is_cell = found["mark"] == "%%" and all(one.lstrip().startswith("%") or not one.strip() for one in lines[: at - 1])
    if found["mark"] == "%%" and not is_cell:
        return None
    if found["name"] == "track" and not is_cell:  # `%track` as the first line is the same
        is_cell = not any(one.strip() for one in lines[: at - 1])
    return Magic(found["name"], found["rest"].strip(), at, is_cell)


def _as_call(line: str) -> str:
    """Return the line as Python if it is a magic of mlmagic that binds or judges data, or one `as_python` has not."""
    found = _LINE.fullmatch(line)
    if found is None:
        return line
    name, indent = found["name"], found["indent"]
    if found["mark"] == "%%":
        return f"{indent}# {line.strip()}" if name in _NOT_KNOWN_TO_SCRIPTS else line
    words = _words(found["rest"])
    if name == "split" and words:
        return _split_call(words, indent) or line
    if name == "evaluate" and words:
        given = list(_until_option(words))
        return f"{indent}{EVALUATE}({', '.join(given)})" if given and all(map(_is_expression, given)) else line
    return line


def _split_call(words: list[str], indent: str) -> str | None:
    data = list(_until_option(words))
    options = dict(zip(words, [*words[1:], ""], strict=True))
    sides = ["train", "val", "test"] if options.get("--val", "0") != "0" else ["train", "test"]
    lasts = [one.rpartition(".")[2] for one in data]
    names = sides if len(data) == 1 else [f"{last}_{side}" for last in lasts for side in sides]
    if "--into" in options:
        names = options["--into"].split(",")
    if not data or not all(map(_is_expression, data)) or not all(name.strip().isidentifier() for name in names):
        return None
    return f"{indent}{', '.join(names)} = {SPLIT}({', '.join(data)}{', val=1' if 'val' in sides else ''})"


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest, comments=True)
    except ValueError:  # an open quote: IPython refuses the line
        return []


def _until_option(words: list[str]) -> list[str]:
    """Return the words that are no option and no option's value."""
    found, at = [], 0
    while at < len(words):
        if words[at].startswith("-"):
            at += 1 if words[at] in _FLAGS or "=" in words[at] else 2
            continue
        found.append(words[at])
        at += 1
    return found


def _is_expression(word: str) -> bool:
    try:
        ast.parse(word, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _parsed(python: str) -> tuple[ast.Module, str, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(python), "", 1
    except SyntaxError as error:
        return ast.Module([], []), error.msg or "invalid syntax", error.lineno or 1
    except (ValueError, RecursionError, MemoryError) as error:
        return ast.Module([], []), str(error) or type(error).__name__, 1


def _is_foreign(lines: list[str]) -> bool:
    """Return whether the cell is of another language (``%%bash``), or has nothing but comments, magics and commands."""
    written = [line.strip() for line in lines if line.strip()]
    heads = [found for line in written if (found := _LINE.fullmatch(line)) and found["mark"] == "%%"]
    if heads and written[0].startswith("%%") and any(one["name"] not in _BODY_IS_PYTHON for one in heads[:2]):
        return True
    return all(line.startswith(("#", "%", "!", "?")) or line.endswith("?") for line in written)


def _problem_of(lines: list[str]) -> tuple[str, int]:
    """Return why the cell is no Python, and the line, without what IPython alone understands."""
    kept = ["" if line.lstrip().startswith(("%", "!", "?")) else line for line in lines]
    _, problem, line = _parsed("\n".join(kept))
    return problem, line
