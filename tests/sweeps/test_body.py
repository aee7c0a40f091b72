"""What a body may be, and what goes with it to where it runs."""

import threading

import pytest

from mlmagic.errors import UsageProblem
from mlmagic.sweeps.body import body_of
from mlmagic.sweeps.trials.payload import pack


@pytest.fixture
def notebook():
    """The namespace of a notebook, with functions that read its names."""
    namespace = {"__name__": "__main__"}
    exec(
        "import math\nscale = 2\ndata = [1, 2]\n"
        "def inner(x): return x * scale * rate\n"
        "def outer(x): return inner(x) + offset()\n"
        "def offset(): return len(data)\n"
        "class Model:\n    def predict(self): return rate + scale\n",
        namespace,
    )
    return namespace


def test_a_body_takes_along_what_it_reads(notebook):
    body = body_of("y = outer(3)\nz = math.sqrt(4)", notebook, ["rate"])
    assert {"outer", "math"} <= set(body.names)
    assert "rate" not in body.names


def test_functions_of_the_notebook_see_what_is_swept_and_what_the_body_binds(notebook):
    body = body_of("scale = 5\ny = outer(3)\nmodel = Model()", notebook, ["rate"])
    payload = pack(body.names, notebook, for_processes=True)
    first, second = payload.load(), payload.load()
    for namespace, rate in ((first, 10), (second, 100)):
        namespace["rate"] = rate
        exec("scale = 5\ny = outer(3)\ndata.append(0)\nz = Model().predict()", namespace)
    assert (first["y"], second["y"]) == (3 * 5 * 10 + 2, 3 * 5 * 100 + 2)
    assert (first["z"], second["z"]) == (15, 105)
    assert notebook["data"] == [1, 2]
    assert notebook["scale"] == 2
    assert "rate" not in notebook


def test_what_cannot_be_copied_is_named_or_shared(notebook):
    notebook["lock"] = threading.Lock()
    names = ["lock", "scale"]
    with pytest.raises(UsageProblem, match=r"'lock' \(lock\) cannot be sent to another process: .*Make it in the body"):
        pack(names, notebook, for_processes=True)
    payload = pack(names, notebook, for_processes=False)
    assert payload.shared == {"lock": notebook["lock"]}
    assert payload.load()["lock"] is notebook["lock"]
    assert payload.load()["scale"] == 2


@pytest.mark.parametrize(
    ("source", "swept", "message"),
    [
        ("", ["rate"], "The body is empty"),
        ("# only a comment", ["rate"], "The body is empty"),
        ("y = rate\n!ls", ["rate"], r"Line 2 of the body is '!ls': a trial is plain Python"),
        ("%time y = rate", ["rate"], "Line 1 of the body is '%time y = rate'"),
        ("y = rate\nif y:\n    %matplotlib inline", ["rate"], "Line 3 of the body"),
        ("return rate", ["rate"], "'return' outside function"),
        ("y = (rate", ["rate"], "Line 1 of the body is no Python"),
        ("import asyncio\nawait asyncio.sleep(rate)", ["rate"], r"Line 2 of the body awaits.*asyncio\.run"),
        ("display(rate)", ["rate"], r"calls display\(\)"),
        ("import mlflow\nmlflow.log_metric('a', rate)", ["rate"], r"Line 2 of the body calls mlflow\.log_metric.*mlmagic\.log"),
        ("rate = 3\ny = rate", ["rate"], "Line 1 of the body assigns 'rate', which would overwrite the swept value"),
        ("for rate in range(3): pass", ["rate"], "assigns 'rate'"),
        ("y = 1\nrate += 1", ["rate"], "Line 2 of the body assigns 'rate'"),
        ("def rate(): return 3\ny = rate", ["rate"], "Line 1 of the body assigns 'rate'"),
        ("class rate: pass\ny = rate", ["rate"], "assigns 'rate'"),
        ("import math as rate\ny = rate", ["rate"], "assigns 'rate'"),
        ("print(rate)\ndel rate", ["rate"], "Line 2 of the body assigns 'rate'"),
        ("print(rate := 3)", ["rate"], "assigns 'rate'"),
        ("[rate := 1 for _ in data]", ["rate"], "assigns 'rate'"),
        ("try: y = rate\nexcept OSError as rate: pass", ["rate"], "assigns 'rate'"),
        ("match scale:\n    case rate: pass", ["rate"], "assigns 'rate'"),
        ("def f():\n    global rate\n    rate = 2\nf(); y = rate", ["rate"], "Line 3 of the body assigns 'rate'"),
        ("if scale:\n    y = 1\n    rate = 2", ["rate"], "Line 3 of the body assigns 'rate'"),
        ("y = scale", ["rate"], "Nothing in the body reads 'rate'"),
        ("y = [rate for rate in data]", ["rate"], "Nothing in the body reads 'rate'"),
        ("f = lambda rate: rate\ny = f(1)", ["rate"], "Nothing in the body reads 'rate'"),
        ("def f(rate): return rate\ny = f(1)", ["rate"], "Nothing in the body reads 'rate'"),
        ("y = scale.rate", ["rate"], "Nothing in the body reads 'rate'"),
        ("y = dict(rate=1)", ["rate"], "Nothing in the body reads 'rate'"),
        ("y = rate", ["rate", "depth"], "Nothing in the body reads 'depth'"),
        ("get_ipython().run_line_magic('time', 'rate')", ["rate"], r"calls get_ipython\(\)"),
        ("with mlflow.start_run(): y = rate", ["rate"], r"calls mlflow\.start_run"),
        ("async def f(): display(rate)", ["rate"], r"Line 1 of the body calls display\(\)"),
        ("async with rate: pass", ["rate"], "Line 1 of the body awaits"),
        ("y = [x async for x in rate]", ["rate"], "Line 1 of the body awaits"),
        ("%%time\ny = rate", ["rate"], "Line 1 of the body is '%%time'"),
        ("y = ratio", ["ratoi"], r"Nothing in the body reads 'ratoi'.* Did you mean 'ratio'\?"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_swept_is_one_line(notebook, source, swept, message):
    with pytest.raises(UsageProblem, match=message) as caught:
        body_of(source, notebook, swept)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "from math import *\ny = sqrt(rate)",
        "async def f(): await g()\ny = rate",
        "async def f(): return [x async for x in g()]\ny = rate",
        "text = '''\n!no shell\n'''\ny = rate",
        "y = 7 \\\n  % rate",
        "y = outer(1)",
        "def f():\n    rate = 3\n    return rate\ny = f() + rate",
        "y = [rate for rate in data] + [rate]",
        "def f(rate=rate): return rate\ny = f()",
        "class Net:\n    size = rate\ny = Net.size",
        "y = (lambda x: x * rate)(2)",
        "y = f'{rate}'",
        "@rate\ndef f(): pass",
        "if scale:\n    y = rate",
        "y = mlflow.load_model(rate)",
    ],
)
def test_what_only_looks_like_a_notebook_is_python(notebook, source):
    assert body_of(source, notebook, ["rate"]).source == source


@pytest.mark.parametrize(
    ("source", "binds"),
    [
        ("y = rate", {"y"}),
        ("y: float = rate", {"y"}),
        ("a, (b, *c) = rate", {"a", "b", "c"}),
        ("def f():\n    inner = rate\nimport os.path", {"f", "os"}),
        ("with rate as opened: pass", {"opened"}),
        ("y = [x for x in rate]", {"y"}),
    ],
)
def test_what_a_body_binds(notebook, source, binds):
    assert body_of(source, notebook, ["rate"]).binds == binds
