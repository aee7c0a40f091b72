"""The config of each point of a sweep is what Hydra composes there, though most are made without it."""

import itertools

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from mlmagic.config.composing import composition
from mlmagic.errors import UsageProblem
from mlmagic.sweeps.plan import SweepPlan
from mlmagic.sweeps.points.configs import ConfigSpace, _written
from mlmagic.sweeps.points.search import Listed, Pruned, Tpe
from mlmagic.sweeps.points.space import Choices, axes_of, grid
from mlmagic.sweeps.searching import search_for

BODY = "defaults:\n  - model: rf\n  - _self_\nlr: 0.1\nname: ${model.kind}-${lr}\nlayers: [8]\nnote: null\n"


@pytest.fixture
def composed(tmp_path, monkeypatch):
    """Return a function that composes a config with the group model, whose variable is ``cfg``."""
    (tmp_path / "configs" / "model").mkdir(parents=True)
    (tmp_path / "configs" / "model" / "rf.yaml").write_text("kind: forest\ndepth: 3\n")
    (tmp_path / "configs" / "model" / "logreg.yaml").write_text("kind: linear\nC: 1.0\n")
    monkeypatch.chdir(tmp_path)
    return lambda yaml=BODY, *overrides: composition(*overrides, yaml=yaml, config_dir="configs", name="cfg")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["lr=0.1,0.01"], id="a key"),
        pytest.param(["model=rf,logreg"], id="a group"),
        pytest.param(["model=glob(*)", "lr=1,2"], id="both"),
        pytest.param(["layers=[1,2],[]"], id="lists"),
        pytest.param(["note={a:1},null,'a, b'"], id="values of several types"),
        pytest.param(["+extra=1,2", "++lr=3"], id="keys that are added"),
        pytest.param(["+extra={a:{b:1}},{c:2}"], id="dicts that are added"),
        pytest.param(["model.depth=1,2"], id="a key of a group"),
    ],
)
def test_each_point_has_the_config_that_hydra_composes(composed, words):
    config = composed()
    space = ConfigSpace(config, axes_of(words, config.groups()))
    assert space.name == "cfg"
    for point in grid(axes_of(words, config.groups())):
        whole = OmegaConf.to_container(space.check(point), resolve=True)
        assert space.at(point).values == whole


def test_points_do_not_share_their_configs(composed):
    config = composed()
    space = ConfigSpace(config, axes_of(["layers=[1],[2]", "model=rf,logreg"], config.groups()))
    points = [{"layers": layers, "model": model} for layers, model in itertools.product(([1], [2]), ("rf", "logreg"))]
    found = [space.at(point).values for point in points]
    found[0]["layers"].append(9)
    assert [space.at(point).values["layers"] for point in points] == [[1], [1], [2], [2]]
    assert [one["name"] for one in found] == ["forest-0.1", "linear-0.1"] * 2
    assert config.config.layers == [8]


def test_hydra_composes_once_for_each_choice_of_groups(composed, monkeypatch):
    config = composed()
    calls = []
    again = type(config).again
    monkeypatch.setattr(
        type(config), "again", lambda self, *overrides: calls.append(overrides) or again(self, *overrides)
    )
    space = ConfigSpace(config, axes_of(["model=rf,logreg", "lr=range(20)"], config.groups()))
    for point in grid(axes_of(["model=rf,logreg", "lr=range(20)"], config.groups())):
        space.at(point)
    assert calls == [("model='rf'",), ("model='logreg'",)]


def test_overrides_of_the_config_itself_are_kept(composed):
    config = composed(BODY, "model=logreg", "model.C=5")
    space = ConfigSpace(config, [Choices("lr", (1, 2))])
    assert space.at({"lr": 2}).values == {
        "model": {"kind": "linear", "C": 5}, "lr": 2, "name": "linear-2", "layers": [8], "note": None,
    }  # fmt: skip


def test_a_value_of_a_wrong_type_is_one_line(composed):
    config = composed("lr: 0.1\nmodel: {depth: 3}\n")
    space = ConfigSpace(config, [Choices("model.depth", (1,)), Choices("nowhere", (1,))])
    with pytest.raises(UsageProblem, match="There is no key 'nowhere'"):
        space.check({"model.depth": 1, "nowhere": 1})


def test_each_value_is_tried_before_any_trial_runs(composed):
    config = composed("defaults:\n  - model: rf\n  - _self_\nlr: 0.1\n")
    axes = [Choices("lr", (1, 2)), Choices("model", ("rf", "nosuch"))]
    space = ConfigSpace(config, axes)
    with pytest.raises(UsageProblem, match=r"no option 'nosuch' in the config group 'model'.*There are: logreg, rf"):
        search_for(SweepPlan(print, axes), space, goal=None, metric=None, seed=0, jobs=1)


@pytest.mark.parametrize(
    ("options", "goal", "metric", "kind"),
    [
        ({}, None, None, Listed),
        ({"search": "random", "trials": 2}, "min", "loss", Listed),
        ({"prune": True}, "min", "loss", Pruned),
        ({"search": "tpe", "trials": 5}, "max", "accuracy", Tpe),
    ],
)
def test_which_search_a_plan_has(options, goal, metric, kind):
    search = search_for(
        SweepPlan(print, [Choices("x", (1, 2, 3))], **options), None, goal=goal, metric=metric, seed=0, jobs=1
    )
    assert (type(search), search.total) == (kind, options.get("trials", 3))
    search.close()


def test_tpe_needs_to_know_how_many():
    plan = SweepPlan(print, [Choices("x", (1, 2, 3))], search="tpe")
    with pytest.raises(UsageProblem, match="--search tpe needs to know how many: --trials 50"):
        search_for(plan, None, goal="min", metric="loss", seed=0, jobs=1)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.from_regex(r"\A[a-z]{1,3}\Z"), inner, max_size=2)),
    max_leaves=5,
)  # fmt: skip


@given(VALUES)
def test_a_value_is_written_so_that_hydra_reads_it_back(value):
    [override] = OverridesParser.create().parse_overrides([f"x={_written(value)}"])
    assert override.value() == value
