import logging
import logging.handlers
import queue
import re
import sys
import threading

import pytest

from mlmagic.session.output.capture import Capture
from mlmagic.session.output.logging_records import LoggingRecords

TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", re.MULTILINE)


@pytest.fixture
def logger():
    """A logger of this test's own."""
    yield logging.getLogger("training")
    for name, one in list(logging.root.manager.loggerDict.items()):
        if name.startswith("training") and isinstance(one, logging.Logger):
            one.handlers.clear()
            one.filters.clear()
            one.setLevel(logging.NOTSET)
            one.propagate = True


@pytest.fixture
def listen(capsys, logger, monkeypatch):
    """Starts a capture on streams of this test's own, in a process without handlers, as a kernel is."""
    made = []

    def start():
        monkeypatch.setattr(logging.getLogger(), "handlers", [])
        monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
        made.append(Capture(output_limit=100_000, figures=False))
        made[-1].start()
        return made[-1]

    yield start
    for capture in made:
        capture.stop()


def kept(capture):
    """Return the transcript without the times, after asserting that each record has one."""
    return TIME.sub("", capture.transcript.text())


def test_a_record_is_a_line_with_time_level_and_name(listen, logger):
    capture = listen()
    logger.warning("loss is %s", 0.5)
    text = capture.transcript.text()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING training: loss is 0\.5\n", text)


def test_python_goes_on_to_print_warnings_where_nothing_is_configured(listen, logger, capsys):
    capture = listen()
    logger.warning("shown as before")
    assert capsys.readouterr().err == "shown as before\n"
    assert kept(capture) == "WARNING training: shown as before\n"


def test_basic_config_works_in_a_tracked_cell(listen, logger, capsys):
    capture = listen()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s|%(message)s")
    logger.info("epoch 1")
    assert len(logging.getLogger().handlers) == 1
    assert capsys.readouterr().err == "INFO|epoch 1\n"
    assert kept(capture) == "INFO training: epoch 1\n"


def test_what_two_handlers_print_is_kept_once(listen, logger, capsys):
    capture = listen()
    logger.addHandler(logging.StreamHandler(sys.stdout))
    logging.getLogger().addHandler(logging.StreamHandler(sys.stderr))
    logger.error("twice")
    assert capsys.readouterr() == ("twice\n", "twice\n")
    assert kept(capture) == "ERROR training: twice\n"


def test_only_what_the_levels_and_filters_let_through(listen, logger):
    capture = listen()
    logger.info("below the level")
    logger.addFilter(lambda record: "noise" not in record.getMessage())
    logger.warning("noise")
    logging.getLogger("training.quiet").disabled = True
    logging.getLogger("training.quiet").warning("disabled")
    logging.getLogger("training.quiet").disabled = False
    assert kept(capture) == ""
    assert (logger.level, logging.getLogger().level) == (logging.NOTSET, logging.WARNING)


def test_a_record_that_no_handler_shows_is_kept(listen, logger, capsys):
    capture = listen()
    logger.setLevel(logging.DEBUG)
    logger.addHandler(logging.NullHandler())
    logger.debug("detail")
    assert capsys.readouterr() == ("", "")
    assert kept(capture) == "DEBUG training: detail\n"


def test_a_logger_that_keeps_its_records_to_itself_is_heard_when_it_prints(listen, logger, capsys):
    capture = listen()
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    shown = logging.StreamHandler()
    shown.setLevel(logging.WARNING)
    logger.addHandler(shown)
    logging.getLogger("training.deep").debug("as the kernel does with each message")
    logging.getLogger("training.deep").warning("worth knowing")
    assert capsys.readouterr().err == "worth knowing\n"
    assert kept(capture) == "WARNING training.deep: worth knowing\n"


def test_an_exception_comes_with_its_traceback(listen, logger):
    capture = listen()
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logger.exception("failed")
    text = kept(capture)
    assert text.startswith("ERROR training: failed\nTraceback (most recent call last):\n")
    assert text.endswith("ZeroDivisionError: division by zero\n")
    assert text.count("failed\n") == 1


@pytest.mark.parametrize("name", ["mlflow", "mlflow.tracking.client", "alembic.runtime.migration"])
def test_records_of_mlflow_are_left_as_they_print(listen, name, capsys, monkeypatch):
    capture = listen()
    logger = logging.getLogger(name)
    monkeypatch.setattr(logger, "handlers", [logging.StreamHandler()])
    monkeypatch.setattr(logger, "propagate", False)
    logger.warning("of MLflow")
    assert capsys.readouterr().err == capture.transcript.text() == "of MLflow\n"


def test_arguments_that_do_not_fit_are_kept_with_what_python_says(listen, logger, capsys):
    capture = listen()
    logging.getLogger().addHandler(logging.StreamHandler())
    logger.warning("%d items", "many")
    assert "--- Logging error ---" in capsys.readouterr().err
    assert "--- Logging error ---" in kept(capture)
    assert kept(capture).endswith("WARNING training: %d items (TypeError when shown)\n")


class Unshowable:
    def __str__(self):
        raise RuntimeError("no text")


def test_a_message_that_cannot_be_shown_raises_nothing_of_ours(listen, logger):
    capture = listen()
    logger.addHandler(logging.NullHandler())
    logger.warning(Unshowable())
    assert kept(capture) == "WARNING training: Unshowable (RuntimeError when shown)\n"


def test_a_carriage_return_does_not_hide_the_head_of_a_record(listen, logger):
    capture = listen()
    logger.warning("10%%\r100%%")
    assert kept(capture).startswith("WARNING training: 10%%\n100%%\n")


def test_what_else_a_handler_prints_stays(listen, logger):
    capture = listen()

    class Counting(logging.Handler):
        def emit(self, record):
            print("one more record")

    logger.addHandler(Counting())
    logger.warning("counted")
    assert kept(capture) == "one more record\nWARNING training: counted\n"


def test_a_handler_that_logs_gives_two_records(listen, logger):
    capture = listen()

    class Echo(logging.Handler):
        def emit(self, record):
            logging.getLogger("training.echo").warning("echo of it")

    logger.addHandler(Echo())
    logging.getLogger("training.echo").propagate = False
    logger.error("first")
    assert sorted(kept(capture).splitlines()) == ["ERROR training: first", "WARNING training.echo: echo of it"]


def test_a_handler_that_raises_is_not_in_the_way(listen, logger):
    capture = listen()

    class Broken(logging.Handler):
        def emit(self, record):
            raise ValueError("broken handler")

    logger.addHandler(Broken())
    with pytest.raises(ValueError, match="broken handler"):
        logger.warning("kept all the same")
    assert kept(capture) == "WARNING training: kept all the same\n"


def test_records_stand_between_what_is_printed(listen, logger):
    capture = listen()
    print("before")
    logger.warning("between")
    print("after")
    assert kept(capture) == "before\nWARNING training: between\nafter\n"


def test_a_worker_thread_logs_to_the_latest_run_and_prints_go_on_meanwhile(listen, logger):
    capture = listen()
    entered, go_on = threading.Event(), threading.Event()

    class Slow(logging.Handler):
        def emit(self, record):
            entered.set()
            go_on.wait(5)

    logger.addHandler(Slow())
    worker = threading.Thread(target=logger.warning, args=("from the worker",))
    worker.start()
    assert entered.wait(5)
    print("from the cell")
    go_on.set()
    worker.join()
    assert kept(capture) == "from the cell\nWARNING training: from the worker\n"


def test_a_nested_run_and_the_one_around_it_both_have_the_record(listen, logger):
    capture = listen()
    inner = listen()
    logger.warning("inside")
    inner.stop()
    logger.warning("outside")
    assert kept(inner) == "WARNING training: inside\n"
    assert kept(capture) == "WARNING training: inside\nWARNING training: outside\n"


def test_another_threads_run_has_its_own_records(listen, logger):
    capture = listen()
    other = Capture(output_limit=1000, figures=False)

    def subshell():
        other.start()
        logger.warning("of the subshell")
        other.stop()

    thread = threading.Thread(target=subshell)
    thread.start()
    thread.join()
    assert kept(other) == "WARNING training: of the subshell\n"
    assert kept(capture) == ""


def test_a_record_through_a_queue_is_kept(listen, logger):
    capture = listen()
    records = queue.SimpleQueue()
    logger.addHandler(logging.handlers.QueueHandler(records))
    logger.warning("queued")
    assert records.get_nowait().getMessage() == "queued"
    assert kept(capture) == "WARNING training: queued\n"


def test_nothing_is_left_behind(logger):
    before = logging.Logger.callHandlers
    capture = Capture(output_limit=1000, figures=False)
    capture.start()
    assert logging.Logger.callHandlers is not before
    capture.stop()
    assert logging.Logger.callHandlers is before
    logger.warning("after the cell")
    assert capture.transcript.text() == ""


def test_a_tool_that_wraps_the_method_meanwhile_stays_and_nothing_is_kept_twice(logger, monkeypatch):
    heard, tool = [], []
    records = LoggingRecords(lambda stream, text: heard.append((stream, TIME.sub("", text))))
    monkeypatch.setattr(logging.Logger, "callHandlers", logging.Logger.callHandlers)
    records.start()
    ours = logging.Logger.callHandlers

    def others(self, record):
        tool.append(record.getMessage())
        ours(self, record)

    logging.Logger.callHandlers = others
    logger.addHandler(logging.NullHandler())
    records.stop()
    logger.warning("not listened to")
    records.start()
    logger.warning("listened to")
    records.stop()
    assert logging.Logger.callHandlers is others
    assert tool == ["not listened to", "listened to"]
    assert heard == [("logging", "WARNING training: listened to\n")]
