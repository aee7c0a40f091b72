"""Actions that wait for an import run once, and leave Python's import as it was."""

import importlib
import importlib.util
import subprocess
import sys
import textwrap
import threading

import pytest

from mlmagic.adapters.import_hooks import when_imported


@pytest.fixture
def module_file(tmp_path, monkeypatch):
    """Give a function that writes a module which no test has imported yet, and forget all of them after."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(name, source):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        importlib.invalidate_caches()
        return path

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def finders_unchanged():
    before = list(sys.meta_path)
    yield
    assert sys.meta_path == before


def test_an_imported_module_is_given_at_once():
    seen = []
    when_imported("json", seen.append)
    assert seen == [sys.modules["json"]]


def test_a_module_is_given_complete_right_after_its_first_import_and_once(module_file):
    module_file("fresh_one", "import sys\nvalue = 3")
    seen = []
    when_imported("fresh_one", lambda module: seen.append(module.value))
    assert "fresh_one" not in sys.modules
    module = importlib.import_module("fresh_one")
    importlib.reload(module)
    assert seen == [3]


def test_two_actions_run_in_order(module_file):
    module_file("fresh_two", "")
    seen = []
    when_imported("fresh_two", lambda _: seen.append(1))
    when_imported("fresh_two", lambda _: seen.append(2))
    importlib.import_module("fresh_two")
    assert seen == [1, 2]


def test_a_cancelled_action_does_not_run_and_the_others_do(module_file):
    module_file("fresh_three", "")
    seen = []
    cancel = when_imported("fresh_three", lambda _: seen.append("cancelled"))
    when_imported("fresh_three", lambda _: seen.append("kept"))
    cancel()
    cancel()
    importlib.import_module("fresh_three")
    assert seen == ["kept"]


def test_the_finder_leaves_with_the_last_action():
    before = list(sys.meta_path)
    first = when_imported("never_there_one", print)
    second = when_imported("never_there_two", print)
    assert len(sys.meta_path) == len(before) + 1
    first()
    second()
    assert sys.meta_path == before


def test_an_action_that_raises_is_a_warning_of_one_line(module_file):
    module_file("fresh_four", "value = 1")

    def fail(_module):
        raise ValueError("two\nlines")

    seen = []
    when_imported("fresh_four", fail)
    when_imported("fresh_four", seen.append)
    with pytest.warns(UserWarning, match=r"could not set up fresh_four .*: ValueError: two lines$"):
        module = importlib.import_module("fresh_four")
    assert module.value == 1
    assert seen == [module]


def test_a_failed_import_shows_its_own_error_and_the_next_one_runs_the_action(module_file):
    path = module_file("fresh_five", "raise RuntimeError('not yet')")
    seen = []
    when_imported("fresh_five", seen.append)
    with pytest.raises(RuntimeError, match=r"^not yet$") as raised:
        importlib.import_module("fresh_five")
    assert raised.traceback[-1].path == path
    assert seen == []
    path.write_text("value = 12345")
    importlib.invalidate_caches()
    assert seen == [importlib.import_module("fresh_five")]


def test_a_submodule_does_not_import_its_package_and_runs_after_it(module_file):
    module_file("fresh_package.__init__", "")
    module_file("fresh_package.part", "value = 7")
    seen = []
    when_imported("fresh_package.part", lambda module: seen.append(module.value))
    importlib.import_module("fresh_package")
    assert seen == []
    importlib.import_module("fresh_package.part")
    assert seen == [7]


def test_the_module_shows_its_own_loader(module_file):
    module_file("fresh_six", "where = __loader__")
    when_imported("fresh_six", lambda _: None)
    module = importlib.import_module("fresh_six")
    loaders = {type(module.__loader__).__name__, type(module.__spec__.loader).__name__}
    assert loaders == {"SourceFileLoader"}
    assert module.where is module.__loader__


def test_asking_whether_a_module_exists_runs_nothing(module_file):
    module_file("fresh_seven", "")
    seen = []
    cancel = when_imported("fresh_seven", seen.append)
    spec = importlib.util.find_spec("fresh_seven")
    assert spec.loader.get_source("fresh_seven") == ""
    assert importlib.util.find_spec("never_there_three") is None
    assert seen == []
    cancel()


def test_a_module_that_replaces_itself_is_given_as_importers_get_it(module_file):
    module_file("fresh_eight", "import sys\nclass Other: name = 'other'\nsys.modules[__name__] = Other()")
    seen = []
    when_imported("fresh_eight", lambda module: seen.append(module.name))
    importlib.import_module("fresh_eight")
    assert seen == ["other"]


def test_another_hook_that_asks_all_finders_gets_along(module_file, monkeypatch):
    module_file("fresh_nine", "value = 9")

    class Other:
        asking = False

        def find_spec(self, name, path=None, target=None):
            if name != "fresh_nine" or self.asking:
                return None
            self.asking = True
            try:
                return importlib.util.find_spec(name)
            finally:
                self.asking = False

    other = Other()
    seen = []
    when_imported("fresh_nine", lambda module: seen.append(module.value))
    sys.meta_path.insert(0, other)
    try:
        importlib.import_module("fresh_nine")
    finally:
        sys.meta_path.remove(other)
    assert seen == [9]


def test_a_module_that_another_thread_is_importing_is_given_complete(module_file):
    module_file(
        "fresh_ten",
        """
        import threading
        started, go = threading.gate
        started.set()
        go.wait(20)
        value = 10
        """,
    )
    started, go = threading.gate = (threading.Event(), threading.Event())
    try:
        importer = threading.Thread(target=importlib.import_module, args=("fresh_ten",))
        importer.start()
        assert started.wait(20)
        seen = []
        asker = threading.Thread(target=when_imported, args=("fresh_ten", lambda module: seen.append(module.value)))
        asker.start()
        go.set()
        importer.join()
        asker.join()
    finally:
        del threading.gate
    assert seen == [10]


def test_many_threads_run_each_action_once(module_file):
    names = [f"fresh_many_{number}" for number in range(20)]
    seen = []
    for name in names:
        module_file(name, "")
        when_imported(name, lambda module: seen.append(module.__name__))
    threads = [threading.Thread(target=lambda: [importlib.import_module(name) for name in names]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted(names)


def test_a_module_of_matplotlib_is_waited_for():
    code = """
        import sys
        from mlmagic.adapters.import_hooks import when_imported
        when_imported("matplotlib.backend_bases", lambda module: print(module.FigureCanvasBase.__name__))
        assert "matplotlib" not in sys.modules
        import matplotlib
        matplotlib.use("agg")
        print("before pyplot")
        import matplotlib.pyplot
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert "FigureCanvasBase" in done.stdout.split("\n")
