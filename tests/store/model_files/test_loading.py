"""Loading a model: what is refused before any of its code runs, and what a failure says."""

import pytest

from mlmagic.errors import ModelLoadError, StoreError, UsageProblem
from mlmagic.store.model_files import loading, signature
from mlmagic.store.model_files.loading import ModelFiles, load

FLAVOUR = "flavors:\n  python_function:\n    loader_module: no_such_module_of_mine\n"


@pytest.fixture
def folder(tmp_path, store_uri):
    made = tmp_path / "model"
    made.mkdir()
    (made / "MLmodel").write_text(FLAVOUR)
    return made


def files(folder, **tags):
    return ModelFiles("the model 'clf'", str(folder), {key.replace("_", "."): value for key, value in tags.items()})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the MLmodel of the model 'clf' names no format in which the model was saved"),
        ("flavors: {}", "names no format"),
        ("flavors: [sklearn]", "names no format"),
        ("[1]", "names no format"),
        ("{", "the MLmodel of the model 'clf' is damaged: "),
        ("flavors: !!python/object/apply:os.system ['true']", "is damaged"),
        ("x: '" + "a" * 10_000_000 + "'", "is too large to be one"),
    ],
)
def test_a_description_that_is_none_is_told(folder, text, message):
    (folder / "MLmodel").write_text(text)
    with pytest.raises(ModelLoadError, match=message):
        load(files(folder))


def test_a_description_that_is_no_text_is_told(folder):
    (folder / "MLmodel").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelLoadError, match="is damaged"):
        load(files(folder))


@pytest.mark.parametrize("where", ["empty", "nowhere"])
def test_files_that_are_not_there_are_told(folder, where):
    place = folder.parent / where
    if where == "empty":
        place.mkdir()
    with pytest.raises(
        ModelLoadError, match=r"are not where the store says: there is no MLmodel in .*Were they deleted"
    ):
        load(files(place))


def test_files_on_another_server_are_not_fetched(store_uri, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "my-token")
    with pytest.raises(
        StoreError, match="the files of the model 'clf' lie on 'evil', which is not the tracking server"
    ):
        load(files("http://evil/models/m-1/artifacts"))


def test_unsigned_files_are_not_loaded_where_nobody_can_be_asked(folder):
    with pytest.raises(UsageProblem, match="does not bear your signature; trust=True loads a model that you know"):
        load(files(folder))


@pytest.mark.parametrize("answer", [True, False])
def test_the_user_is_asked_once_for_the_same_files(folder, monkeypatch, answer):
    asked = []
    monkeypatch.setattr(loading, "confirmed", lambda question, _: asked.append(question) or answer)
    message = "needs the module 'no_such_module_of_mine'" if answer else "the model 'clf' was not loaded"
    for _ in range(2):
        with pytest.raises(ModelLoadError, match=message):
            load(files(folder))
    assert len(asked) == (1 if answer else 2)
    assert asked[0].startswith(
        f"Loading the model 'clf' runs code that its files hold ({folder}), and they do not bear"
    )
    (folder / "new.py").write_text("x = 1")
    with pytest.raises(ModelLoadError, match=message):
        load(files(folder))
    assert len(asked) == (2 if answer else 3)


@pytest.mark.parametrize("is_signed", [True, False])
def test_own_files_and_trusted_ones_load_without_a_question(folder, monkeypatch, is_signed):
    monkeypatch.setattr(loading, "confirmed", lambda *_: pytest.fail("nobody is asked"))
    tags = {"mlmagic_signature": signature.signature_of(folder)} if is_signed else {}
    with pytest.raises(ModelLoadError, match="needs the module 'no_such_module_of_mine'"):
        load(files(folder, **tags), trust=not is_signed)


def test_other_packages_are_a_warning_of_one_line(folder):
    lines = [f"package-{at}==1" for at in range(11)]
    (folder / "requirements.txt").write_text("\n".join(lines))
    with (
        pytest.warns(UserWarning, match="the model 'clf' was saved with other packages than are here") as caught,
        pytest.raises(ModelLoadError, match="no_such_module_of_mine"),
    ):
        load(files(folder), trust=True)
    (message,) = [str(one.message) for one in caught if "saved with" in str(one.message)]
    assert message.endswith("package-7==1 (not installed) and 3 more")


@pytest.mark.parametrize(
    ("error", "run_id", "message"),
    [
        (
            AttributeError("Can't get attribute 'Scale' on <module '__main__'>"),
            "r1",
            "the model 'clf' needs 'Scale', which was defined in a notebook and is not defined here. Run the cell that "
            "defines it, and load the model again; its code: mlmagic.Run('r1').session.to_script(). In a module",
        ),
        (
            AttributeError("Can't get attribute 'Scale' on <module '__main__' (built-in)>"),
            "",
            "Run the cell that defines it, and load the model again. In a module (a .py file) it is found everywhere.",
        ),
        (AttributeError("Can't get attribute 'Scale' on <module 'package.__main__'>"), "", "defined in a notebook"),
        (
            AttributeError("Can't get attribute '_Old' on <module 'sklearn.tree' from '/x'>"),
            "",
            "needs '_Old' of the module 'sklearn.tree', which has none here: is it another version of that module?",
        ),
        (
            ModuleNotFoundError("No module named 'my.code'", name="my.code"),
            "",
            "needs the module 'my.code', which is not here: %pip install my, or, if it is your own, add its folder",
        ),
        (ModuleNotFoundError("odd"), "", "the model 'clf' cannot be loaded here: ModuleNotFoundError: odd"),
        (ValueError("first\nsecond"), "", "the model 'clf' cannot be loaded here: ValueError: first"),
    ],
)
def test_a_failure_says_what_is_missing_and_the_way_out(error, run_id, message):
    found = str(loading._explained(error, ModelFiles("the model 'clf'", "/x", {}, run_id)))
    assert message in found
    assert len(found.splitlines()) == 1
