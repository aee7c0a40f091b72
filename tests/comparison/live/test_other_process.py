"""A store that another process fills while this one reads it."""

import subprocess
import sys

import mlmagic

RUNS = 15
FILL = f"""
import mlflow
client = mlflow.MlflowClient()
for at in range({RUNS}):
    run_id = client.create_run("0", run_name=f"other {{at}}").info.run_id
    client.log_param(run_id, f"p{{at % 3}}", at)
    for step in range(3):
        client.log_metric(run_id, "loss", 1 / (at + step + 1), step=step)
    client.set_terminated(run_id)
    if at % 5 == 4:
        client.delete_run(run_id)
    print(at, flush=True)
"""


def test_tables_and_comparisons_are_read_meanwhile_and_have_all_in_the_end(make_run):
    make_run("first", {"p0": 0}, {"loss": 0.5})
    widget = mlmagic.compare(metric="loss")
    process = subprocess.Popen([sys.executable, "-c", FILL], stdout=subprocess.PIPE, text=True)
    for _ in process.stdout:
        frame = mlmagic.runs("loss < 2", n=100, sort="loss")
        comparison = mlmagic.compare("loss > 0")
        assert len(frame) >= 1
        assert len(comparison.to_dataframe()) >= 1
        assert frame._repr_html_()
        widget._receive(None, {"kind": "refresh", "request": 1}, [])
    assert process.wait(60) == 0
    assert len(mlmagic.runs("loss < 2", n=100)) == 1 + RUNS * 4 // 5
    widget._receive(None, {"kind": "refresh", "request": 2}, [])
    assert len(widget.to_dataframe()) == 1 + RUNS * 4 // 5
