"""A loop of ``with mlmagic.track():`` in one cell: one output, a card for the first run and then a table that grows."""

LOOP = """
import mlmagic
for depth in (2, 3, 5):
    with mlmagic.track(f"depth {depth}"):
        mlmagic.log_params(depth=depth)
        mlmagic.log(accuracy=0.9 + depth / 100)
"""


def test_a_loop_has_one_table_that_grows(kernel):
    output = kernel.run(LOOP)
    assert not output.errors
    [card] = output.of("display_data")
    updates = output.of("update_display_data")
    assert "depth 2" in card["data"]["text/plain"]
    assert len({one["transient"]["display_id"] for one in (card, *updates)}) == 1
    last = updates[-1]["data"]
    for name in ("depth 2", "depth 3", "depth 5"):
        assert name in last["text/plain"]
        assert name in last["text/html"]
    assert "3 runs of this cell" in last["text/plain"]
    assert "0.9200" in last["text/html"]
    again = kernel.run(LOOP)
    assert len(again.of("display_data")) == 1, "another execution has an output of its own"
    assert "3 runs of this cell" in again.of("update_display_data")[-1]["data"]["text/plain"]


def test_many_quick_runs_are_all_there_at_the_end_and_drawn_now_and_then(kernel):
    output = kernel.run(LOOP.replace("(2, 3, 5)", "range(60)"))
    updates = output.of("update_display_data")
    assert "60 runs of this cell" in updates[-1]["data"]["text/plain"]
    assert len(updates) < 59


def test_a_run_that_fails_and_its_warnings_are_told_and_what_follows_is_untouched(kernel):
    output = kernel.run(f"{LOOP}with mlmagic.track('bad'):\n    1 / 0\n")
    assert "ZeroDivisionError" in output.errors[0]
    told = output.of("update_display_data")[-1]["data"]["text/plain"]
    assert "bad: ZeroDivisionError: division by zero" in told
    assert len(kernel.run("with mlmagic.track('alone'): pass").summaries) == 1


def test_quiet_blocks_are_a_line_each(kernel):
    output = kernel.run(LOOP.replace('}")', '}", quiet=True)'))
    assert len(output.summaries) == 3
    assert output.of("update_display_data") == []


def test_a_table_that_cannot_be_drawn_costs_nothing_but_itself(kernel):
    kernel.check(
        "import mlmagic.views.tables.growing_table as growing\ndraws = growing.table_html\ngrowing.table_html = None"
    )
    output = kernel.run(f"{LOOP}print('after')")
    kernel.check("growing.table_html = draws")
    assert not output.errors
    assert output.stdout.endswith("after\n")
    assert len(output.summaries) == 3
