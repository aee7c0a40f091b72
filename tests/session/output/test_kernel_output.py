"""The values that a kernel shows, and what it clears: a kernel in this process shows them as any other does."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from mlmagic.session.output import capture as hub
from mlmagic.session.output.capture import Capture
from mlmagic.session.output.cleared_output import ClearedOutput
from mlmagic.session.output.shown_values import MOST_CHARACTERS, ShownValues, as_output


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    from ipykernel.inprocess.manager import InProcessKernelManager

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        manager = InProcessKernelManager()
        manager.start_kernel()
        client = manager.client()
        client.start_channels()
        shell = manager.kernel.shell
        shell.execute = lambda code: client.execute(code, store_history=True)
        yield shell
        type(shell).clear_instance()
        manager.shutdown_kernel()


@pytest.fixture
def run(shell):
    with mpl.rc_context({"figure.dpi": 20, "figure.figsize": (1, 1)}):
        made = Capture(output_limit=10**6, figures=True)
        made.start()
        yield made
        made.stop()
        plt.close("all")


VALUES = {
    "a number": ("1 + 1", "Out[{}]: 2\n"),
    "a text": ("'a'", "Out[{}]: 'a'\n"),
    "several lines": ("class T:\n    def __repr__(self): return 'a\\nb'\nT()", "Out[{}]:\na\nb\n"),
    "None": ("None", ""),
    "a statement": ("x = 1", ""),
    "silenced": ("1 + 1;", ""),
    "an object that cannot show itself": ("class T:\n    def __repr__(self): raise ValueError('no')\nT()", ""),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_shown_with_its_number(name, shell, run):
    code, shown = VALUES[name]
    shell.execute(code)
    assert run.transcript.text() == shown.format(shell.execution_count - 1)


def test_after_the_run_values_are_the_kernels_alone(shell, run):
    run.stop()
    shell.execute("1 + 1")
    assert run.transcript.text() == ""
    assert "write_format_data" not in vars(shell.displayhook)
    assert "clear_output" not in vars(shell.display_pub)


def test_the_value_is_in_the_users_history_as_without(shell, run, monkeypatch):
    # Where a doctest has set it, or the names are not those of the hook, IPython leaves them alone.
    monkeypatch.delattr("builtins._", raising=False)
    for name in ("_", "__", "___"):
        monkeypatch.setitem(shell.user_ns, name, getattr(shell.displayhook, name))
    shell.execute("marker = object()\nmarker")
    assert shell.user_ns["_"] is shell.user_ns["marker"]


def figure(title):
    made = plt.figure()
    made.gca().plot([1, 2])
    made.gca().set_title(title)
    hub.figure_drawn(made, b"png")


CLEARED = {
    "at once": ("clear_output()", []),
    "at once, said in full": ("clear_output(wait=False)", []),
    "at the next": ("clear_output(wait=True)", ["before"]),
    "at the next, a number": ("clear_output(1)", ["before"]),
}


@pytest.mark.parametrize("name", CLEARED)
def test_figures_before_a_clear_are_gone_when_it_takes_effect(name, shell, run):
    code, left = CLEARED[name]
    figure("before")
    shell.execute(f"from IPython.display import clear_output\n{code}")
    assert [one.title for one in run.figures.finish()] == left


@pytest.mark.parametrize("after", ["figure", "text"])
def test_what_is_shown_next_makes_a_waiting_clear_take_effect(after, shell, run):
    figure("before")
    shell.execute("from IPython.display import clear_output\nclear_output(wait=True)")
    if after == "figure":
        figure("after")
    else:
        hub._hub._hand_out("stdout", "text\n")
    assert [one.title for one in run.figures.finish()] == (["after"] if after == "figure" else [])


@pytest.mark.parametrize("kind", [ShownValues, ClearedOutput])
def test_in_a_terminal_nothing_is_shadowed(kind, monkeypatch, new_shell):
    shell = new_shell()
    monkeypatch.setattr(InteractiveShell, "_instance", shell)
    heard = kind(lambda _: None)
    heard.start()
    if kind is ShownValues:
        assert "write_format_data" not in vars(shell.displayhook)
    heard.stop()
    assert "clear_output" not in vars(shell.display_pub)
    heard.stop()


@pytest.mark.parametrize("kind", [ShownValues, ClearedOutput])
def test_without_a_shell_there_is_nothing_to_hear(kind, monkeypatch):
    monkeypatch.setattr(InteractiveShell, "_instance", None)
    heard = kind(lambda _: None)
    heard.start()
    heard.stop()


@given(st.text(max_size=50), st.integers(1, 999))
def test_a_short_value_is_shown_as_it_is(text, number):
    separator = "\n" if "\n" in text else " "
    assert as_output(text, number) == f"Out[{number}]:{separator}{text}"


@pytest.mark.parametrize("extra", [0, 1, 50_000])
def test_of_a_long_value_the_middle_is_left_out(extra):
    text = "a" * (MOST_CHARACTERS // 2) + "-" * extra + "b" * (MOST_CHARACTERS // 2)
    shown = as_output(text, 3)
    if not extra:
        assert shown == f"Out[3]: {text}"
        return
    first, middle, last = shown.removeprefix("Out[3]:\n").split("\n")
    assert (first, last) == (text[: MOST_CHARACTERS // 2], text[-MOST_CHARACTERS // 2 :])
    assert middle == f"[… {extra:,} characters left out …]"


@pytest.mark.parametrize("before", [0, MOST_CHARACTERS // 2 - 20, 40_000])
def test_a_secret_at_the_cut_of_a_long_value_is_redacted(before):
    token = "ghp_" + "a1B2" * 9
    shown = as_output("x " * (before // 2) + token + " y" * 40_000, 1)
    assert not any(token[at : at + 8] in shown for at in range(len(token) - 8))
