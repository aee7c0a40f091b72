"""Objects that are remembered without being kept alive, and attributes that are replaced and given back."""

import gc
import weakref

import numpy as np
import pytest

from mlmagic.remembered import GONE, Remembered
from mlmagic.shadowing import shadow


class Thing:
    pass


def test_an_object_is_remembered_and_not_kept_alive():
    thing = Thing()
    remembered = Remembered(thing)
    assert remembered.is_(thing)
    assert remembered.value() is thing
    assert not remembered.is_(Thing())
    alive = weakref.ref(thing)
    del thing
    gc.collect()
    assert alive() is None
    assert remembered.value() is GONE


@pytest.mark.parametrize("value", [None, 5, 0.5, "text", b"bytes", True, np.float64(0.5)], ids=repr)
def test_a_small_value_is_kept(value):
    remembered = Remembered(value)
    assert remembered.value() is value
    assert remembered.is_(value)


def test_lists_and_large_texts_are_known_by_their_place_only():
    for value in ([1, 2], {"a": 1}, "x" * 20_000, (1, 2)):
        remembered = Remembered(value)
        assert remembered.is_(value)
        assert remembered.value() is GONE
        assert not remembered.is_(object())


def test_a_shadow_is_taken_back_unless_somebody_replaced_it():
    class Owner:
        name = "of the class"

    owner = Owner()
    undo = shadow(owner, "name", "shadow")
    assert owner.name == "shadow"
    undo()
    assert owner.name == "of the class"
    assert vars(owner) == {}
    undo = shadow(Owner, "name", "shadow")
    Owner.name = "theirs"
    undo()
    assert Owner.name == "theirs"
    owner.name = "mine"
    undo = shadow(owner, "name", "shadow")
    undo()
    undo()
    assert owner.name == "mine"
