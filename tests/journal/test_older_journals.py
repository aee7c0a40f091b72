"""Journals of the first releases are read and delivered as before: their lines stand here as those releases wrote them."""

import math
from pathlib import Path

import pytest
from mlflow import MlflowClient

import mlmagic
from mlmagic.journal import folder
from mlmagic.journal.file import Journal
from mlmagic.journal.records import (
    Began,
    Dataset,
    Ended,
    File,
    Metric,
    Param,
    Rejected,
    Tag,
    UserKeys,
)

NAME = "20260901T080000.000000-3f2a6c0e.journal"
LINES = r"""
1de6b879 ["format",2]
22bf179b ["began","3f2a6c0e9b7d4e51a8c2d4f60718293a",false,"","baseline","sqlite:///mlflow.db","Default","0","",1788249600000,{"mlflow.source.type":"NOTEBOOK","mlmagic.version":"0.1","mlmagic.cell":"3"},{"host":"ada","pid":4711,"started":"1","locks":false},"a231bd1fd57ed8cb21cb37cb748818c8"]
919fd734 ["param","lr","0.1",false]
47d3981e ["param","depth","3",true]
7605c6f5 ["metric","loss",1.0,1788249600000,0,false]
5a53f0ba ["metric","loss",0.5,1788249600001,1,false]
443c9856 ["metric","loss",0.3333333333333333,1788249600002,2,false]
6260e664 ["metric","nan",NaN,1788249600000,0,true]
239f0f30 ["tag","team","red"]
1c2f6007 ["tag","team","gr\u00f6\u00dfe"]
c9f2ace6 ["leftout",["depth"],[]]
f3c0310f ["dataset","X","dddddddddddddddddddddddddddddddd","code","{}","{}","{\"num_rows\": 3}","training"]
7a01218a ["setaside","the store refused the tag"]
3da6e306 ["file","mlmagic/cell.py",9,3770912767,null,"","4a065418c35e27452a64a58468ef323e"]
af717d1a ["ended","FINISHED",1788249601000]
""".lstrip().encode()
KINDS = [Began, Param, Param, *[Metric] * 4, Tag, Tag, UserKeys, Dataset, Rejected, File, Ended]


@pytest.fixture
def older(tmp_path, monkeypatch, store_uri):
    """The path of the older journal, in the folder where the journals of this project wait."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder, "_home", None)
    path = folder.place() / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(LINES)
    path.chmod(0o600)
    staged = path.with_suffix(".files") / "artifacts" / "mlmagic" / "cell.py"
    staged.parent.mkdir(parents=True)
    staged.write_bytes(b"lr = 0.1\n")
    return path


def test_each_record_of_an_older_journal_is_read(older):
    journal = Journal.open(older)
    records = [line.record for line in journal.read()]
    journal.close()
    assert [type(record) for record in records] == KINDS
    assert records[0].owner == {"host": "ada", "pid": 4711, "started": "1", "locks": False}
    assert records[9] == UserKeys(["depth"], [])
    assert records[11].problem == "the store refused the tag"


def test_an_older_journal_becomes_the_run_that_it_records(older, store_uri, tmp_path):
    (foreign,) = mlmagic.foreign_journals()  # it is signed with the key of another user
    report = mlmagic.sync(foreign=[foreign])
    assert [one.status for one in report.runs] == ["FINISHED"]
    client = MlflowClient(store_uri)
    (run,) = client.search_runs(["0"])
    assert (run.info.run_name, run.data.params) == ("baseline", {"lr": "0.1", "depth": "3"})
    assert (run.info.start_time, run.info.end_time) == (1788249600000, 1788249601000)
    assert [one.value for one in client.get_metric_history(run.info.run_id, "loss")] == [1.0, 0.5, 1 / 3]
    assert math.isnan(run.data.metrics["nan"])
    assert (run.data.tags["team"], run.data.tags["mlmagic.cell"]) == ("größe", "3")
    assert [one.dataset.name for one in run.inputs.dataset_inputs] == ["X"]
    cell = client.download_artifacts(run.info.run_id, "mlmagic/cell.py", str(tmp_path))
    assert Path(cell).read_text(encoding="utf-8") == "lr = 0.1\n"
