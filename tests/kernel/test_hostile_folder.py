"""`%load_ext mlmagic` and a tracked cell in a folder that came from somebody who means harm."""

import os
from pathlib import Path

import pytest
from planted import NAME, plant, run

from mlmagic.journal import file as journal_file
from mlmagic.journal.lines import _line


def planted_of_every_kind(project, outside):
    place = project / ".mlmagic/journal"
    plant(place, *run("http://127.0.0.1:9"))
    seed = journal_file.seed_of
    for number, text in enumerate(['["format","x"]', '["format"]', "[]", '["began"]', '["gradient",1]', "[" * 50_000]):
        name = NAME.replace("2026", f"20{number:02}")
        (place / name).write_bytes(_line(text, seed(name)))
    (place / "zero.journal").symlink_to("/dev/zero")
    (place / "link.journal").symlink_to(outside / "precious.gz")
    os.mkfifo(place / "pipe.journal")
    with (place / "sparse.journal").open("wb") as file:
        file.truncate(10 << 30)
    (place / "candidates.journal").write_bytes(b"00000000 [" * 200_000)
    (project / ".mlmagic/.gitignore").symlink_to(outside / "created")
    (place / "delivered").symlink_to(outside)
    for path in place.glob("*.journal"):
        if not path.is_symlink():
            os.utime(path, (1.7e9, 1.7e9))


def linked_folder(project, outside):
    (project / ".mlmagic").symlink_to(outside)


def linked_journals(project, outside):
    (project / ".mlmagic").mkdir()
    (project / ".mlmagic/journal").symlink_to(outside)


def a_file(project, outside):
    (project / ".mlmagic").write_text("a file")


@pytest.mark.parametrize("make", [planted_of_every_kind, linked_folder, linked_journals, a_file])
def test_it_loads_tracks_and_syncs_and_nothing_else_happens(new_kernel, tmp_path, make):
    project, outside = Path(tmp_path), tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "precious.gz").write_bytes(b"precious")
    os.utime(outside / "precious.gz", (1.7e9, 1.7e9))
    make(project, outside)
    kernel = new_kernel()
    loaded = kernel.run("%load_ext mlmagic")
    assert loaded.status == "ok"
    assert "Traceback" not in loaded.stdout + loaded.stderr
    foreign = [line for line in loaded.stdout.splitlines() if "%mlmagic sync --foreign" in line]
    assert len(foreign) == 1, loaded.stdout
    tracked = kernel.run("%%track mine\nrate = 0.5\nloss = rate * 1")
    assert tracked.status == "ok"
    assert kernel.last_run("mine")["metrics"] == {"loss": 0.5}
    synced = kernel.run("%mlmagic sync")
    assert synced.status == "ok"
    assert "delivered" not in synced.stdout
    if make is planted_of_every_kind:
        asked = kernel.answering("%mlmagic sync --foreign", "n")
    else:  # there is nothing that could be taken over
        asked = kernel.run("%mlmagic sync --foreign")
    assert asked.status == "ok"
    assert "nothing was delivered" in asked.stdout
    assert [path.name for path in outside.iterdir()] == ["precious.gz"]
    assert (outside / "precious.gz").read_bytes() == b"precious"
