"""pyproject.toml, environment.yml and constraints.txt say the same, and name no place to load from."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONDA_NAMES = {"torch": "pytorch"}
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
PINS = dict(line.split("==") for line in CONSTRAINTS.splitlines() if not line.startswith("#"))


def requirements(*groups):
    return [Requirement(line) for group in groups for line in group if not line.startswith("mlmagic[")]


DECLARED = requirements(PROJECT["dependencies"], *EXTRAS.values())


def test_conda_installs_what_pip_installs():
    expected = {f"python{PROJECT['requires-python']}"}
    for requirement in requirements(PROJECT["dependencies"], EXTRAS["notebook"], EXTRAS["sweeps"], EXTRAS["torch"]):
        expected.add(f"{CONDA_NAMES.get(requirement.name, requirement.name)}{requirement.specifier}")

    environment = yaml.safe_load((ROOT / "environment.yml").read_text())

    assert environment["name"] == "mlmagic"
    assert environment["channels"] == ["conda-forge"]
    *packages, pip, by_pip = environment["dependencies"]
    assert set(packages) == expected
    assert len(packages) == len(expected)
    assert (pip, by_pip) == ("pip", {"pip": ["--editable ."]})


@pytest.mark.parametrize("requirement", DECLARED, ids=str)
def test_what_is_declared_is_pinned_within_its_bound(requirement):
    pin = PINS[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pin, prereleases=True), f"{requirement} is pinned to {pin}"


def test_constraints_are_exact_and_hold_on_every_machine():
    for name, version in PINS.items():
        assert re.fullmatch(r"[a-z0-9-]+", name), name
        assert re.fullmatch(r"[0-9a-z.]+", version), f"{name}=={version} is a local version"
    assert PINS["torch"] == "2.13.0"


@pytest.mark.parametrize("name", ["environment.yml", "constraints.txt", "pyproject.toml"])
def test_no_file_names_an_address_or_a_place_on_a_disk(name):
    assert not re.search(r"://|file:|^-e|@ ", (ROOT / name).read_text(), re.MULTILINE)


def test_minimums_derive_from_the_declared_bounds():
    answer = subprocess.run(
        [sys.executable, ROOT / "tools" / "versions.py", "minimums"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line for line in answer.stdout.splitlines() if "==" in line} == {
        str(requirement).replace(">=", "==")
        for requirement in requirements(PROJECT["dependencies"], *map(EXTRAS.get, ("notebook", "sweeps", "plots")))
    }


def test_a_renewal_of_the_constraints_would_know_every_declared_package():
    answer = subprocess.run(
        [sys.executable, ROOT / "tools" / "versions.py", "constraints"],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        # `make test-minimums` installs no linters.
        assert "PackageNotFoundError" in answer.stderr
        return
    names = {line.partition("==")[0] for line in answer.stdout.splitlines() if not line.startswith("#")}
    assert names >= {canonicalize_name(requirement.name) for requirement in DECLARED}


def test_the_wheel_holds_the_notebooks_and_the_licence(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for notebook in ROOT.glob("notebooks/*.ipynb"):
        assert f"mlmagic/notebooks/{notebook.name}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "mlmagic/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "tools/", "notebooks/"))]
