import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.session.log import ExecutionLog, LoggedCell
from mlmagic.session.script import as_python

VALID = st.sampled_from(
    [
        "x = 1", "x = (1\n     % 2)", "s = '''\n%matplotlib\n!ls\n?x\n'''", "if x:\n    y = 2", "s = 'a\u2028b\x0cc'",
        "# only a comment", "", "x = [\n    1,  # why?\n]", "def f():\n    return 1", "x = '\\d'", "é = 'ж'", "x = 5 %  2",
        "x = {'a': 1}\nx != 2",
    ]
)  # fmt: skip
MAGICS = st.sampled_from(
    [
        "%matplotlib inline", "!pip list", "?print", "print?", "files = !ls", "t = %time 1", "%%bash\necho 'it", "%%track a -p x",
        "%%time", "%sql select \\\n  a from b", "if True:\n    %time x\n    !ls", "%%html\n<b>", "%%", "%", "!",
        "%%track\n%%writefile x.py\nx = (", "%%timeit\nx = 1",
    ]
)  # fmt: skip
BROKEN = st.sampled_from(["def f(:", "x = '", "return 1", "  x\n y", "\x00", "x = (", "for", "'''", "(" * 300])


@given(st.lists(VALID | MAGICS | BROKEN, max_size=6))
def test_the_script_of_any_session_is_python(sources):
    log = ExecutionLog()
    for number, source in enumerate(sources, 1):
        log.end(log.begin(source, number), "ok")
    compile(log.to_script().replace("\x00", ""), "session.py", "exec")


@given(VALID)
def test_python_is_left_as_it_is(source):
    assert as_python(source) == source


@given(st.text())
def test_any_text_becomes_python_or_comments(source):
    text = as_python(source)
    if "\x00" not in text:
        ast.parse(text)


@pytest.mark.parametrize(
    ("source", "script"),
    [
        ("%%track a\nx = 1", "# %%track a\nx = 1"),
        ("%track\n\n%%time\nx = 1", "# %track\n\n# %%time\nx = 1"),
        ("%%track a\n%%bash\necho hi", "# %%track a\n# %%bash\n# echo hi"),
        ("%%bash\n\n  indented", "# %%bash\n\n#   indented"),
        ("x = (a\n     % b)\n%time f()", "x = (a\n     % b)\n# %time f()"),
        ("s = '''\n!ls\n'''\nprint?", "s = '''\n!ls\n'''\n# print?"),
        ("for x in y:\n    !echo {x}", "for x in y:\n    pass  # !echo {x}"),
        ("def f(:\n  x", "# def f(:\n#   x"),
        ("await f()\n!ls", "await f()\n# !ls"),
    ],
)
def test_what_only_ipython_understands_is_a_comment(source, script):
    assert as_python(source) == script


def test_a_script_does_not_warn_of_what_the_user_was_warned_of(recwarn):
    as_python("x = '\\d' is 1")
    assert len(recwarn) == 0


def test_the_log_comes_back_from_its_json():
    log = ExecutionLog()
    log.before_load([(1, "import x"), (2, "  \n")])
    log.end(log.begin("%%track a\nx = '\u2028 é ж'", 3, cell_id="c3"), "error")
    nested = log.begin("y", None, nested=True)
    nested.run = "r1"
    stored = [json.loads(json.dumps(cell.facts())) for cell in log.cells]
    assert [(cell["number"], cell["source"], cell["status"]) for cell in stored] == [
        (1, "import x", "unknown"),
        (3, "%%track a\nx = '\u2028 é ж'", "error"),
        (None, "y", "running"),
    ]
    assert stored[1]["duration_s"] >= 0
    assert stored[2]["run"] == "r1"
    assert [LoggedCell.of_facts(facts) for facts in stored] == log.cells


@pytest.mark.parametrize(
    "facts", [{}, {"number": "1", "source": 3, "status": "ok\nimport os", "started": [], "nested": 1, "extra": 2}]
)
def test_facts_that_anybody_wrote_give_a_cell(facts):
    assert LoggedCell.of_facts(facts) == LoggedCell(None, "", "unknown")


def test_a_run_carries_the_log_up_to_itself():
    log = ExecutionLog()
    first, second, _ = (log.begin(source, number) for number, source in enumerate("abc", 1))
    assert (log.count_to(first), log.count_to(second), log.count_to()) == (1, 2, 3)


def test_equal_cells_are_told_apart():
    log = ExecutionLog()
    cells = [log.begin("x", 1) for _ in range(3)]
    for cell in cells:
        cell.started = 1.0
    assert log.count_to(cells[1]) == 2


def test_nested_cells_are_not_in_the_script():
    log = ExecutionLog()
    log.end(log.begin("run()", 1), "ok")
    log.end(log.begin("inside", None, nested=True), "ok")
    assert log.to_script() == "# %% [1] ok\nrun()\n"


def test_of_thousands_of_cells_only_what_is_new_is_worked_out(monkeypatch):
    worked_out = []
    monkeypatch.setattr("mlmagic.session.log.as_python", lambda source: worked_out.append(source) or source)
    log = ExecutionLog()
    for number in range(3000):
        log.end(log.begin(f"value_{number} = {number}", number), "ok")
    first = log.to_script()
    assert len(worked_out) == 3000
    assert log.to_script() == first
    log.end(log.begin("one = 'more'", 3000), "ok")
    assert log.to_script().endswith("# %% [3000] ok\none = 'more'\n")
    assert len(worked_out) == 3001


def test_a_secret_that_is_known_later_is_redacted_in_cells_that_ran_before(monkeypatch):
    log = ExecutionLog()
    log.end(cell := log.begin("connect('plain-looking-value')", 1), "ok")
    assert "plain-looking-value" in log.to_script()
    monkeypatch.setenv("DB_PASSWORD", "plain-looking-value")
    assert "plain-looking-value" not in f"{cell.facts()}{log.to_script()}"
    assert (cell.shown().in_source, cell.shown().in_python) == (1, 1)
