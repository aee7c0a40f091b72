import inspect
import json
import pydoc
import subprocess
import sys
from types import ModuleType

import pytest

import mlmagic
from mlmagic.errors import UsageProblem

HEAVY = {
    "altair", "hydra", "IPython", "jinja2", "matplotlib", "mlflow", "numpy", "optuna", "pandas", "plotly", "psutil",
    "sklearn", "sqlite3", "torch",
}  # fmt: skip


def in_new_process(code):
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_importing_mlmagic_imports_no_heavy_library():
    imported = json.loads(in_new_process("import json, sys, mlmagic; print(json.dumps(list(sys.modules)))"))
    assert HEAVY & set(imported) <= {"IPython"}


def test_loading_the_extension_imports_no_heavy_library(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    code = (
        "import json, sys\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\nbefore = set(sys.modules)\nshell.run_line_magic('load_ext', 'mlmagic')\n"
        "print('\\n' + json.dumps([name for name in sys.modules if name not in before]))"
    )
    imported = json.loads(in_new_process(code).splitlines()[-1])
    assert HEAVY & set(imported) == set()
    waiting = ("mlmagic.data.", "mlmagic.models.", "mlmagic.training.", "mlmagic.views.", "mlmagic.store.query.queries")
    assert [name for name in imported if name.startswith(waiting)] == []


OF_IPYTHON = {"load_ipython_extension", "unload_ipython_extension"}


def test_the_public_names_are_few_and_there():
    assert len(mlmagic.__all__) <= 45
    assert sorted(mlmagic.__all__) == sorted(set(mlmagic.__all__))
    public = {
        name
        for name, value in vars(mlmagic).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and name not in {"annotations", "import_module", "TYPE_CHECKING", "Any", *OF_IPYTHON}
    }
    assert public | {"__version__"} <= set(mlmagic.__all__)
    assert set(mlmagic.__all__) <= {*dir(mlmagic), *vars(mlmagic)}


def test_a_star_import_takes_every_name_before_any_run():
    assert in_new_process("from mlmagic import *\nprint(track.__name__, settings.quiet)") == "track False\n"


def test_a_name_that_waits_is_the_same_object_however_it_is_reached():
    code = (
        "import mlmagic\nfirst = mlmagic.split\nfrom mlmagic import split\nfrom mlmagic.data.split.splitting import split as s\n"
        "print(first is split is s, 'EarlyStopping' in dir(mlmagic), callable(mlmagic.runs), mlmagic.seed(3).value)"
    )
    assert in_new_process(code) == "True True True 3\n"


def test_the_last_run_is_a_clear_error_before_any_run():
    code = "import mlmagic\ntry:\n  mlmagic.last_run\nexcept mlmagic.MLMagicError as error:\n  print(error)"
    assert in_new_process(code).startswith("mlmagic.last_run: no run has ended in this session yet.")


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'mlmagic' has no attribute 'trak'"):
        _ = mlmagic.trak


@pytest.mark.parametrize("name", sorted(set(mlmagic.__all__) - {"__version__"}))
def test_every_public_object_says_what_it_is(name):
    thing = getattr(mlmagic, name)
    assert len(inspect.getdoc(thing).splitlines()[0]) > 20
    if inspect.isclass(thing):
        for method, value in vars(thing).items():
            if not method.startswith("_") and (callable(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{method}"


def test_the_help_of_the_package_can_be_read():
    text = pydoc.render_doc(mlmagic, renderer=pydoc.plaintext)
    for name in ("track", "log_params", "seed"):
        assert name in text


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert mlmagic.__version__ == version("mlmagic")


def test_tags_that_are_no_mapping_are_named_in_one_line():
    with pytest.raises(UsageProblem, match=r"tags is a mapping such as .*, got 'x'"):
        mlmagic.track("a", tags="x")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mlmagic.runs(5), "mlmagic.runs: filter is text, not 5 (int). For example: mlmagic.runs('accuracy > 0.9')"),
        (lambda: mlmagic.runs(None), "filter is text, not None. For example: mlmagic.runs("),
        (lambda: mlmagic.runs(filter=["a > 1"]), "filter is text, not ['a > 1'] (list)"),
        (lambda: mlmagic.runs(filter=b"a > 1"), "filter is text, not b'a > 1' (bytes)"),
        (lambda: mlmagic.runs(filter=lambda run: True), "(function)"),
        (lambda: mlmagic.runs(experiment=5), "experiment is text, not 5 (int). For example: mlmagic.runs(experiment='churn'"),
        (lambda: mlmagic.runs(sort=["a"]), "sort is text, not ['a'] (list)"),
        (lambda: mlmagic.runs(n="5"), "n is how many runs to show, 1 or more, not '5'"),
        (lambda: mlmagic.compare(5), "by its name or id, such as 'baseline' or '3f2a91c0', by a Run or rows of"),
        (lambda: mlmagic.compare(None), "not by None. The last runs: %runs"),
        (lambda: mlmagic.compare({"a": 1}), "not by {'a': 1} (dict)"),
        (lambda: mlmagic.compare(experiment=5), "mlmagic.compare: experiment is text, not 5 (int). For example: "),
        (lambda: mlmagic.compare(group_by=["lr"]), "group_by is text, not ['lr'] (list)"),
        (lambda: mlmagic.diff(3, 4), "not by 3 (int)"),
        (lambda: mlmagic.diff("a", 4.5), "not by 4.5 (float)"),
        (lambda: mlmagic.diff("a", "b", experiment=5), "mlmagic.diff: experiment is text, not 5 (int)"),
        (lambda: mlmagic.Run.find(5), "mlmagic.Run.find: reference is text, not 5 (int)"),
        (lambda: mlmagic.track(5), "mlmagic.track: name is text, not 5 (int). For example: mlmagic.track('forest'"),
        (lambda: mlmagic.track(resume=5), "resume is text, not 5 (int)"),
        (lambda: mlmagic.log(0.5), "mlmagic.log takes keywords or a mapping of names to values, not 0.5 (float). For example: "),
        (lambda: mlmagic.log_params("lr"), "not 'lr' (str). For example: mlmagic.log_params(lr=0.1)"),
        (lambda: mlmagic.tag(["a"]), "not ['a'] (list). For example: mlmagic.tag(team='risk')"),
        (lambda: mlmagic.log_artifact(5), "path is text or a Path, not 5 (int). For example: mlmagic.log_artifact("),
    ],
)  # fmt: skip
def test_an_argument_of_a_wrong_type_is_one_line_with_the_value_and_an_example(call, message, store_uri):
    with pytest.raises(UsageProblem) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
