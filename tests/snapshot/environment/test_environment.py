"""What a run ran on: found quickly, seen anew after an installation, and without importing anything."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys

import psutil
import pytest
import threadpoolctl

from mlmagic.snapshot.environment import environment, hardware
from mlmagic.snapshot.environment.distributions import Distribution, installed, normalised
from mlmagic.snapshot.environment.environment import capture


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Return an empty folder for packages, at the head of `sys.path`."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def install(site, name, version, *, module=None, origin=None):
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if module:
        (site / module).mkdir(parents=True, exist_ok=True)
        (site / module / "__init__.py").write_text("")
        (info / "RECORD").write_text(f"{module}/__init__.py,,\n{info.name}/METADATA,,\n")
    if origin:
        (info / "direct_url.json").write_text(json.dumps(origin))
    importlib.invalidate_caches()
    return info


def uninstall(info):
    for file in info.iterdir():
        file.unlink()
    info.rmdir()


def test_it_finds_what_importlib_metadata_finds():
    expected: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        if distribution.metadata["Name"]:
            expected.setdefault(normalised(distribution.metadata["Name"]), distribution.version)
    assert {name: found.version for name, found in installed().items()} == dict(sorted(expected.items()))


def test_an_installation_and_an_upgrade_are_seen(site):
    assert "mlmagic-made-up" not in capture().installed
    old = install(site, "MLMagic_made.up", "1.0")
    assert capture().installed["mlmagic-made-up"].version == "1.0"
    uninstall(old)
    install(site, "MLMagic_made.up", "2.0rc1+local.3")
    assert capture().installed["mlmagic-made-up"].version == "2.0rc1+local.3"


def test_an_unchanged_folder_is_not_read_again(site, monkeypatch):
    install(site, "mlmagic_made_up", "1.0")
    os.utime(site, (1, 1))  # changed long ago
    before = capture()
    monkeypatch.setattr(
        "mlmagic.snapshot.environment.distributions._names", lambda folder: pytest.fail(f"read {folder}")
    )
    monkeypatch.setattr(sys, "path", [str(site)])
    assert capture().installed == {"mlmagic-made-up": before.installed["mlmagic-made-up"]}


def test_the_loaded_version_stays_after_an_upgrade_and_the_new_one_is_installed(site):
    old = install(site, "mlmagic_made_up", "1.0", module="made_up_module")
    assert "mlmagic-made-up" not in capture().imported
    module = importlib.import_module("made_up_module")
    try:
        assert capture().imported["mlmagic-made-up"] == "1.0"
        uninstall(old)
        install(site, "mlmagic_made_up", "2.0", module="made_up_module")
        state = capture()
        assert (state.imported["mlmagic-made-up"], state.installed["mlmagic-made-up"].version) == ("1.0", "2.0")
    finally:
        del sys.modules[module.__name__]
    importlib.import_module("made_up_module")
    assert capture().imported["mlmagic-made-up"] == "2.0"
    del sys.modules["made_up_module"]


def test_distributions_that_share_a_namespace_are_told_apart(site):
    install(site, "made_up_one", "1.0", module="madeupspace/one")
    install(site, "made_up_two", "2.0", module="madeupspace/two")
    importlib.import_module("madeupspace.two")
    state = capture()
    assert state.imported["made-up-two"] == "2.0"
    assert "made-up-one" not in state.imported


def test_a_module_of_the_users_own_is_no_package(site, tmp_path, monkeypatch):
    install(site, "made_up_helpers", "1.0")
    own = tmp_path / "own"
    own.mkdir()
    (own / "made_up_helpers.py").write_text("")
    monkeypatch.syspath_prepend(own)
    importlib.import_module("made_up_helpers")
    assert "made-up-helpers" not in capture().imported


def test_an_environment_within_the_folder_of_an_editable_project(site, tmp_path, monkeypatch):
    origin = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    install(site, "made_up_project", "0.1", origin=origin)
    install(site, "made-up-learn", "1.0", module="made_up_klearn")
    (tmp_path / "made_up_of_project.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("made_up_klearn")
    assert "made-up-project" not in capture().imported
    assert capture().imported["made-up-learn"] == "1.0"
    importlib.import_module("made_up_of_project")
    assert capture().imported["made-up-project"] == "0.1"


def test_what_an_interrupted_installation_leaves_is_no_package(site):
    (site / "made_up_left-1.0.dist-info").mkdir()
    (site / "~ade_up_left-1.0.dist-info").mkdir()
    assert "made-up-left" not in capture().installed


def test_a_development_install_is_read_from_its_metadata(site):
    (site / "made-up-dev.egg-info").mkdir()
    (site / "made-up-dev.egg-info" / "PKG-INFO").write_text("Name: Made-Up.Dev\nVersion: 0.3\n\nA text.\n")
    assert capture().installed["made-up-dev"].version == "0.3"


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (None, "made-up==1.0"),
        (
            {"url": "https://example.com/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "made-up @ git+https://example.com/x.git@abc",
        ),
        (
            {"url": "https://example.com/x.git", "vcs_info": {"vcs": "git", "commit_id": "a"}, "subdirectory": "py"},
            "made-up @ git+https://example.com/x.git@a#subdirectory=py",
        ),
        ({"url": "https://example.com/x.whl", "archive_info": {}}, "made-up @ https://example.com/x.whl"),
        ({"url": "file:///build/x.whl", "archive_info": {}}, "made-up==1.0"),
        ({"url": "file:///src/x", "dir_info": {"editable": True}}, "# made-up==1.0  (editable: file:///src/x)"),
        ({"url": "file:///src/x", "dir_info": {}}, "# made-up==1.0  (a local folder: file:///src/x)"),
    ],
)
def test_the_line_of_a_distribution_in_requirements(site, origin, line):
    install(site, "made_up", "1.0", origin=origin)
    assert line in capture().requirements().splitlines()


def test_a_local_version_is_pinned_so_that_pip_finds_it():
    assert Distribution("torch", "2.13.0+cpu", "").requirement == "torch==2.13.0  # installed: 2.13.0+cpu"


def test_pip_accepts_the_requirements(site, tmp_path):
    install(site, "made_up", "1.0", origin={"url": "file:///src/x", "dir_info": {"editable": True}})
    text = capture().requirements()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines == sorted(lines, key=lambda line: line.partition("=")[0].partition(" ")[0])
    assert len({line.partition("=")[0] for line in lines}) == len(lines)
    (tmp_path / "requirements.txt").write_text(text)
    program = "import sys; from pip._internal.req.req_file import parse_requirements as p; from pip._internal.network.session import PipSession as S; print(len(list(p(sys.argv[1], session=S()))))"
    command = [sys.executable, "-c", program, str(tmp_path / "requirements.txt")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.strip() == str(len(lines)), result.stderr


def test_it_is_plain_data_that_names_python_the_machine_and_the_packages():
    plain = json.loads(json.dumps(capture().to_dict()))
    assert plain["python"]["version"] == platform.python_version()
    assert plain["machine"]["memory_bytes"] == psutil.virtual_memory().total
    assert plain["machine"]["cores_logical"] == psutil.cpu_count()
    assert plain["machine"]["cpu"]
    assert plain["imported"]["pytest"] == plain["installed"]["pytest"] == pytest.__version__
    assert plain["imported"]["mlmagic"] == plain["installed"]["mlmagic"]


def test_only_variables_that_change_results_are_recorded(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    monkeypatch.setenv("MY_SERVICE_PASSWORD", "hunter2")
    variables = capture().variables
    assert (variables["OMP_NUM_THREADS"], variables["PYTHONHASHSEED"]) == ("3", "0")
    assert not {"MY_SERVICE_PASSWORD", "PATH", "HOME"} & set(variables)


def test_the_threads_of_imported_libraries_are_those_of_now():
    importlib.import_module("numpy")
    with threadpoolctl.threadpool_limits(1):
        limited = capture().threads
    assert limited
    assert {count for name, count in limited.items() if not name.startswith("torch")} == {1}


@pytest.fixture
def _forgotten_gpus():
    hardware._nvidia_smi.cache_clear()
    yield
    hardware._nvidia_smi.cache_clear()


@pytest.mark.usefixtures("_forgotten_gpus")
def test_gpus_are_asked_of_nvidia_smi_once(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    lines = "NVIDIA H100 80GB HBM3, 81559, 550.54.15, GPU-1\nNVIDIA A100, [N/A], 550.54.15, GPU-2"
    program.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/count\ncat <<END\n{lines}\nEND\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    capture()
    assert capture().to_dict()["gpus"] == [
        {"name": "NVIDIA H100 80GB HBM3", "memory_bytes": 81559 * 2**20, "driver": "550.54.15", "uuid": "GPU-1"},
        {"name": "NVIDIA A100", "memory_bytes": None, "driver": "550.54.15", "uuid": "GPU-2"},
    ]
    assert (tmp_path / "count").read_text() == "asked\n"


@pytest.mark.usefixtures("_forgotten_gpus")
@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 9\n", "#!/bin/sh\necho 'No devices were found'\n"])
def test_without_a_working_gpu_there_is_none(tmp_path, monkeypatch, script):
    (tmp_path / "nvidia-smi").write_text(script)
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert capture().gpus == ()


def test_no_library_is_imported_for_it():
    program = (
        "import sys; from mlmagic.snapshot.environment import environment; from mlmagic.snapshot.git import state as git; from mlmagic.snapshot.secrets import redaction as secrets; environment.capture();"
        "print(sorted({'numpy', 'torch', 'mlflow', 'threadpoolctl', 'importlib.metadata', 'email'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "[]", result.stderr


def test_a_capture_is_immutable():
    with pytest.raises(AttributeError, match="cannot assign to field 'python'"):
        capture().python = {}
    assert environment.capture().python["implementation"] == platform.python_implementation()
