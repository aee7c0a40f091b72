import gzip
import random

import pytest

from mlmagic.snapshot.parts import content_of, cut, in_parts, listed_parts, part_of

CHANCE = random.Random(0)
TEXT = "".join(f"line {number} {CHANCE.random()}\n" for number in range(20_000))


@pytest.mark.parametrize("text", ["", "x", "a\r\nb\rc\u2028d", TEXT, "same\n" * 100_000, "x" * 1_000_000])
def test_the_pieces_are_the_text(text):
    assert "".join(cut(text)) == text


def test_a_change_leaves_the_other_pieces_as_they_were():
    before = set(cut(TEXT))
    changed = TEXT.replace("line 10000 ", "one more\nline ten thousand ")
    assert len(before) > 20
    assert len(set(cut(changed)) - before) <= 2


def test_a_text_in_parts_comes_back_and_is_readable_without_mlmagic():
    carried, parts = in_parts(TEXT, "how to\nget it back")
    assert carried.startswith("# how to\n# get it back\n# part ")
    assert listed_parts(carried.encode()) == [part.digest for part in parts]
    assert gzip.decompress(b"".join(part.packed for part in parts)).decode() == TEXT


@pytest.mark.parametrize(
    "content",
    [b"", b"diff --git a/x b/x\n", b"# part 12\n", b"# part ../../../etc/passwd\n", b"# a comment\n# part " + b"a" * 32 + b"\nx = 1\n"],
)  # fmt: skip
def test_any_other_text_is_itself(content):
    assert listed_parts(content) == []


def test_the_same_content_is_the_same_part():
    assert part_of(b"x") == part_of(b"x")


def test_a_part_that_is_another_is_refused():
    digest, packed = part_of(b"x = 1")
    for wrong in (part_of(b"x = 2").packed, packed[:-3], b"", b"text"):
        with pytest.raises(ValueError):  # noqa: PT011  # of several kinds
            content_of(digest, wrong)


def test_a_part_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr("mlmagic.snapshot.parts.LARGEST_PART", 1000)
    with pytest.raises(ValueError, match="larger than a part"):
        content_of(*part_of(bytes(10_000)))
