"""What the user does with MLflow, with figures and with other notebooks in a tracked cell, as the store has it then."""

from __future__ import annotations

import json

import pytest
from databases import copy_new_database

READ = """
def _runs():
    import json, mlflow
    client = mlflow.MlflowClient()
    found = []
    for run in client.search_runs(["0"], order_by=["attributes.start_time"]):
        outputs = run.outputs.model_outputs if run.outputs else []
        models = [client.get_logged_model(output.model_id) for output in outputs]
        found.append({
            "name": run.info.run_name, "status": run.info.status, "metrics": run.data.metrics, "params": run.data.params,
            "parent": run.data.tags.get("mlflow.parentRunId"), "id": run.info.run_id, "tags": run.data.tags,
            "source": mlmagic.Run(run.info.run_id).text("mlmagic/cell.py") if "mlmagic.id" in run.data.tags else "",
            "models": {m.name: {x.key: [x.value, x.dataset_name] for x in m.metrics or []} for m in models},
            "figures": [f.path for f in client.list_artifacts(run.info.run_id, "figures")],
        })
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def kernel(kernel):
    kernel.check(READ)
    kernel.check("import mlflow, numpy as np\nfrom sklearn.linear_model import Ridge\nX, y = np.eye(4), np.arange(4.0)")
    return kernel


@pytest.fixture
def runs(kernel):
    before = {run["id"] for run in json.loads(kernel.check("_runs()"))}
    return lambda: {run["name"]: run for run in json.loads(kernel.check("_runs()")) if run["id"] not in before}


ENDED = {
    "N ended": ("mlflow.end_run()\nmlflow.log_metric('late', 3)", "FINISHED", {"late": 3}, ""),
    "N ended as failed": ("mlflow.end_run(status='FAILED')\nmlflow.log_metric('late', 3)", "FAILED", {"late": 3}, ""),
    "N set terminated": (
        "mlflow.MlflowClient().set_terminated(mlflow.active_run().info.run_id, 'KILLED')\nmlflow.log_metric('late', 3)",
        "KILLED",
        {"late": 3},
        "",
    ),
    "N ended in a function": (
        "def done():\n    mlflow.end_run('FAILED')\ndone()\nmlflow.log_metric('late', 3)",
        "FAILED",
        {},
        "mlflow.end_run() in a function that the cell called ended this run: what MLflow logged after it is in the run",
    ),
    "N ended by a loop": ("while mlflow.active_run():\n    mlflow.end_run('FAILED')", "FAILED", {}, ""),
    "N ended by a loop, and logged to": (
        "while mlflow.active_run():\n    mlflow.end_run('FAILED')\nmlflow.log_metric('late', 3)",
        "FAILED",
        {},
        "mlflow.end_run() in a loop ended this run: what MLflow logged after it is in the run",
    ),
    "N ended and begun": (
        "mlflow.end_run()\nwith mlflow.start_run(run_name='mine', nested=True): mlflow.log_metric('own', 1)",
        "FINISHED",
        {},
        "",
    ),
}


@pytest.mark.parametrize("name", ENDED)
def test_a_run_that_the_user_ends_keeps_what_is_logged_later_and_the_status(name, kernel, runs):
    code, status, metrics, line = ENDED[name]
    output = kernel.run(f"%%track t\n{code}")
    assert output.status == "ok", output.text
    found = runs()
    assert (found["t"]["status"], found["t"]["metrics"]) == (status, metrics)
    assert line in output.summaries[0]
    assert all(run["status"] != "RUNNING" for run in found.values())
    assert kernel.check("print(mlflow.active_run())") == "None"


# Without `pip_requirements` MLflow loads each model in a process of its own.
LOGGED = {
    "O logged under its name": (
        "m = Ridge().fit(X, y)\nmlflow.sklearn.log_model(m, name='m', pip_requirements=[])",
        ["m"],
    ),
    "O logged under another name": (
        "m = Ridge().fit(X, y)\nmlflow.sklearn.log_model(m, name='ridge', pip_requirements=[])",
        ["ridge"],
    ),
    "O logged without a name of its own": (
        "mlflow.sklearn.log_model(Ridge().fit(X, y), name='r', pip_requirements=[])",
        ["r"],
    ),
    "O logged by a function": (
        "def keep(model): mlflow.sklearn.log_model(model, name='m', pip_requirements=[])\nm = Ridge().fit(X, y)\nkeep(m)",
        ["m"],
    ),
    "O one of two": (
        "m = Ridge().fit(X, y); n = Ridge().fit(X, y)\nmlflow.sklearn.log_model(m, name='a', pip_requirements=[])",
        ["a", "n"],
    ),
}


@pytest.mark.parametrize("name", LOGGED)
def test_a_model_that_the_user_logs_is_logged_once(name, kernel, runs):
    code, models = LOGGED[name]
    output = kernel.run(f"%%track t --no-figures\n{code}")
    assert output.status == "ok", output.text
    assert sorted(runs()["t"]["models"]) == models


def test_a_logged_model_has_the_last_metrics_of_its_run_and_the_data(kernel, runs):
    kernel.check(
        "%%track t\nX_test, y_test = X * 2, y * 2\nm = Ridge().fit(X, y)\nfor e in range(3): loss = e / 2\n"
        "r2 = m.score(X_test, y_test)"
    )
    run = runs()["t"]
    (metrics,) = run["models"].values()
    assert {key: value for key, (value, _) in metrics.items()} == run["metrics"]
    assert {data for _, data in metrics.values()} == {"X_test"}
    history = f"print(len(mlflow.MlflowClient().get_metric_history({run['id']!r}, 'loss')))"
    assert kernel.check(history) == "3"


CLEARED = {
    "R cleared at the next": (
        "for i in range(4):\n    clear_output(wait=True); plt.figure(); plt.plot([i]); plt.title(f'f{i}'); plt.show()",
        ["figures/f3.png"],
    ),
    "R cleared at once": (
        "for i in range(3):\n    clear_output(); plt.figure(); plt.plot([i]); plt.title(f'f{i}'); plt.show()",
        ["figures/f2.png"],
    ),
    "R saved ones stay": (
        "for i in range(2):\n    clear_output(wait=True); plt.figure(); plt.plot([i]); plt.savefig(f's{i}.png'); plt.show()",
        ["figures/s0.png", "figures/s1.png"],
    ),
    "R cleared by text": (
        "plt.figure(); plt.plot([1]); plt.title('gone'); plt.show(); clear_output(wait=True); print('text')",
        [],
    ),
    "R to be cleared by nothing": (
        "plt.figure(); plt.plot([1]); plt.title('stays'); plt.show(); clear_output(wait=True)",
        ["figures/stays.png"],
    ),
}


@pytest.mark.parametrize("name", CLEARED)
def test_the_figures_are_those_that_are_left_on_the_screen(name, kernel, runs):
    code, figures = CLEARED[name]
    kernel.check("import matplotlib.pyplot as plt\nfrom IPython.display import clear_output")
    kernel.check(f"%%track t\n{code}")
    assert sorted(runs()["t"]["figures"]) == figures


def _notebook(kernel, name, *cells):
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(book, kernel.folder / name)


@pytest.mark.parametrize("outer", [False, True], ids=["untracked", "tracked"])
def test_tracked_cells_of_a_notebook_that_is_run_are_runs_of_their_own(outer, kernel, runs):
    _notebook(kernel, "other.ipynb", "a = 0.25 * np.pi", "%%track one\nb = a / 2", "c = 1", "%%track two\nd = b / 2")
    header = "%%track outer\n" if outer else ""
    output = kernel.run(f"{header}%run other.ipynb\ne = np.pi / 3")
    assert output.status == "ok", output.text
    found = runs()
    assert set(found) == {"one", "two"} | ({"outer"} if outer else set())
    assert (set(found["one"]["metrics"]), set(found["two"]["metrics"])) == ({"b"}, {"d"})
    assert found["one"]["source"].startswith("%%track one\nb = a / 2")
    assert found["one"]["tags"]["mlflow.source.name"].endswith("other.ipynb")
    parent = found["outer"]["id"] if outer else None
    assert {found["one"]["parent"], found["two"]["parent"]} == {parent}
    if outer:
        assert "e" in found["outer"]["metrics"]
        assert not {"b", "c", "d"} & set(found["outer"]["metrics"]) - {"b", "d"}


def test_a_notebook_whose_tracked_cell_fails_is_recorded_up_to_it(kernel, runs):
    _notebook(kernel, "fails.ipynb", "%%track one\n1 / 0", "%%track two\nb = 1")
    kernel.run("%run fails.ipynb")
    found = runs()
    assert {name: run["status"] for name, run in found.items()} == {"one": "FAILED"}
    assert kernel.check("print(mlflow.active_run())") == "None"


@pytest.mark.parametrize("body", ["# later", "\n   # later\n# more", "#%% cell"])
def test_a_cell_of_comments_is_no_run_and_no_error(body, kernel, runs):
    output = kernel.run(f"%%track t\n{body}")
    assert (output.status, output.stdout.count("\n")) == ("ok", 1)
    assert "holds comments only" in output.stdout
    assert runs() == {}


@pytest.mark.parametrize("body", ["", "\n", "\n  \n"])
def test_a_header_over_nothing_is_an_error(body, kernel, runs):
    output = kernel.run(f"%%track t{body}")
    assert output.status == "error"
    assert "the cell is empty" in output.errors[0]
    assert runs() == {}


def test_a_folder_with_percent_signs_in_its_name_works(kernels, tmp_path):
    folder = tmp_path / "My%20Project b%2F#c?d 50%"
    folder.mkdir()
    copy_new_database(folder / "mlflow.db", artifacts=str(folder / "mlruns/0"))
    kernel = kernels(folder)
    kernel.check("%load_ext mlmagic\nimport mlflow, numpy as np, lightgbm\nfrom sklearn.linear_model import Ridge")
    output = kernel.run(
        "%%track t --no-figures\nX, y = np.random.rand(60, 2), np.arange(60.0)\nm = Ridge().fit(X, y)\n"
        "g = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(X, y)"
    )
    assert "warning" not in output.summaries[0]
    loaded = kernel.check(
        "client = mlflow.MlflowClient(); run = client.search_runs(['0'])[0]\n"
        "print(sorted(client.get_logged_model(o.model_id).name for o in run.outputs.model_outputs), "
        "mlmagic.Run(run.info.run_id).text('mlmagic/cell.py').splitlines()[0])"
    )
    assert loaded == "['g', 'm'] %%track t --no-figures"


LOOPS = {
    "for a in (0.1, 1.0): m = Ridge(alpha=a).fit(X[:3], y[:3])": False,
    "ms = [Ridge(alpha=a).fit(X[:3], y[:3]) for a in (0.1, 1.0)]": False,
    "for n in (2, 3): m = Ridge().fit(X[:n], y[:n])": True,
    "ms = [Ridge().fit(X[:n], y[:n]) for n in (2, 4)]": True,
    "for k in range(2):\n    Z, w = X[k:], y[k:]\n    m = Ridge().fit(Z[:2], w[:2])": True,
    "for rows in ([0, 1], [1, 2]): m = Ridge().fit(X[rows], y[rows])": True,
}


@pytest.mark.parametrize("body", LOOPS)
def test_only_a_loop_that_gives_other_data_is_said_to_do_so(body, kernel):
    kernel.check("n = 4")  # no name of the comprehension's
    output = kernel.run(f"%%track t\n{body}")
    assert output.status == "ok"
    assert ("a loop gave other data there too" in output.summaries[0]) == LOOPS[body]
