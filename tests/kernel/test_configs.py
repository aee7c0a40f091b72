"""Configs in a real kernel, and in a script of Hydra's: what a run holds of them."""

import json
import subprocess
import sys
import textwrap

import pytest

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


def test_a_config_that_cannot_be_resolved_fails_no_cell(kernel):
    kernel.check("from omegaconf import OmegaConf\nbroken = OmegaConf.create({'a': '${nope}', 'b': 1})")
    output = kernel.run("%%track\nscore = broken.b * 0.5")
    assert output.status == "ok"
    assert kernel.last_run()["metrics"] == {"score": 0.5}
    assert "the config broken is not recorded" in str(output.messages)


def test_an_error_in_a_config_is_one_line(kernel):
    output = kernel.run("%%hydra cfg lrr=1\nlr: 0.1")
    assert output.status == "error"
    assert output.errors == [
        "UsageProblem: There is no key 'lrr' in the config. Did you mean 'lr'? To add one: +lrr=VALUE"
    ]


SCRIPT = """
    import hydra, mlmagic

    @hydra.main(version_base="1.3", config_path="configs", config_name="config")
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
