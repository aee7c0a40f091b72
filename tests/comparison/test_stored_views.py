"""Views that are kept with the store, and the view that comes back when a cell is run again."""

import json

import pytest
from mlflow import MlflowClient

import mlmagic
from mlmagic.comparison import stored_views
from mlmagic.errors import UsageProblem
from mlmagic.magics.compare import CompareMagics

VIEW = {
    "filter": "lr = 1", "sort": [{"column": "metric:loss", "descending": True}], "hidden": ["run:duration"],
    "pinned": ["run:name"], "widths": {"run:name": 90}, "group": "param:lr", "metric": "metric:loss", "shaded": False,
    "differing": True, "curves": {"metrics": ["loss"], "x": "time", "logX": True, "logY": False, "smoothing": 0.5},
    "charts": {"kind": "parallel"}, "failed": True, "split": True,
}  # fmt: skip


@pytest.fixture
def widget(make_run):
    make_run("one", {"lr": 1}, {"loss": 0.5})
    make_run("two", {"lr": 2}, {"loss": 0.1})
    return mlmagic.compare()


def stored(name, value):
    MlflowClient().set_experiment_tag("0", f"mlmagic.view.{name}", value)


def test_a_view_comes_back_as_it_was_kept(widget):
    widget.view = {**widget.view, **VIEW, "tab": "curves", "expanded": ["x"]}
    widget.save_view("mine")
    again = mlmagic.compare(view="mine")
    assert {key: again.view[key] for key in VIEW} == VIEW
    assert "tab" not in again.view
    assert again.first == again.view


def test_views_are_listed_replaced_and_deleted(widget):
    assert widget.saved_views == []
    widget.save_view("b")
    widget.save_view("a.1")
    widget.view = {**widget.view, "filter": "lr = 2"}
    widget.save_view("b")
    assert widget.saved_views == ["a.1", "b"]
    assert mlmagic.compare(view="b").view["filter"] == "lr = 2"
    widget.delete_view("b")
    assert widget.saved_views == ["a.1"]
    with pytest.raises(UsageProblem, match=r"There is no view 'b'\. There are: a\.1"):
        widget.delete_view("b")


@pytest.mark.parametrize("name", ["", "a/b", "two words", "x" * 200, "../up", "-dash", "a\nb", "<b>", 3, None])
def test_a_name_that_cannot_be_kept_is_refused_with_one_that_can(widget, name):
    with pytest.raises(UsageProblem, match=r"A view cannot be called .* For example: '[\w.-]+'") as refused:
        widget.save_view(name)
    widget.save_view(str(refused.value).rpartition("'")[0].rpartition("'")[2])


def test_a_view_that_is_too_long_is_refused_and_says_what_is_long(widget):
    widget.view = {**widget.view, "hidden": [f"param:{at}" for at in range(1000)]}
    with pytest.raises(UsageProblem, match=r"The view has [\d,]+ characters, and the store takes 5,000\. .*'hidden'"):
        widget.save_view("long")


def test_a_mistyped_name_is_answered_by_the_nearest(widget):
    widget.save_view("by-depth")
    with pytest.raises(UsageProblem, match=r"There is no view 'by-dept'\. Did you mean 'by-depth'\?"):
        mlmagic.compare(view="by-dept")


@pytest.mark.parametrize("value", ["{", "[1]", '"x"', "null", "[" * 10_000])
def test_a_broken_view_is_ignored_with_one_line(widget, capsys, value):
    stored("broken", value)
    assert mlmagic.compare(view="broken").view == widget.view
    assert capsys.readouterr().out == "The view 'broken' in the store cannot be read: save it again.\n"


def test_of_a_hostile_view_only_what_has_the_expected_type_is_used(widget):
    odd = {
        "filter": 3, "hidden": ["a", 1, None], "widths": {"run:name": -1, "metric:loss": "x", "param:lr": True},
        "sort": [1, {"column": "gone:x"}, {"column": "metric:loss", "descending": "yes"}], "group": "param:gone",
        "metric": "metric:gone", "differing": "yes", "curves": {"x": "<script>", "smoothing": 7, "metrics": [1, "loss"]},
        "evil": "x", "tab": "nowhere", "__proto__": {"a": 1},
    }  # fmt: skip
    stored("odd", json.dumps(odd))
    view = mlmagic.compare(view="odd").view
    assert view == {
        "hidden": ["a"], "widths": {}, "sort": [{"column": "metric:loss", "descending": False}], "group": "",
        "curves": {"metrics": ["loss"]},
    }  # fmt: skip


def test_a_tag_whose_name_is_none_is_not_listed(widget):
    stored("two words", "{}")
    assert widget.saved_views == []


def test_without_an_experiment_there_is_no_view_to_keep(store_uri, monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "not there yet")
    widget = mlmagic.compare()
    with pytest.raises(UsageProblem, match="The experiment does not exist yet"):
        widget.save_view("mine")


def test_the_magic_takes_a_view_and_saves_a_page(shell, widget, tmp_path, capsys):
    shell.register_magics(CompareMagics)
    widget.view = {**widget.view, "filter": "lr = 2"}
    widget.save_view("mine")
    found = shell.run_line_magic("compare", f"--view mine --save {tmp_path / 'page.html'}")
    assert found.view["filter"] == "lr = 2"
    assert "lr = 2" in (tmp_path / "page.html").read_text()
    assert capsys.readouterr().out == f"Saved as a page: {tmp_path / 'page.html'}\n"
    with pytest.raises(UsageProblem, match=r"does not end in \.html"):
        shell.run_line_magic("compare", "--save page.pdf")


@pytest.fixture
def session(new_shell, store_uri):
    """A shell with mlmagic loaded, in which widgets are displayed."""
    shell = new_shell()
    shell.run_line_magic("load_ext", "mlmagic")
    yield shell
    shell.run_line_magic("unload_ext", "mlmagic")


def test_what_was_left_comes_back_when_the_same_cell_is_run_again(session, widget):
    cell = "widget = mlmagic.compare()\nwidget._ipython_display_()"

    def run(source):
        session.run_cell(source, store_history=True).raise_error()
        return session.user_ns["widget"]

    first = run(cell)
    ids = first.table["ids"]
    first.view = {**first.view, "filter": "lr = 1", "sort": [{"column": "param:lr", "descending": True}]}
    first.selected = [ids[1]]
    again = run(cell)
    assert again is not first
    assert (again.view["filter"], again.selected) == ("lr = 1", [ids[1]])
    assert again.first["hidden"] == first.first["hidden"]
    assert "filter" not in again.first
    other = run(f"{cell}\n# another cell")
    assert (other.view, other.selected) == (other.first, [])
    MlflowClient().delete_run(ids[1])
    assert run(cell).selected == []


def test_completion_knows_the_views(widget):
    from mlmagic.magics.completion import of_store

    widget.save_view("mine")
    assert of_store.views(None) == of_store.views("Default") == stored_views.stored_names("0") == ["mine"]
