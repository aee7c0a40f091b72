"""What a run holds after its cell, and what the user is told, in a real kernel with a real store."""

from __future__ import annotations

import json
import re
import socket
import threading
import time

import ipykernel
import pytest


def _text(kernel, path):
    return kernel.check(f"import mlmagic; print(mlmagic.last_run.text({path!r}))")


def test_a_run_holds_name_tags_source_output_figures_and_environment(kernel):
    output = kernel.run(
        '%%track "first run" -t team=vision stage=draft --description "to see" -p lr -m score\n'
        "import matplotlib.pyplot as plt, mlmagic, sys\n"
        "lr, score = 0.1, 0.9\n"
        "for i in range(3): mlmagic.log(loss=1 / (i + 1), step=i)\n"
        "print('10%\\r100%'); print('to err', file=sys.stderr)\n"
        "plt.figure('left open'); plt.plot([1, 2])\n"
        "plt.figure(); plt.plot([1, 2]); plt.title('Shown: a/b'); plt.show()\n"
        "plt.figure(); plt.plot([3]); plt.savefig('x.png'); plt.close()\n"
        "plt.figure()\n"
        "lr"
    )
    run = kernel.last_run()

    assert output.status == "ok"
    assert (run["name"], run["status"], run["running"]) == ("first run", "FINISHED", [])
    assert run["params"] == {"lr": "0.1"}
    assert run["metrics"] == {"score": 0.9, "loss": pytest.approx(1 / 3)}
    tags = run["tags"]
    assert (tags["team"], tags["stage"], tags["mlflow.note.content"]) == ("vision", "draft", "to see")
    assert tags["mlflow.source.type"] == "NOTEBOOK"
    assert tags["mlmagic.cell"] == str(output.count)
    assert len(tags["mlmagic.id"]) == 32
    assert [f for f in run["files"] if f.startswith("figures/")] == [
        "figures/Shown_a_b.png",
        "figures/left_open.png",
        "figures/x.png",
    ]
    assert {"mlmagic/cell.py", "mlmagic/session.json", "mlmagic/session.py", "mlmagic/output.txt"} <= set(run["files"])
    assert {"mlmagic/environment.json", "mlmagic/requirements.txt"} <= set(run["files"])
    assert _text(kernel, "mlmagic/output.txt").splitlines() == [
        "100%",
        "to err",
        f"Out[{output.count}]: 0.1",
    ]
    assert _text(kernel, "mlmagic/cell.py").startswith('%%track "first run" -t team')
    assert "first run" in output.summaries[0]
    assert "0.9" in output.summaries[0]


def test_the_execution_log_has_every_cell_with_its_status(kernel):
    kernel.check("before = 1")
    kernel.run("1 / 0")
    kernel.run("%%track\nafter = before + 1")
    log = json.loads(_text(kernel, "mlmagic/session.json"))
    cells = [cell for cell in log["cells"] if cell["status"] != "unknown"]

    assert cells[0]["source"] == "%load_ext mlmagic"
    assert [(c["source"], c["status"]) for c in cells[-3:]] == [
        ("before = 1", "ok"),
        ("1 / 0", "error"),
        ("%%track\nafter = before + 1", "ok"),
    ]
    numbers = [c["number"] for c in cells]
    assert numbers == sorted(numbers)


def test_a_failed_cell_is_failed_with_its_traceback_and_what_was_recorded(kernel):
    output = kernel.run("%%track broken\nimport mlmagic\nmlmagic.log(loss=0.5)\n\ndef f():\n    return 1 / 0\nf()")
    run = kernel.last_run()

    assert output.status == "error"
    assert len(output.errors) == 1
    assert re.search(r"line 7|-> 7 f\(\)", output.errors[0])  # the second is IPython 7's
    assert run["status"] == "FAILED"
    assert run["metrics"] == {"loss": 0.5}
    assert run["tags"]["mlmagic.error"] == "ZeroDivisionError: division by zero"
    trace = _text(kernel, "mlmagic/traceback.txt")
    assert "return 1 / 0" in trace
    assert "IPython" not in trace
    assert "ZeroDivisionError" in output.summaries[0]


@pytest.mark.parametrize(
    "code",
    [
        "import time\nprint('ready', flush=True)\ntime.sleep(30)",
        # ipykernel hears of an interrupt when the loop wakes up, in an untracked cell as well
        "import asyncio\nprint('ready', flush=True)\nawait asyncio.sleep(4)",
        "import mlmagic\nmlmagic.log(loss=1)\nprint('ready', flush=True)\nwhile True: pass",
    ],
    ids=["sync", "async", "loop"],
)
def test_an_interrupt_is_killed_and_the_next_cell_starts_clean(kernel, code):
    output = kernel.interrupted(f"%%track stopped\n{code}")
    run = kernel.last_run()

    assert output.status == "error"
    assert run["status"] == "KILLED"
    assert run["running"] == []
    assert len(output.summaries) == 1
    assert kernel.check("import mlflow; print(mlflow.active_run())") == "None"
    assert kernel.run("%%track next\n1 + 1").status == "ok"
    assert kernel.last_run()["status"] == "FINISHED"


@pytest.mark.parametrize("body", ["print('body ran')", "import asyncio\nawait asyncio.sleep(0)\nprint('body ran')"])
def test_an_interrupt_while_the_store_opens_rejects_the_cell(new_kernel, body):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        kernel = new_kernel(env={"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{server.getsockname()[1]}"})
        kernel.check("%load_ext mlmagic\nimport mlflow, time")
        request = kernel.send(f"%%track\n{body}")
        threading.Timer(3, kernel.manager.interrupt_kernel).start()
        output = kernel.collect(request, timeout=30)

    assert output.status == "error"
    assert "body ran" not in output.stdout
    assert len(output.errors) == 1
    assert "KeyboardInterrupt" in output.errors[0]
    assert kernel.check("print(1)") == "1"


@pytest.mark.parametrize("size", [300_000, 700_000])
def test_an_interrupt_while_the_store_is_created_is_not_lost_and_the_store_is_whole(first_kernel, size):
    kernel = first_kernel()
    kernel.check("%load_ext mlmagic")
    request = kernel.send("%%track\nprint('body ran')\nimport time\ntime.sleep(20)")
    kernel.interrupt_creation(size=size)
    output = kernel.collect(request, timeout=15)

    assert output.status == "error"
    assert "body ran" not in output.stdout
    assert "Exception ignored" not in output.stderr
    kernel.check("%%track after\nx = 1")
    assert kernel.last_run()["status"] == "FINISHED"


REJECTED = {
    "unknown option": ("%%track --experimnet a", "Did you mean '--experiment'"),
    "two names": ("%%track one two", '%%track "two words"'),
    "open quote": ('%%track "one', "no closing quotation"),
    "tag without value": ("%%track -t alone", "KEY=VALUE"),
    "empty": ("%%track nothing", "the cell is empty"),
    "odd name after -m": ("%%track -m 1x", "names of variables"),
    "unknown parent": ("%%track --parent nobody-here", "nobody-here"),
    "unknown run to continue": ("%%track --resume nobody-here", "nobody-here"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_wrong_header_gives_one_line_and_the_body_does_not_run(name, kernel):
    header, told = REJECTED[name]
    kernel.run("%%track before --quiet\nx = 1")
    before = kernel.last_run()["id"]
    body = "" if name == "empty" else "\nprint('body ran')"
    output = kernel.run(header + body)

    assert output.status == "error"
    assert "body ran" not in output.stdout
    assert len(output.errors) == 1
    assert told in output.errors[0]
    assert len(output.errors[0].splitlines()) == 1
    assert kernel.last_run()["id"] == before


def test_continue_with_nothing_to_continue_is_refused(new_kernel):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic")
    output = kernel.run("%%track --resume\nprint('body ran')")
    assert output.status == "error"
    assert "nothing to go on with" in output.errors[0]
    assert output.stdout == ""


def test_continue_adds_to_the_last_run(kernel):
    kernel.run(
        "%%track train -p a\nimport matplotlib.pyplot as plt\na = 1\nplt.plot([1]); plt.title('curve')\nprint('one')"
    )
    first = kernel.last_run()
    kernel.run("%%track --resume -m b\nb = 2.0\nplt.plot([2]); plt.title('curve')\nprint('two')")
    both = kernel.last_run()

    assert both["id"] == first["id"]
    assert both["params"] == {"a": "1"}
    assert both["metrics"] == {"b": 2.0}
    assert both["status"] == "FINISHED"
    assert len(json.loads(both["tags"]["mlmagic.cell"])) == 2
    assert {"figures/curve.png", "figures/curve_2.png"} <= set(both["files"])
    source = _text(kernel, "mlmagic/cell.py")
    assert "%%track train" in source
    assert "%%track --resume" in source
    output = _text(kernel, "mlmagic/output.txt")
    assert output.index("one") < output.index("two")

    kernel.run("%%track --resume train -p a\na = 7\n1 / 0")
    third = kernel.last_run()
    assert third["id"] == first["id"]
    assert third["status"] == "FAILED"
    assert third["params"] == {"a": "1"}


def test_a_nested_tracked_cell_is_a_child_run(kernel):
    output = kernel.run("%%track outer\nget_ipython().run_cell('%%track inner\\nx = 5\\nprint(x)')\nprint('after')")
    run = kernel.last_run()
    names = kernel.check(
        "import mlflow\nc = mlflow.MlflowClient()\n"
        f"child = c.get_run({run['id']!r})\n"
        "print(child.info.run_name, c.get_run(child.data.tags['mlflow.parentRunId']).info.run_name)"
    )
    assert names == "inner outer"
    assert len(output.summaries) == 2
    assert run["running"] == []


@pytest.mark.skipif(ipykernel.version_info < (7,), reason="subshells came with ipykernel 7")
def test_a_subshell_in_the_middle_runs_its_own_cell(kernel):
    subshell = kernel.new_subshell()
    outer = kernel.send("%%track outer2\nimport time\nprint('begin')\ntime.sleep(3)\nprint('end')")
    time.sleep(1)
    inner = kernel.send("%%track inside\nprint('from subshell')", subshell=subshell)
    seen = {outer: [], inner: []}
    replies, end = set(), time.monotonic() + 60
    while len(replies) < 2 and time.monotonic() < end:
        message = kernel.client.get_iopub_msg(timeout=30)
        parent = message["parent_header"].get("msg_id")
        if parent in seen:
            seen[parent].append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                replies.add(parent)
    # The replies are still on the shell channel.
    for _ in range(2):
        assert kernel.client.get_shell_msg(timeout=10)["content"]["status"] == "ok"
    runs = json.loads(
        kernel.check(
            "import json, mlflow\nc = mlflow.MlflowClient()\n"
            "def f(n):\n"
            "    r = c.search_runs(['0'], f\"attributes.run_name = '{n}'\")[0]\n"
            "    return r.info.status, 'mlflow.parentRunId' in r.data.tags, r.info.run_id\n"
            "print(json.dumps([f('outer2'), f('inside')]))"
        )
    )
    assert [run[:2] for run in runs] == [["FINISHED", False], ["FINISHED", False]]
    text = kernel.check(f"print(mlmagic.Run({runs[0][2]!r}).text('mlmagic/output.txt'))")
    assert text.split() == ["begin", "end"]
    summaries = [m for m in seen[inner] if "mlmagic" in m["content"].get("metadata", {})]
    assert len(summaries) == 1


BODIES = {
    "names never bound": (
        "%%track -p missing -m absent\nx = 1",
        ["-p missing: there is no such name", "-m absent: the cell does not bind it"],
    ),
    "stale metric": ("%%track -m stale\nx = 1", ["the value of an earlier cell was not recorded"]),
    "not a number": (
        "%%track\nimport mlmagic\nmlmagic.log(a='high', b=1j, c=[], d=None)",
        ["metric 'a' is 'high' (str), not a number", "metric 'b' is 1j (complex)", "metric 'c'", "metric 'd'"],
    ),
    "nan and infinite": (
        "%%track -m bad worse\nbad, worse = float('nan'), float('inf')",
        ["metric 'bad' is nan", "metric 'worse' is inf"],
    ),
    "long parameter": ("%%track -p long\nlong = 'x' * 10_000", ["10,000 characters", "mlmagic/params/long.txt"]),
    "long keys": (
        "%%track\nimport mlmagic\nmlmagic.log({'k' * 400: 1}); mlmagic.log_params({'p' * 251: 1}); mlmagic.tag({'t' * 300: 1})",
        [" of 400 characters is cut to 247", " of 251 characters is cut to", " of 300 characters is cut to"],
    ),
    "odd keys": (
        "%%track\nimport mlmagic\nmlmagic.log_params({'a b(c)': 1})\nmlmagic.log(**{'x//y': 1, '../z': 2})",
        ["'a b(c)': it is kept as 'a b_c_", "'x//y': it is kept as 'x/y_066351'", "kept as 'z_816b1c'"],
    ),
    "run within a run": ("%%track\nimport mlflow\nmlflow.start_run()", ["mlflow.start_run(nested=True)"]),
    "run on a thread": (
        "%%track\nfrom threading import Thread\nimport mlflow\nt = Thread(target=lambda: mlflow.log_metric('m', 1)); t.start(); t.join()",
        ["began on another thread"],
    ),
    "nested run left open": ("%%track\nimport mlflow\n_ = mlflow.start_run(nested=True)", ["was left open"]),
    "figure that fails": (
        "%%track\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.title(r'$\\frac{$')",
        ["could not be rendered: ValueError: \\frac{"],
    ),
    "user ends the run": ("%%track\nimport mlflow\nmlflow.end_run()\nx = 1", []),
}


@pytest.mark.parametrize("name", BODIES)
def test_what_goes_wrong_in_a_cell_is_told_in_a_line_and_the_run_is_closed(name, kernel):
    code, told = BODIES[name]
    kernel.check("stale = 1.0")
    output = kernel.run(code)
    run = kernel.last_run()

    assert len(output.summaries) == 1, output.text
    for line in told:
        assert line in output.summaries[0]
    assert run["running"] == []
    assert kernel.check("import mlflow; print(mlflow.active_run())") == "None"


def test_a_figure_title_of_500_characters_gets_a_short_file_name(kernel):
    kernel.run("%%track\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.title('é' * 500)")
    (figure,) = [f for f in kernel.last_run()["files"] if f.startswith("figures/")]
    assert len(figure.encode()) < 200


def test_figures_of_earlier_cells_are_left_open_and_not_recorded(new_kernel):
    kernel = new_kernel(env={"MPLBACKEND": "agg"})
    kernel.check("%load_ext mlmagic\nimport matplotlib.pyplot as plt\nf = plt.figure('mine'); _ = plt.plot([1])")
    kernel.run("%%track\nx = 1")
    assert not [f for f in kernel.last_run()["files"] if f.startswith("figures/")]
    assert kernel.check("print(plt.get_figlabels())") == "['mine']"
    kernel.run("%%track\ng = plt.figure('new'); plt.plot([2])\nplt.figure('empty')")
    assert [f for f in kernel.last_run()["files"] if f.startswith("figures/")] == ["figures/new.png"]
    assert kernel.check("print(plt.get_figlabels())") == "['mine', 'new', 'empty']"


def test_a_run_left_open_by_plain_mlflow_is_told_and_not_touched(kernel):
    kernel.check("import mlflow\nmine = mlflow.start_run(run_name='mine')")
    output = kernel.run("%%track ours\nimport mlmagic\nmlmagic.log(a=1)\nmlflow.log_metric('b', 2)")
    run = kernel.last_run()

    assert "'mine' was left open" in output.summaries[0]
    assert (run["name"], run["metrics"], run["running"]) == ("ours", {"a": 1.0, "b": 2.0}, ["mine"])
    assert "mlflow.parentRunId" not in run["tags"]
    assert kernel.check("print(mlflow.active_run().info.run_name); mlflow.end_run()") == "mine"


def test_outside_a_run_logging_raises_and_opens_no_stray_run(kernel):
    before = kernel.last_run()["id"]
    for call in ("log(a=1)", "log_params({'a': 1})", "tag(a='b')", "log_artifact('x')", "log_figure(None)"):
        output = kernel.run(f"import mlmagic\nmlmagic.{call}")
        assert output.status == "error"
        assert "no run is active" in output.errors[0]
        assert len(output.errors[0].splitlines()) == 1
    assert kernel.last_run()["id"] == before


def test_logging_from_a_thread_lands_in_the_cells_run(kernel):
    kernel.run(
        "%%track\nimport threading, mlmagic\n"
        "threads = [threading.Thread(target=lambda i=i: mlmagic.log(**{f'm{i}': i})) for i in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]"
    )
    assert kernel.last_run()["metrics"] == {"m0": 0.0, "m1": 1.0, "m2": 2.0, "m3": 3.0}


def test_the_summary_tells_the_change_against_the_previous_run_of_the_cell(kernel):
    kernel.run("%%track again -m acc\nacc = 0.5")
    output = kernel.run("%%track again -m acc\nacc = 0.75")
    assert "+0.25" in output.summaries[0]


def test_chdir_in_the_cell_moves_neither_store_nor_artifacts(kernel):
    elsewhere = kernel.folder / "elsewhere"
    elsewhere.mkdir()
    before = len(list(kernel.folder.rglob("output.txt")))
    kernel.check("import os; os.chdir('elsewhere')")
    kernel.run("%%track chdir -e fresh\nimport os; os.chdir('/')\nprint('here')")
    run = kernel.last_run("chdir")
    kernel.check(f"os.chdir({str(kernel.folder)!r})")
    assert run["status"] == "FINISHED"
    assert len(list(kernel.folder.rglob("output.txt"))) == before + 1
    assert not list(elsewhere.iterdir())


def test_a_working_folder_that_was_deleted_is_refused_with_the_way_out(kernel):
    kernel.check("import os; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')")
    output = kernel.run("%%track\nprint('body ran')")
    assert output.errors == [
        "UsageProblem: %%track: the working folder was deleted. "
        "Go to one that exists: import os; os.chdir('/folder/of/yours')"
    ]
    kernel.check(f"os.chdir({str(kernel.folder)!r})")
    assert kernel.run("%%track\nx = 1").status == "ok"


def test_a_deleted_experiment_and_a_malformed_uri_are_refused(new_kernel):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic")
    kernel.check("import mlflow\nmlflow.delete_experiment(mlflow.create_experiment('gone'))")
    output = kernel.run("%%track -e gone\nprint('body ran')")
    assert output.status == "error"
    assert "was deleted" in output.errors[0]
    assert "restore" in output.errors[0]
    kernel.check("mlflow.set_tracking_uri('htp://somewhere')")
    output = kernel.run("%%track\nprint('body ran')")
    assert output.status == "error"
    assert "'htp://somewhere'" in output.errors[0]
    assert "Did you mean 'http'" in output.errors[0]
    assert output.stdout == ""


def test_an_old_file_store_is_told_and_does_not_stop_tracking(first_kernel, tmp_path):
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("name: Default\n")
    kernel = first_kernel()
    assert "migrate-filestore" in kernel.check("%load_ext mlmagic")
    assert kernel.run("%%track\nx = 1").status == "ok"
    assert kernel.last_run()["status"] == "FINISHED"


def test_secrets_are_redacted_everywhere(new_kernel, tmp_path):
    kernel = new_kernel(env={"SERVICE_API_KEY": "q8Zr2Lm5Vt9Xy1Bn"})
    kernel.check("%load_ext mlmagic")
    output = kernel.run(
        "%%track -p key -t note=ghp_abcdefghijklmnopqrstuvwxyz0123456789\n"
        "key = 'q8Zr2Lm5Vt9Xy1Bn'\nprint('using', key)\n"
        "raise ValueError('ghp_abcdefghijklmnopqrstuvwxyz0123456789')"
    )
    assert "redacted" in output.summaries[0]
    for file in tmp_path.rglob("*"):
        if file.is_file() and ".ipython" not in file.parts:
            data = file.read_bytes()
            assert b"q8Zr2Lm5Vt9Xy1Bn" not in data, file
            assert b"ghp_abcdefghij" not in data, file


def test_load_unload_load_leaves_the_shell_as_it_was(new_kernel):
    kernel = new_kernel()
    state = (
        "def state(ip=get_ipython()):\n"
        "    import os, sys\n"
        "    return (list(map(repr, ip.input_transformers_cleanup)), list(ip.ast_transformers),\n"
        "        {k: len(v) for k, v in ip.events.callbacks.items()}, sorted(ip.magics_manager.magics['line']),\n"
        "        sorted(ip.magics_manager.magics['cell']), len(ip.configurables), len(sys.meta_path),\n"
        "        os.environ.get('MLFLOW_TRACKING_URI'), sorted(ip.magics_manager.registry),\n"
        "        len(ip.strdispatchers['complete_command'].strs))"
    )
    kernel.check(state)
    kernel.run("%unload_ext nothing_yet")  # IPython's own magics for extensions come with their first use
    kernel.check("import matplotlib.backend_bases as b; original = b.FigureCanvasBase.print_figure; before = state()")
    kernel.check("%load_ext mlmagic")
    kernel.check("%load_ext mlmagic")
    assert kernel.check("print(state() == before)") == "False"
    kernel.check("%unload_ext mlmagic")
    assert kernel.check("print(state() == before, b.FigureCanvasBase.print_figure is original)") == "True True"
    kernel.check("%load_ext mlmagic")
    kernel.check("%reload_ext mlmagic")
    assert len(kernel.run("%%track\nx = 1").summaries) == 1


def test_loading_imports_no_heavy_library(new_kernel):
    kernel = new_kernel(env={"MPLBACKEND": "agg"})
    kernel.check("%load_ext mlmagic")
    found = kernel.check(
        "import sys; print([m for m in ('mlflow', 'torch', 'sklearn', 'hydra', 'optuna', 'matplotlib', 'pandas', 'numpy')"
        " if m in sys.modules])"
    )
    assert found == "[]"


def test_with_track_makes_the_same_run_as_the_magic(kernel):
    output = kernel.run(
        "import mlmagic\nwith mlmagic.track('block', tags={'k': 'v'}) as run:\n"
        "    mlmagic.log(acc=0.5)\n    mlmagic.log_params(depth=3)\n    print('inside')\nprint(run.id == mlmagic.last_run.id)"
    )
    run = kernel.last_run()
    assert output.status == "ok"
    assert len(output.summaries) == 1
    assert (run["name"], run["status"], run["metrics"], run["params"]) == (
        "block",
        "FINISHED",
        {"acc": 0.5},
        {"depth": "3"},
    )
    assert _text(kernel, "mlmagic/output.txt") == "inside"
    failed = kernel.run("with mlmagic.track('block'):\n    1 / 0")
    assert failed.status == "error"
    assert kernel.last_run()["status"] == "FAILED"


def test_system_metrics_are_sampled_while_the_cell_runs(kernel):
    kernel.check("%config MLMagic.system_interval_s = 0.1")
    kernel.run("%%track --system\nimport time; time.sleep(0.5)")
    metrics = kernel.last_run()["metrics"]
    assert "system/cpu_utilization_percentage" in metrics
    history = kernel.check("print(len(mlmagic.last_run.history('system/system_memory_usage_percentage')))")
    assert int(history) >= 3


def test_a_silent_execution_cannot_be_tracked(kernel):
    before = kernel.last_run()["id"]
    kernel.run("%%track\nx = 1", silent=True)
    assert kernel.last_run()["id"] == before


def test_prun_above_says_that_the_cell_was_not_tracked(kernel):
    before = kernel.last_run()["id"]
    output = kernel.run("%%prun -q\n%%track\nx = 1")
    assert "was not tracked" in output.stdout
    assert kernel.last_run()["id"] == before


def test_a_block_left_open_is_closed_with_its_cell(kernel):
    kernel.run("import mlmagic\nopened = mlmagic.track('left open').__enter__()")
    run = kernel.last_run()
    assert (run["name"], run["status"], run["running"]) == ("left open", "FINISHED", [])


def test_a_second_header_below_a_magic_is_refused(kernel):
    output = kernel.run("%%track one\n%%time\n%%track two\nx = 1")
    assert output.status == "error"
    assert "it takes one header" in output.errors[0]
    assert kernel.last_run()["running"] == []


def test_a_figure_that_the_user_logs_is_recorded_once_and_under_that_name(kernel):
    kernel.run(
        "%%track\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots(); ax.plot([1]); ax.set_title('shown')\n"
        "mlmagic.log_figure(fig, 'mine')"
    )
    assert [f for f in kernel.last_run()["files"] if f.startswith("figures/")] == ["figures/mine.png"]


def test_an_unnamed_run_leaves_the_random_numbers_as_they_were(kernel):
    draw = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    kernel.check("%seed 1")
    expected = kernel.check(draw)
    names = set()
    for header in ("%%track", "%%track named"):
        kernel.check("%seed 1")
        assert kernel.run(f"{header}\n{draw}").stdout.strip() == expected
        names.add(kernel.last_run()["name"])
        kernel.check("%seed 1")
        output = kernel.run(f"with mlmagic.track():\n    {draw.replace(chr(10), chr(10) + '    ')}")
        assert output.stdout.strip() == expected
        names.add(kernel.last_run()["name"])
    assert len(names) == 4
    kernel.check("from mlmagic.snapshot.randomness import seeding as randomness; randomness.forget()")


def test_a_continued_run_takes_new_values_and_tells_what_stays(kernel):
    kernel.run("%%track more -p lr -m acc\nlr, acc = 0.1, 1.0")
    output = kernel.run("%%track --resume -p lr -m acc\nlr, acc = 0.2, 2.0")
    assert kernel.last_run()["metrics"] == {"acc": 2.0}
    assert kernel.check("print(mlmagic.last_run.history('acc'))") == "[(0, 1.0), (1, 2.0)]"
    assert "'lr' is '0.1' in this run and stays so" in output.summaries[0]


def test_a_list_that_the_cell_fills_is_a_curve(kernel):
    kernel.check("losses = []")
    kernel.run("%%track -m losses\nfor i in range(3): losses.append(1 / (i + 1))")
    assert kernel.check("print(len(mlmagic.last_run.history('losses')))") == "3"


def test_what_cannot_be_logged_is_told_and_the_cell_goes_on(kernel):
    output = kernel.run("%%track\nmlmagic.log_artifact('nope.txt')\nmlmagic.log_figure('no')\nprint('went on')")
    assert output.status == "ok"
    assert "went on" in output.stdout
    assert "no file or folder 'nope.txt'" in output.summaries[0]
    assert "mlmagic.log_figure takes" in output.summaries[0]


def test_a_deleted_store_is_made_anew(new_kernel, tmp_path):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic")
    kernel.run("%%track one\nx = 1")
    (tmp_path / "mlflow.db").unlink()
    output = kernel.run("%%track two\nx = 1")
    assert output.status == "ok", output.text
    assert kernel.last_run()["name"] == "two"


def test_a_store_that_cannot_be_written_is_refused_with_the_way_out(new_kernel, tmp_path):
    (tmp_path / "file").write_text("")
    kernel = new_kernel(env={"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/file/mlflow.db"})
    kernel.check("%load_ext mlmagic")
    output = kernel.run("%%track\nprint('body ran')")
    assert output.status == "error"
    assert "cannot be written" in output.errors[0]
    assert "MLFLOW_TRACKING_URI" in output.errors[0]
    assert output.stdout == ""


def test_the_header_takes_variables(kernel):
    kernel.check("rate = 0.5")
    kernel.run("%%track lr-{rate} -t rate=$rate\nx = 1")
    run = kernel.last_run()
    assert (run["name"], run["tags"]["rate"]) == ("lr-0.5", "0.5")


def test_a_figure_left_open_in_a_block_is_recorded(kernel):
    kernel.run("import matplotlib.pyplot as plt\nwith mlmagic.track('drawn'):\n    plt.plot([1]); plt.title('open')")
    assert "figures/open.png" in kernel.last_run()["files"]


def test_logging_in_a_worker_process_says_where_to_log(kernel):
    output = kernel.run(
        "%%track\nimport os\npid = os.fork()\nif pid == 0:\n    try:\n        mlmagic.log(a=1)\n"
        "    except mlmagic.MLMagicError as error:\n        open('told.txt', 'w').write(str(error))\n    os._exit(0)\n"
        "_ = os.waitpid(pid, 0)\nprint(open('told.txt').read())"
    )
    assert "another process" in output.stdout


def test_completion_offers_the_magics_options_alone(kernel):
    message = kernel.client.complete("%%track --", 10)
    while (reply := kernel.client.get_shell_msg(timeout=20))["parent_header"].get("msg_id") != message:
        pass
    matches = reply["content"]["matches"]
    assert "--experiment" in matches
    assert all(match.startswith("--") and len(matches) < 20 for match in matches)


_FULL_DISK = """
import errno
from mlmagic.models import capture
save_model = capture.save_model
def full(model, name, folder, **options):
    if {where}:
        raise OSError(errno.ENOSPC, "No space left on device")
    return save_model(model, name, folder, **options)
capture.save_model = full
"""
_FITS = """
from sklearn.linear_model import LogisticRegression
clf = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
"""


def test_a_model_that_the_journals_disk_cannot_take_is_staged_elsewhere(new_kernel):
    kernel = new_kernel()
    kernel.check("%load_ext mlmagic\n" + _FULL_DISK.format(where="'.mlmagic' in folder.parts"))
    [summary] = kernel.run("%%track full" + _FITS).summaries
    assert "clf (LogisticRegression" in summary
    assert ".mlmagic/journal is full: files that are not in the store yet are kept in " in summary
    assert kernel.check("import mlflow; print(mlflow.search_logged_models(output_format='list')[0].status)") == "READY"

    kernel.check("capture.save_model = save_model\n" + _FULL_DISK.format(where="True"))
    [summary] = kernel.run("%%track none" + _FITS).summaries
    assert "warning  the model 'clf' could not be kept: No space left on device" in summary
