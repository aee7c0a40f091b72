"""Everything that Tab offers, magic by magic: options, their values, and what stands without one."""

from dataclasses import dataclass

import pandas as pd
import pytest
from shared_stores import SharedStore

from mlmagic.config.composing import composition
from mlmagic.extension import _MAGICS
from mlmagic.magics.completion import complete
from mlmagic.magics.completion.matching import _MAGIC, _offered, _options
from mlmagic.session_state import of_session

NAMES = ["track", "seed", "split", "evaluate", "runs", "compare", "diff", "checklist", "hydra", "sweep", "register", "models", "promote", "rollback", "reproduce", "why", "retrain", "drift", "monitor", "mlmagic"]  # fmt: skip


@dataclass
class Train:
    lr: float = 0.1


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = SharedStore(tmp_path_factory.mktemp("store"))
    made.run("forest", {"depth": 4, "opt": "adam"}, {"accuracy": 0.9, "val_loss": 0.1}, tags={"team": "red"})
    made.run("two words", {"depth": 8}, {"accuracy": 0.8})
    made.run("odd\x1b[2J", {}, {})
    made.run("baseline", {"rate": 1}, {"churned": 0.5}, experiment="churn")
    return made


@pytest.fixture
def notebook(store, shell, monkeypatch):
    frame = pd.DataFrame({"user_id": [1], "with space": [2], 'with"quote': [3], 7: [4], "kind": ["a"]})
    shell.push({"frame": frame, "depth": 3, "lr": 0.1, "name": "x", "model": object(), "Train": Train, "_hidden": 1})
    yield from (shell for _ in store.used(monkeypatch))


def offered(shell, line):
    """Return what is offered at the end of *line*; the word is what follows the last delimiter of IPython's."""
    return _offered(shell, line, shell.Completer.splitter.split_line(line))


def test_every_magic_is_completed(shell):
    registered = {name for magics in _MAGICS for kind in magics.magics.values() for name in kind}
    assert registered == set(NAMES)


@pytest.mark.parametrize("magic", NAMES)
def test_every_option_of_every_magic_is_offered(shell, magic):
    options = _options(magic)
    assert options == sorted(set(options), key=options.index)
    assert all(option.startswith("--") and len(option) > 2 for option in options)
    assert offered(shell, f"%{magic} --") == options
    for option in options:
        assert option in offered(shell, f"%%{magic} {option[:4]}")
        if magic != "mlmagic":
            registered = next(m for m in _MAGICS for kind in m.magics.values() if magic in kind)
            assert option in getattr(registered, magic).__doc__


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%%track -e ", ["churn", "Default"]),
        ("%%track -e ch", ["churn"]),
        ("%%track --experiment=ch", ["churn"]),
        ("%%track --experiment=", ["churn", "Default"]),
        ("%%track --resume ", ["two words", "forest", "odd"]),
        ("%%track --continue fo", ["forest"]),
        ("%%track --parent fo", ["forest"]),
        ("%%track -p ", ["depth", "frame", "lr", "model", "name", "Train"]),
        ("%%track -m lr de", ["depth"]),
        ("%%track -x de", ["depth"]),
        ("%%track --exclude lr de", ["depth"]),
        ("%%track -p lr,de", ["depth"]),
        ("%%track --description de", []),
        ("%%track -t de", []),
        ("%%track de", []),
        ("%seed ", []),
        ("%split fr", ["frame"]),
        ("%split --by ", ["frame", "depth"]),
        ("%split frame --by ", ["user_id", "kind", "depth"]),
        ("%split frame --by us", ["user_id"]),
        ("%split frame --stratify k", ["kind"]),
        ("%split frame --group us", ["user_id"]),
        ("%split frame --time fr", ["frame"]),
        ("%split frame --into ", []),
        ("%split frame --test ", []),
        ("%split frame --seed de", []),
        ("%evaluate mo", ["model"]),
        ("%evaluate model fr", ["frame"]),
        ("%evaluate model frame --by us", ["user_id"]),
        ("%evaluate model frame --groups ki", ["kind"]),
        ("%evaluate model frame --against mo", ["model"]),
        ("%evaluate model frame --metric f1_ma", ["f1_macro"]),
        ("%evaluate model frame --task m", ["multiclass", "multilabel"]),
        ("%evaluate model frame --run fo", ["forest"]),
        ("%evaluate model frame --confidence ", []),
        ("%evaluate model frame --into mo", []),
        ("%runs dep", ["depth"]),
        ("%runs depth = 4 and te", ["team"]),
        ("%runs opt = a", ["adam"]),
        ("%runs -e ch", ["churn"]),
        ("%runs -e churn ra", ["rate"]),
        ("%runs --experiment=churn ra", ["rate"]),
        ("%runs --sort val", ["val_loss"]),
        ("%runs --sort=val", ["val_loss"]),
        ("%runs -n ", []),
        ("%runs -n5 dep", ["depth"]),
        ("%runs -n 5 dep", ["depth"]),
        ("%runs val_loss > -1 an", ["and"]),
        ("%runs -e nowhere dep", []),
        ("%compare fo", ["forest"]),
        ("%compare --metric acc", ["accuracy"]),
        ("%compare --group-by op", ["opt"]),
        ("%compare depth > 3 and acc", ["accuracy"]),
        ("%compare -e ch", ["churn"]),
        ("%diff fo", ["forest"]),
        ("%diff forest two", ["two words"]),
        ("%diff -e ch", ["churn"]),
        ("%checklist fo", ["forest"]),
        ("%checklist forest -e ch", ["churn"]),
        ("%%sweep dep", ["depth="]),
        ("%%sweep mod", []),
        ("%%sweep depth=1,2 l", ["lr="]),
        ("%%sweep --mode ", ["min", "max"]),
        ("%%sweep --search r", ["random"]),
        ("%%sweep --on d", ["dask"]),
        ("%%sweep --on=d", ["dask"]),
        ("%%sweep -e ch", ["churn"]),
        ("%%sweep depth=1,2 +lr=3,4 --zip ", ["depth", "lr"]),
        ("%%sweep --trials ", []),
        ("%%sweep depth=1,2 --metric ", ["accuracy", "val_loss"]),
        ("%%sweep depth=1,2 -e churn --metric ", ["churned"]),
        ("%compare --metric ", ["accuracy", "val_loss"]),
        ("%promote churn --metric f1_ma", ["f1_macro"]),
        ("%promote churn --on fr", ["frame"]),
        ("%%sweep --config c", ["cfg"]),
        ("%hydra cfg --schema ", ["Train"]),
        ("%hydra cfg le", ["lees="]),
        ("%mlmagic ", ["sync"]),
        ("%mlmagic s", ["sync"]),
        ("%mlmagic sync ", []),
        ("%mlmagic sync --a", ["--anew"]),
        ("df = %runs dep", ["depth"]),
        ("widget = %compare --gro", ["--group-by"]),
        ("größe=%diff fo", ["forest"]),
        ("   %runs dep", ["depth"]),
    ],
)
def test_what_is_offered(notebook, line, expected):
    notebook.user_ns["cfg"] = composition(yaml="lees: 1", name="cfg").config
    found = offered(notebook, line)
    narrow = not line.endswith((" ", "="))
    if narrow or not expected:
        assert found == expected
    else:
        assert set(expected) <= {*found, "odd"}


@pytest.mark.parametrize(
    "line",
    ["runs dep", "%run x", "%%time", "%%track", "%runsx dep", "x = 5", "print(%runs)", "%runs", "f(x) = %runs d"],
)
def test_other_lines_are_left_to_ipython(notebook, line):
    assert offered(notebook, line) is None


def test_a_name_with_an_escape_sequence_is_not_offered(notebook):
    assert not [name for name in offered(notebook, "%diff ") if "\x1b" in name]


def test_names_that_need_quotes_are_no_columns(notebook):
    names = offered(notebook, "%split frame --by ")
    assert "user_id" in names
    assert not {"with space", 'with"quote', "7", "_hidden"} & set(names)


def test_a_frame_whose_columns_raise_costs_only_itself(notebook):
    class Odd:
        @property
        def columns(self):
            raise SystemExit("odd")

    notebook.push({"odd": Odd()})
    assert offered(notebook, "%split odd frame --by us") == ["user_id"]
    assert offered(notebook, "%split odd --by mod") == ["model"]


def test_at_most_fifty_are_offered(notebook):
    notebook.push({f"many_{at}": at for at in range(200)})
    assert len(offered(notebook, "%%track -p many")) == 50


def test_folders_groups_and_options_of_configs(notebook, tmp_path, monkeypatch):
    (tmp_path / "my" / "model").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    for name in ("config", "model/rf", "model/logreg"):
        (tmp_path / "my" / f"{name}.yaml").write_text("depth: 3\n")
    monkeypatch.chdir(tmp_path)
    assert offered(notebook, "%hydra cfg --config-dir ") == ["my"]
    for option in ("--config-dir my", "--config-dir=my", "--config-dir 'my'"):
        assert complete(notebook, "hydra", f"%hydra new {option} model=r", "r") == ["rf"]
        assert complete(notebook, "hydra", f"%hydra new {option} mo", "mo") == ["model=logreg", "model=rf"]
        assert complete(notebook, "hydra", f"%hydra new {option} --config-name ", "") == ["config"]


def test_the_pattern_of_a_magics_line_takes_no_longer_name():
    assert _MAGIC.match("%runs x").group(1) == "runs"
    assert _MAGIC.match("%runs_of x") is None
    assert _MAGIC.match("a = b = %runs x") is None
    assert of_session([]) == []
