"""Tracked cells that train with Keras and Lightning: their histories are curves of the run."""

from __future__ import annotations

import pytest

STAND_INS = """
class Model:
    def fit(self, losses):
        History = type("History", (), {"__module__": "keras.src.callbacks.history"})
        history = History()
        history.history = {"loss": losses, "val_loss": [2 * loss for loss in losses]}
        return history
"""
KERAS = """
import keras, numpy as np
X = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
y = (X.sum(1) > 0).astype("int32")

def make():
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""
LIGHTNING = """
import logging, torch, warnings
warnings.simplefilter("ignore")
import lightning.pytorch as L
from lightning.pytorch.loggers import CSVLogger
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
X = torch.randn(60, 3)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, (X.sum(1) > 0).long()), batch_size=20)

class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(3, 2)

    def measure(self, batch, name, **how):
        loss = torch.nn.functional.cross_entropy(self.inner(batch[0]), batch[1])
        self.log(name, loss, **how)
        return loss

    def forward(self, x): return self.inner(x)
    def training_step(self, batch, _): return self.measure(batch, "train_loss")
    def validation_step(self, batch, _): self.measure(batch, "val_loss")
    def test_step(self, batch, _): self.measure(batch, "test_loss")
    def configure_optimizers(self): return torch.optim.SGD(self.parameters(), lr=0.1)

quiet = dict(enable_progress_bar=False, enable_checkpointing=False, enable_model_summary=False, accelerator="cpu")
"""
HOW = "to run it: pip install {}; pytest tests/test_histories.py"


@pytest.fixture
def track(shell, store_uri):
    """Return a function that runs a setup and then a tracked cell, and returns the (step, value)s of each metric."""
    import mlflow

    def run(setup, code, header="%%track"):
        shell.run_cell(f"{setup}\nget_ipython().user_ns['__name__'] = '__main__'").raise_error()
        shell.run_cell(f"{header}\n{code}", store_history=True).raise_error()
        client = mlflow.MlflowClient()
        last = client.search_runs(["0"], order_by=["attributes.start_time DESC"], max_results=1)[0]
        return {
            name: [(each.step, each.value) for each in client.get_metric_history(last.info.run_id, name)]
            for name in last.data.metrics
        }

    shell.run_cell("%load_ext mlmagic", store_history=True).raise_error()
    yield run
    shell.run_cell("%unload_ext mlmagic")


def test_a_history_is_a_curve_under_the_names_that_the_library_gives(track):
    found = track(STAND_INS, "history = Model().fit([0.5, 0.25])")
    assert found == {"loss": [(0, 0.5), (1, 0.25)], "val_loss": [(0, 1.0), (1, 0.5)]}


def test_a_name_that_is_taken_gets_a_suffix(track):
    code = "first = Model().fit([0.5])\nsecond = Model().fit([0.25])\nModel().fit([0.125])\nval_loss = float('0.75')"
    assert {name: values[-1][1] for name, values in track(STAND_INS, code).items()} == {
        "loss": 0.5, "loss_second": 0.25, "loss_2": 0.125,
        "val_loss": 0.75, "val_loss_first": 1.0, "val_loss_second": 0.5, "val_loss_2": 0.25,
    }  # fmt: skip


def test_a_metric_that_is_not_wanted_or_that_the_user_logged_is_left_alone(track):
    code = "import mlmagic\nmlmagic.log(loss=7)\nhistory = Model().fit([0.5])"
    assert track(STAND_INS, code, "%%track -x val_loss") == {"loss": [(0, 7.0)]}


def test_keras(track, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras", reason=HOW.format("keras torch==2.13.0"))
    found = track(
        KERAS,
        "model = make()\nhistory = model.fit(X, y, epochs=3, validation_split=0.2, verbose=0)\n"
        "test_loss, test_accuracy = model.evaluate(X, y, verbose=0)",
    )
    assert {name: len(values) for name, values in found.items()} == {
        "loss": 3, "accuracy": 3, "val_loss": 3, "val_accuracy": 3, "test_loss": 1, "test_accuracy": 1
    }  # fmt: skip


def test_lightning(track):
    pytest.importorskip("lightning", reason=HOW.format("lightning torch==2.13.0"))
    code = (
        "net = Net()\ntrainer = L.Trainer(max_epochs=2, log_every_n_steps=2, logger=CSVLogger('logs'), **quiet)\n"
        "trainer.fit(net, loader, loader)"
    )
    found = track(LIGHTNING, code)
    assert {name: [step for step, _ in values] for name, values in found.items()} == {
        "train_loss": [1, 3, 5], "val_loss": [2, 5]
    }  # fmt: skip
    assert [*track("", "tested = trainer.test(net, loader, verbose=False)")] == ["test_loss"]
