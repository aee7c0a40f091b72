"""Every history is replayed end to end in a real kernel: the numbers come back, or the report names the true cause."""

from __future__ import annotations

import pytest
from histories import HISTORIES
from moved_histories import MOVED

import mlmagic

_ORDINARY = pytest.mark.replay


def _marked(history):
    return pytest.param(history, id=history.name.replace(" ", "_"), marks=() if history.sample else _ORDINARY)


@pytest.mark.usefixtures("in_the_store")
@pytest.mark.parametrize("history", map(_marked, [*HISTORIES, *MOVED]))
def test_a_history_is_reproduced_from_its_record(history, new_kernel, tmp_path):
    for name, text in history.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    if history.prepare is not None:
        history.prepare(tmp_path)
    kernel = new_kernel(env=dict(history.environment))
    for source in history.cells:
        if "interrupts" in history.marks and "ready" in source:
            kernel.interrupted(source)
        elif "answers" in history.marks and "input(" in source:
            kernel.answering(source, "3")
        else:
            kernel.run(source)
    kernel.stop()
    if history.after is not None:
        history.after(tmp_path)
    found = mlmagic.reproduce(_run_of(history), yes=True)
    told = f"{found.verdict} {found.reason} {found.causes} {found.results} {found.notes}"
    assert found.verdict == history.verdict, told
    why = " ".join([found.reason, *(f"{one.what}: {one.evidence}" for one in found.causes)])
    assert history.cause in why, told
    assert history.not_cause not in why, told
    assert history.note in " ".join(found.notes), told
    assert any(one.note.startswith(history.told) for one in found.results) or not history.told, told
    if history.slice_of is not None:
        assert found.cells == history.slice_of, told


def _run_of(history) -> str:
    if history.child == "trial":
        found = mlmagic.runs(nested=True)
        return str(found[found["name"] != "it"].iloc[0]["run_id"])
    return history.child or "it"
