"""What is recorded of a reproduction."""

from mlmagic.replay.comparing import ComparedResult
from mlmagic.replay.recording import record
from mlmagic.replay.reproduction import Cause, Reproduction, Verdict


def test_the_run_of_a_reproduction_says_which_model_predicts_otherwise(make_run):
    import mlflow

    results = [
        ComparedResult("model", "same", "identical", note="predicts the same on 5 stored rows"),
        ComparedResult("model", "ridge", "different", note="3 of 5 stored predictions differ, by up to 0.02"),
    ]
    causes = [Cause("the file data.csv", "has another content than the run read")]
    found = record(Reproduction(make_run("it"), "it", Verdict.DIFFERENT, results, causes))
    tags = mlflow.get_run(found.reproduced_by).data.tags
    assert tags["mlmagic.reproduction.why"] == (
        "the file data.csv: has another content than the run read; "
        "the model 'ridge': 3 of 5 stored predictions differ, by up to 0.02"
    )
