"""Completes the lines of mlmagic's magics, and leaves all other lines to IPython."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import IPython

from mlmagic.errors import MLMagicError
from mlmagic.magics.completion import of_notebook, of_registry, of_store
from mlmagic.magics.seed import SeedMagics
from mlmagic.magics.split import SplitMagics
from mlmagic.magics.track import TrackMagics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

_MOST = 50
_RUNS = frozenset(("--resume", "--continue", "--parent", "--run"))
_NAMES_OF_VARIABLES = frozenset(("-p", "--params", "-m", "--metrics", "-x", "--exclude"))
_MAGIC = re.compile(
    r"(?:[^\W\d]\w*\s*=\s*)?"  # df = %runs
    r"%{1,2}(track|seed|split|evaluate|drift|runs|compare|diff|checklist|hydra|sweep|register|models|promote|rollback|reproduce|why|retrain|monitor|mlmagic)"
    r"(?=\s|$)"
)


def hook(shell: InteractiveShell) -> tuple[list[Any], Callable[..., Any]]:
    """Return the completer's list of matchers, and the matcher to add, which suppresses others on mlmagic's lines."""
    if IPython.version_info < (8, 6):  # as on Colab and Kaggle
        return shell.Completer.magic_arg_matchers, _of_line(shell)
    return shell.Completer.custom_matchers, _of_context(shell)


def _of_line(shell: InteractiveShell) -> Callable[[str], list[str]]:
    def match(line: str) -> list[str]:
        before: str = shell.Completer.text_until_cursor
        word = shell.Completer.splitter.split_line(line, len(before))
        return _offered(shell, before, word) or []

    return match


def _of_context(shell: InteractiveShell) -> Callable[[CompletionContext], SimpleMatcherResult]:
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher()
    def match(context: CompletionContext) -> SimpleMatcherResult:
        found = _offered(shell, context.text_until_cursor, context.token)
        if found is None:
            return {"completions": []}
        return {"completions": [SimpleCompletion(text) for text in found], "suppress": True, "ordered": True}

    matcher: Callable[[CompletionContext], SimpleMatcherResult] = match
    return matcher


def _offered(shell: InteractiveShell, before: str, word: str) -> list[str] | None:
    """Return the completions of *word* at the end of *before*, or None if the line is not one of mlmagic's magics."""
    line = before.lstrip()
    magic = _MAGIC.match(line)
    if magic is None or not line[magic.end() :]:
        return None
    return complete(shell, magic.group(1), line[line.index("%") :], word)


def complete(shell: InteractiveShell, magic: str, before: str, word: str) -> list[str]:
    """Return the completions of *word* at the end of a magic's line *before*."""
    words = before.split()
    last = words[-1] if before.endswith((" ", "\t")) else (words[-2] if len(words) > 1 else "")
    if word.startswith("-"):
        return [option for option in _options(magic) if option.startswith(word)]
    if words[-1].startswith("--") and words[-1].endswith(f"={word}"):  # --experiment=ch
        last = words[-1].partition("=")[0]
    # IPython's word begins after an operator: it is rf in model=rf.
    whole = words[-1] if magic == "hydra" and words[-1].endswith(f"={word}") else word
    cut = len(whole) - len(word)
    offered = _values(shell, magic, last, before.removesuffix(word), words)
    return [found[cut:] for found in offered if found.startswith(whole)][:_MOST]


def _options(magic: str) -> list[str]:
    from mlmagic.magics.compare import CompareMagics
    from mlmagic.magics.diff import DiffMagics
    from mlmagic.magics.evaluate import EvaluateMagics
    from mlmagic.magics.hydra import HydraMagics
    from mlmagic.magics.monitoring.drift import DriftMagics
    from mlmagic.magics.monitoring.monitor import MonitorMagics
    from mlmagic.magics.registry import RegistryMagics
    from mlmagic.magics.reproducibility.checklist import ChecklistMagics
    from mlmagic.magics.reproducibility.reproduce import ReproduceMagics
    from mlmagic.magics.reproducibility.why import WhyMagics
    from mlmagic.magics.retrain import RetrainMagics
    from mlmagic.magics.runs import RunsMagics
    from mlmagic.magics.status import OPTIONS
    from mlmagic.magics.sweep import SweepMagics

    if magic == "mlmagic":
        return list(OPTIONS)
    magics = {
        "track": TrackMagics.track,
        "seed": SeedMagics.seed,
        "split": SplitMagics.split,
        "evaluate": EvaluateMagics.evaluate,
        "runs": RunsMagics.runs,
        "compare": CompareMagics.compare,
        "diff": DiffMagics.diff,
        "checklist": ChecklistMagics.checklist,
        "hydra": HydraMagics.hydra,
        "sweep": SweepMagics.sweep,
        "reproduce": ReproduceMagics.reproduce,
        "why": WhyMagics.why,
        "retrain": RetrainMagics.retrain,
        "drift": DriftMagics.drift,
        "monitor": MonitorMagics.monitor,
        **{name: getattr(RegistryMagics, name) for name in of_registry.MAGICS},
    }
    parser = magics[magic].parser
    return [option for action in parser._actions for option in action.option_strings if option.startswith("--")]


def _values(shell: InteractiveShell, magic: str, last: str, before: str, words: list[str]) -> Iterable[str]:
    """Return the values that may stand at the end of *before*, the line without the word; *words* are those of all."""
    of_variables = {"hydra": of_notebook.configs, "drift": of_notebook.drift}.get(magic)
    if magic == "promote" and last in of_notebook.OF_GATES:
        of_variables = of_notebook.gate
    if of_variables is not None:
        return of_variables(shell, last, words)
    try:
        if magic in of_registry.MAGICS:
            return of_registry.values(magic, last, before)
        if magic in {"monitor", "retrain"}:
            return of_store.monitored_models(words) if magic == "monitor" else _of_retrain(shell, last, before, words)
        if magic in {"runs", "compare"} and (found := of_store.in_filter(magic, last, before)) is not None:
            return found
        return _of_options(shell, magic, last, words)
    except MLMagicError:  # an unreachable store is reported when a run is opened, not on Tab
        return []


def _of_retrain(shell: InteractiveShell, last: str, before: str, words: list[str]) -> Iterable[str]:
    if last in {"-e", "--experiment"}:
        return of_store.experiments()
    if last == "--promote-to" or last == words[0]:
        return of_registry.values("promote", "--to" if last == "--promote-to" else last, before)
    if last == "--metric":
        return of_notebook.data(shell, last, words)
    return of_notebook.variables(shell) if last == "--on" or "--on" in words[-3:] else []


def _of_options(shell: InteractiveShell, magic: str, last: str, words: list[str]) -> Iterable[str]:
    option = next((word for word in reversed(words) if word.startswith("-") and word != words[0]), "")
    if last in {"-e", "--experiment"}:
        return of_store.experiments()
    if last in _RUNS or (magic in {"compare", "diff", "checklist", "reproduce", "why"} and not option):
        return of_store.run_names()
    if magic == "sweep":
        of_experiment = of_notebook.option_value(words, "-e", "--experiment")
        return of_store.metrics(of_experiment) if last == "--metric" else of_notebook.sweep(shell, last, words)
    if magic in {"evaluate", "split"}:
        return of_notebook.data(shell, last, words)
    if magic == "track" and option in _NAMES_OF_VARIABLES:
        return of_notebook.variables(shell)
    return ["sync"] if magic == "mlmagic" and last == words[0] else []
