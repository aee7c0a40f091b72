"""A model is registered while the store is away, the kernel is killed, and the next one tells its version."""

from __future__ import annotations

import os
import signal

import mlflow
import pytest

TRAIN = """\
%%track forest
from sklearn.dummy import DummyClassifier
model = DummyClassifier(strategy="constant", constant=1).fit([[0], [1]], [0, 1])
"""


@pytest.mark.usefixtures("ready_store")
def test_a_registration_outlives_the_kernel(tmp_path, kernels):
    kernel = kernels(tmp_path)
    kernel.check("%load_ext mlmagic\n%config MLMagic.offline = True")
    kernel.check(TRAIN)
    line = kernel.check("%register churn --alias champion -t team=risk")
    assert line == (
        "'churn': recorded in the journal: it is registered as soon as the store takes it (MLMagic.offline is True). "
        "%mlmagic shows what waits, and %mlmagic sync delivers it"
    )
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.stop()

    following = kernels(tmp_path)
    shown = following.check("%load_ext mlmagic")
    assert "delivered forest (FINISHED, " in shown
    assert (
        "'churn' version 1: registered from the model 'model' of the run 'forest'; "
        "champion of 'churn' is version 1 now; it had none"
    ) in shown
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    (version,) = client.search_model_versions("name = 'churn'")
    assert version.tags["team"] == "risk"
    assert following.check("print(mlmagic.load_model('churn@champion').predict([[0]]))") == "[1]"
