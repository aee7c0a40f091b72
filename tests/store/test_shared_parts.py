"""The parts of texts that runs share, beside the runs of their experiment."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from mlmagic.errors import StoreError
from mlmagic.snapshot.parts import in_parts, part_of
from mlmagic.store import shared_parts
from mlmagic.store.shared_parts import is_stored, put, reader, whole

RUN_ID = "a" * 32


@pytest.fixture(autouse=True)
def _nothing_is_stored():
    shared_parts.forget()
    yield
    shared_parts.forget()


@pytest.fixture
def place(tmp_path, store_uri):
    """What MLflow says of a run whose files lie in a folder of this test."""
    return SimpleNamespace(run_id=RUN_ID, experiment_id="7", artifact_uri=str(tmp_path / "7" / RUN_ID / "artifacts"))


@pytest.fixture
def part(tmp_path):
    """A part, and the file in which it is staged."""
    made = part_of(b"x = 1")
    file = tmp_path / f"{made.digest}.gz"
    file.write_bytes(made.packed)
    return made, file


class InRun:
    """The artifacts of a run, which note what is logged there."""

    def __init__(self):
        self.logged = []

    def log_artifact(self, file, folder):
        self.logged.append((Path(file).name, folder))


def folder_of(info):
    return Path(info.artifact_uri).parent.parent / "mlmagic/parts"


def test_a_part_is_stored_once_in_the_folder_of_the_experiment(place, part, store_uri):
    made, file = part
    assert not is_stored(store_uri, "7", made.digest)
    in_run = InRun()
    put(file, place, store_uri, in_run)
    assert (folder_of(place) / file.name).read_bytes() == made.packed
    assert is_stored(store_uri, "7", made.digest)
    assert not is_stored(store_uri, "8", made.digest)
    (folder_of(place) / file.name).unlink()
    put(file, place, store_uri, in_run)
    assert not (folder_of(place) / file.name).exists()
    assert in_run.logged == []
    assert reader(place.run_id, place.artifact_uri) is not None


def test_a_damaged_part_in_the_store_is_replaced(place, part, store_uri):
    made, file = part
    folder_of(place).mkdir(parents=True)
    (folder_of(place) / file.name).write_bytes(b"half")
    put(file, place, store_uri, InRun())
    assert reader(RUN_ID, place.artifact_uri)(made.digest) == b"x = 1"


@pytest.mark.parametrize("uri", ["file:///mlruns", "./mlruns"])
def test_a_store_of_files_has_the_part_in_the_run(place, part, uri):
    in_run = InRun()
    put(part[1], place, uri, in_run)
    assert in_run.logged == [(part[1].name, "mlmagic/parts")]
    assert not folder_of(place).exists()
    assert not is_stored(uri, "7", part[0].digest)


@pytest.mark.parametrize("address", ["/elsewhere/artifacts", f"/x/{RUN_ID}/artifacts/more", f"/x/{RUN_ID}"])
def test_where_no_folder_of_an_experiment_is_known_the_run_has_the_part(place, part, store_uri, address):
    in_run = InRun()
    put(part[1], SimpleNamespace(run_id=RUN_ID, experiment_id="7", artifact_uri=address), store_uri, in_run)
    assert in_run.logged == [(part[1].name, "mlmagic/parts")]


def test_a_folder_that_cannot_be_written_is_no_obstacle(place, part, store_uri):
    folder_of(place).parent.parent.mkdir(parents=True)
    folder_of(place).parent.write_text("a file in its place")
    in_run = InRun()
    put(part[1], place, store_uri, in_run)
    assert in_run.logged == [(part[1].name, "mlmagic/parts")]


@pytest.mark.skipif(not hasattr(Path, "symlink_to"), reason="there are no links on this system")
def test_nothing_is_written_through_a_link(place, part, store_uri, tmp_path):
    (tmp_path / "private").mkdir()
    folder_of(place).parent.mkdir(parents=True)
    folder_of(place).symlink_to(tmp_path / "private")
    in_run = InRun()
    put(part[1], place, store_uri, in_run)
    assert list((tmp_path / "private").iterdir()) == []
    assert in_run.logged == [(part[1].name, "mlmagic/parts")]


@pytest.mark.parametrize("at", ["mlmagic/parts", f"{RUN_ID}/artifacts/mlmagic/parts"])
def test_a_part_is_read_from_the_experiment_or_from_the_run(place, part, at):
    made, file = part
    target = Path(place.artifact_uri).parent.parent / at / file.name
    target.parent.mkdir(parents=True)
    target.write_bytes(made.packed)
    assert reader(RUN_ID, place.artifact_uri)(made.digest) == b"x = 1"


def test_the_part_of_the_run_counts_where_that_of_the_experiment_is_damaged(place, part):
    made, file = part
    for at, content in (("mlmagic/parts", b"damaged"), (f"{RUN_ID}/artifacts/mlmagic/parts", made.packed)):
        target = Path(place.artifact_uri).parent.parent / at / file.name
        target.parent.mkdir(parents=True)
        target.write_bytes(content)
    assert reader(RUN_ID, place.artifact_uri)(made.digest) == b"x = 1"


@pytest.mark.parametrize(
    ("digest", "message"),
    [
        ("x", "'x' is no digest of a part"),
        ("../" * 20, "is no digest of a part"),
        ("A" * 32, "is no digest of a part"),
        ("0" * 32, f"the part {'0' * 32} is neither in mlmagic/parts of the experiment nor in the run"),
    ],
)
def test_a_part_that_cannot_be_read_is_named(place, digest, message):
    with pytest.raises(StoreError, match=message):
        reader(RUN_ID, place.artifact_uri)(digest)


def test_a_text_is_joined_of_its_parts_up_to_a_size(place):
    text = "".join(f"line {at}\n" for at in range(20_000))
    listed, parts = in_parts(text, "how")
    folder_of(place).mkdir(parents=True)
    for made in parts:
        (folder_of(place) / f"{made.digest}.gz").write_bytes(made.packed)
    size = len(text.encode())
    assert whole(listed.encode(), RUN_ID, place.artifact_uri, size) == text.encode()
    with pytest.raises(StoreError, match=r"it has more than 0\.2"):
        whole(listed.encode(), RUN_ID, place.artifact_uri, size - 1)


@pytest.mark.parametrize("content", [b"", b"x = 1\n", b"# a comment\n", b"# part of a text\n", b"\xff\xfe"])
def test_any_other_text_is_itself(place, content):
    assert whole(content, RUN_ID, place.artifact_uri, 10) == content
