"""The comparison widget. The table is sent at once; curves, differences, figures and pages are sent on request.

A widget ends with its kernel. It is therefore displayed together with a static view, which CSS hides behind a live
widget. ipykernel 7.4 delays answers until the cell has ended, because it remembers the origin of the last message;
`_answer_while_a_cell_runs` clears it.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Dict, List, Unicode

from mlmagic.comparison import left_views, stored_views, wire
from mlmagic.comparison.comparing import compare_runs
from mlmagic.comparison.diffs.difference import Difference
from mlmagic.comparison.diffs.references import references_in
from mlmagic.comparison.histories import histories
from mlmagic.comparison.importance import Importance, importance_of
from mlmagic.comparison.live.live_widget import LiveWidget
from mlmagic.comparison.pages import editing
from mlmagic.comparison.pages.aliases import aliases_by_run
from mlmagic.comparison.pages.run_figures import read_figures, read_picture
from mlmagic.comparison.pages.run_page import read_page
from mlmagic.comparison.saved_page import saved_page
from mlmagic.errors import MLMagicError, UsageProblem
from mlmagic.store.query.histories.curves import Kept
from mlmagic.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from pandas import DataFrame

    from mlmagic.comparison.compared_runs import Comparison
    from mlmagic.comparison.saved_page import SavedPage

    Answer = tuple[dict[str, Any], list[bytes]]

_STATIC = Path(__file__).parent / "static"


class RunIds(List):  # type: ignore[type-arg]  # traitlets' lists are not generic at runtime
    """Ids of the table's runs; runs, frames and Series are converted to their ids."""

    def validate(self, obj: CompareWidget, value: Any) -> list[str] | None:
        """Reject runs that are not in this table."""
        return super().validate(obj, obj.known([] if value is None else value))


class CompareWidget(LiveWidget):
    """Runs side by side: a table, curves and differences, live in the notebook.

    Attributes
    ----------
    selected
        The ids of the selected runs, in the order in which they were selected. May be set to ids of runs shown here, to
        a Series of them, or to a part of the table: ``widget.selected = widget.to_dataframe().head(3)``.
    """

    _esm = _STATIC / "compare.js"
    _css = _STATIC / "compare.css"

    selected = RunIds(Unicode()).tag(sync=True)
    view = Dict().tag(sync=True)
    first = Dict().tag(sync=True)

    def __init__(
        self,
        comparison: Comparison,
        *,
        still: Callable[[Comparison], dict[str, str]] | None = None,
        told: Callable[[Difference], dict[str, Any]] = Difference.to_json,
        write: Callable[[Callable[[], SavedPage], str | PathLike[str]], None] | None = None,
        view: Mapping[str, Any] | None = None,
    ) -> None:
        """Create the widget of *comparison*.

        *still* returns the static view that is saved with the notebook, *told* the JSON of a difference. *write* writes
        the page that it is given a function to read. *view* is a part of the state in which the table is shown first.
        """
        self._still = still
        self._told = told
        self._write = write
        self._differences: dict[str, Difference] = {}
        self._kept = Kept()
        first = {**_first_view(comparison), **(view or {})}
        super().__init__(comparison, selected=[], view=first, first=first)
        self.on_msg(self._receive)

    def _ipython_display_(self) -> None:
        """Display the widget, and below it the static view, which is visible without a live widget."""
        from IPython.display import display

        self._come_back()
        data, metadata = self._repr_mimebundle_() or ({}, {})
        # Without HTML, a front end without widgets would show the object's repr beside the static view.
        display({**data, "text/html": ""}, metadata=metadata, raw=True)
        if self._still:
            display(self._still(self._comparison), raw=True)
        self.follow()

    def _come_back(self) -> None:
        """Show the widget as it was left when this cell was run before, and note how it is left."""
        key = left_views.key_of(self._comparison.title)
        if key is None:
            return
        before = left_views.left(key)
        if before is not None:
            there = {run.info.run_id for run in self._comparison.runs}
            self.view = {**before.view, **stored_views.sound(before.view, self._comparison)}
            self.selected = [one for one in before.selected if one in there]
        self.observe(lambda _: left_views.leave(key, self.view, self.selected), ["view", "selected"])

    def known(self, given: Any) -> list[str]:
        """Return the ids of the runs that *given* refers to, each once.

        Raises
        ------
        UsageProblem
            If a run is not in this table.
        """
        ids = {run.info.run_id: None for run in self._comparison.runs}
        chosen = dict.fromkeys(reference.text for reference in references_in(given))
        unknown = next((one for one in chosen if one not in ids), None)
        if unknown is not None:
            hint = did_you_mean(unknown, ids)
            raise UsageProblem(f"No run of this table has the id {unknown!r}.{hint} All of them: to_dataframe().run_id")
        return list(chosen)

    def to_dataframe(self) -> DataFrame:
        """Return the runs as a DataFrame: one row per run, with params and metrics as columns.

        Returns the selected runs in the order of selection, or all runs if none is selected; deleted runs are left out,
        and archived ones unless the table shows them or they are selected.
        """
        there = [run for run in self._comparison.runs if run.info.run_id not in self._deleted]
        every = replace(self._comparison, runs=there)
        if not self.selected:
            return (every if self.view.get("archived") else every.without_archived()).to_dataframe()
        frame = every.to_dataframe()
        ids = set(frame["run_id"])
        return frame.set_index("run_id").loc[[one for one in self.selected if one in ids]].reset_index()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the comparison to a file as a page of its own.

        The page needs no network and no kernel. The table can be filtered, sorted and grouped in it as in the notebook,
        and it has the curves and the differences of parameters, metrics, data and tags. A page of 1,000 runs stays
        below 5 MB: longer curves are thinned, and the page says which were left out. It is the page of
        ``%compare --save FILE``.

        Raises
        ------
        UsageProblem
            If the file does not end in ``.html``, or cannot be written.

        Examples
        --------
        >>> mlmagic.compare("accuracy > 0.9").save("report.html")  # doctest: +SKIP
        """
        if self._write is None:
            raise UsageProblem("This widget cannot be saved: make it with mlmagic.compare().")
        options = {"view": self.view, "selected": self.selected, "ui": self.table["ui"]}
        self._write(partial(saved_page, self._comparison, **options), path)

    def save_view(self, name: str) -> None:
        """Keep filter, columns, order, groups and charts with the experiment, for ``%compare --view NAME``.

        Raises
        ------
        UsageProblem
            If the name is not made of letters, digits and ``- _ .``, or the view is longer than the store takes.
        StoreError
            If the store refuses it.

        Examples
        --------
        >>> widget.save_view("by-depth")  # doctest: +SKIP
        >>> mlmagic.compare(view="by-depth")  # doctest: +SKIP
        """
        stored_views.save(self._comparison, name, self.view)

    def delete_view(self, name: str) -> None:
        """Delete a view of `saved_views`.

        Raises
        ------
        UsageProblem
            If there is none with this name.
        StoreError
            If the store refuses it.
        """
        stored_views.delete(self._comparison, name)

    def importance(self, metric: str | None = None) -> Importance:
        """Return the importance of params for *metric*, by default the main one, among the selected runs.

        Uses all runs if none is selected. ``importance().to_dataframe()`` has one row per param.

        Raises
        ------
        UsageProblem
            If no run has logged *metric*.
        """
        return importance_of(self._comparison, metric, self.selected or None)

    @property
    def saved_views(self) -> list[str]:
        """The names of the views that are kept with the experiment."""
        return stored_views.names(self._comparison)

    def open(self) -> None:
        """Open the channel to the browser."""
        super().open()
        _answer_while_a_cell_runs(self.comm)

    def _send(self, msg: object, buffers: object = None) -> None:
        super()._send(msg, buffers=buffers)
        _answer_while_a_cell_runs(self.comm)

    def _receive(self, _: object, content: dict[str, Any], buffers: list[bytes]) -> None:  # noqa: ARG002
        """Answer a request of the browser; an error becomes the answer."""
        request = content.get("request")
        try:
            answer, parts = self._answers()[content["kind"]](content)
        except MLMagicError as problem:
            self.send(wire.error(request, str(problem)))
        except Exception as problem:  # noqa: BLE001  # the browser shows it; nobody would see it in a log
            self.send(wire.error(request, f"{type(problem).__name__}: {problem}"))
        else:
            self.send({"kind": content["kind"], "request": request, **answer}, buffers=parts)

    def _answers(self) -> dict[str, Callable[[dict[str, Any]], Answer]]:
        return {
            "histories": partial(histories, self._comparison, self._kept),
            "difference": self._difference,
            "figure": self._figure,
            "importance": self._importance,
            "run": self._run,
            "figures": self._figures,
            "picture": self._picture,
            "edit": self._edit,
            "aliases": lambda _: ({"aliases": aliases_by_run()}, []),
            **self.live_answers(),
        }

    def _difference(self, content: dict[str, Any]) -> Answer:
        """Return the difference of the runs from the first of them."""
        found = compare_runs(content["runs"])
        self._differences |= dict.fromkeys(content["runs"], found)
        return {"difference": self._told(found)}, []

    def _importance(self, content: dict[str, Any]) -> Answer:
        """Return the importance of the params for a metric among some runs."""
        return importance_of(self._comparison, content["metric"], content["runs"]).to_json(), []

    def _figure(self, content: dict[str, Any]) -> Answer:
        """Return the bytes of a figure of a compared run."""
        return {}, [self._differences[content["run"]].figure_bytes(content["run"], content["path"])]

    def _run(self, content: dict[str, Any]) -> Answer:
        """Return the page of a run, and the last values of its metrics as float64."""
        import numpy as np

        page = read_page(*self.known([content["run"]]))
        return {"page": page.to_json()}, [np.array(page.values, dtype=np.float64).tobytes()]

    def _figures(self, content: dict[str, Any]) -> Answer:
        """Return the figures of runs by name."""
        runs = {run.info.run_id: run for run in self._comparison.runs}
        return read_figures([runs[run_id] for run_id in self.known(content["runs"])]), []

    def _picture(self, content: dict[str, Any]) -> Answer:
        """Return the bytes of a figure of a run."""
        (run_id,) = self.known([content["run"]])
        run = next(run for run in self._comparison.runs if run.info.run_id == run_id)
        return {}, [read_picture(run, content["path"])]

    def _edit(self, content: dict[str, Any]) -> Answer:
        """Change runs, and send the table as it is then; ``hide`` are the new columns that are hidden at first."""
        run_ids = self.known(content["runs"])
        before = {column.id for column in self._comparison.columns}
        try:
            told = editing.change(run_ids, content)
        except MLMagicError:
            with contextlib.suppress(MLMagicError):  # some of the runs may have been changed before one failed
                self.show(editing.after(self._comparison, run_ids, self._deleted))
            raise
        self.show(editing.after(self._comparison, run_ids, self._deleted))
        new = [column.id for column in self._comparison.columns if column.id not in before and not column.shown]
        return {"told": told, "hide": new}, []


def _answer_while_a_cell_runs(comm: object) -> None:
    """Let the kernel answer requests of the browser while a cell runs.

    JupyterLab sends requests to a subshell thread, but ipykernel 7.4 remembers the origin of the last message. After a
    message from a cell, requests wait until a cell has ended.
    """
    getattr(comm, "__dict__", {}).pop("_reply_subshell_id", None)


def _first_view(comparison: Comparison) -> dict[str, Any]:
    """Return the initial state of the table: hidden columns, and the metric and grouping that the user named."""
    view: dict[str, Any] = {
        "hidden": [column.id for column in comparison.columns if not column.shown],
        "group": comparison.group,
        "curves": {"grouped": bool(comparison.group)},
    }
    if comparison.is_named:
        view["archived"] = True
    main = comparison.main_metric
    if main and comparison.metric:
        view |= {"metric": main.id, "sort": [{"column": main.id, "descending": main.goal != "min"}]}
    return view
