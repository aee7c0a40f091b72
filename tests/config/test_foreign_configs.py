"""A folder of configs that came from elsewhere: nothing of it runs, and nothing holds up the cell."""

from __future__ import annotations

import contextlib
import os
import sys

import pytest

import mlmagic
from mlmagic.errors import UsageProblem

MARKS = """
import pathlib
pathlib.Path({marker!r}).write_text("it ran")
"""


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "it-ran"


@pytest.fixture
def foreign(tmp_path, marker, monkeypatch):
    """A folder of configs beside packages that mark that they were imported."""
    for place in ("foreign_package", "foreign_package/inner"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "__init__.py").write_text(MARKS.format(marker=str(marker)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "conf"
    folder.mkdir()
    yield folder
    for name in [name for name in sys.modules if name.startswith("foreign_package")]:
        del sys.modules[name]


def write(folder, **configs):
    for name, text in configs.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.replace("MARKER", str(folder.parent / "it-ran")))


@pytest.mark.parametrize(
    "text",
    [
        "hydra: {searchpath: ['pkg://foreign_package']}",
        "hydra: {searchpath: ['pkg://foreign_package.inner']}",
        "hydra: {searchpath: ['pkg://foreign_package/inner']}",
        "a: pkg\nhydra: {searchpath: ['${a}://foreign_package']}",
        "x: !!python/object/apply:os.system ['touch MARKER']",
        "x: !!python/name:foreign_package.x",
        "x: !!python/module:foreign_package",
        "x: !!python/object/new:os.system ['touch MARKER']",
        "x: {_target_: os.system, command: touch MARKER}",
        "_target_: os.system\ncommand: touch MARKER",
        "x: {_target_: foreign_package.x}",
        "hydra: {launcher: {_target_: foreign_package.x}}",
        "hydra: {sweeper: {_target_: foreign_package.x}}",
        "hydra: {callbacks: {x: {_target_: foreign_package.x}}}",
        "hydra: {job_logging: {handlers: {x: {class: foreign_package.x}}}}",
        "defaults: [foreign_package@_global_: x]",
        "x: ${foreign_package:x}",
        "x: ${oc.decode:'!!python/name:foreign_package.x'}",
        "x: ${oc.create:{_target_:foreign_package.x}}",
    ],
)
def test_nothing_of_a_config_runs(text, foreign, marker):
    write(foreign, config=text, group__one=text)
    for given in (
        {"config_dir": foreign},
        {"yaml": text, "config_dir": foreign},
        {"yaml": text},
        {"yaml": "defaults: [group: one]", "config_dir": foreign},
    ):
        with contextlib.suppress(UsageProblem):  # most of them are refused, and nothing else is raised
            mlmagic.compose(**given)
    assert not marker.exists()
    assert "foreign_package" not in sys.modules


def test_a_package_that_the_user_imported_may_hold_configs(foreign):
    write(foreign.parent / "foreign_package", more__one="a: 1")
    write(foreign, config="hydra: {searchpath: ['pkg://foreign_package']}\ndefaults: [more: one]")
    with pytest.raises(
        UsageProblem, match=r"names the package 'foreign_package', whose code would run.* import foreign"
    ):
        mlmagic.compose(config_dir=foreign)
    import foreign_package  # noqa: F401

    assert mlmagic.compose(config_dir=foreign).more.a == 1


def test_hydra_has_its_own_sources_back(foreign):
    from hydra._internal.sources_registry import SourcesRegistry

    write(foreign, config="a: 1")
    mlmagic.compose(config_dir=foreign)
    assert {kind.__module__.partition(".")[0] for kind in SourcesRegistry.instance().types.values()} == {"hydra"}


ALIASES = "\n".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10) if at else 1}]" for at in range(12))
LONG = f"a0: {'x' * 100_000}\n" + "\n".join(f"a{at}: ${{a{at - 1}}}${{a{at - 1}}}" for at in range(1, 60))
NODES = "a0: [1, 2, 3]\n" + "\n".join(f"a{at}: {{x: '${{a{at - 1}}}', y: '${{a{at - 1}}}'}}" for at in range(1, 60))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "[" * 100_000, "nested more than 100 deep|exceeded maximum nesting depth"),  # the latter by PyYAML
        ("{a: " * 100_000, "nested more than 100 deep"),
        ("a:\n" + "".join(" " * at + "- \n" for at in range(1, 200)), "nested more than 100 deep"),
        (ALIASES, "more than 200,000 values"),
        (LONG, "stands for more than 10,000,000 characters"),
        (NODES, "stands for more than 20,000 interpolations"),
        ("a: 1\n" + "# a comment\n" * 100_000, "more than 1 MB"),
        ("defaults: [config]", "lead back|Recurs|recurs|twice"),
        ("defaults: [group: one]", "lead back|Recurs|recurs|twice"),
        ("a: ${b}\nb: ${a}", "Recursive interpolation"),
    ],
)
def test_what_is_too_much_is_refused_in_a_line(text, message, foreign):
    write(foreign, config=text, group__one="defaults: [one]")
    with pytest.raises(UsageProblem, match=message) as refused:
        mlmagic.compose(config_dir=foreign)
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs and no devices on this system")
@pytest.mark.parametrize("kind", ["fifo", "device", "directory", "dangling link", "1 GB", "not UTF-8"])
@pytest.mark.parametrize("name", ["config.yaml", "group/one.yaml"])
def test_what_is_no_small_text_holds_up_nothing(kind, name, foreign):
    write(foreign, config="defaults: [group: one]", group__one="a: 1")
    file = foreign / name
    file.unlink()
    match kind:
        case "fifo":
            os.mkfifo(file)
        case "device":
            file.symlink_to("/dev/zero")
        case "directory":
            file.mkdir()
        case "dangling link":
            file.symlink_to("nowhere")
        case "not UTF-8":
            file.write_bytes(b"a: \xff\xfe\x00")
        case _:
            with file.open("wb") as sparse:
                sparse.truncate(10**9)
    with pytest.raises(UsageProblem, match=r".") as refused:
        mlmagic.compose(config_dir=foreign)
    assert "\n" not in str(refused.value)


def test_a_secret_of_the_environment_is_not_shown(foreign, monkeypatch):
    from mlmagic.config.composing import composition
    from mlmagic.views.config_tree import config_bundle

    monkeypatch.setenv("SERVICE_TOKEN", "Zk3vQ9rX7wLp2TnB")
    write(foreign, config="harmless: ${oc.env:SERVICE_TOKEN}")
    shown = config_bundle(composition(config_dir=foreign, name="cfg"))
    assert "Zk3vQ9rX7wLp2TnB" not in "".join(shown.values())
    assert "harmless" in shown["text/plain"]
