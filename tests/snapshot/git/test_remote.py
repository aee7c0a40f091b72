"""The URL of a repository's remote: read from its configuration as Git reads it, without what gives access."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmagic.snapshot.git.files import Repository
from mlmagic.snapshot.git.remote import find_remote, without_password

URL = "https://example.org/x.git"


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository") / ".git"
    folder.mkdir()
    return Repository(folder.parent, folder, folder)


def found(repository, config, upstream=None):
    (repository.common / "config").write_text(config, "utf-8")
    return find_remote(repository, upstream)


def remote(name, url=URL):
    return f'[remote "{name}"]\n\turl = {url}\n'


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (URL, URL),
        ("https://ana@example.org/x.git", URL),
        ("https://ana:secret@example.org/x.git", URL),
        ("https://ana:se@cret@example.org/x.git", URL),
        ("https://ghp_token@example.org:8443/x.git", "https://example.org:8443/x.git"),
        ("https://example.org/a@b.git", "https://example.org/a@b.git"),
        ("http://:secret@example.org/x", "http://example.org/x"),
        ("ssh://git@example.org/x.git", "ssh://git@example.org/x.git"),
        ("ssh://git:secret@example.org:22/x.git", "ssh://git@example.org:22/x.git"),
        ("git+ssh://git:secret@example.org/x", "git+ssh://git@example.org/x"),
        ("git@example.org:ana/x.git", "git@example.org:ana/x.git"),
        ("../x.git", "../x.git"),
        ("/srv/a@b/x.git", "/srv/a@b/x.git"),
        ("file:///srv/x.git", "file:///srv/x.git"),
        ("C:\\x.git", "C:\\x.git"),
    ],
)
def test_what_gives_access_is_left_out(repository, address, shown):
    assert without_password(address) == shown
    assert found(repository, remote("origin", address.replace("\\", "\\\\"))) == shown


@pytest.mark.parametrize(
    ("config", "upstream", "name"),
    [
        (remote("origin", "o") + remote("fork", "f"), None, "o"),
        (remote("fork", "f") + remote("origin", "o"), None, "o"),
        (remote("fork", "f") + remote("other", "x"), None, "f"),
        (remote("origin", "o") + remote("fork", "f"), "fork/main", "f"),
        (remote("origin", "o") + remote("fork", "f"), "gone/main", "o"),
        (remote("origin", "o") + remote("team/fork", "f"), "team/fork/main", "f"),
        (remote("team", "t") + remote("team/fork", "f"), "team/fork/main", "f"),
        (remote("team", "t") + remote("team/fork", "f"), "team/feature/main", "t"),
        (remote("origin", "o"), "main", "o"),  # a local branch is followed
        ("", "origin/main", None),
        ('[branch "main"]\n\turl = x\n', None, None),
        ('[remote "origin"]\n\tfetch = +refs\n', None, None),
        ('[remote "origin"]\n\turl =\n', None, None),
        ("[remote]\n\turl = x\n", None, None),
    ],
)
def test_the_remote_that_the_branch_follows_counts_and_then_origin(repository, config, upstream, name):
    assert found(repository, config, upstream) == name


LINES = st.sampled_from(
    [
        *(
            '[remote "origin"]',
            '[Remote "origin"]',
            '[REMOTE "origin"]',
            '[remote "Origin"]',
            '[remote "o\\"x"]',
            "[remote.origin]",
        ),
        *(
            "[core]",
            '[branch "main"]',
            '  [remote  "origin"]  ',
            '[remote "origin"] # a comment',
            '[remote "origin"] url = one',
        ),
        *(
            f"\turl = {URL}",
            "url=plain",
            '  URL = "quoted"',
            "url = a b",
            "url = one # two",
            "url = one ; two",
            'url = "a # b"',
        ),
        *(
            "\turl = with\\\\slash",
            'url = "x" y',
            "url = tab\\there",
            "# url = commented",
            "; url = x",
            "pushurl = other",
        ),
        *(
            "url = continued\\",
            "  line",
            "url",
            "\turl =   spaced   ",
            "fetch = +refs/heads/*:refs/remotes/origin/*",
            "",
        ),
        *('url = quo"tatio"n', 'url = "esc\\"aped"', "url = ", "insteadOf = x"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(LINES, max_size=6))
def test_git_reads_the_same(repository, lines):
    config = "\n".join(lines) + "\n"
    (repository.common / "config").write_text(config, "utf-8")
    asked = subprocess.run(
        ["git", "config", "--file", repository.common / "config", "--get-all", "-z", "remote.origin.url"],
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(repository.root)},
    )
    if asked.returncode > 1:  # Git refuses the file: then nothing of the repository is recorded
        return
    first = asked.stdout.decode().split("\0")[0]
    ours = found(repository, config)
    others = '[remote "Origin"]' in config or 'o\\"x' in config
    assert ours == (first or None) or (others and not first)
