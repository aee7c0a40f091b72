"""A folder from elsewhere is hostile: what somebody else planted in place of journals, and what is never done with it."""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zlib
from importlib import import_module
from pathlib import Path

import pytest
from listeners import listening
from planted import NAME, began, plant, run

import mlmagic
from mlmagic.journal import file as journal_file
from mlmagic.journal import folder, lines, owner, signing
from mlmagic.journal.file import Journal
from mlmagic.journal.records import KEEPS_STATUS, Copy, Ended, File, Metric, Model, Param, Registration, Tag
from mlmagic.journal.safe_folder import SafeFolder, UntrustedError
from mlmagic.journal.staged_files import walk
from mlmagic.journal.survey import NOT_SIGNED, Survey, survey
from mlmagic.magics.status import StatusMagics, sync_foreign
from mlmagic.tracking import left_at_load, recovery

ROOT = str(Path(__file__).parents[2])
EIGHT_DAYS = 8 * 86_400


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, store_uri):
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setattr(folder, "_home", None)
    monkeypatch.setattr(folder, "_elsewhere", lambda: tmp_path / "elsewhere")


@pytest.fixture
def place():
    return folder.place()


@pytest.fixture
def client(store_uri):
    from mlflow import MlflowClient

    return MlflowClient(store_uri)


@pytest.fixture
def bytes_read(monkeypatch):
    """A list with the number of bytes of each read of a journal."""
    counts = []
    read_at = journal_file.read_at

    def counted(descriptor, size, start):
        data = read_at(descriptor, size, start)
        counts.append(len(data))
        return data

    monkeypatch.setattr(journal_file, "read_at", counted)
    return counts


@pytest.fixture
def server():
    """The address of a server of somebody else, and what it was asked."""
    with listening() as (port, asked):
        yield f"http://127.0.0.1:{port}", asked


def old(path):
    then = time.time() - EIGHT_DAYS
    os.utime(path, (then, then), follow_symlinks=False)


def packed_name(place, name=NAME):
    return f"{name}.{folder._mark(signing.signature_of(place / name))}.gz"


# What is deleted


def test_a_link_in_place_of_the_delivered_journals_deletes_nothing_of_the_users(tmp_path, place):
    backups = tmp_path / "backups"
    backups.mkdir()
    for name in ("monday.gz", packed_name(place)):
        (backups / name).write_bytes(b"precious")
        old(backups / name)
    place.mkdir(parents=True)
    (place / "delivered").symlink_to("../../../backups")
    folder.prune()
    assert len(list(backups.iterdir())) == 2


@pytest.mark.parametrize("at", [".mlmagic", ".mlmagic/journal"])
def test_a_link_in_place_of_the_folder_deletes_nothing_either(tmp_path, at):
    real = tmp_path / "backups"
    inner = real / "journal/delivered" if at == ".mlmagic" else real / "delivered"
    inner.mkdir(parents=True)
    name = packed_name(folder.place())
    (inner / name).write_bytes(b"precious")
    old(inner / name)
    Path(at).parent.mkdir(exist_ok=True)
    Path(at).symlink_to(real)
    folder.prune()
    assert (inner / name).exists()


def test_only_what_this_user_packed_here_is_pruned(tmp_path, place):
    delivered = place / "delivered"
    delivered.mkdir(parents=True)
    mine = delivered / packed_name(place)
    others = [
        delivered / "monday.gz",
        delivered / f"{NAME}.gz",
        delivered / f"{NAME}.{'0' * 16}.gz",
        delivered / packed_name(tmp_path / "other/.mlmagic/journal"),
        delivered / packed_name(place).replace("20260101", "20260102"),
    ]
    for path in (mine, *others):
        path.write_bytes(b"x")
        old(path)
    folder.prune()
    assert not mine.exists()
    assert all(path.exists() for path in others)


@pytest.mark.parametrize("kind", ["link", "hard link", "folder", "fifo", "of another user", "writable by others"])
def test_of_our_own_names_only_regular_files_of_ours_are_pruned(tmp_path, place, kind, monkeypatch):
    delivered = place / "delivered"
    delivered.mkdir(parents=True)
    mine = delivered / packed_name(place)
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    match kind:
        case "link":
            mine.symlink_to(precious)
        case "hard link":
            mine.hardlink_to(precious)
        case "folder":
            mine.mkdir()
        case "fifo":
            os.mkfifo(mine)
        case _:
            mine.write_bytes(b"x")
    if kind == "writable by others":
        mine.chmod(0o666)
        place.chmod(0o755)
        delivered.chmod(0o755)
    old(mine)
    if kind == "of another user":
        monkeypatch.setattr(os, "geteuid", lambda: 4242)
    folder.prune()
    assert mine.is_symlink() or mine.exists()
    assert precious.read_bytes() == b"precious"


def test_a_journal_that_unpacks_to_gigabytes_is_not_unpacked(place, bytes_read):
    delivered = place / "delivered"
    delivered.mkdir(parents=True)
    bomb = delivered / packed_name(place)
    with gzip.open(bomb, "wb") as packed:
        for _ in range(64):
            packed.write(bytes(1 << 20))
    old(bomb)
    tracemalloc.start()
    folder.prune()
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert not bomb.exists()


# What is delivered


def test_a_planted_journal_is_named_and_left_alone(client, place, store_uri):
    path = plant(place, *run(store_uri))
    before = path.read_bytes()
    for report in (recovery.sync(only=store_uri), mlmagic.sync()):
        assert [(one.path, one.reason) for one in report.foreign] == [(path, NOT_SIGNED)]
        assert report.runs == []
    assert client.search_runs(["0"]) == []
    assert path.read_bytes() == before


def test_a_journal_of_another_folder_of_the_same_user_is_foreign_here(client, place, store_uri, tmp_path):
    journal, _ = folder.new()
    for record in run(store_uri):
        journal.append(record)
    journal.close()
    other = tmp_path / "copied/.mlmagic/journal"
    other.mkdir(parents=True)
    journal.path.rename(other / journal.path.name)
    assert [one.reason for one in survey(other).foreign] == [NOT_SIGNED]


def test_a_signature_is_of_the_whole_beginning_and_of_this_journal(place, store_uri):
    journal, _ = folder.new()
    journal.append(began(store_uri))
    first = journal.beginning()
    assert journal.is_own(first)
    journal.close()
    own = signing.signature_of(journal.path)
    changed = type(first)(**{name: getattr(first, name) for name in first.__slots__} | {"store": "http://evil.example"})
    assert own.is_of(first)
    assert not own.is_of(changed)
    assert not signing.signature_of(journal.path.with_name("other.journal")).is_of(first)


def test_a_store_in_the_repository_whose_run_names_a_folder_gets_no_file_there(client, store_uri, place, tmp_path):
    startup = tmp_path / "profile/startup"
    startup.mkdir(parents=True)
    evil = f"sqlite:///{tmp_path}/project/evil.db"
    files = {"artifacts/00-run.py": b"print('owned')"}
    content = files["artifacts/00-run.py"]
    record = File("00-run.py", len(content), zlib.crc32(content))
    plant(place, *run(evil, '["bound","abc","' + str(startup) + '"]', record), files=files)
    mlmagic.sync()
    assert list(startup.iterdir()) == []
    assert not Path("evil.db").exists()
    mlmagic.sync(foreign=mlmagic.foreign_journals())
    (one,) = client.search_runs(["0"])
    assert list(startup.iterdir()) == []
    assert not Path("evil.db").exists()
    assert [file.path for file in client.list_artifacts(one.info.run_id)] == ["00-run.py"]
    assert one.data.tags["mlmagic.foreign"] == "true"


def test_nothing_is_sent_to_the_server_that_a_planted_journal_names(client, place, server, monkeypatch, store_uri):
    address, asked = server
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "my-very-own-token")
    plant(place, *run(address, File("a.txt", 1)), files={"artifacts/a.txt": b"a"})
    mlmagic.sync()
    mlmagic.sync(foreign=mlmagic.foreign_journals())
    assert asked == []
    assert [one.info.run_name for one in client.search_runs(["0"])] == ["planted"]


def test_links_in_place_of_staged_files_are_left_out_and_named(client, place, store_uri, tmp_path):
    secret = tmp_path / "id_ed25519"
    secret.write_text("PRIVATE KEY")
    files = {"artifacts/fine.txt": b"fine"}
    names = ("environ", "key", "hard", "pipe", "zero", "tree", "/etc/hostname", "../../../id_ed25519", "a/../../key")
    path = plant(place, *run(store_uri, File("fine.txt", 4, 0), *(Copy(name) for name in names)), files=files)
    staged = path.with_suffix(".files") / "artifacts"
    (staged / "environ").symlink_to("/proc/self/environ")
    (staged / "key").symlink_to(secret)
    (staged / "hard").hardlink_to(secret)
    os.mkfifo(staged / "pipe")
    (staged / "zero").symlink_to("/dev/zero")
    (staged / "tree").symlink_to(tmp_path)
    (foreign,) = mlmagic.foreign_journals()
    problems = {file.path: file.problem for file in foreign.files}
    assert problems.pop("artifacts/fine.txt") is None
    assert len(problems) == len(names)
    assert all(problems.values()), problems
    mlmagic.sync(foreign=[foreign])
    (one,) = client.search_runs(["0"])
    stored = [at.read_text(errors="replace") for at in Path(one.info.artifact_uri).rglob("*") if at.is_file()]
    assert "PRIVATE KEY" not in stored
    assert secret.read_text() == "PRIVATE KEY"


def test_a_folder_that_is_swapped_while_it_is_read_never_gives_a_file_from_elsewhere(tmp_path):
    """Two processes race: one swaps a folder with a link again and again, one walks it."""
    secret = tmp_path / "private"
    secret.mkdir()
    (secret / "a.txt").write_bytes(b"PRIVATE")
    staging = tmp_path / "staging"
    (staging / "artifacts/data").mkdir(parents=True)
    (staging / "artifacts/data/a.txt").write_bytes(b"fine!!!")
    script = f"""
import os
os.chdir({str(staging / "artifacts")!r})
os.symlink({str(secret)!r}, "link")
while True:
    os.rename("data", "real"); os.rename("link", "data")
    os.rename("data", "link"); os.rename("real", "data")
"""
    with subprocess.Popen([sys.executable, "-c", script]) as swapping:
        try:
            seen = set()
            for _ in range(3000):
                with SafeFolder.open(staging) as opened:
                    for file in walk(opened, "artifacts/data"):
                        if file.problem is None:
                            seen.add(file.path)
                try:
                    with SafeFolder.open(staging) as opened, opened.open_folder("artifacts") as inner, inner.open_folder("data") as data:  # fmt: skip
                        descriptor = data.open_file("a.txt", os.O_RDONLY)
                        content = os.read(descriptor, 100)
                        os.close(descriptor)
                except OSError:
                    continue
                assert content == b"fine!!!"
        finally:
            swapping.kill()
    assert seen <= {"artifacts/data/a.txt"}


def test_names_that_are_one_to_the_file_system_are_taken_once(client, place, store_uri):
    names = ("e\u0301.txt", "\u00e9.txt", "A.txt", "a.txt")
    files = {f"artifacts/{name}": name.encode() for name in names}
    records = [File(name, len(name.encode()), zlib.crc32(name.encode())) for name in names]
    plant(place, *run(store_uri, *records), files=files)
    report = mlmagic.sync(foreign=mlmagic.foreign_journals())
    (one,) = client.search_runs(["0"])
    stored = {file.path for file in client.list_artifacts(one.info.run_id)}
    assert stored == set(names) or report.problems


def test_a_foreign_run_never_becomes_one_that_is_in_the_store(client, place, store_uri, make_run):
    uid = "f" * 32
    mine = make_run("mine", tags={"mlmagic.id": uid, "stage": "draft"})
    plant(place, *run(store_uri, Tag("stage", "EVIL"), uid=uid, parent=uid, tags={"mlmagic.id": uid}))
    mlmagic.sync(foreign=mlmagic.foreign_journals())
    runs = {one.info.run_name: one for one in client.search_runs(["0"])}
    assert (runs["mine"].info.status, runs["mine"].data.tags["stage"], runs["mine"].data.metrics) == ("FINISHED", "draft", {})  # fmt: skip
    assert runs["planted"].data.tags["mlmagic.id"] != uid
    assert "mlflow.parentRunId" not in runs["planted"].data.tags
    assert mine == runs["mine"].info.run_id


def test_a_family_of_foreign_runs_stays_one(client, place, store_uri):
    plant(place, *run(store_uri, name="outer", uid="a" * 32))
    plant(place, *run(store_uri, name="inner", uid="b" * 32, parent="a" * 32), name=NAME.replace("000000-", "000001-"))
    mlmagic.sync(foreign=mlmagic.foreign_journals())
    runs = {one.info.run_name: one for one in client.search_runs(["0"])}
    assert runs["inner"].data.tags["mlflow.parentRunId"] == runs["outer"].info.run_id


def test_an_odd_status_of_a_foreign_run_is_killed(client, place, store_uri):
    records = [*run(store_uri)[:-1], Ended("NONSENSE", 5)]
    plant(place, *records)
    assert [one.status for one in mlmagic.sync(foreign=mlmagic.foreign_journals()).runs] == ["KILLED"]


def test_a_journal_that_somebody_writes_is_not_taken_from_them(client, place, store_uri):
    path = plant(place, *run(store_uri))
    (foreign,) = mlmagic.foreign_journals()
    writing = Journal.adopt(path)
    assert mlmagic.foreign_journals() == []
    assert mlmagic.sync(foreign=[foreign]).runs == []
    writing.close()
    assert path.exists()


def test_a_working_folder_that_others_can_write_to_holds_no_journal(place, tmp_path):
    """They could rename what is in it, and put a link in its place, at any time."""
    Path.cwd().chmod(0o777)
    journal, told = folder.new()
    assert "other users can write to it" in told
    assert journal.path.parent == tmp_path / "elsewhere"
    place.mkdir(parents=True)
    assert "other users can write to it" in survey(place).foreign[0].reason
    Path.cwd().chmod(0o1777)  # as /tmp is
    assert folder.new()[0].path.parent == place


def test_a_foreign_run_does_not_go_below_a_run_of_the_users_nor_into_it(client, place, store_uri, make_run):
    mine = make_run("mine", tags={"mlmagic.id": "f" * 32})
    plant(place, *run(store_uri, Tag("mlflow.parentRunId", mine), run_id=mine, resumed=True))
    mlmagic.sync(foreign=mlmagic.foreign_journals())
    runs = {one.info.run_name: one for one in client.search_runs(["0"])}
    assert set(runs) == {"mine", "planted"}
    assert runs["mine"].data.metrics == {}
    assert "mlflow.parentRunId" not in runs["planted"].data.tags


# What does not stop it


BEGINNINGS = {
    "format is a text": ('["format","1"]',),
    "format is nothing": ('["format",null]',),
    "format alone": ('["format"]',),
    "format is huge": ('["format",' + "9" * 5000 + "]",),
    "empty list": ("[]",),
    "no list": ('{"a":1}',),
    "a number": ("1",),
    "kind is a list": ('[["tag"],"a","b"]',),
    "kind is nothing": ("[null]",),
    "no JSON": ("[",),
    "deep": ("[" * 100_000,),
    "too few": ('["began","u",false]',),
    "too many": ('["tag","a","b","c","d"]',),
    "texts for numbers": ('["metric","loss","high","now","first"]',),
    "a number of 5,000 digits": ('["metric","loss",1.0,1,' + "1" * 5000 + "]",),
    "half a character in a signature": (f'["copy","a.txt","{chr(92)}ud800"]',),
    "half a character": (f'["tag","a","{chr(92)}ud800"]',),
    "not UTF-8": ('["tag","\udcff","b"]',),
}


@pytest.mark.parametrize("lines", BEGINNINGS.values(), ids=BEGINNINGS)
def test_a_beginning_of_any_form_is_foreign_or_nothing(place, lines):
    path = place / NAME
    place.mkdir(parents=True)
    seed = journal_file.seed_of(NAME)
    data = b"".join(b"%08x %b\n" % (zlib.crc32(raw, seed), raw) for raw in (line.encode("utf-8", "surrogateescape") for line in lines))  # fmt: skip
    path.write_bytes(data)
    old(path)
    found = survey(place)
    assert found.left == []
    assert {one.path for one in found.foreign} <= {path}


@pytest.mark.parametrize("field", ["host", "pid", "started", "locks"])
@pytest.mark.parametrize("value", [None, "text", [1], {"a": 1}, 2**70, -1])
def test_an_owner_of_any_form_is_read(place, store_uri, field, value):
    journal, _ = folder.new()
    journal.append(began(store_uri, owner=owner.this_process() | {field: value}))
    journal.close()
    found = survey(place)
    assert len(found.left) + len(found.foreign) + len(found.busy) <= 1


@pytest.mark.parametrize(
    "text", ['["format","x"]', '["format"]', "[]", "null", "[", '["format",NaN]', "hello", '["began"]']
)
@pytest.mark.parametrize("intact", [True, False])
def test_what_is_no_journal_is_named_however_short_it_is(place, text, intact):
    path = place / NAME
    place.mkdir(parents=True)
    path.write_bytes(lines._line(text, lines.seed_of(NAME)) if intact else text.encode())
    old(path)
    (found,) = survey(place).foreign
    assert (found.path, "newer" in found.reason) == (path, False)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_what_a_process_leaves_that_dies_at_its_first_line_is_nothing(place, share):
    path = place / NAME
    place.mkdir(parents=True)
    whole = lines.header(lines.seed_of(NAME))
    path.write_bytes(whole[: round(len(whole) * share)])
    old(path)
    assert survey(place).foreign == []


def test_an_unknown_kind_from_a_newer_version_does_not_stop_the_others(client, place, store_uri):
    plant(place, '["gradient","w",1.0]', *run(store_uri))
    journal, _ = folder.new()
    for record in run(store_uri, name="mine"):
        journal.append(record)
    journal.close()
    report = mlmagic.sync()
    assert [one.name for one in report.runs] == ["mine"]
    assert "newer mlmagic" in report.foreign[0].reason


def make_link_to_zero(path):
    path.symlink_to("/dev/zero")


def make_device(path):
    path.symlink_to("/dev/full")


def make_sparse(path):
    with path.open("wb") as file:
        file.truncate(10 << 30)


def make_long_line(path):
    with path.open("wb") as file:
        file.truncate(300 << 20)
        file.seek(0, 2)
        file.write(b"\n")


def make_no_line_breaks(path):
    path.write_bytes(b"00000000 [" * 200_000)


def make_one_line_of_candidates(path):
    path.write_bytes(b"00000000 [" * 200_000 + b"\n")


def make_pipe(path):
    os.mkfifo(path)


def make_folder(path):
    path.mkdir()


def make_hard_link(path):
    other = path.parent.parent / "other"
    other.write_bytes(b"x")
    path.hardlink_to(other)


def make_writable(path):
    path.write_bytes(b"x")
    path.chmod(0o666)
    path.parent.chmod(0o755)


def make_dangling(path):
    path.symlink_to("nowhere")


ODD = [value for name, value in sorted(globals().items()) if name.startswith("make_")]


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__[5:])
def test_what_is_no_journal_is_named_without_being_read_through(place, bytes_read, make):
    place.mkdir(parents=True)
    make(place / NAME)
    if (place / NAME).is_file() and not (place / NAME).is_symlink():
        old(place / NAME)
    found = survey(place)
    assert [one.path for one in found.foreign] == [place / NAME]
    assert found.left == []
    assert sum(bytes_read) <= 6 << 20


def test_a_damaged_line_of_candidates_takes_time_in_proportion_to_its_length(monkeypatch):
    from mlmagic.journal import lines

    summed = []
    crc32 = lines.zlib.crc32
    monkeypatch.setattr(lines.zlib, "crc32", lambda data, seed=0: summed.append(len(data)) or crc32(data, seed))
    data = b"00000000 [" * 200_000 + b"\n"
    assert [line.record for line in lines.decode(data, 1)] == [None]
    assert sum(summed) < 20 * len(data)


def test_a_name_that_is_no_text_is_a_journal_like_any_other(place):
    place.mkdir(parents=True)
    (Path(os.fsdecode(os.fsencode(place) + b"/\xff.journal"))).write_bytes(b"x" * 100)
    old(place / os.fsdecode(b"\xff.journal"))
    assert len(survey(place).foreign) == 1
    assert mlmagic.sync().foreign


@pytest.mark.parametrize("line", ["[]", '["tag","",""]', "{" * 50])
def test_of_a_long_journal_without_a_beginning_little_is_read(place, line, monkeypatch):
    from mlmagic.journal import lines

    looked_at = []
    loads = lines.json.loads
    monkeypatch.setattr(lines.json, "loads", lambda text: looked_at.append(len(text)) or loads(text))
    plant(place, *[line] * 50_000)
    old(place / NAME)
    assert survey(place).left == []
    assert len(looked_at) < 100


def test_of_a_folder_of_large_files_no_more_is_read_than_a_bound(place, bytes_read, monkeypatch):
    module = import_module("mlmagic.journal.survey")
    monkeypatch.setattr(module, "_MOST_BYTES", 5 << 20)
    place.mkdir(parents=True)
    for number in range(20):
        with (place / f"{number:02}.journal").open("wb") as file:
            file.truncate(2 << 20)
    found = survey(place, most=1000)
    assert (len(found.foreign) <= 7, found.unread >= 13) == (True, True)
    assert sum(bytes_read) <= 8 << 20


def test_of_very_many_journals_some_are_looked_at_and_the_rest_are_counted(place):
    place.mkdir(parents=True)
    for number in range(100_000):
        (place / f"{number:06}.journal").touch()
    found = survey(place, most=100)
    assert (found.left, found.foreign, found.unread) == ([], [], 99_900)


def test_a_folder_of_another_user_is_named_and_not_used(place, monkeypatch, tmp_path):
    plant(place, *run("sqlite:////x.db"))
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    found = survey(place)
    assert [(one.path, one.reason) for one in found.foreign] == [(place, "it belongs to another user")]
    journal, told = folder.new()
    assert "it belongs to another user" in told
    assert journal.path.parent != place


@pytest.mark.parametrize("at", [".mlmagic", ".mlmagic/journal"])
def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path, at, place):
    real = tmp_path / "real"
    (real / "journal").mkdir(parents=True)
    Path(at).parent.mkdir(exist_ok=True)
    Path(at).symlink_to(real)
    journal, told = folder.new()
    assert "it is a link" in told
    assert journal.path.parent == tmp_path / "elsewhere"
    assert [one.reason for one in survey(place).foreign] == ["it is a link"]
    assert list(real.rglob("*.journal")) == []


def test_a_dangling_link_in_place_of_gitignore_creates_nothing(tmp_path, place):
    Path(".mlmagic").mkdir()
    Path(".mlmagic/.gitignore").symlink_to(tmp_path / "created")
    journal, told = folder.new()
    assert told is None
    assert not (tmp_path / "created").exists()
    assert journal.path.parent == place


def test_a_folder_that_others_can_write_to_is_closed_to_them_before_it_is_used(place):
    place.mkdir(parents=True)
    for path in (place.parent, place):
        path.chmod(0o777)
    plant(place, *run("sqlite:////x.db"))
    assert "other users can write to it" in survey(place).foreign[0].reason
    folder.new()
    assert (place.parent.stat().st_mode | place.stat().st_mode) & 0o022 == 0


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("shared", [False, True], ids=["new folder", "folder of 0755"])
def test_nobody_else_can_read_a_journal_or_what_is_staged(place, umask, shared):
    if shared:
        place.mkdir(parents=True, mode=0o755)
    before = os.umask(umask)
    try:
        journal, _ = folder.new()
        journal.keep_file("mlmagic/cell.py", b"x = 1")
    finally:
        os.umask(before)
    assert journal.path.stat().st_mode & 0o077 == 0
    assert journal.path.with_suffix(".files").stat().st_mode & 0o077 == 0
    if not shared:
        assert place.stat().st_mode & 0o077 == 0


def test_at_load_it_is_told_that_journals_were_not_looked_at(place, store_uri, capsys, monkeypatch):
    monkeypatch.setattr("mlmagic.journal.survey.MOST_UNASKED", 2)
    for number in range(5):
        plant(place, *run(store_uri), name=NAME.replace("2026", f"20{number:02}"))
    left_at_load.deliver_left_runs()
    shown = capsys.readouterr().out
    assert shown.startswith("mlmagic: 2 journals are left alone (")
    assert shown.endswith("3 journals were not looked at. %mlmagic sync does\n")


# Who is asked


def test_what_waits_and_what_is_foreign_is_counted_in_one_way(shell, place, store_uri, capsys, monkeypatch):
    plant(place, *run(store_uri, name="theirs"))
    StatusMagics(shell).mlmagic("")
    shown = capsys.readouterr().out
    assert f"journal     {place}, 0 runs not delivered yet" in shown
    assert "mlmagic: 1 journal is left alone" in shown
    StatusMagics(shell).mlmagic("sync")
    assert capsys.readouterr().out.startswith("nothing to deliver\nmlmagic: 1 journal is left alone")


def test_the_list_says_which_run_whose_and_how_much_so_that_one_can_judge(place, store_uri, monkeypatch, capsys):
    more = (
        [Metric("acc", 0.5, 1000, step) for step in range(2)]
        + [Param(f"p{i}", "1") for i in range(6)]
        + [File("a.txt", 1)]
    )
    about = {"tags": {"mlflow.user": "ana"}, "owner": {"host": "box 1"}, "uid": "5" * 32, "name": "forest"}
    plant(place, *run("http://other", *more, **about), files={"artifacts/a.txt": b"a" * 1500})
    plant(place, *run("http://other", **about), name=NAME.replace("0badcafe", "1badcafe"))
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    sync_foreign()
    shown = capsys.readouterr().out
    for part in (
        f".mlmagic/journal/{NAME}\n",
        "the run 'forest', FINISHED, begun 2025-06-1",
        " by ana on box, recorded for http://other",
        "7 params (lr, p0, p1, p2, p3, …), 2 metrics of 3 values (loss, acc), no tags, no datasets, no models, 1 file, 1.5 kB",
    ):
        assert part in shown, shown
    assert asked == [f"Deliver 1 run to {store_uri}? [y/N] "]


def test_the_list_shows_where_it_would_go_and_the_answer_decides(client, place, store_uri, monkeypatch, capsys):
    address = "http://127.0.0.1:9"
    plant(place, *run(address, File("a.txt", 1), name="fine\x1b[2J\nname"), files={"artifacts/a.txt": b"a"})
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert sync_foreign() is None
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    for part in (NOT_SIGNED, f"recorded for {address}", f"would go to   {store_uri}", "credentials   none", "artifacts/a.txt, 0.0 kB"):  # fmt: skip
        assert part in shown
    assert client.search_runs(["0"]) == []
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert len(sync_foreign().runs) == 1
    assert mlmagic.foreign_journals() == []


def test_where_nobody_can_be_asked_it_says_what_to_add(place, store_uri, monkeypatch):
    plant(place, *run(store_uri))

    def nobody(question):
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    with pytest.raises(mlmagic.MLMagicError, match="nobody can be asked here: add --yes"):
        sync_foreign()


def test_a_journal_of_an_earlier_version_is_delivered_on_request(client, place, store_uri):
    """One of this user on this machine, which that version signed not."""
    plant(place, '["format",1]', *run(store_uri, name="old"))
    assert [one.reason for one in mlmagic.sync().foreign] == [NOT_SIGNED]
    mlmagic.sync(foreign=mlmagic.foreign_journals())
    (one,) = client.search_runs(["0"])
    assert (one.info.run_name, one.info.status, one.data.metrics) == ("old", "FINISHED", {"loss": 1.0})
    assert mlmagic.sync().foreign == []


def asked(name="churn"):
    """A registration of a model of the run, with an alias, that somebody else asks for."""
    return Registration("e" * 32, name, "model", "f" * 32, "", "", "champion", {}, None, False, "eve", "2026-01-01")


def test_a_registration_that_somebody_else_asks_for_is_named_and_not_carried_out(client, place, store_uri, capsys):
    plant(place, *run(store_uri, asked()))
    assert sync_foreign(yes=True).problems == [
        f"'churn' was not registered from {place / NAME}, which you did not record: %register churn --run planted"
    ]
    assert "left out      1 registration of models (churn): %register does that" in capsys.readouterr().out
    assert [one.info.run_name for one in client.search_runs(["0"])] == ["planted"]
    assert client.search_registered_models() == []


def test_a_journal_that_only_registers_is_not_taken_over(client, place, store_uri, make_run):
    make_run("forest")
    first = began(store_uri, resumed=True, tags={KEEPS_STATUS: "true"})
    plant(place, first, first, asked(), Ended("FINISHED", 1))
    (foreign,) = mlmagic.foreign_journals()
    assert foreign.problem == "it only registers a model: %register does that in the store"
    assert "was not taken over: it only registers a model" in mlmagic.sync(foreign=[foreign]).problems[0]
    assert [one.info.run_name for one in client.search_runs(["0"])] == ["forest"]
    assert client.search_registered_models() == []


def test_the_journal_of_a_live_process_of_an_earlier_version_is_not_offered(place, store_uri):
    plant(place, *run(store_uri, owner={key: value for key, value in owner.this_process().items() if key != "locks"}))
    assert mlmagic.foreign_journals() == []


def test_a_planted_folder_in_the_shared_temporary_folder_is_not_looked_at_unasked(
    client, tmp_path, monkeypatch, store_uri
):
    shared = tmp_path / "tmp"
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    plant(shared / f"mlmagic-{os.getuid()}/journal", *run(store_uri))
    assert mlmagic.sync() == recovery.SyncReport()
    assert [one.name for one in mlmagic.foreign_journals()] == ["planted"]


# The key


def test_the_key_is_for_this_user_alone_whatever_the_umask_is(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a/state"))
    before = os.umask(0)
    try:
        assert signing.problem() is None
    finally:
        os.umask(before)
    made = tmp_path / "a/state/mlmagic"
    assert (made / "journal.key").stat().st_mode & 0o777 == 0o600
    assert all(path.stat().st_mode & 0o077 == 0 for path in (made, made.parent, made.parent.parent))


@pytest.mark.parametrize("kind", ["readable", "link", "short", "of another user"])
def test_a_key_that_is_not_to_be_trusted_signs_nothing_and_is_told(tmp_path, monkeypatch, kind):
    state = tmp_path / "state/mlmagic"
    state.mkdir(parents=True, mode=0o700)
    key = state / "journal.key"
    match kind:
        case "link":
            (tmp_path / "theirs").write_bytes(b"k" * 32)
            key.symlink_to(tmp_path / "theirs")
        case "short":
            key.write_bytes(b"k")
            key.chmod(0o600)
        case _:
            key.write_bytes(b"k" * 32)
            key.chmod(0o644 if kind == "readable" else 0o600)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if kind == "of another user":
        monkeypatch.setattr(os, "geteuid", lambda: 4242)
    journal, told = folder.new()
    assert "%mlmagic sync --foreign" in told or "no journal can be written" in told
    assert signing.signature_of(journal.path) is None


def test_without_a_home_folder_the_journal_is_told_to_be_unsigned(tmp_path):
    script = "from mlmagic.journal import folder; journal, told = folder.new(); print(journal.path, told)"
    environment = {key: value for key, value in os.environ.items() if key not in {"HOME", "XDG_STATE_HOME"}} | {"PYTHONPATH": ROOT}  # fmt: skip
    nobody = "import pwd; pwd.getpwuid = lambda number: {}[number]; "
    told = subprocess.run([sys.executable, "-c", nobody + script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert str(tmp_path / ".mlmagic/journal") in told
    assert "cannot be signed" in told


def test_two_processes_that_start_at_once_have_one_key(tmp_path):
    script = "from mlmagic.journal import signing; from pathlib import Path; print(signing.signature_of(Path('x')).of_text(1))"
    environment = os.environ | {"PYTHONPATH": ROOT, "XDG_STATE_HOME": str(tmp_path / "state")}
    many = [subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]  # fmt: skip
    assert len({one.communicate(timeout=60)[0] for one in many}) == 1


def test_what_is_not_signed_among_the_files_of_an_own_journal_is_not_its_own(place, store_uri):
    journal, _ = folder.new()
    journal.append(began(store_uri))
    journal.keep_file("a.txt", b"a")
    journal.close()
    adopted = Journal.adopt(journal.path)
    (file,) = [line.record for line in adopted.read() if isinstance(line.record, File)]
    assert adopted.is_own(file)
    assert not adopted.is_own(File("b.txt", 1, 2))
    assert not adopted.is_own(Model("1", "m", "models/1"))
    adopted.close()


def test_only_the_names_of_a_folder_are_names(tmp_path):
    with SafeFolder.open(tmp_path) as opened:
        for name in ("", ".", "..", "a/b", "/etc/passwd", "a\0b"):
            with pytest.raises(UntrustedError, match="no name of a file"):
                opened.open_file(name, os.O_RDONLY)


def test_it_works_on_a_file_system_in_memory(monkeypatch, tmp_path):
    place = Path("/dev/shm") / f"mlmagic-test-{os.getpid()}"
    monkeypatch.setattr(mlmagic.settings, "journal", str(place / "journal"))
    try:
        journal, told = folder.new()
        assert told is None
        journal.append(began("sqlite:////x.db"))
        journal.close()
        assert [left.path for left in survey(place / "journal").left] == [journal.path]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def test_a_folder_that_is_not_there_is_nothing(place):
    assert survey(place) == Survey()
