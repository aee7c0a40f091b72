"""The folder of the example notebooks: it is made, filled, and never written over."""

import shlex
from pathlib import Path

import pytest

from mlmagic.cli import workspace as module
from mlmagic.cli.workspace import Workspace, checkout, require_notebook_extra, shipped_notebooks
from mlmagic.errors import MissingPackageError, MLMagicError


def test_the_notebooks_of_the_checkout_come_in_order():
    names = [path.name for path in shipped_notebooks()]
    assert names == sorted(names)
    assert names[0].startswith("01_")
    assert checkout() == Path(__file__).parents[2]


def test_an_installed_package_without_notebooks_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "site-packages" / "mlmagic")
    assert checkout() is None
    with pytest.raises(MLMagicError, match=r"^no notebook in '.*notebooks'\. Install again with: pip install --force"):
        shipped_notebooks()
    (tmp_path / "site-packages" / "mlmagic" / "notebooks").mkdir(parents=True)
    (tmp_path / "site-packages" / "mlmagic" / "notebooks" / "01_a.ipynb").write_text("{}")
    assert [path.name for path in shipped_notebooks()] == ["01_a.ipynb"]


def test_missing_notebooks_are_copied_and_edited_ones_kept(tmp_path):
    workspace = Workspace.at(tmp_path / "deep" / "demo")
    copies = workspace.copy_missing()
    assert {path.parent for path in copies} == {tmp_path / "deep" / "demo"}
    copies[0].write_text("mine")
    copies[1].unlink()
    assert workspace.copy_missing() == copies
    assert copies[0].read_text() == "mine"
    assert copies[1].read_bytes() == shipped_notebooks()[1].read_bytes()


@pytest.mark.parametrize("folder", ["demo", "a b", "größe", "it's"])
def test_everything_of_a_workspace_lies_in_its_folder(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.at(Path(folder))
    place = tmp_path / folder
    assert place.is_dir()
    assert (workspace.folder, workspace.database, workspace.artifacts) == (place, place / "mlflow.db", place / "mlruns")
    assert workspace.store == f"sqlite:///{place}/mlflow.db"
    mine = {"A": "1", "MLFLOW_TRACKING_URI": "http://mine"}
    assert workspace.environment(mine) == {"A": "1", "MLFLOW_TRACKING_URI": workspace.store}
    assert mine["MLFLOW_TRACKING_URI"] == "http://mine"


def test_a_home_folder_is_meant_by_its_sign(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Workspace.at(Path("~/scratch")).folder == tmp_path / "scratch"


@pytest.mark.parametrize("folder", ["demo", "a b", "it's"])
def test_the_command_that_is_shown_can_be_typed(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = Workspace.at(Path(folder)).command("ui")
    if folder == "demo":
        assert command == "mlmagic ui"
        monkeypatch.setattr(module, "checkout", lambda: tmp_path)
        assert Workspace.at(Path(folder)).command("ui") == "make ui"
        return
    assert shlex.split(command) == ["mlmagic", "ui", "--folder", str(tmp_path / folder)]


@pytest.mark.parametrize("kind", ["file", "below a file", "link to nothing"])
def test_a_folder_that_cannot_be_made_is_named_as_it_was_typed(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("x")
    Path("link").symlink_to("nowhere/at/all")
    folder = {"file": "file", "below a file": "file/x", "link to nothing": "link"}[kind]
    with pytest.raises(MLMagicError, match=rf"^cannot use '{folder}': .*\. Name another one with --folder$"):
        Workspace.at(Path(folder))


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        (("no_such_module",), "no_such_module is not installed. Install with: pip install 'mlmagic[notebook]'"),
        (("no_such_one", "json", "no_such_two"), "no_such_one and no_such_two are not installed."),
    ],
)
def test_packages_that_are_missing_are_named_together(modules, said):
    with pytest.raises(MissingPackageError) as caught:
        require_notebook_extra(*modules)
    assert said in str(caught.value)


def test_packages_that_are_there_are_not_imported():
    import sys

    require_notebook_extra("json", "this")
    assert "this" not in sys.modules
