"""Configs in a real kernel, and in a script of Hydra's: what a run holds of them."""

import json
import subprocess
import sys
import textwrap

import hydra
import pytest

# Hydra 1.4 puts a mapping in the place of a typed null, Hydra 1.3 does not.
NULL_REPLACED = "cannot apply 'sub={k:4}'" if hydra.__version__.startswith("1.3") else "{'sub': {'k': 4}, 'lr': 0.1}"

CONFIG = (
    "%%hydra cfg model.depth=5\nmodel: {depth: 3, layers: [1, 2]}\nlr: 0.1\ntwice: ${lr}\npassword: hunter2hunter2\n"
)


def config_file(kernel, name="config"):
    return kernel.check(f"print(mlmagic.last_run.text('mlmagic/{name}.yaml'))")


def test_a_tracked_cell_that_reads_a_config_holds_it_flat_and_whole(kernel):
    kernel.check(CONFIG)
    kernel.check("%%track\naccuracy = cfg.lr * 2.5\ncfg.lr = 99")
    run = kernel.last_run()
    assert run["params"] == {
        "cfg.model.depth": "5",
        "cfg.model.layers": "[1, 2]",
        "cfg.lr": "0.1",
        "cfg.twice": "0.1",
        "cfg.password": "<redacted>",
    }
    assert run["metrics"] == {"accuracy": 0.25}
    assert json.loads(run["tags"]["mlmagic.overrides"]) == ["model.depth=5"]
    text = config_file(kernel)
    assert "depth: 5" in text
    assert "twice: 0.1" in text
    assert "hunter2" not in text


def test_a_config_that_a_function_reads_or_the_cell_composes_is_recorded_too(kernel):
    kernel.check("%%hydra cfg\nlr: 0.1")
    kernel.check("def train(): return cfg.lr")
    kernel.check("%%track\nscore = train() * 1.0")
    assert kernel.last_run()["params"] == {"cfg.lr": "0.1"}
    kernel.check("import mlmagic\nx = 0")
    kernel.check("%%track\nown = mlmagic.compose('depth=4', yaml='depth: 1')\nscore = own.depth / 8")
    assert kernel.last_run()["params"] == {"own.depth": "4"}


def test_what_the_user_logged_or_left_out_stays_so(kernel):
    kernel.check("%%hydra cfg\nlr: 0.1\ndepth: 3\nwidth: 2")
    kernel.check("%%track -x cfg.depth\nmlmagic.log_params(**{'cfg.lr': 'mine'})\nscore = cfg.lr * 1.0")
    assert kernel.last_run()["params"] == {"cfg.lr": "mine", "cfg.width": "2"}
    kernel.check("%%track -x cfg\nscore = cfg.lr * 1.0")
    assert kernel.last_run()["params"] == {}


def test_two_configs_are_two_files(kernel):
    kernel.check("%%hydra one a=2\na: 1")
    kernel.check("%%hydra two\nb: 1")
    kernel.check("%%track\nscore = one.a / two.b")
    run = kernel.last_run()
    assert run["params"] == {"one.a": "2", "two.b": "1"}
    assert {"mlmagic/config.yaml", "mlmagic/config_two.yaml"} <= set(run["files"])
    assert json.loads(run["tags"]["mlmagic.overrides"]) == {"one": ["a=2"]}


def test_a_config_composed_by_mlmagic_keeps_what_has_no_value_yet(kernel):
    output = kernel.run(
        "%%hydra conf\nout: ${hydra:runtime.cwd}/x\njob: ${hydra:job.name}\nhome: ${oc.env:NO_SUCH}\npath: ???\n"
        "file: ${path}/f\nlr: 0.1"
    )
    assert output.status == "ok", output.text
    told = "no value yet for home (Environment variable 'NO_SUCH' not found), path (???), file (Missing mandatory value: path)"
    assert f"note: {told}" in output.text
    kernel.check("%%track\nscore = conf.lr * 2.5")
    run = kernel.last_run()
    assert run["params"] == {"conf.out": f"{kernel.folder}/x", "conf.job": "notebook", "conf.lr": "0.1"}
    text = config_file(kernel)
    assert f"out: {kernel.folder}/x" in text
    assert "home: ${oc.env:NO_SUCH}" in text
    raised = kernel.run("conf.home")
    assert "Environment variable 'NO_SUCH' not found" in raised.errors[0]
    kernel.check("import os; os.environ['NO_SUCH'] = 'there'; conf.path = 'data'")
    kernel.check("%%track\nscore = conf.lr * 2.5\nassert conf.file == 'data/f'")
    assert kernel.last_run()["params"]["conf.home"] == "there"
    kernel.check("del os.environ['NO_SUCH']")


@pytest.mark.parametrize(
    ("made", "params", "named"),
    [
        ("own = OmegaConf.create({'a': '${nope}', 'b': 1})", {"own.b": "1"}, ["a (Interpolation key 'nope' not found)"]),
        ("own = OmegaConf.create({'a': '${oc.env:NO_SUCH}', 'c': {'d': '${a}', 'e': 2}})", {"own.c.e": "2"}, ["a (", "c.d ("]),
        ("own = OmegaConf.create({'a': '???', 'b': '${a}', 'c': 3})", {"own.c": "3"}, ["a (???)", "b (Missing mandatory value: a)"]),
        ("own = OmegaConf.create({'l': [1, '${nope}'], 'c': 3})", {"own.c": "3"}, ["l (Interpolation key 'nope' not found)"]),
        ("own = OmegaConf.create({'a': '${test.zero:}', 'c': 3})", {"own.c": "3"}, ["a (division by zero)"]),
        ("own = OmegaConf.create({'a': '${test.exit:}', 'c': 3})", {"own.c": "3"}, ["a (out)"]),
        ("own = OmegaConf.create({'a': '${b}', 'b': '${a}', 'c': 3})", {"own.c": "3"}, ["a (Recursive", "b (Recursive"]),
        (
            "with initialize_config_dir(os.getcwd(), version_base='1.3'):\n"
            "    own = hydra_compose('mine', ['lr=2', '+path=???'])",
            {"own.lr": "2"},
            ["out (HydraConfig was not set)", "path (???)"],
        ),
    ],
)  # fmt: skip
def test_one_value_that_cannot_be_resolved_costs_only_itself(kernel, made, params, named):
    (kernel.folder / "mine.yaml").write_text("lr: 1\nout: ${hydra:runtime.cwd}/x\n")
    kernel.check(f"""
import os
from hydra import compose as hydra_compose, initialize_config_dir
from omegaconf import OmegaConf
def leave(): raise SystemExit("out")
OmegaConf.register_new_resolver("test.zero", lambda: 1 / 0, replace=True)
OmegaConf.register_new_resolver("test.exit", leave, replace=True)
{made}
""")
    output = kernel.run("%%track\nscore = len(own) * 0.5")
    assert output.status == "ok", output.text
    run = kernel.last_run()
    assert run["params"] == params
    assert "mlmagic/config.yaml" in run["files"]
    [line] = [
        line for line in output.summaries[0].splitlines() if "recorded without the keys that have no value" in line
    ]
    for one in named:
        assert one in line


SCHEMA = """
from dataclasses import dataclass
from typing import Optional
@dataclass
class S:
    k: int = 1
@dataclass
class C:
    sub: Optional[S] = None
    lr: float = 0.1
"""


@pytest.mark.parametrize(
    ("line", "body", "expected"),
    [
        ("%hydra typed --schema C sub.k=4", "", "'sub' is null in the schema, so Hydra cannot apply 'sub.k=4'"),
        (
            "%hydra typed --schema C ++sub.k=4",
            "",
            "cannot apply '++sub.k=4'. Give it a value first: `sub: {}` in the body",
        ),
        ("%hydra typed --schema C sub={k:4}", "", NULL_REPLACED),
        ("%%hydra typed --schema C sub.k=4", "sub: {}", "{'sub': {'k': 4}, 'lr': 0.1}"),
        ("%%hydra typed --schema C sub={k:4}", "sub: {}", "{'sub': {'k': 4}, 'lr': 0.1}"),
        ("%%hydra typed --schema C", "sub: {k: 4}", "{'sub': {'k': 4}, 'lr': 0.1}"),
        ("%%hydra typed 'l=[1,2]'", "l: 0", "{'l': [1, 2]}"),
        ("%%hydra typed \"l=[1, 2]\" '+d={a: 1}'", "l: 0", "{'l': [1, 2], 'd': {'a': 1}}"),
        ("%%hydra typed \"name='a b'\" 'lr=1'", "name: x\nlr: 0", "{'name': 'a b', 'lr': 1}"),
        ("%%hydra typed name='a b' '~lr'", "name: x\nlr: 0", "{'name': 'a b'}"),
        ("%hydra typed --schema C 'lr=1'", "", "{'sub': None, 'lr': 1.0}"),
    ],
)
def test_overrides_work_or_are_told_in_one_line(kernel, line, body, expected):
    kernel.check(SCHEMA)
    output = kernel.run(f"{line}\n{body}" if body else line)
    if output.status == "error":
        [error] = output.errors
        assert expected in error
        assert "\n" not in error
    else:
        assert kernel.check("print(typed)") == expected


def test_an_error_in_a_config_is_one_line(kernel):
    output = kernel.run("%%hydra cfg lrr=1\nlr: 0.1")
    assert output.status == "error"
    assert output.errors == [
        "UsageProblem: There is no key 'lrr' in the config. Did you mean 'lr'? To add one: +lrr=VALUE"
    ]


SCRIPT = """
    import hydra, mlmagic

    @hydra.main(version_base=None, config_path="configs", config_name="config")
    def main(cfg):
        with mlmagic.track("script", config=cfg, quiet=True) as run:
            mlmagic.log(score=cfg.lr * 2)
        print(run.id)

    main()
"""


@pytest.mark.usefixtures("store_uri")
def test_a_script_of_hydra_records_its_config_and_command_line(tmp_path):
    from mlflow import MlflowClient

    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "config.yaml").write_text("lr: 0.1\nmodel: {depth: 3}\n")
    (tmp_path / "train.py").write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, "train.py", "model.depth=9", "hydra.run.dir=outputs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    run = MlflowClient().get_run(done.stdout.split()[-1])
    assert run.data.params == {"cfg.lr": "0.1", "cfg.model.depth": "9"}
    assert json.loads(run.data.tags["mlmagic.overrides"]) == ["model.depth=9"]
