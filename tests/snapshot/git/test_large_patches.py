"""A patch that is too large as a whole: which files it keeps, and what is said of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmagic.snapshot.git.large_patches import Parts, by_parts, has_huge, named, sizes_of
from mlmagic.snapshot.git.process import Answer


class Differ:
    """Makes a patch of named files, as Git would: each changed file adds as many bytes as its change has."""

    def __init__(self, changes, failing=()):
        self.changes, self.failing, self.calls = changes, set(failing), 0

    def __call__(self, pathspecs, limit):
        self.calls += 1
        out = {spec.removeprefix(":(top,exclude,literal)") for spec in pathspecs if "exclude" in spec}
        only = {spec.removeprefix(":(top,literal)") for spec in pathspecs if "exclude" not in spec}
        paths = sorted(only or set(self.changes) - out)
        if self.failing & {*paths}:
            return Answer(128, b"", "fatal: the filter failed.", too_large=False, too_slow=False)
        output = b"".join(path.encode() * self.changes[path] for path in paths)
        return Answer(0, output, "", too_large=len(output) > limit, too_slow=False)


CHANGES = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


@given(CHANGES, st.integers(1, 60), st.data())
def test_the_patch_fits_and_each_file_is_in_it_or_told_of(files, limit, data):
    changes = {path: change for path, (change, _) in files.items()}
    sizes = {path: size for path, (_, size) in files.items()}
    failing = data.draw(st.sets(st.sampled_from(sorted(files)))) if files else set()
    parts = by_parts(Differ(changes, failing), sizes, limit, alone=failing)
    assert len(parts.patch) <= limit
    assert set(parts.failed) <= failing
    kept = {path: parts.patch.count(path.encode()) for path in files}
    for path, change in changes.items():
        if path in parts.left_out or path in parts.failed:
            assert kept[path] == 0
        else:
            assert kept[path] == change
    assert all(parts.left_out[path] == sizes[path] for path in parts.left_out)


@given(CHANGES, st.integers(1, 60))
def test_what_fits_as_a_whole_is_kept_whole(files, limit):
    changes = {path: change for path, (change, _) in files.items()}
    if sum(changes.values()) <= limit:
        parts = by_parts(Differ(changes), dict.fromkeys(changes, 0), limit)
        assert (parts.left_out, parts.failed) == ({}, {})
        assert len(parts.patch) == sum(changes.values())


def test_small_files_go_first_and_a_small_change_of_a_large_file_is_kept():
    changes = {"a": 5, "b": 90, "c": 3, "d": 20}
    sizes = {"a": 10, "b": 95, "c": 10**9, "d": 20}
    parts = by_parts(Differ(changes), sizes, 30)
    assert parts.left_out == {"b": 95}
    assert parts.patch == b"a" * 5 + b"d" * 20 + b"c" * 3


def test_after_many_files_the_rest_is_left_out_unasked():
    changes = {f"{at:03}": 1 for at in range(100)}
    differ = Differ(changes)
    parts = by_parts(differ, dict.fromkeys(changes, 50), 30)
    assert differ.calls < 30
    assert len(parts.left_out) > 70


def test_files_whose_filter_fails_are_compared_one_by_one_until_one_fails():
    changes = dict.fromkeys("abcd", 1)
    differ = Differ(changes, failing="cd")
    parts = by_parts(differ, dict.fromkeys(changes, 1), 100, alone={"c", "d"})
    assert parts.patch == b"ab"
    assert parts.failed == {"c": "the filter failed", "d": "the filter failed"}


@pytest.mark.parametrize(
    ("parts", "notices"),
    [
        (Parts(b"", {}, {}), []),
        (
            Parts(b"", {"a.bin": 5_000_000, "b.bin": 2_000_000_000}, {}),
            [
                "Too large for the patch, and not recorded: the changes of b.bin (2.0 GB), a.bin (5 MB). "
                "The setting patch_limit_mb raises the limit."
            ],
        ),
        (
            Parts(b"", {}, {"a": "odd", "b": "odd"}),
            ["Not recorded, since Git cannot compare them (odd): a, b."],
        ),
    ],
)
def test_what_the_patch_lacks_is_told(parts, notices):
    assert parts.notices() == notices


@pytest.mark.parametrize(
    ("count", "text"), [(0, ""), (1, "f0"), (5, "f0, f1, f2, f3, f4"), (6, "f0, f1, f2, f3, f4 and 1 more files")]
)
def test_few_files_are_named(count, text):
    assert named([f"f{at}" for at in range(count)]) == text


def test_names_and_notes_are_one_line():
    assert named(["a\nb", "c"], {"c": " (5 MB)"}) == "a?b, c (5 MB)"


def test_a_huge_file_is_seen(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 201)
    assert has_huge(tmp_path, ["gone", "a"], 10)
    assert not has_huge(tmp_path, ["gone", "a"], 11)
    assert sizes_of(tmp_path, None, ["a", "gone"], 0.0) == {"a": 201, "gone": 0}
