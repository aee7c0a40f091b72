"""What a complete record costs: parameters, metric, figure, output, code, packages and Git state of one cell."""

from __future__ import annotations

import textwrap

from benchmarks.measure import Comparison, Goal, interleaved
from benchmarks.project import Notebook, create_store, project

_ROUNDS = 10

_BODY = """\
lr, epochs = 0.1, 200
losses = [1 / (1 + lr * epoch) for epoch in range(epochs)]
for epoch in range(0, epochs, 10):
    print(f"epoch {epoch:3d}  loss {losses[epoch]:.4f}")
figure, axes = plt.subplots()
axes.plot(losses)
axes.set_title("training loss")
axes.set_xlabel("epoch")
final_loss = losses[-1]
"""

_TRACKED = f"%%track tracked -p lr epochs -m final_loss\n{_BODY}"

_IMPORTS = """\
import contextlib, importlib.metadata, io, os, platform, subprocess, sys
import matplotlib.pyplot as plt
import mlflow
"""

_BY_HAND = """\
def ask(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

with mlflow.start_run(run_name={name!r}):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
{body}
    print(printed.getvalue())
    mlflow.log_params({{"lr": lr, "epochs": epochs}})
    mlflow.log_metric("final_loss", final_loss)
    mlflow.log_figure(figure, "figures/training_loss.png")
    mlflow.log_text(printed.getvalue(), "output.txt")
    mlflow.log_text(In[-1], "cell.py")
    mlflow.log_text({packages}, "requirements.txt")
    mlflow.log_dict(
        {{"python": sys.version, "platform": platform.platform(), "cpus": os.cpu_count()}}, "environment.json"
    )
    patch = ask("git", "diff", "HEAD")
    mlflow.set_tags(
        {{
            "mlflow.source.git.commit": ask("git", "rev-parse", "HEAD").strip(),
            "mlflow.source.git.branch": ask("git", "rev-parse", "--abbrev-ref", "HEAD").strip(),
            "git.dirty": str(bool(patch)).lower(),
        }}
    )
    mlflow.log_text(patch, "uncommitted.patch")
"""

_PIP_FREEZE = 'ask(sys.executable, "-m", "pip", "freeze")'
_METADATA = '"\\n".join(sorted(f"{d.name}=={d.version}" for d in importlib.metadata.distributions()))'

_EXPECTED = {
    "tracked": {
        "figures/training_loss.png",
        "mlmagic/cell.py",
        "mlmagic/environment.json",
        "mlmagic/output.txt",
        "mlmagic/requirements.txt",
        "mlmagic/uncommitted.patch",
    },
    "by hand": {
        "figures/training_loss.png",
        "cell.py",
        "environment.json",
        "output.txt",
        "requirements.txt",
        "uncommitted.patch",
    },
}


def measure() -> list[Comparison]:
    """Compare a tracked cell with the same recorded by MLflow's own calls, and with the cell unrecorded."""
    with project(uncommitted=True):
        create_store()
        notebook = Notebook()
        notebook.run(f"{_IMPORTS}\n%load_ext mlmagic")
        ours, by_hand, by_metadata, unrecorded = interleaved(
            {
                "%%track": lambda: notebook.run(_TRACKED),
                "MLflow's calls, pip freeze": lambda: notebook.run(_by_hand("by hand", _PIP_FREEZE)),
                "MLflow's calls, importlib.metadata": lambda: notebook.run(_by_hand("by metadata", _METADATA)),
                "the cell, unrecorded": lambda: notebook.run(_BODY),
            },
            rounds=_ROUNDS,
            warm_up=2,
        )
        for name, files in _EXPECTED.items():
            _require_recorded(name, files)
    return [
        Comparison("Full record", ours, by_hand, (Goal("ratio", 0.5),)),
        Comparison("Full record, packages listed in process", ours, by_metadata),
        Comparison("Full record over no record", ours, unrecorded),
    ]


def _by_hand(name: str, packages: str) -> str:
    return _BY_HAND.format(name=name, packages=packages, body=textwrap.indent(_BODY, " " * 8))


def _require_recorded(name: str, files: set[str]) -> None:
    """Refuse to compare with a run that recorded less than it should: that is quick, and says nothing."""
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.search_runs(["0"], f"attributes.run_name = '{name}'", max_results=1)[0]
    folders = {path.rpartition("/")[0] for path in files}
    found = {item.path for folder in folders for item in client.list_artifacts(run.info.run_id, folder or None)}
    missing = sorted(files - found)
    tag = "mlflow.source.git.commit"
    missing += [tag] if tag not in run.data.tags else []
    missing += sorted({"lr", "epochs"} - run.data.params.keys()) + sorted({"final_loss"} - run.data.metrics.keys())
    if missing:
        raise RuntimeError(f"the run {name!r} lacks {', '.join(missing)}: the comparison would not be fair")
