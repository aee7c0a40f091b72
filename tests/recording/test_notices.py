from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from mlmagic import session_state
from mlmagic.recording.notices import Notices
from mlmagic.recording.summary import Notice

LINES = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(st.sampled_from(["info", "warning"]), LINES)))
def test_each_line_is_shown_once_with_its_count_and_warnings_first(added):
    notices = Notices()
    for level, text in added:
        (notices.info if level == "info" else notices.warn)(text)
    expected = []
    for level in ("warning", "info"):
        texts = [text for found, text in added if found == level]
        for text in dict.fromkeys(texts):
            count = texts.count(text)
            expected.append(Notice(f"{text} ({count} times)" if count > 1 else text, level))
    assert notices.all() == tuple(expected)


@given(st.lists(st.tuples(st.booleans(), st.lists(LINES, max_size=3, unique=True)), max_size=6))
def test_of_a_lasting_state_only_what_is_new_since_the_last_run_that_showed_it_is_said(runs):
    session_state.reset()
    seen = set()
    for shown, texts in runs:
        notices = Notices()
        notices.standing("git", *texts, shown=shown)
        said = [notice.text for notice in notices.all()]
        assert said == ([text for text in texts if text not in seen] if shown else [])
        seen = set(texts) if shown else seen & set(texts)


def test_topics_are_told_apart():
    for _ in range(2):
        notices = Notices()
        notices.standing("git", "no commit")
        notices.standing("seed", "no commit")
    assert notices.all() == ()
    notices.standing("seed")
    notices.standing("git", "no commit")
    notices.standing("seed", "no commit")
    assert [notice.text for notice in notices.all()] == ["no commit"]


def test_a_secret_in_a_line_is_redacted_and_lines_that_differ_in_it_are_one():
    notices = Notices()
    for letter in "ab":
        notices.warn(f"metric 'ghp_{letter * 36}' is nan")
    assert notices.all() == (Notice("metric '<redacted>' is nan (2 times)", "warning"),)


def test_threads_count_together():
    notices = Notices()
    threads = [threading.Thread(target=lambda: [notices.warn("x") for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notices.all() == (Notice("x (800 times)", "warning"),)
