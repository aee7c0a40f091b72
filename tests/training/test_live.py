import IPython.display
import pytest

from mlmagic.recording.notices import Notices
from mlmagic.session.notebook_session import in_notebook
from mlmagic.training.live import EVERY_S, LiveCurve


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: the text, the display's id, and whether it was an update."""
    calls = []

    def display(bundle, *, raw, display_id, update, metadata):
        assert raw
        assert set(bundle) == {"text/html", "text/plain"}
        calls.append((bundle["text/plain"], display_id, update, metadata["mlmagic"]["curve"]))

    monkeypatch.setattr(IPython.display, "display", display)
    return calls


@pytest.fixture
def curve():
    """A live curve with a clock that stands still, and its notices."""
    return LiveCurve(Notices(), clock=Clock())


def test_it_is_shown_at_once_and_then_at_most_twice_a_second(curve, shown):
    for step in range(40):
        curve.hear("loss", 1.0, step, inner=False)
        curve.refresh()
        curve._clock.now += EVERY_S / 4
    assert len(shown) == 10
    assert [update for _, _, update, _ in shown] == [False] + [True] * 9
    assert len({display_id for _, display_id, _, _ in shown}) == 1


def test_the_last_state_is_always_shown(curve, shown):
    for step in range(3):
        curve.hear("loss", 3.0 - step, step, inner=False)
        curve.refresh()
    curve.refresh(last=True)
    curve.refresh(last=True)
    assert [text for text, *_ in shown] == ["loss  ▅  3 → 3 in 1 step", "loss  █▅▁  3 → 1 in 3 steps"]


def test_without_metrics_there_is_nothing(curve, shown):
    curve.refresh()
    curve.refresh(last=True)
    assert shown == []


def test_the_loops_own_metrics_come_before_those_of_loops_within(curve, shown):
    curve.hear("batch_loss", 1.0, 0, inner=True)
    curve.hear("loss", 1.0, 0, inner=False)
    curve.refresh()
    assert shown[0][3] == ["loss", "batch_loss"]


def test_a_display_that_fails_is_told_and_given_up(curve, shown, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("no display")

    monkeypatch.setattr(IPython.display, "display", broken)
    for step in range(3):
        curve.hear("loss", 1.0, step, inner=False)
        curve.refresh()
        curve._clock.now += 1
    (notice,) = curve._notices.all()
    assert notice.text == "the live curve could not be drawn: RuntimeError: no display"


def test_a_script_is_no_notebook():
    assert in_notebook() is False
