"""The sessions between two recorded ones."""

from pathlib import Path

import pytest

from mlmagic.replay.explaining.between import Between
from mlmagic.replay.explaining.seeds import with_other_seeds
from mlmagic.replay.plan import ReplayPlan
from mlmagic.replay.recorded_session import RecordedSession
from mlmagic.session.log import LoggedCell


def plan(*sources, states=None, folder="/a", **start):
    cells = [
        one if isinstance(one, LoggedCell) else LoggedCell(at, one, "ok", record={})
        for at, one in enumerate(sources, 1)
    ]
    session = RecordedSession(None, cells, start, states or {})
    return ReplayPlan(session, tuple(range(len(cells))), is_slice=True, folder=Path(folder))


def shown(between):
    return [str(one) for one in between.factors]


def sources(plan):
    return [cell.source for cell in plan.cells]


def test_cells_of_one_alone_are_a_difference_each():
    between = Between(
        plan("a = 1", "before(b)", "%%track x\nz = a"),
        plan("a = 1", "see = 3", "d = 4", "%%track y\nz = a"),
        draws=False,
    )
    assert shown(between) == [
        "before(b) (only in the first, cell [2])",
        "see not given → 3",
        "d not given → 4",
    ]
    taken = [one for one in between.factors if one.name == "d"]
    assert sources(between.plan(taken)) == ["a = 1", "before(b)", "d = 4", "%%track x\nz = a"]
    assert sources(between.plan(between.factors)) == ["a = 1", "see = 3", "d = 4", "%%track x\nz = a"]
    assert sources(between.plan([])) == ["a = 1", "before(b)", "%%track x\nz = a"]


def test_a_cell_of_one_alone_is_divided_by_what_it_gives():
    first = plan("lr = 0.1\nepochs = 4\n%seed 1", "%%track x\nz = lr")
    second = plan(
        "lr = 0.1\nepochs = 4\n%seed 1",
        "%seed 1\nprint('tuning')\nlr = 0.5\nepochs = 6\nplot(lr)",
        "%%track x\nz = lr",
    )
    between = Between(first, second, draws=False)
    assert shown(between) == [
        "lr 0.1 → 0.5", "epochs 4 → 6", "print('tuning') … (only in the second, cell [2])",
    ]  # fmt: skip
    lr, epochs, code = between.factors
    assert sources(between.plan([lr]))[1:-1] == ["%seed 1\nlr = 0.5"]
    assert sources(between.plan([epochs, code]))[1:-1] == ["%seed 1\nprint('tuning')\nepochs = 6\nplot(lr)"]
    assert sources(between.plan([])) == sources(first)
    assert sources(between.plan(between.factors)) == sources(second)
    back = Between(second, first, draws=False)
    assert shown(back)[:2] == ["lr 0.5 → 0.1", "epochs 6 → 4"]
    assert sources(back.plan([])) == sources(second)
    assert sources(back.plan(back.factors)) == sources(first)
    assert sources(back.plan([back.factors[0]]))[1] == "%seed 1\nprint('tuning')\nepochs = 6\nplot(lr)"


def test_the_seeds_and_the_states_are_one_difference():
    first = plan("%seed 1", "%%track x\nm = RF(random_state=0)", states={"numpy": "one"}, random={"numpy": "a"})
    second = plan("%seed 2", "%%track x\nm = RF(random_state=1)", states={"numpy": "two"}, random={"numpy": "b"})
    between = Between(first, second)
    assert shown(between) == ["seed, random_state 1, 0 → 2, 1"]
    other = between.plan(between.factors)
    assert (sources(other), other.session.states) == (sources(second), {"numpy": "two"})
    assert other.session.start["random"] == {"numpy": "b"}
    same = between.plan([])
    assert (sources(same), same.session.states) == (sources(first), {"numpy": "one"})
    assert same.session.start["random"] == {"numpy": "a"}


def test_the_random_state_alone_is_a_difference_if_something_draws():
    first, second = plan("%%track x\na = 1", states={"numpy": "one"}), plan("%%track x\na = 1", states={"numpy": "two"})
    assert shown(Between(first, second, draws=False)) == []
    assert shown(Between(first, second)) == ["the random state before the cell"]
    assert shown(Between(first, plan("%%track x\na = 1", states={"torch": "two"}))) == []


def test_what_an_unseeded_generator_drew_is_a_difference_also_beside_a_cell_of_one_alone():
    def cells(entropy):
        return LoggedCell(1, "rng = default_rng()", "ok", record={"entropy": [entropy]}), "%%track x\na = rng.normal()"

    drawing, last = cells("1")
    other, _ = cells("2")
    assert shown(Between(plan(drawing, last), plan(other, "clean(a)", last))) == [
        "clean(a) (only in the second, cell [2])", "the random state before the cell",
    ]  # fmt: skip


def test_modules_settings_and_the_folder():
    def cell(text):
        return LoggedCell(
            1, "import h", "ok", record={"modules": {"h": {"file": "/h.py", "sha256": text * 64, "source": text}}}
        )

    first = plan(cell("a"), "%%track x", variables={"OMP_NUM_THREADS": "1"})
    second = plan(cell("b"), "%%track x", variables={"PYTHONHASHSEED": "3"}, folder="/b")
    between = Between(first, second, draws=False)
    assert shown(between) == [
        "h aaaaaaaa → bbbbbbbb", "PYTHONHASHSEED not set → 3", "OMP_NUM_THREADS 1 → not set", "the working folder /a → /b",
    ]  # fmt: skip
    other = between.plan(between.factors)
    assert other.cells[0].record["modules"]["h"]["source"] == "b"
    assert other.session.start["variables"] == {"PYTHONHASHSEED": "3"}
    assert other.folder == Path("/b")
    same = between.plan([])
    assert same.cells[0].record["modules"]["h"]["source"] == "a"
    assert same.session.start["variables"] == {"OMP_NUM_THREADS": "1"}
    assert same.folder == Path("/a")


def test_a_value_that_is_given_in_two_cells_is_one_difference():
    between = Between(plan("lr = 1", "lr = 1\na = 2", "%%track x"), plan("lr = 2", "lr = 2\na = 2", "%%track x"))
    assert shown(between) == ["lr 1 → 2"]
    assert sources(between.plan(between.factors)) == ["lr = 2", "lr = 2\na = 2", "%%track x"]


def test_other_seeds_restore_no_state():
    first = plan("%seed 1", "%%track x\nm = RF(random_state=0)", states={"numpy": "one"}, random={"numpy": "a"})
    first.cells[1].record["entropy"] = ["1"]
    other = Between(first, first).plan([], seeds_by=100)
    assert sources(other) == ["%seed 101", "%%track x\nm = RF(random_state=100)"]
    assert (other.session.states, other.session.start["random"], other.cells[1].record.get("entropy")) == ({}, {}, None)
    assert first.cells[1].record["entropy"] == ["1"]
    assert sources(first)[0] == "%seed 1"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("seed = 3", "seed = 103"),
        ("n = 3", "n = 3"),
        ("for seed in range(3): pass", "for seed in range(3): pass"),
        ("f(seed=3, n=2)", "f(seed=103, n=2)"),
        ("f(random_state=rng)", "f(random_state=rng)"),
        ("torch.manual_seed(3)", "torch.manual_seed(103)"),
        ("cfg = {'seed': 3, 'n': 3}", "cfg = {'seed': 103, 'n': 3}"),
        ("%seed 3 --deterministic", "%seed 103 --deterministic"),
        ("%split X y --seed 3", "%split X y --seed 103"),
        (
            "%%hydra cfg seed=3 lr=3\nmodel:\n  seed: 3\n  n: 3",
            "%%hydra cfg seed=103 lr=3\nmodel:\n  seed: 103\n  n: 3",
        ),
        ("%%sweep a=1 --seed 3\nx = a", "%%sweep a=1 --seed 103\nx = a"),
        ("seed = True", "seed = True"),
        ("!pip install x\nseeds = 3", "!pip install x\nseeds = 3"),
    ],
)
def test_the_numbers_that_are_seeds(source, expected):
    assert with_other_seeds(source, 100) == expected
