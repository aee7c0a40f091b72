"""The variables, columns, classes and configs of the notebook, and the words that an option takes."""

from __future__ import annotations

from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmagic.user_objects import guarded
from mlmagic.visible import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from IPython.core.interactiveshell import InteractiveShell

_OF_COLUMNS = frozenset(("--by", "--groups", "--group", "--stratify", "--time"))
OF_GATES = frozenset(("--on", "--metric"))
_WITHOUT_NAMES = frozenset(
    ("--test", "--val", "--salt", "--seed", "--into", "--confidence", "--resamples", "--positive", "--name")
)
_WORDS = {
    "--task": ("binary", "multiclass", "multilabel", "regression"),
    "--mode": ("min", "max"),
    "--search": ("grid", "random", "tpe"),
    "--on": ("local", "dask"),
}
_SWEEP_WITHOUT_NAMES = frozenset(
    ("--metric", "--trials", "--jobs", "--seeds", "--address", "--timeout", "--threads", "--into")
)


def variables(shell: InteractiveShell) -> list[str]:
    """Return the names of the notebook's variables."""
    return sorted(name for name in shell.user_ns if not name.startswith("_") and name not in shell.user_ns_hidden)


def data(shell: InteractiveShell, last: str, words: list[str]) -> Iterable[str]:
    """Return what ``%split`` and ``%evaluate`` take after *last*: variables, columns of those named, metrics."""
    if last in _WORDS:
        return _WORDS[last]
    if last in _WITHOUT_NAMES:
        return []
    columns = _columns(shell, words) if last in _OF_COLUMNS else []
    return [*columns, *variables(shell), *(_metrics() if last == "--metric" else ())]


def gate(shell: InteractiveShell, last: str, words: list[str]) -> Iterable[str]:  # noqa: ARG001  # as the others
    """Return what ``%promote`` takes after one of `OF_GATES`: the variables with the data, or metrics."""
    return _metrics() if last == "--metric" else variables(shell)


def drift(shell: InteractiveShell, last: str, words: list[str]) -> Iterable[str]:
    """Return what ``%drift`` takes after *last*: corrections, columns of the reference, or variables."""
    if last == "--correction":
        return ("bh", "bonferroni", "none")
    if last in {"--columns", "--by", "--target"} or "--columns" in words:
        return sorted(_columns(shell, words[1:2]))
    return variables(shell)


def sweep(shell: InteractiveShell, last: str, words: list[str]) -> Iterable[str]:
    """Return what ``%%sweep`` takes after *last*: words, configs, and variables to sweep over."""
    from mlmagic.config.composing import compositions_in

    if last in _WORDS:
        return _WORDS[last]
    if last == "--config":
        return sorted(compositions_in(shell.user_ns))
    if last == "--zip":
        return [word.partition("=")[0].lstrip("+") for word in words if "=" in word]
    if last in _SWEEP_WITHOUT_NAMES or "=" in words[-1]:
        return []
    return [f"{name}=" for name in variables(shell) if type(shell.user_ns[name]) in {bool, int, float, str}]


def configs(shell: InteractiveShell, last: str, words: list[str]) -> Iterable[str]:
    """Return folders, dataclasses, config groups with their options, or keys of the config's last composition."""
    if last == "--config-dir":
        return sorted(path.name for path in Path.cwd().iterdir() if path.is_dir() and not path.name.startswith("."))
    if last == "--schema":
        return sorted(name for name, value in shell.user_ns.items() if isinstance(value, type) and is_dataclass(value))
    from mlmagic.config.composing import last_values
    from mlmagic.config.groups import groups_in

    folder = option_value(words, "--config-dir")
    groups = groups_in(Path(folder.strip("'\"")).expanduser()) if folder else {}
    if last == "--config-name":
        return groups.get("", [])
    chosen = [f"{group}={option}" for group, options in groups.items() if group for option in options]
    return [*chosen, *(f"{key}=" for key in last_values(words[1] if len(words) > 1 else ""))]


def option_value(words: list[str], *options: str) -> str | None:
    """Return the value that one of the *options* has on a line, None without one.

    >>> option_value(["-n", "5", "-e", "churn"], "-e"), option_value(["--dir=a b"], "--dir"), option_value(["-e"], "-e")
    ('churn', 'a b', None)
    """
    for at, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in options:
            return value if equals else next(iter(words[at + 1 :]), None)
    return None


def _columns(shell: InteractiveShell, words: list[str]) -> list[str]:
    """Return the columns of the frames that the line names, but not those that need quotes."""
    names = [name for word in words if word in shell.user_ns for name in _names_in(shell.user_ns[word])]
    return list(dict.fromkeys(name for name in names if is_plain(name) and not set(" '\"\\") & set(name)))


@guarded(default=())
def _names_in(frame: Any) -> list[str]:
    return [name for name in getattr(frame, "columns", ()) if isinstance(name, str) and name]


def _metrics() -> list[str]:
    from mlmagic.evaluation.measures.standard import all_names

    return all_names()
