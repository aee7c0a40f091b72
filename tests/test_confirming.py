"""Questions to the user, and folders that are the user's alone."""

import io
import os
import stat
import sys

import pytest

from mlmagic.confirming import confirmed
from mlmagic.errors import UsageProblem
from mlmagic.private import make_private


@pytest.fixture
def terminal(monkeypatch):
    """Somebody sits at the keyboard."""
    keyboard = io.StringIO()
    keyboard.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", keyboard)


@pytest.mark.parametrize(
    ("answer", "yes"), [("y", True), (" YES ", True), ("Y\n", True), ("n", False), ("", False), ("yesterday", False)]
)
def test_only_yes_is_yes(monkeypatch, terminal, answer, yes):
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or answer)
    assert confirmed("Really? ", "add --yes") is yes
    assert asked == ["Really? "]


@pytest.mark.parametrize("error", [EOFError(), OSError("no terminal"), RuntimeError("raw_input was called")])
def test_where_nobody_can_be_asked_the_way_out_is_named(monkeypatch, error):
    def ask(_):
        raise error

    monkeypatch.setattr("builtins.input", ask)
    with pytest.raises(UsageProblem, match=r"^nobody can be asked here: add --yes$"):
        confirmed("Really? ", "add --yes")


@pytest.mark.parametrize(("typed", "yes"), [("y\n", True), ("n\n", False)])
def test_a_script_that_is_fed_its_answers_is_asked_on_stderr(monkeypatch, capsys, typed, yes):
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert confirmed("Really? ", "add --yes") is yes
    assert capsys.readouterr() == ("", "Really? ")


def test_ctrl_c_at_a_question_is_no_answer(monkeypatch):
    def ask(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", ask)
    with pytest.raises(KeyboardInterrupt):
        confirmed("Really? ", "x")


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_a_private_folder_and_its_new_parents_are_the_users_alone(tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    make_private(tmp_path / "open" / "a" / "b")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "open" / "a", tmp_path / "open" / "a" / "b")] == [
        0o700
    ] * 2
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o755
    (tmp_path / "open").chmod(0o777)
    make_private(tmp_path / "open")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", ["a link", "a file"])
def test_what_is_no_folder_is_not_made_private(tmp_path, kind):
    place = tmp_path / "place"
    if kind == "a link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.write_text("x")
    with pytest.raises(NotADirectoryError, match="is no folder, or a link"):
        make_private(place)
