"""Tab completion on a magic's line: its options, the runs, experiments and variables that they take, and filters."""

from __future__ import annotations

import re
import sys
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import IPython

from mlmagic.errors import MLMagicError
from mlmagic.magics.seed import SeedMagics
from mlmagic.magics.split import SplitMagics
from mlmagic.magics.track import TrackMagics
from mlmagic.visible import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

    from mlmagic.store.query.filters.names import Keys

_MOST = 50
_PATIENCE_S = 1.5
_OPTIONS_WITH_NAME = ("--sort", "--metric", "--group-by")
_OPTIONS_WITH_VALUE = ("-e", "--experiment", "-n", *_OPTIONS_WITH_NAME)
_OF_REGISTRY = ("register", "models", "promote", "rollback")
_REGISTRY_OPTIONS_WITH_VALUE = {"--run", "--model", "--alias", "--description", "--to", "--reason", "-n"}
_MAGIC = re.compile(
    r"%{1,2}(track|seed|split|evaluate|runs|compare|diff|hydra|register|models|promote|rollback|retrain)(?=\s|$)"
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
        return {"completions": [SimpleCompletion(text) for text in found], "suppress": True}

    matcher: Callable[[CompletionContext], SimpleMatcherResult] = match
    return matcher


def _offered(shell: InteractiveShell, before: str, word: str) -> list[str] | None:
    """Return the completions of *word* at the end of *before*, or None if the line is not one of mlmagic's magics."""
    line = before.lstrip()
    magic = _MAGIC.match(line)
    return complete(shell, magic.group(1), line, word) if magic and line[magic.end() :] else None


def complete(shell: InteractiveShell, magic: str, before: str, word: str) -> list[str]:
    """Return the completions of *word* at the end of a magic's line *before*."""
    words = before.split()
    last = words[-1] if before.endswith((" ", "\t")) else (words[-2] if len(words) > 1 else "")
    if word.startswith("-"):
        return [option for option in _options(magic) if option.startswith(word)]
    # IPython's word begins after an operator: it is rf in model=rf.
    whole = words[-1] if magic == "hydra" and words[-1].endswith(f"={word}") else word
    cut = len(whole) - len(word)
    of_filter = _of_filter(magic, last, words, before.removesuffix(word)) if magic in {"runs", "compare"} else None
    if magic in _OF_REGISTRY:
        of_filter = _of_registry(magic, last, before.removesuffix(word))
    if magic == "retrain":
        of_filter = _of_retrain(shell, last, words, before)
    offered = _values(shell, magic, last, words) if of_filter is None else of_filter
    return [found[cut:] for found in offered if found.startswith(whole)][:_MOST]


def _options(magic: str) -> list[str]:
    from mlmagic.magics.compare import CompareMagics
    from mlmagic.magics.diff import DiffMagics
    from mlmagic.magics.evaluate import EvaluateMagics
    from mlmagic.magics.hydra import HydraMagics
    from mlmagic.magics.registry import RegistryMagics
    from mlmagic.magics.retrain import RetrainMagics
    from mlmagic.magics.runs import RunsMagics

    magics = {
        "track": TrackMagics.track,
        "seed": SeedMagics.seed,
        "split": SplitMagics.split,
        "evaluate": EvaluateMagics.evaluate,
        "runs": RunsMagics.runs,
        "compare": CompareMagics.compare,
        "diff": DiffMagics.diff,
        "hydra": HydraMagics.hydra,
        "retrain": RetrainMagics.retrain,
        **{name: getattr(RegistryMagics, name) for name in _OF_REGISTRY},
    }
    parser = magics[magic].parser
    return [option for action in parser._actions for option in action.option_strings if option.startswith("--")]


def _values(shell: InteractiveShell, magic: str, last: str, words: list[str]) -> Iterable[str]:
    if magic == "hydra":
        return _of_configs(shell, last, words)
    option = next((word for word in reversed(words) if word.startswith("-") and word != words[0]), "")
    try:
        if last in {"-e", "--experiment"}:
            return _experiments()
        if last in {"--resume", "--continue", "--parent", "--run"} or (magic in {"compare", "diff"} and not option):
            return _run_names()
    except MLMagicError:  # an unreachable store is reported when a run is opened, not on Tab
        return []
    if magic == "evaluate" or (option in {"-p", "--params", "-m", "--metrics"} and magic == "track"):
        return [*_variables(shell), *(_metrics() if last == "--metric" else ())]
    return []


def _variables(shell: InteractiveShell) -> list[str]:
    return sorted(name for name in shell.user_ns if not name.startswith("_") and name not in shell.user_ns_hidden)


def _metrics() -> list[str]:
    from mlmagic.evaluation.measures.standard import all_names

    return all_names()


def _of_filter(magic: str, last: str, words: list[str], before: str) -> list[str] | None:
    """Return what may stand in a filter or after ``--sort`` and its like, None if that is not what is typed."""
    from mlmagic.comparison.selecting import is_filter
    from mlmagic.magics.parsing import split_filter
    from mlmagic.store.query.filters.completions import following, names

    line = before.lstrip()[len(words[0]) :]
    options, condition = split_filter(line, _OPTIONS_WITH_VALUE)
    is_name = last in _OPTIONS_WITH_NAME
    if not is_name and (last.startswith("-") or (magic == "compare" and not is_filter(condition))):
        return None
    place = next((options[at + 1] for at, word in enumerate(options[:-1]) if word in {"-e", "--experiment"}), None)
    try:
        keys = _keys(place)
    except MLMagicError:
        return []
    return [one for one in (names(keys) if is_name else following(condition, keys)) if is_plain(one)]


def _of_registry(magic: str, last: str, before: str) -> list[str]:
    """Return the models, versions, aliases, runs and names in a filter that may stand here."""
    from mlmagic.magics.parsing import options_first
    from mlmagic.registry import completions
    from mlmagic.store.query.filters.completions import following

    before, marker, condition = before.partition("--if " if magic == "promote" else "--where ")
    words = options_first(before.split()[1:], _REGISTRY_OPTIONS_WITH_VALUE)
    given = before.split()[1:]
    positional = [word for word in words[_count_options(given) :] if not word.startswith("-")]
    name = positional[0] if positional else None
    ask: dict[str, Any] = {"timeout_s": _PATIENCE_S}
    try:
        if marker:
            found = following(condition.lstrip("\"'"), completions.keys(name, **ask))
        elif last in {"--to", "--alias"}:
            found = completions.aliases(name, **ask)
        elif last == "--run":
            found = _run_names()
        elif last == "--model":
            run = given[given.index("--run") + 1] if "--run" in given[:-1] else _last_run()
            found = completions.models_of_run(run, **ask) if run else []
        elif last in _REGISTRY_OPTIONS_WITH_VALUE or last in {"-t", "--tag"}:
            found = []
        elif name is None:
            found = completions.model_names(**ask)
        else:
            is_version = magic == "promote" and len(positional) == 1
            found = completions.versions(name, **ask) if is_version else []
    except MLMagicError:  # an unreachable store is reported by the magic, not on Tab
        return []
    return [one for one in found if is_plain(one)]


def _of_retrain(shell: InteractiveShell, last: str, words: list[str], before: str) -> list[str]:
    """Return the models, aliases, experiments, metrics or variables that may stand here."""
    from mlmagic.registry import completions

    try:
        if last in {"-e", "--experiment"}:
            return _experiments()
        if last == "--promote-to":
            return completions.aliases(words[1], timeout_s=_PATIENCE_S)
        if len(words) == 1 or (len(words) == 2 and not before.endswith((" ", "\t"))):  # noqa: PLR2004
            return [name for name in completions.model_names(timeout_s=_PATIENCE_S) if is_plain(name)]
    except MLMagicError:  # an unreachable store is reported by the magic, not on Tab
        return []
    if last == "--metric":
        return [*_metrics(), *_variables(shell)]
    is_data = last == "--on" or "--on" in words[-3:]
    return _variables(shell) if is_data else []


def _count_options(words: list[str]) -> int:
    """Return how many of *words* are options and their values."""
    taken = [at for at, word in enumerate(words) if word.startswith("-")]
    return len(taken) + sum(words[at] in _REGISTRY_OPTIONS_WITH_VALUE and at + 1 < len(words) for at in taken)


def _last_run() -> str | None:
    from mlmagic.recording import open_runs

    return open_runs.last_id()


def _keys(experiment: str | None) -> Keys:
    from mlmagic.store import connection, experiments, refusals, tracking_uri
    from mlmagic.store.query import queries

    def ask() -> Keys:
        client = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            return queries.keys_of(client, experiments.find(client, experiment))

    return connection.ask(ask, timeout_s=_PATIENCE_S)


def _of_configs(shell: InteractiveShell, last: str, words: list[str]) -> Iterable[str]:
    """Return folders, dataclasses, config groups with their options, or keys of the config's last composition."""
    if last == "--config-dir":
        return sorted(path.name for path in Path.cwd().iterdir() if path.is_dir() and not path.name.startswith("."))
    if last == "--schema":
        return sorted(name for name, value in shell.user_ns.items() if isinstance(value, type) and is_dataclass(value))
    from mlmagic.config.composing import last_values
    from mlmagic.config.groups import groups_in

    place = words.index("--config-dir") + 1 if "--config-dir" in words[:-1] else 0
    groups = groups_in(Path(words[place]).expanduser()) if place else {}
    if last == "--config-name":
        return groups.get("", [])
    chosen = [f"{group}={option}" for group, options in groups.items() if group for option in options]
    return [*chosen, *(f"{key}=" for key in last_values(words[1] if len(words) > 1 else ""))]


def _run_names() -> list[str]:
    from mlmagic.store import connection
    from mlmagic.store.query import queries

    frame = connection.ask(lambda: queries.runs(n=_MOST), timeout_s=_PATIENCE_S)
    # A name with an escape sequence must not be inserted into the user's line.
    return list(dict.fromkeys(filter(is_plain, map(str, frame["name"])))) if len(frame) else []


def _experiments() -> list[str]:
    if "mlflow" not in sys.modules:
        return []
    from mlmagic.store import connection

    found = connection.ask(lambda: connection.connect().search_experiments(max_results=_MOST), timeout_s=_PATIENCE_S)
    return [experiment.name for experiment in found if is_plain(experiment.name)]
