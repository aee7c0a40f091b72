"""The configs of a run: their values as parameters, the config as a file, the overrides as a tag."""

import json

import pytest
from mlflow import MlflowClient
from omegaconf import OmegaConf

import mlmagic
from mlmagic.config.capture import ConfigCapture
from mlmagic.config.composing import compose
from mlmagic.config.flat import Resolved, changes, leaves, resolvable
from mlmagic.recording.options import Origin, TrackOptions
from mlmagic.tracking import tracker
from mlmagic.tracking.opening import open_run


@pytest.fixture
def recorded(store_uri):
    """Return a function that records configs under names as a script gives them, and returns run and warnings."""

    def record(configs, **options):
        run = open_run(TrackOptions(**options), Origin(source="x = 1"))
        capture = ConfigCapture()
        for name, config in configs.items():
            capture.give(run, name, config)
        run.captures = (capture,)
        run.is_opening = False
        summary = tracker.close(run, None)
        mlmagic.sync()
        stored = MlflowClient().get_run(summary.run_id)
        return stored, [notice.text for notice in summary.notices if notice.level == "warning"]

    return record


def file(run, name="config"):
    return mlmagic.Run(run.info.run_id).text(f"mlmagic/{name}.yaml")


def test_values_are_parameters_resolved_and_flat(recorded):
    config = OmegaConf.create(
        {"lr": 0.1, "twice": "${lr}", "model": {"layers": [1, "${lr}"], "off": None}, "empty": {}}
    )
    run, warnings = recorded({"cfg": config})
    assert run.data.params == {
        "cfg.lr": "0.1", "cfg.twice": "0.1", "cfg.model.layers": "[1, 0.1]", "cfg.model.off": "None", "cfg.empty": "{}",
    }  # fmt: skip
    assert "twice: 0.1" in file(run)
    assert warnings == []
    assert "mlmagic.overrides" not in run.data.tags


def test_what_has_no_value_is_told_and_costs_only_itself(recorded):
    config = OmegaConf.create({"path": "???", "lr": 0.1, "out": "${oc.env:NO_SUCH_VARIABLE}/x"})
    run, warnings = recorded({"cfg": config})
    assert run.data.params == {"cfg.lr": "0.1"}
    (line,) = warnings
    assert line.startswith("the config cfg is recorded without the keys that have no value: ")
    assert "path (???)" in line
    assert "out (Environment variable 'NO_SUCH_VARIABLE' not found)" in line


def test_overrides_are_a_tag_of_one_config_or_of_each(recorded):
    first, second = compose("lr=2", "+new=ü", yaml="lr: 1"), compose("depth=3", yaml="depth: 1")
    run, _ = recorded({"cfg": first})
    assert json.loads(run.data.tags["mlmagic.overrides"]) == ["lr=2", "+new=ü"]
    assert "ü" in run.data.tags["mlmagic.overrides"]
    run, _ = recorded({"cfg": first, "other": second, "plain": OmegaConf.create({"a": 1})})
    assert json.loads(run.data.tags["mlmagic.overrides"]) == {"cfg": ["lr=2", "+new=ü"], "other": ["depth=3"]}
    assert run.data.params.keys() == {"cfg.lr", "cfg.new", "other.depth", "plain.a"}
    assert "lr: 2" in file(run)
    assert "depth: 3" in file(run, "config_other")
    assert "a: 1" in file(run, "config_plain")


def test_an_excluded_config_or_key_is_not_recorded(recorded):
    configs = {"cfg": OmegaConf.create({"lr": 1, "depth": 2}), "other": OmegaConf.create({"a": 1}), "_own": OmegaConf.create({"b": 1})}  # fmt: skip
    run, _ = recorded(configs, exclude=frozenset({"other", "cfg.depth"}))
    assert run.data.params == {"cfg.lr": "1"}


def test_a_plain_mapping_is_a_config_too_and_anything_else_is_told(recorded):
    run, warnings = recorded({"cfg": {"lr": 1, "model": {"depth": 2}}, "odd": 5})
    assert run.data.params == {"cfg.lr": "1", "cfg.model.depth": "2"}
    assert warnings == ["the config odd is not recorded: TypeError: 'int' object is not iterable"]


def test_a_resolver_that_raises_anything_ends_no_cell(recorded):
    OmegaConf.register_new_resolver("test_capture_exit", lambda: (_ for _ in ()).throw(SystemExit("odd")), replace=True)
    run, warnings = recorded({"cfg": OmegaConf.create({"odd": "${test_capture_exit:}", "lr": 1})})
    assert run.data.params == {"cfg.lr": "1"}
    assert "odd (odd)" in warnings[0]


def test_secrets_of_a_config_are_redacted_everywhere(recorded):
    config = compose("password=hunter2hunter2", yaml="password: x\nlr: 1")
    run, _ = recorded({"cfg": config})
    assert run.data.params["cfg.password"] == "<redacted>"
    assert "hunter2" not in file(run) + run.data.tags["mlmagic.overrides"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"a": 1, "b": {"c": 2, "d": {}}}, {"a": 1, "b.c": 2, "b.d": {}}),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}),
        ({1: {2: 3}}, {"1.2": 3}),
        ({}, {}),
    ],
)
def test_the_leaves_of_a_config(config, expected):
    assert leaves(config) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, [("a", 1, 1.0)]),
        ({"a": True}, {"a": 1}, [("a", True, 1)]),
        ({"a": 1}, {"a": "1"}, [("a", 1, "1")]),
        ({"a": None}, {}, [("a", None, None)]),
        ({}, {"a": None}, [("a", None, None)]),
        ({"a": float("nan")}, {"a": float("nan")}, []),
        ({"b": 1, "a": 1}, {"a": 2, "c": 3}, [("b", 1, None), ("a", 1, 2), ("c", None, 3)]),
    ],
    ids=str,
)
def test_what_changed_since_the_last_composition(before, after, expected):
    assert changes(before, after) == expected


def test_of_many_keys_without_a_value_the_first_are_named():
    found = Resolved({}, {f"k{at}": "x" * 300 for at in range(9)})
    told = found.told()
    assert told.startswith("k0 (xxx")
    assert told.endswith(" and 4 more")
    assert "k4 (" in told
    assert "k5" not in told
    assert len(told) < 800


def test_a_list_with_a_value_that_is_missing_has_none_itself():
    found = resolvable(OmegaConf.create({"layers": [1, "???"], "ok": [1]}))
    assert found.leaves() == {"ok": [1]}
    assert found.open == {"layers": "???"}
