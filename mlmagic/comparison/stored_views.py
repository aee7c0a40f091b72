"""Views of the table that are kept with the store: filter, columns, order, groups and charts, as tags of an experiment.

A store is untrusted input: of a stored view only what has the expected type is used, and only columns that there are.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlmagic.errors import UsageProblem
from mlmagic.store import connection, experiments, refusals, tracking_uri
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow import MlflowClient
    from mlflow.entities import Experiment

    from mlmagic.comparison.compared_runs import Comparison

PREFIX = "mlmagic.view."
_NAME = re.compile(r"[^\W_][\w.-]{0,59}")
_LONGEST = 5000
"""MLflow's databases have room for so many characters in a tag."""
_NOT_KEPT = frozenset({"expanded", "tab"})
_MOST_ITEMS = 2000


def save(comparison: Comparison, name: str, view: Mapping[str, Any]) -> None:
    """Keep *view* under *name* with the experiment of *comparison*, in place of an older one.

    Raises
    ------
    UsageProblem
        If the name cannot be used, or the view is too long.
    StoreError
        If the store refuses it.
    """
    _require_name(name)
    text = json.dumps({key: value for key, value in view.items() if key not in _NOT_KEPT}, separators=(",", ":"))
    if len(text) > _LONGEST:
        longest = max(view, key=lambda key: len(json.dumps(view[key])))
        raise UsageProblem(
            f"The view has {len(text):,} characters, and the store takes {_LONGEST:,}. Most of it is {longest!r}."
        )

    def write(client: MlflowClient, home: Experiment) -> None:
        client.set_experiment_tag(home.experiment_id, PREFIX + name, text)

    _ask(comparison, write)


def names(comparison: Comparison) -> list[str]:
    """Return the names of the views that are kept with the experiment of *comparison*."""
    return sorted(_ask(comparison, lambda _, home: _tags(home)))


def delete(comparison: Comparison, name: str) -> None:
    """Delete a view.

    Raises
    ------
    UsageProblem
        If there is none with this name.
    """

    def write(client: MlflowClient, home: Experiment) -> None:
        _require_known(name, _tags(home))
        client.delete_experiment_tag(home.experiment_id, PREFIX + name)

    _ask(comparison, write)


def load(comparison: Comparison, name: str) -> dict[str, Any] | None:
    """Return the view *name* as far as it applies to *comparison*; None if what is stored is no view.

    Raises
    ------
    UsageProblem
        If there is no view with this name.
    """
    tags: dict[str, str] = _ask(comparison, lambda _, home: _tags(home))
    _require_known(name, tags)
    try:
        found = json.loads(tags[name])
    except (ValueError, RecursionError):
        return None
    return sound(found, comparison) if isinstance(found, dict) else None


def stored_names(experiment: str | None) -> list[str]:
    """Return the names of the views of an experiment, by its name or id; of the default one if None."""
    client = connection.connect()
    home = experiments.find(client, experiment)
    return sorted(_tags(home)) if home else []


def _ask(comparison: Comparison, work: Callable[[MlflowClient, Experiment], Any]) -> Any:
    def ask() -> Any:
        client = connection.connect()
        with refusals.refused_by(tracking_uri.current_uri()):
            home = _home(client, comparison)
            if home is None:
                raise UsageProblem("The experiment does not exist yet: views are kept with it. Record a run first.")
            return work(client, home)

    return connection.ask(ask)


def _home(client: MlflowClient, comparison: Comparison) -> Experiment | None:
    """Return the experiment that keeps the views: that of the newest run, or else the current one."""
    ids = [*comparison.whole, *(run.info.experiment_id for run in comparison.runs[:1])]
    return experiments.existing(client, ids[0]) if ids else experiments.find(client, None)


def _tags(home: Experiment) -> dict[str, str]:
    found = {key.removeprefix(PREFIX): str(value) for key, value in home.tags.items() if key.startswith(PREFIX)}
    return {name: value for name, value in found.items() if value and _NAME.fullmatch(name)}


def _require_name(name: str) -> None:
    if isinstance(name, str) and _NAME.fullmatch(name):
        return
    near = re.sub(r"[^\w.-]+", "-", str(name)).strip("-_.")[:60] or "my-view"
    raise UsageProblem(
        f"A view cannot be called {str(name)[:80]!r}: up to 60 letters, digits and any of - _ . make a name. "
        f"For example: {near!r}"
    )


def _require_known(name: str, known: Mapping[str, str]) -> None:
    if name not in known:
        listed = f" There are: {', '.join(sorted(known))}." if known else " Keep one: widget.save_view('name')"
        raise UsageProblem(f"There is no view {name!r}.{did_you_mean(name, known)}{listed}")


def sound(view: Mapping[str, Any], comparison: Comparison) -> dict[str, Any]:
    """Return what of *view* has the expected type, without the columns that *comparison* does not have."""
    columns = {column.id for column in comparison.columns}
    found: dict[str, Any] = {}
    for key in ("filter", "group", "metric"):
        if isinstance(view.get(key), str):
            found[key] = view[key]
    for key in ("differing", "shaded", "archived", "failed", "split"):
        if isinstance(view.get(key), bool):
            found[key] = view[key]
    for key in ("hidden", "pinned"):
        if isinstance(view.get(key), list):
            found[key] = [one for one in view[key][:_MOST_ITEMS] if isinstance(one, str)]
    if isinstance(view.get("widths"), dict):
        found["widths"] = {key: one for key, one in view["widths"].items() if _is_width(one)}
    if isinstance(view.get("sort"), list):
        found["sort"] = [
            {"column": one["column"], "descending": one.get("descending") is True}
            for one in view["sort"]
            if isinstance(one, dict) and isinstance(one.get("column"), str) and one["column"] in columns
        ]
    if found.get("group") and found["group"] not in {"configuration", *columns}:
        del found["group"]
    if found.get("metric") and found["metric"] not in columns:
        del found["metric"]
    if isinstance(view.get("charts"), dict):
        found["charts"] = view["charts"]  # the browser checks it
    return found | {"curves": _sound_curves(view.get("curves"))}


def _is_width(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10_000  # noqa: PLR2004


def _sound_curves(given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}
    found: dict[str, Any] = {key: given[key] for key in ("logX", "logY", "grouped") if isinstance(given.get(key), bool)}
    if given.get("x") in ("step", "time"):
        found["x"] = given["x"]
    smoothing = given.get("smoothing")
    if isinstance(smoothing, int | float) and not isinstance(smoothing, bool) and 0 <= smoothing < 1:
        found["smoothing"] = smoothing
    if isinstance(given.get("metrics"), list):
        found["metrics"] = [one for one in given["metrics"] if isinstance(one, str)]
    return found
