"""A widget with a table of runs that follows the store while it is displayed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Bool, Dict

from mlmagic.comparison import wire
from mlmagic.comparison.live.changes import changed_columns
from mlmagic.comparison.live.following import Following
from mlmagic.store import tracking_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmagic.comparison.compared_runs import Comparison

    Answer = tuple[dict[str, Any], list[bytes]]


class LiveWidget(anywidget.AnyWidget):
    """The table of a comparison, which is kept in step with the store."""

    table = Dict().tag(sync=True)
    live = Bool(default_value=True).tag(sync=True)
    reading = Dict().tag(sync=True)
    changes = Dict().tag(sync=True)

    def __init__(self, comparison: Comparison, **traits: Any) -> None:
        """Create the widget of *comparison*; *traits* are those of the subclass."""
        self._comparison = comparison
        self._deleted: set[str] = set()
        self._views: set[str] = set()
        super().__init__(
            table=dict(wire.table_of(comparison, tracking_uri.ui())), reading=dict(wire.reading()), **traits
        )
        self._following = Following(self)
        self.observe(self.follow, "live")

    @property
    def comparison(self) -> Comparison:
        """The runs that the widget shows."""
        return self._comparison

    def refresh(self) -> None:
        """Read the runs anew and show them.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        self._following.refresh()

    def show(self, comparison: Comparison) -> None:
        """Show *comparison*, which was read just now, and send what is new of it to the browser."""
        comparison = self._with_deleted(comparison)
        known = set(self.table["ids"])
        shown = {column["id"] for column in self.table["columns"]}
        table = wire.table_of(comparison, self.table["ui"], self._deleted)
        columns = changed_columns(self.table, table)
        self._comparison = comparison
        if columns is None:
            self.table = dict(table)
        elif columns:
            # The browser changes its table in the same way; this one is for a page that is loaded again.
            self.table["columns"][:] = table["columns"]
            self.changes = {"columns": columns, "number": self.changes.get("number", 0) + 1}
        new = [run_id for run_id in table["ids"] if run_id not in known]
        hide = [column.id for column in comparison.columns if not column.shown and column.id not in shown]
        self.reading = dict(wire.reading(new=new, gone=len(known - set(table["ids"])), hide=hide))

    def _with_deleted(self, comparison: Comparison) -> Comparison:
        """Return *comparison* with the runs that were deleted in this widget, in their places: they can be restored."""
        there = {run.info.run_id for run in comparison.runs}
        runs = list(comparison.runs)
        for place, run in enumerate(self._comparison.runs):
            if run.info.run_id in self._deleted - there:
                runs.insert(min(place, len(runs)), run)
        return comparison if len(runs) == len(comparison.runs) else replace(comparison, runs=runs)

    def tell(self, problem: str) -> None:
        """Show why the store could not be read; nothing if *problem* is empty."""
        self.reading = {**self.reading, "problem": problem, "new": [], "gone": 0, "hide": []}

    def follow(self, _: object = None) -> None:
        """Follow the store, unless that is switched off."""
        if self.live:
            self._following.start()
        else:
            self._following.stop()

    def close(self) -> None:
        """Close the channel to the browser."""
        if following := getattr(self, "_following", None):
            following.stop()
        super().close()

    def live_answers(self) -> dict[str, Callable[[dict[str, Any]], Answer]]:
        """Return what answers the browser's requests to refresh, and its notes that a view was opened or closed."""
        return {"refresh": self._refresh, "seen": self._seen}

    def _refresh(self, _: dict[str, Any]) -> Answer:
        self.refresh()
        return {}, []

    def _seen(self, content: dict[str, Any]) -> Answer:
        """Note that a view was opened or closed in a browser; without any, the store is not followed."""
        (self._views.add if content["open"] else self._views.discard)(content["view"])
        if self._views:
            self.follow()
        else:
            self._following.stop()
        return {}, []
