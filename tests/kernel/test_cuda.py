"""A GPU: tensors, models and metrics that live there, and what a seed makes repeatable. Needs one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("needs a GPU", allow_module_level=True)

LAYERS = """\
net = torch.nn.Sequential(
    torch.nn.Linear(6, 256), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(256, 2)
).cuda()
"""
TRAINING = f"""\
import torch
{LAYERS}
adam = torch.optim.Adam(net.parameters(), lr=0.01)
inputs = torch.randn(512, 6, device="cuda")
targets = torch.randint(0, 2, (512,), device="cuda")
losses = []
for _ in range(50):
    loss = torch.nn.functional.cross_entropy(net(inputs), targets)
    adam.zero_grad()
    loss.backward()
    adam.step()
    losses.append(loss.item())
print(losses)
"""
DIGESTS = """\
import json, mlmagic
from mlflow import MlflowClient
print(json.dumps([d.dataset.digest for d in MlflowClient().get_run(mlmagic.last_run.id).inputs.dataset_inputs]))
"""
MODEL = """\
import mlmagic
from mlflow import MlflowClient
print(MlflowClient().get_run(mlmagic.last_run.id).outputs.model_outputs[0].model_id)
"""


@pytest.fixture
def cuda(new_kernel):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic\nimport numpy as np, torch")
    return kernel


def test_a_tensor_on_the_gpu_is_recorded_as_data(cuda):
    cuda.check("on_cpu = torch.arange(24, dtype=torch.float32).reshape(4, 6)\non_gpu = on_cpu.cuda()")
    digests = {}
    for name in ("on_cpu", "on_gpu"):
        cuda.check(f"%%track\nprint(float({name}.sum()))")
        digests[name] = json.loads(cuda.check(DIGESTS))
    assert digests["on_gpu"] == digests["on_cpu"]
    assert len(digests["on_gpu"]) == 1


def test_metrics_on_the_gpu_are_numbers_and_ten_of_them_a_curve(cuda):
    output = cuda.run(
        '%%track "metrics"\nimport mlmagic\nval_loss = torch.tensor(0.25, device="cuda")\n'
        "mlmagic.log(loss=val_loss * 2)\nmlmagic.log(many=torch.arange(10, device='cuda'))\nprint('done')"
    )
    assert (output.status, output.stdout.strip()) == ("ok", "done"), output.text
    metrics = cuda.last_run("metrics")["metrics"]
    assert metrics["loss"] == 0.5
    assert metrics["val_loss"] == 0.25
    assert metrics["many"] == 9


def test_a_tracked_cell_draws_the_numbers_of_an_untracked_one(cuda):
    plain = cuda.check(f"%seed 42\n{TRAINING}print(torch.randn(3, device='cuda'))")
    cuda.check("%seed 42")
    assert cuda.check(f"%%track\n{TRAINING}print(torch.randn(3, device='cuda'))") == plain


def test_a_seed_repeats_the_gpu_to_the_bit(cuda):
    first = cuda.check(f"%seed 42 --deterministic\n{TRAINING}").splitlines()[-1]
    again = cuda.check(f"%seed 42 --deterministic\n{TRAINING}").splitlines()[-1]
    assert json.loads(first) == json.loads(again)
    other = cuda.check(f"%seed 43 --deterministic\n{TRAINING}").splitlines()[-1]
    assert json.loads(first) != json.loads(other)


def test_an_operation_without_a_deterministic_form_raises_after_such_a_seed(cuda):
    histogram = "torch.histc(torch.rand(1000, device='cuda'), bins=10)"
    assert cuda.run(f"%seed 42 --deterministic\n{histogram}").status == "error"
    assert cuda.run(f"%seed 42\n{histogram}").status == "ok"


def test_cuda_in_use_before_a_deterministic_seed_is_told(cuda):
    cuda.check("torch.ones(1, device='cuda')")
    output = cuda.run("%seed 42 --deterministic")
    assert "needs restart" in output.text
    assert "cuBLAS" in output.text


def test_a_model_on_the_gpu_is_recorded_and_loads_where_there_is_none(cuda, tmp_path):
    cuda.check("X = np.arange(24, dtype='float32').reshape(4, 6)\n" + LAYERS + "net.eval(); None")
    output = cuda.run(
        '%%track "on the gpu"\n' + LAYERS + "net.eval()\n"
        "with torch.no_grad():\n    print(net(torch.from_numpy(X).cuda()).cpu().tolist())"
    )
    assert output.status == "ok", output.text
    expected = json.loads(output.stdout)
    model = cuda.check(MODEL)
    code = (
        "import json, mlflow, numpy as np\n"
        f"model = mlflow.pyfunc.load_model('models:/{model}')\n"
        "print(json.dumps(np.asarray(model.predict(np.arange(24, dtype='float32').reshape(4, 6))).tolist()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=cuda.folder,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    predicted = json.loads(answer.stdout.splitlines()[-1])
    assert torch.allclose(torch.tensor(predicted), torch.tensor(expected), rtol=1e-4, atol=1e-5)


def test_the_hardware_of_the_run_names_the_gpu(cuda):
    cuda.check('%%track "hardware"\ntorch.ones(1, device="cuda").sum().item()')
    run = cuda.last_run("hardware")
    told = cuda.check(f"import mlflow\nprint(mlflow.artifacts.load_text('runs:/{run['id']}/mlmagic/environment.json'))")
    assert torch.cuda.get_device_name() in told
