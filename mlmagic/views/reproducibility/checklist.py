"""The view of a run's checklist as HTML and text: its score, and each item with its evidence and the code to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmagic.views.rendering import MimeBundle, columns, pad, render, shorten

if TYPE_CHECKING:
    from mlmagic.reproducibility.checklist import Checklist, ChecklistItem

_LONGEST, _LONGEST_NAME, _LONGEST_CODE = 500, 80, 300
_CLASSES = {"not applicable": "not-applicable", "not recorded": "not-recorded"}


def checklist_bundle(checklist: Checklist) -> MimeBundle:
    """Return *checklist* as HTML and as plain text.

    Examples
    --------
    >>> from mlmagic.reproducibility.checklist import Checklist, item
    >>> found = Checklist("forest", "3f2a", (item(4, "passed", "87 packages"), item(6, "failed", fix="git init")))
    >>> print(checklist_bundle(found)["text/plain"])
    forest: 1/2 reproducible
      passed  4  Package versions recorded   87 packages
      failed  6  Code under version control
              -> git init
    """
    return {
        "text/html": render(
            "checklist.html",
            run=shorten(checklist.run, _LONGEST_NAME),
            score=checklist.score,
            is_full=checklist.passed == len(checklist.items),
            items=[
                {
                    "number": one.number,
                    "title": one.title,
                    "state": one.state,
                    "css": _CLASSES.get(one.state, one.state),
                    "evidence": [shorten(text, _LONGEST) for text in one.evidence],
                    "fix": _fix(one),
                }
                for one in checklist.items
            ],
            notes=[shorten(text, _LONGEST) for text in (checklist.note, checklist.problem) if text],
        ),
        "text/plain": _plain(checklist),
    }


def _fix(one: ChecklistItem) -> str:
    return "" if one.is_good else shorten(one.fix, _LONGEST_CODE)


def _plain(checklist: Checklist) -> str:
    states = max((columns(one.state) for one in checklist.items), default=0)
    titles = max((columns(one.title) for one in checklist.items), default=0)
    lines = [f"{shorten(checklist.run, _LONGEST_NAME)}: {checklist.score} reproducible"]
    for one in checklist.items:
        evidence = "; ".join(shorten(text, _LONGEST) for text in one.evidence)
        lines.append(f"  {pad(one.state, states)}  {one.number}  {pad(one.title, titles)}  {evidence}".rstrip())
        if fix := _fix(one):
            lines.append(f"  {' ' * states}  -> {fix}")
    lines += [f"  ! {shorten(text, _LONGEST)}" for text in (checklist.note, checklist.problem) if text]
    return "\n".join(lines)
