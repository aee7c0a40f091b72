"""The models, versions, aliases and runs that the magics of the registry take."""

from __future__ import annotations

from typing import Any

from mlmagic.magics.completion.of_store import PATIENCE_S, run_names
from mlmagic.visible import is_plain

MAGICS = ("register", "models", "promote", "rollback")
_WITH_VALUE = {
    "--run", "--model", "--alias", "--description", "--to", "--reason", "-n",
    "--better-than", "--margin", "--confidence",
}  # fmt: skip


def values(magic: str, last: str, before: str) -> list[str]:
    """Return the models, versions, aliases, runs and names in a filter that may stand at the end of *before*."""
    from mlmagic.magics.parsing import divided
    from mlmagic.registry import completions
    from mlmagic.store.query.filters.completions import following

    before, marker, condition = before.partition("--if " if magic == "promote" else "--where ")
    given = before.split()[1:]
    _, positional, _ = divided(given, _WITH_VALUE)
    name = positional[0] if positional else None
    ask: dict[str, Any] = {"timeout_s": PATIENCE_S}
    if marker:
        found = following(condition.lstrip("\"'"), completions.keys(name, **ask))
    elif last in {"--to", "--alias", "--better-than"}:
        found = completions.aliases(name, **ask)
    elif last == "--run":
        found = run_names()
    elif last == "--model":
        run = given[given.index("--run") + 1] if "--run" in given[:-1] else _last_run()
        found = completions.models_of_run(run, **ask) if run else []
    elif last in _WITH_VALUE or last in {"-t", "--tag"}:
        found = []
    elif name is None:
        found = completions.model_names(**ask)
    elif len(positional) > 1:
        found = []
    else:
        of_magic = {"promote": completions.versions, "rollback": completions.aliases}.get(magic)
        found = of_magic(name, **ask) if of_magic is not None else []
    return [one for one in found if is_plain(one)]


def _last_run() -> str | None:
    from mlmagic.recording import open_runs

    return open_runs.last_id()
