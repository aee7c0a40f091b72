import contextlib
import io
import socket

import mlflow
import pytest
from IPython.core.completer import provisionalcompleter

import mlmagic
from mlmagic.config.composing import composition
from mlmagic.magics.completion import complete


@pytest.fixture
def shell(store_uri, new_shell):
    made = new_shell()
    with contextlib.redirect_stdout(io.StringIO()):
        mlmagic.load_ipython_extension(made)
    yield made
    mlmagic.unload_ipython_extension(made)


def offered(shell, line):
    """Return what Tab offers at the end of *line*, as a notebook asks for it, without Jedi's guesses at Python."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(line, len(line)))
    return [one.text for one in found if one.start == line.rfind(" ") + 1]


@pytest.mark.parametrize("magic", ["%%track", "%track"])
def test_the_options_of_track(shell, magic):
    assert offered(shell, f"{magic} --re") == ["--resume"]
    assert offered(shell, f"{magic} name --no-f") == ["--no-figures"]
    assert {"--experiment", "--params", "--metrics", "--quiet"} <= set(offered(shell, f"{magic} --"))


def test_a_terminal_is_offered_the_same(shell):
    assert shell.complete(None, "%%track --re") == ("--re", ["--resume"])


def test_the_options_of_the_other_magics(shell):
    assert offered(shell, "%seed 42 --det") == ["--deterministic"]
    assert offered(shell, "%runs --so") == ["--sort"]


def test_the_variables_of_the_notebook(shell):
    shell.run_cell("learning_rate, layers, _private, import_ = 0.1, 3, 1, 2\nimport os")
    names = offered(shell, "%%track -p ")
    assert {"learning_rate", "layers"} <= set(names)
    assert not {"_private", "In", "exit", "get_ipython"} & set(names)
    assert offered(shell, "%%track name -m lea") == ["learning_rate"]
    assert offered(shell, "%%track -p layers lear") == ["learning_rate"]
    assert "learning_rate" not in offered(shell, "%%track --parent lear")


def test_experiments_and_runs_of_the_store(shell, make_run):
    make_run("baseline", experiment="churn")
    make_run("forest")
    assert offered(shell, "%%track -e ch") == ["churn"]
    assert set(offered(shell, "%%track --experiment ")) >= {"churn", "Default"}
    assert offered(shell, "%%track --resume for") == ["forest"]
    assert offered(shell, "%%track --parent fo") == ["forest"]


def test_the_best_runs_are_offered_first_and_trials_are_folded(shell, make_run):
    parent = make_run("net-sweep")
    for name, loss in {"net-b": 0.2, "net-c": 0.3, "net-a": 0.4}.items():
        make_run(name, metrics={"loss": loss})
    make_run("net-trial", metrics={"loss": 0.25}, tags={"mlflow.parentRunId": parent})
    assert offered(shell, "%diff net-") == ["net-b", "net-sweep", "net-c", "net-a"]


def test_what_a_filter_may_say(shell, make_run):
    make_run("a", {"optimizer": "adam", "lr": 0.1, "twin": 1}, {"val_loss": 0.5, "twin": 1}, tags={"team": "red"})
    make_run("b", {"optimizer": "adam w"}, {"val loss": 0.5})
    assert offered(shell, "%runs val") == ["val_loss"]
    assert offered(shell, "%runs val_loss < 0.2 and opt") == ["optimizer"]
    assert offered(shell, "%runs val_loss < 0.2 a") == ["and"]
    assert offered(shell, "%runs optimizer = a") == ["adam"]
    assert offered(shell, "%runs status = FI") == ["FINISHED"]
    assert complete(shell, "runs", "%runs not (tea", "tea") == ["team"]
    assert complete(shell, "runs", "%runs tw", "tw") == []  # a metric and a param
    assert complete(shell, "runs", "%runs params.t", "params.t") == ["params.twin"]
    assert offered(shell, "%runs --sort val") == ["val_loss"]
    assert offered(shell, "%runs -e nowhere val") == []
    assert offered(shell, "%compare lr = 0.1 or tea") == ["team"]


def test_a_store_that_is_away_offers_nothing_and_says_nothing(shell, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://x")
    import mlflow

    mlflow.set_tracking_uri("nonsense://x")
    assert "forest" not in offered(shell, "%%track --resume fo")
    assert offered(shell, "%%track --re") == ["--resume"]
    assert "Traceback" not in "".join(capsys.readouterr())


def test_a_store_that_never_answers_holds_tab_for_a_moment_only(shell):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mlflow.set_tracking_uri(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert complete(shell, "compare", "%compare ", "") == []
        assert complete(shell, "runs", "%runs -e ", "") == []


def test_other_completions_stay(shell):
    shell.run_cell("some_name = 1")
    assert "some_name" in offered(shell, "print( some_na")
    assert [one for one in offered(shell, "%%trac") if one == "%%track"] == ["%%track"]


@pytest.mark.parametrize("name", ["track", "hydra", "sweep", "retrain"])
def test_a_magic_of_a_whole_cell_below_other_lines_says_where_it_stands(shell, capsys, name):
    shell.run_cell(f"x = 1\n%%{name} forest\ny = 2")
    assert f"UsageProblem: %%{name} stands on the first line of its cell: move it there." in capsys.readouterr().out


def test_nothing_of_ours_is_left_when_the_extension_is_unloaded(shell):
    mlmagic.unload_ipython_extension(shell)
    assert "--resume" not in offered(shell, "%%track --re")


def test_groups_options_and_keys_of_configs_are_offered(shell, tmp_path, monkeypatch):
    (tmp_path / "configs" / "model").mkdir(parents=True)
    for name in ("config", "model/rf", "model/logreg"):
        (tmp_path / "configs" / f"{name}.yaml").write_text("depth: 3\n")
    monkeypatch.chdir(tmp_path)
    composition(yaml="lr: 1\nmodel: {depth: 2}", name="cfg")
    shell.run_cell("from dataclasses import dataclass\n@dataclass\nclass Train:\n    lr: float = 1.0")
    line = "%hydra cfg --config-dir configs "
    assert complete(shell, "hydra", f"{line}mod", "mod") == ["model=logreg", "model=rf", "model.depth="]
    assert complete(shell, "hydra", f"{line}--config-name ", "") == ["config"]
    assert complete(shell, "hydra", "%hydra cfg --config-dir c", "c") == ["configs"]
    assert complete(shell, "hydra", "%hydra cfg --schema ", "") == ["Train"]
    assert complete(shell, "hydra", "%hydra cfg l", "l") == ["lr="]
    assert complete(shell, "hydra", f"{line}model=l", "l") == ["logreg"]  # what Tab is given begins after the sign
    assert complete(shell, "hydra", "%hydra cfg --con", "--con") == ["--config-dir", "--config-name"]
