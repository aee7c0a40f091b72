"""The public function ``mlmagic.sweep``."""

from pathlib import Path

import mlflow

import mlmagic


def test_a_sweep_in_a_script_records_the_script_as_its_source(store_uri):
    mlmagic.sweep(lambda x: {"loss": x}, {"x": [1, 2]}, quiet=True)
    run = mlflow.MlflowClient().get_run(mlmagic.last_run.id)
    assert Path(run.data.tags["mlflow.source.name"]).name == Path(__file__).name
