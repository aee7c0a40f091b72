import ast
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlmagic.errors import UsageProblem
from mlmagic.session.header import CellRejectedError, HeaderTransformer, has_header, mark_header

PIECES = st.sampled_from(
    [
        "%%track", "%track", "%%tracker", "%%time", "%%", "%", "#", "# note", "x = 1", ">>> y = 2", "In [3]: z = 3",
        "...: w", "    indented", "\t", "'", '"""', "\\", "?", "!ls", " ", "name -t a=b", "é", "\ud800", "\x0c",
        "\x00", "$", "{x}",
    ]
)  # fmt: skip
LINE = st.lists(PIECES | st.text(max_size=5), max_size=4).map("".join)
CELLS = st.lists(LINE, max_size=8).map("\n".join).map(lambda text: f"{text}\n".splitlines(keepends=True))
HEADERS = st.lists(PIECES, max_size=3).map(" ".join).filter(lambda text: len(text.splitlines()) <= 1)


@given(CELLS)
def test_marking_never_raises_and_changes_nothing_that_it_was_given(lines):
    before = list(lines)
    first, second = mark_header(lines), mark_header(lines)
    assert lines == before
    assert first == second
    assert all(isinstance(line, str) for line in first)


@given(CELLS)
def test_a_cell_without_header_is_left_alone(lines):
    code = [line for line in lines if line.strip() and not line.startswith("#")]
    assume(not code or not re.match(r"%%?track(\s|$)", code[0]))
    assert mark_header(lines) is lines


@given(HEADERS, CELLS)
def test_the_lines_of_the_body_keep_their_numbers(header, body):
    marked = mark_header([f"%%track {header}\n", *body])
    if marked[0].startswith("%%"):  # the body is a cell magic's, which counts its own lines
        return
    assert len(marked) == 1 + len(body)
    assert ast.literal_eval(marked[0]) == f"%%track {header.strip()}".strip()


@given(HEADERS, CELLS)
def test_one_percent_sign_is_as_good_as_two(header, body):
    assert mark_header([f"%track {header}\n", *body]) == mark_header([f"%%track {header}\n", *body])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%%track", True),
        ("\n\n# why\n%track a", True),
        ("%trackx", False),
        ("%%track?", False),
        ("x = 1\n%%track", False),
        ("", False),
    ],
)
def test_a_header_is_seen_in_what_was_typed(source, expected):
    assert has_header(source) is expected


class Shell:
    """A shell whose transformer remembers what it was called with, or raises what it is told to."""

    def __init__(self, shell):
        self.shell = shell
        self.calls, self.problem = [], None
        self.transformer = HeaderTransformer(self.shell, self._on_header, lambda tree: tree)
        self.shell.input_transformers_cleanup.append(mark_header)
        self.shell.ast_transformers.insert(0, self.transformer)

    def _on_header(self, header, tree):
        self.calls.append((header, ast.unparse(tree)))
        if self.problem is not None:
            raise self.problem
        return tree

    def run(self, source):
        self.calls.clear()
        return self.shell.run_cell(source)


@pytest.fixture
def shell(new_shell):
    return Shell(new_shell())


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("%%track a -t k=v\nx = 1", [("a -t k=v", "x = 1")]),
        ("%track\nx = 1", [("", "x = 1")]),
        ("# a note\n\n%%track b\nx = 1", [("b", "x = 1")]),
        ("%%track 'it\\'s' \"\"\" {x} $y\nx = 1", [("'it\\'s' \"\"\" {x} $y", "x = 1")]),
        ("%%track a\n\n    x = 1\n    y = 2", [("a", "x = 1\ny = 2")]),
        ("%%track a\n>>> x = 1\n... y = 2", [("a", "x = 1\ny = 2")]),
        ("%%track a\nfrom __future__ import annotations", [("a", "from __future__ import annotations")]),
        ("%%track a", [("a", "")]),
        ("x = 1", []),
        ("'a string'", []),
        ("'%track'", []),
        ("if True:\n    '%%track a'", []),
        ("def f():\n    '%%track a'\nx = 1", []),
        ("x = 1\n'%%track a'", []),
        ("('%%track a',)", []),
    ],
)
def test_the_header_is_taken_off_the_first_line_only(shell, source, calls):
    assert shell.run(source).success
    assert shell.calls == calls


def test_the_mark_is_not_the_result_of_the_cell(shell):
    assert shell.run("%%track a").result is None
    assert shell.run("%%track a\n1 + 1").result == 2


def test_a_cell_magic_below_is_tracked_once(shell):
    shell.run("%%track a\n%%time\nx = 1")
    assert shell.calls == [("a", "get_ipython().run_cell_magic('time', '', 'x = 1\\n')")]
    assert shell.shell.user_ns["x"] == 1


def test_a_cell_magic_above_is_tracked_too(shell):
    shell.run("%%time\n%%track a\nx = 1")
    assert shell.calls == [("a", "x = 1")]
    assert shell.shell.user_ns["x"] == 1


def test_the_line_of_an_error_is_the_line_in_the_cell(shell):
    result = shell.run("%%track a\n\nx = 1\n1 / 0")
    last = result.error_in_exec.__traceback__
    while last.tb_next:
        last = last.tb_next
    assert last.tb_lineno == 4


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        (UsageProblem("there is no such run"), "UsageProblem: there is no such run"),
        (ValueError("odd"), "ValueError: odd"),
        (KeyboardInterrupt(), "KeyboardInterrupt: Interrupted while the run was being opened"),
        (RecursionError("deep"), "RecursionError: deep"),
    ],
)
def test_whatever_goes_wrong_rejects_the_cell_and_nothing_else(shell, problem, shown):
    shell.problem = problem
    result = shell.run("%%track a\nran = True")
    assert isinstance(result.error_before_exec, CellRejectedError)
    assert shown in "\n".join(result.error_before_exec._render_traceback_())
    assert "ran" not in shell.shell.user_ns
    assert shell.transformer in shell.shell.ast_transformers
    shell.problem = None
    assert shell.run("%%track a\nran = True").success
    assert shell.calls == [("a", "ran = True")]


@pytest.mark.filterwarnings("default")  # IPython warns before it drops a transformer
@pytest.mark.parametrize("source", ["%%track a\n%%time?\nfoo bar", "%%track a\n%%\nfoo", "%%track a\n%%nosuch\nx"])
def test_a_body_that_cannot_be_read_leaves_tracking_on(shell, source):
    assert not shell.run(source).success
    assert shell.transformer in shell.shell.ast_transformers
    shell.run("%%track b\nx = 1")
    assert shell.calls == [("b", "x = 1")]


def test_the_transformers_of_others_stay(shell):
    class Doubles(ast.NodeTransformer):
        def visit_Constant(self, node):  # the name is ast's
            return ast.Constant(node.value * 2)

    shell.shell.ast_transformers.append(Doubles())
    shell.problem = ValueError("odd")
    shell.run("%%track a\nx = 1")
    shell.problem = None
    assert shell.run("%%track a\n21").result == 42


@given(CELLS)
def test_the_completeness_of_a_cell_is_always_answered(lines):
    from IPython.core.inputtransformer2 import TransformerManager

    manager = TransformerManager()
    manager.cleanup_transforms.append(mark_header)
    status, _ = manager.check_complete("".join(["%%track\n", *lines]))
    assert status in {"complete", "incomplete", "invalid"}
