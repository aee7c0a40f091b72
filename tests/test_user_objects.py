import signal

import pytest

from mlmagic.user_objects import Skips, guarded, is_interrupt, one_line, text_of


class Panic(BaseException):
    pass


class Mute(BaseException):
    def __str__(self):
        raise SystemExit(1)


def reader(error):
    def read(_):
        raise error

    return read


def interrupted(_):
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    "error", [Panic("boom"), SystemExit(3), GeneratorExit(), KeyboardInterrupt("own"), ValueError("odd"), Mute()]
)
def test_what_an_object_raises_costs_that_object_and_is_told_once(error):
    skips, value, other = Skips(), object(), object()
    assert skips.read("bad", value, reader(error), default=0) == 0
    assert skips.read("again", value, reader(error), default=1) == 1
    assert skips.read("good", other, id, default=0) == id(other)
    assert skips.lines() == [f"bad was left out: reading it raised {one_line(error)}"]
    assert guarded(default=-1)(reader(error))(value) == -1


def test_ctrl_c_goes_on_and_costs_no_object():
    skips = Skips()
    with pytest.raises(KeyboardInterrupt) as caught:
        skips.read("good", object(), interrupted, default=0)
    assert is_interrupt(caught.value)
    with pytest.raises(KeyboardInterrupt):
        guarded(default=0)(interrupted)(1)
    assert skips.lines() == []


def test_an_interrupt_that_a_library_raises_again_is_still_one():
    def cleaned_up(_):
        try:
            interrupted(_)
        except KeyboardInterrupt:  # noqa: TRY203  # it is what libraries do
            raise
        finally:
            text_of(3)

    with pytest.raises(KeyboardInterrupt) as caught:
        cleaned_up(1)
    assert is_interrupt(caught.value)


@pytest.mark.parametrize("value", [None, 3, "text", ()])
def test_what_stands_for_many_objects_is_read_again(value):
    skips = Skips()
    skips.read("bad", value, reader(Panic()), default=None)
    assert skips.read("good", value, lambda _: "read", default=None) == "read"


def test_the_class_of_an_object_may_raise_as_well():
    class Meta(type):
        @property
        def __module__(cls):
            raise Panic

        def __eq__(cls, other):
            raise Panic

        __hash__ = None

    skips = Skips()
    assert skips.read("bad", Meta("Bad", (), {})(), reader(Panic("boom")), default=0) == 0
    assert skips.lines() == ["bad was left out: reading it raised Panic: boom"]


def test_texts_of_errors_that_cannot_show_themselves():
    assert (one_line(Mute()), text_of(Mute())) == ("Mute", "")
