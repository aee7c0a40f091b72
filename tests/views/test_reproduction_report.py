"""The report of a reproduction: what has a line of its own, and what is counted."""

from mlmagic.replay.comparing import ComparedResult
from mlmagic.replay.reproduction import Reproduction, Verdict
from mlmagic.views.reproducibility.reproduction_report import reproduction_bundle


def _lines(*results, verdict=Verdict.DIFFERENT):
    bundle = reproduction_bundle(Reproduction("3f2a91c0" * 4, "forest", verdict, results))
    for one in results:
        if one.note and one.kind == "model":
            assert one.note in bundle["text/html"].partition("<details>")[0]
    return bundle["text/plain"].splitlines()[1:]


def test_each_model_that_was_asked_has_a_line():
    assert _lines(
        ComparedResult("metric", "accuracy", "identical", "0.9", "0.9", 0.0),
        ComparedResult("metric", "fit_time", "not compared", "1.0", "2.0", note="measures time or memory"),
        ComparedResult("model", "plain", "identical"),
        ComparedResult("model", "rf", "identical", note="predicts the same on 5 stored rows"),
        ComparedResult("model", "ridge", "different", note="3 of 5 stored predictions differ, by up to 0.02"),
        ComparedResult("model", "net", "not compared", note="no rows are stored with it"),
    ) == [
        "  = model rf     predicts the same on 5 stored rows",
        "  ≠ model ridge  3 of 5 stored predictions differ, by up to 0.02",
        "    model net    not compared: no rows are stored with it",
        "  1 metric, 1 model are equal bit for bit",
    ]


def test_a_figure_that_is_drawn_in_other_pixels_is_not_counted_as_equal_bit_for_bit():
    note = "the same data, drawn in other pixels"
    lines = _lines(ComparedResult("figure", "a.png", "identical", note=note), verdict=Verdict.IDENTICAL)
    assert lines == [f"  = figure a.png  {note}"]


def test_a_run_of_which_nothing_can_be_compared_says_so():
    lines = _lines(
        ComparedResult("model", "net", "not compared", note="no rows are stored with it"), verdict=Verdict.IDENTICAL
    )
    assert lines == [
        "    model net  not compared: no rows are stored with it",
        "  the cell ended as it did; the run has no results to compare",
    ]
