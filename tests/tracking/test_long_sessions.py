"""The log of a long session is stored once, and read back whole from any run, whatever became of the others."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import mlflow
import pytest
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from planted import began, plant
from servers import Server

from mlmagic import sync
from mlmagic.comparison.diffs.run_record import read_records
from mlmagic.errors import StoreError, UsageProblem
from mlmagic.journal import folder
from mlmagic.journal.foreign import foreign_journals
from mlmagic.journal.records import Began, Part
from mlmagic.recording.child_runs import ChildRun
from mlmagic.recording.options import Origin, TrackOptions
from mlmagic.session import log_storage
from mlmagic.session.log import ExecutionLog
from mlmagic.session.log_storage import LogStorage
from mlmagic.snapshot.parts import part_of
from mlmagic.store import shared_parts
from mlmagic.store.delivery.worker import delivery_worker
from mlmagic.store.query.run import Run
from mlmagic.tracking import continuing, recovery
from mlmagic.tracking.opening import open_run
from mlmagic.tracking.tracker import close
from mlmagic.user_settings import settings

PATCH = "mlmagic/uncommitted.patch"


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    """A session of ten cells is a long one."""
    monkeypatch.setattr(log_storage, "_SHOWN", 300)
    monkeypatch.setattr(log_storage, "_PACKED", 400)
    monkeypatch.setattr(shared_parts, "_stored", set())
    monkeypatch.setattr(continuing, "_last_in_notebook", {})


class Session:
    """A kernel's log, and runs of its cells."""

    def __init__(self, seed=0):
        self.log = ExecutionLog()
        self.storage = LogStorage(self.log)
        self.chance = random.Random(seed)

    def cell(self):
        source = "\n".join(f"value_{self.chance.randrange(10**6)} = {self.chance.random()}" for _ in range(10))
        return self.log.begin(source, len(self.log.cells) + 1)

    def open(self, **options):
        cell = self.cell()
        origin = Origin(
            source=cell.source, number=cell.number, log=self.storage, log_entry=cell, notebook=Path("n.ipynb")
        )
        return open_run(TrackOptions(quiet=True, **options), origin)

    def close(self, run, error=None):
        self.log.end(run.origin.log_entry, "ok")
        return close(run, error)

    def run(self, **options):
        run = self.open(**options)
        self.close(run)
        return run.run_id

    def sources(self, count):
        return [cell.source for cell in self.log.cells[:count]]


@pytest.fixture
def session(store_uri):
    return Session()


def sources(run_id):
    return [cell.source for cell in Run(run_id).session.cells]


def gone_for_good(run_ids, tmp_path):
    for run_id in run_ids:
        mlflow.MlflowClient().delete_run(run_id)
        shutil.rmtree(tmp_path / "mlruns/0" / run_id)


def shared(tmp_path):
    return sorted((tmp_path / "mlruns/0/mlmagic/parts").glob("*.gz"))


@pytest.mark.parametrize("kept", [0, 3, 11])
def test_the_log_is_whole_when_every_other_run_is_gone_for_good(session, tmp_path, kept):
    runs = [session.run() for _ in range(12)]
    assert shared(tmp_path)
    gone_for_good(runs[:kept] + runs[kept + 1 :], tmp_path)
    assert sources(runs[kept]) == session.sources(kept + 1)


def test_a_part_is_stored_once_and_is_no_file_of_a_run(session, tmp_path):
    runs = [session.run() for _ in range(12)]
    assert not [path for run in runs for path in Run(run).artifacts if "parts" in path]
    names = {digest for run in runs for digest in json.loads(Run(run).text("mlmagic/session.json")).get("parts", ())}
    assert {file.name for file in shared(tmp_path)} == {f"{name}.gz" for name in names}


def test_each_experiment_has_the_parts_of_its_runs(session, tmp_path):
    for _ in range(8):
        session.run()
    other = session.run(experiment="other")
    shutil.rmtree(tmp_path / "mlruns/0")
    assert sources(other) == session.sources(9)


def test_kernels_beside_each_other_do_not_mix(store_uri, tmp_path):
    one, other = Session(1), Session(2)
    runs = [(one.run(), other.run()) for _ in range(8)]
    assert sources(runs[-1][0]) == one.sources(8)
    assert sources(runs[-1][1]) == other.sources(8)


def test_a_store_that_takes_nothing_beside_its_runs_has_the_parts_in_them(session, monkeypatch, tmp_path):
    log_artifact = LocalArtifactRepository.log_artifact

    def only_in_runs(self, *args, **kwargs):
        if not str(self.artifact_dir).endswith("artifacts"):
            raise PermissionError("the bucket's policy")
        log_artifact(self, *args, **kwargs)

    monkeypatch.setattr(LocalArtifactRepository, "log_artifact", only_in_runs)
    runs = [session.run() for _ in range(12)]
    assert not shared(tmp_path)
    gone_for_good(runs[:-1], tmp_path)
    assert sources(runs[-1]) == session.sources(12)


def test_a_server_has_the_parts_beside_its_runs(session, monkeypatch, tmp_path):
    server = Server(tmp_path)
    try:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
        mlflow.set_tracking_uri(server.uri)
        opened = []
        for _ in range(12):
            opened.append(session.open())
            session.close(opened[-1])
        sync()  # a busy server is not waited for in each cell
        runs = [run.delivery.run_id for run in opened]
        assert list((tmp_path / "artifacts/0/mlmagic/parts").glob("*.gz"))
        for run_id in runs[:-1]:
            shutil.rmtree(tmp_path / "artifacts/0" / run_id)
        assert sources(runs[-1]) == session.sources(12)
    finally:
        server.kill()


@pytest.mark.parametrize("at", ["mlmagic", "mlmagic/parts"])
def test_no_link_is_followed_to_the_parts(session, tmp_path, at):
    session.run()
    outside = tmp_path / "outside"
    outside.mkdir()
    link = tmp_path / "mlruns/0" / at
    link.parent.mkdir(exist_ok=True, parents=True)
    link.symlink_to(outside)
    for _ in range(10):
        last = session.run()
    assert not any(outside.rglob("*.gz"))
    assert sources(last) == session.sources(11)


def test_a_part_that_was_changed_is_told(session, tmp_path):
    for _ in range(10):
        last = session.run()
    shared(tmp_path)[0].write_bytes(part_of(b'[{"source": "evil"}]').packed)
    with pytest.raises(StoreError, match="is neither in mlmagic/parts"):
        sources(last)


def test_a_staged_part_that_is_not_what_it_is_called_is_not_stored(session, tmp_path):
    run = session.open()
    run.delivery.journal.keep_part("0" * 32, part_of(b"other").packed)
    summary = session.close(run)
    assert f"the part {'0' * 32} was damaged before it was stored" in str(summary.notices)
    assert not shared(tmp_path)


def test_runs_that_were_recorded_offline_are_whole_once_delivered(session, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "offline", True)
    runs = []
    for _ in range(12):
        runs.append(session.open())
        session.close(runs[-1])
    monkeypatch.setattr(settings, "offline", False)
    sync()
    ids = [run.delivery.run_id for run in runs]
    gone_for_good(ids[:-1], tmp_path)
    assert sources(ids[-1]) == session.sources(12)


def test_the_journal_of_one_run_alone_brings_the_parts_along(session, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "offline", True)
    for _ in range(12):
        run = session.open()
        session.close(run)
    staged = {file.name for file in (run.delivery.journal.staging.path / "parts").iterdir()}
    records = [line.record for line in run.delivery.journal.read()]
    assert staged == {f"{record.digest}.gz" for record in records if isinstance(record, Part)}
    assert len(staged) > 1


def test_a_foreign_journal_brings_the_parts_along(session, store_uri, monkeypatch):
    """One run of a long session that a colleague recorded offline, handed over as a folder."""
    monkeypatch.setattr(settings, "offline", True)
    for _ in range(12):
        run = session.open()
        session.close(run)
    monkeypatch.setattr(settings, "offline", False)
    journal = run.delivery.journal
    records = [line.record for line in journal.read() if not isinstance(line.record, Began)]
    files = {
        path.relative_to(journal.staging.path).as_posix(): path.read_bytes()
        for path in journal.staging.path.rglob("*.*")
    }
    first = began(store_uri)
    planted = plant(folder.place(), first, first, *records, files=files)
    monkeypatch.setattr(delivery_worker(store_uri), "_deliveries", [])  # this user's own are lost
    (foreign,) = [one for one in foreign_journals() if one.path == planted]
    recovery.sync_foreign([foreign])
    (taken,) = mlflow.search_runs(filter_string="tags.`mlmagic.foreign` = 'true'", output_format="list")
    assert sources(taken.info.run_id) == session.sources(12)


def test_a_run_within_another_has_the_log_up_to_it(session):
    outer = session.open(name="outer")
    inner = session.run(name="inner")
    session.close(outer)
    assert sources(inner) == session.sources(2)
    assert sources(outer.run_id) == session.sources(1)


def test_a_trial_has_the_log_of_its_sweep(session):
    for _ in range(8):
        session.run()
    sweep = session.open(name="sweep")
    child = ChildRun(sweep, "trial", sweep.delivery.began.started + 1, {})
    child.end("FINISHED", sweep.delivery.began.started + 2)
    session.close(sweep)
    (trial,) = mlflow.search_runs(filter_string="attributes.run_name = 'trial'", output_format="list")
    assert sources(trial.info.run_id) == session.sources(9)


def test_a_run_of_plain_mlflow_has_none(store_uri):
    with mlflow.start_run() as run:
        pass
    with pytest.raises(UsageProblem, match="has no execution log"):
        Run(run.info.run_id).session  # noqa: B018


def test_a_continued_run_has_the_log_of_both_kernels(session, tmp_path, monkeypatch):
    for _ in range(8):
        session.run()
    first = session.run(name="long")
    monkeypatch.setattr(continuing, "_last_in_notebook", {})  # a new kernel
    later = Session(2)
    for _ in range(8):
        later.cell()
    assert later.run(resume="long") == first
    later.run()
    assert later.run(resume="long") == first  # and once more, when another run came between
    gone_for_good(
        [run.info.run_id for run in mlflow.search_runs(output_format="list") if run.info.run_id != first], tmp_path
    )
    assert sources(first) == session.sources(9) + later.sources(11)


def test_a_continued_run_of_one_kernel_has_its_log_once(session):
    first = session.run()
    assert session.run(resume="") == first
    assert sources(first) == session.sources(2)


def test_a_run_goes_on_without_a_log_that_is_lost(session, tmp_path, monkeypatch):
    for _ in range(8):
        first = session.run()
    for file in shared(tmp_path):
        file.unlink()
    monkeypatch.setattr(continuing, "_last_in_notebook", {})
    later = Session(2)
    run = later.open(resume=first)
    summary = later.close(run)
    assert "what ran in earlier kernels is not in this run any more" in str(summary.notices)
    assert sources(first) == later.sources(1)


@pytest.fixture
def repository(store_uri, tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    (tmp_path / ".gitignore").write_text("*\n!code.py\n")
    (tmp_path / "code.py").write_text("x = 1\n")
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    return tmp_path / "code.py"


def test_a_long_patch_is_stored_once_and_read_from_each_run(repository, session, tmp_path):
    chance = random.Random(0)
    lines = [f"value_{number} = {chance.random()}\n" for number in range(5_000)]
    repository.write_text("".join(lines))
    runs = [session.run() for _ in range(4)]
    lines[2_500] = "changed = True\n"
    repository.write_text("".join(lines))
    runs.append(session.run())
    size = sum(file.stat().st_size for file in (tmp_path / "mlruns").rglob("*uncommitted.patch"))
    assert size < 5 * 3_000
    gone_for_good(runs[1:4], tmp_path)
    assert "changed = True" not in Run(runs[0]).text(PATCH)
    assert Run(runs[0]).text(PATCH).count("\n+") == 5_001
    assert Run(runs[-1]).text(PATCH).count("\n+") == 5_001
    records = read_records([mlflow.get_run(runs[0]), mlflow.get_run(runs[-1])])
    assert ["changed = True" in record.files.text(PATCH) for record in records] == [False, True]


def test_a_short_patch_is_a_patch(repository, session):
    repository.write_text("x = 2\n")
    assert Run(session.run()).text(PATCH).startswith("diff --git a/code.py")


def test_a_secret_in_the_patch_is_told_once(repository, session):
    repository.write_text("password = 'hunter2hunter2'\n")
    told = []
    for _ in range(3):
        cell = session.cell()
        run = open_run(TrackOptions(), Origin(source=cell.source, log=session.storage, log_entry=cell))
        told.append([notice.text for notice in close(run, None).notices if "uncommitted.patch" in notice.text])
    assert len(told[0]) == 2
    assert told[1:] == [[], []]
