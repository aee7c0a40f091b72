"""Distributions by the names of their folders, whatever lies in `site-packages`."""

import json
import os

import pytest

from mlmagic.snapshot.environment.distributions import Distribution, installed, normalised


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A function that puts files into a folder for packages, the only one."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr("sys.path", [str(folder)])

    def put(**files):
        for path, text in files.items():
            file = folder / path.replace("__", "/", 1)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return folder

    return put


def found():
    return {name: one.version for name, one in installed().items()}


@pytest.mark.parametrize(
    ("folder", "name", "version"),
    [
        ("numpy-2.1.0.dist-info", "numpy", "2.1.0"),
        ("scikit_learn-1.5.dist-info", "scikit-learn", "1.5"),
        ("zope.interface-7.0.dist-info", "zope-interface", "7.0"),
        ("ruamel.yaml.clib-0.2.8.dist-info", "ruamel-yaml-clib", "0.2.8"),
        ("torch-2.9.0+cpu.dist-info", "torch", "2.9.0+cpu"),
        ("x-1!2.0.post1.dev2.dist-info", "x", "1!2.0.post1.dev2"),
        ("7z-3.dist-info", "7z", "3"),
    ],
)
def test_name_and_version_of_a_folder(site, folder, name, version):
    site(**{f"{folder}__METADATA": "Name: x\n"})
    assert found() == {name: version}


@pytest.mark.parametrize(
    ("folder", "name", "version"),
    [
        ("legacy-1.0-py3.11.egg-info", "legacy", "1.0"),
        ("legacy-1.0-py3.11-linux-x86_64.egg-info", "legacy", "1.0"),
        ("legacy-1.0.egg-info", "legacy", "1.0"),
        ("dev_install.egg-info", "named-inside", "9"),
    ],
)
def test_an_egg_has_its_name_and_version_in_its_folder_or_in_its_metadata(site, folder, name, version):
    site(**{f"{folder}__PKG-INFO": "Metadata-Version: 2.1\nName: Named.Inside\nVersion: 9\n\nName: text\n"})
    assert found() == {name: version}


def test_an_egg_that_is_one_file_counts(site):
    site(**{"old-1.0.egg-info": "Name: old\n"})
    assert found() == {"old": "1.0"}


def test_without_metadata_the_version_is_unknown(site):
    site(**{"odd.egg-info__top_level.txt": "odd\n"})
    assert found() == {"odd": "unknown"}


@pytest.mark.parametrize(
    "path",
    [
        *(
            "~umpy-2.1.0.dist-info__METADATA",
            "half-1.0.dist-info__RECORD",
            "readme-info",
            "x-1.0.dist-info.bak__METADATA",
        ),
        *("package____init__.py", "half-1.0.dist-info__INSTALLER"),
    ],
)
def test_what_is_no_distribution(site, path):
    site(**{path: ""})
    assert found() == {}


def test_the_first_folder_on_the_path_counts_and_names_are_sorted(tmp_path, monkeypatch):
    for folder, name in (("a", "numpy-2.0"), ("b", "numpy-1.0"), ("b", "apple-1.0"), ("a", "zebra-1.0")):
        (tmp_path / folder / f"{name}.dist-info").mkdir(parents=True)
        (tmp_path / folder / f"{name}.dist-info/METADATA").write_text("")
    (tmp_path / "file.zip").write_text("")
    path = [tmp_path / "nowhere", tmp_path / "a", tmp_path / "file.zip", tmp_path / "b", tmp_path / "a"]
    monkeypatch.setattr("sys.path", [*map(str, path), 5, b"bytes", "nul\0"])
    assert list(found().items()) == [("apple", "1.0"), ("numpy", "2.0"), ("zebra", "1.0")]
    for folder in ("a", "b"):
        os.utime(tmp_path / folder, (1, 1))  # a folder that changed just now is read again
    installed()
    assert installed() is installed()


def test_a_relative_folder_follows_the_working_folder(tmp_path, monkeypatch):
    for folder, version in (("a", "1"), ("b", "2")):
        (tmp_path / folder / f"x-{version}.dist-info").mkdir(parents=True)
        (tmp_path / folder / f"x-{version}.dist-info/METADATA").write_text("")
    monkeypatch.setattr("sys.path", [""])
    for folder, version in (("a", "1"), ("b", "2"), ("a", "1")):
        monkeypatch.chdir(tmp_path / folder)
        assert found() == {"x": version}


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        ('{"url": "https://e.org/x.git", "vcs_info": {"vcs": "hg", "commit_id": "a"}}', "x @ hg+https://e.org/x.git@a"),
        ('{"url": "https://e.org/x.git", "vcs_info": {}}', "x @ git+https://e.org/x.git@"),
        ('{"url": "https://e.org/x.git", "vcs_info": null}', "x==1.0"),
        ('{"url": "file:///x", "dir_info": []}', "x==1.0"),
        ('{"url": "https://e.org/x.whl", "archive_info": "sha256=0"}', "x==1.0"),
        ('{"url": 5, "archive_info": {}}', "x==1.0"),
        ("{}", "x==1.0"),
        ("[1]", "x==1.0"),
        ("{", "x==1.0"),
        ("[" * 100_000, "x==1.0"),
        ("", "x==1.0"),
    ],
)
def test_an_origin_of_any_form_gives_a_line(site, origin, line):
    site(**{"x-1.0.dist-info__METADATA": "", "x-1.0.dist-info__direct_url.json": origin})
    assert installed()["x"].requirement == line


@pytest.mark.parametrize(
    ("version", "line"),
    [("1.0", "x==1.0"), ("1.0+cu121.x", "x==1.0  # installed: 1.0+cu121.x"), ("unknown", "x==unknown")],
)
def test_a_local_version_is_a_comment(version, line):
    assert Distribution("x", version, "").requirement == line


@pytest.mark.parametrize(
    ("name", "expected"), [("Scikit_Learn", "scikit-learn"), ("a.-_b", "a-b"), ("ABC", "abc"), ("x", "x"), ("", "")]
)
def test_names_are_written_as_the_standard_says(name, expected):
    assert normalised(name) == expected


def test_what_is_found_is_plain_and_cannot_be_changed(site):
    site(**{"x-1.0.dist-info__METADATA": "", "x-1.0.dist-info__direct_url.json": json.dumps({"url": "u"})})
    with pytest.raises(TypeError):
        installed()["x"] = None
    with pytest.raises(AttributeError):
        installed()["x"].version = "2"
