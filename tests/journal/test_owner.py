"""Which process writes a journal, and whether it is alive."""

import os
import subprocess
import sys

import pytest

from mlmagic.journal import owner
from mlmagic.journal.owner import is_alive, is_of_this_machine, shares_locks, this_process


@pytest.fixture
def other():
    """A process that waits, and what identifies it."""
    process = subprocess.Popen([sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield process, this_process() | {"pid": process.pid, "started": owner._started(process.pid)}
    process.stdin.close()
    process.wait()


def test_this_process_is_alive_however_long_its_journal_is_silent():
    me = this_process()
    assert (me["pid"], me["locks"]) == (os.getpid(), False)
    assert this_process(locks=True)["locks"] is True
    assert is_alive(me, heard_s_ago=1e9)
    assert is_of_this_machine(me)


def test_a_process_is_dead_when_it_has_ended(other):
    process, about = other
    assert is_alive(about, heard_s_ago=1e9)
    process.stdin.close()
    process.wait()
    assert not is_alive(about, heard_s_ago=0)


def test_a_process_that_nobody_waited_for_is_dead():
    if not os.path.exists("/proc/self/stat"):  # noqa: PTH110
        pytest.skip("zombies are seen in /proc only")
    process = subprocess.Popen([sys.executable, "-S", "-c", "pass"])
    about = this_process() | {"pid": process.pid}
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still there
    assert owner._started(process.pid) is None
    assert not is_alive(about, heard_s_ago=0)
    process.wait()


@pytest.mark.parametrize(
    "change",
    [
        *({"started": "1"}, {"started": None}, {"pid": 0}, {"pid": -1}, {"pid": 2**31}, {"pid": "1"}, {"pid": None}),
        *({"pid": 2**22 + 7}, {"started": 5}),
    ],
)
def test_another_process_of_that_number_does_not_count(change):
    assert not is_alive(this_process() | change, heard_s_ago=0)


@pytest.mark.parametrize("host", ["elsewhere 1234", "", None, 5])
@pytest.mark.parametrize(("heard_s_ago", "alive"), [(0, True), (599.0, True), (600.0, False), (1e9, False)])
def test_of_another_machine_only_the_heartbeat_is_known(host, heard_s_ago, alive):
    assert is_alive(this_process() | {"host": host}, heard_s_ago=heard_s_ago) is alive


def test_after_a_boot_no_earlier_process_is_alive_though_it_was_on_this_machine():
    me = this_process()
    name = me["host"].partition(" ")[0]
    earlier = me | {"host": f"{name} 00000000-0000-0000-0000-000000000000"}
    assert is_of_this_machine(earlier)
    assert not is_of_this_machine(me | {"host": f"{name}x 1"})
    assert not is_of_this_machine({})
    assert not is_alive(earlier, heard_s_ago=owner.SILENT_S)


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({"locks": True}, True),
        ({}, False),
        ({"locks": 1}, False),
        ({"locks": None}, False),
        ({"locks": True, "host": "a-container {boot}"}, True),
        ({"locks": True, "host": "elsewhere 00000000"}, False),
        ({"locks": True, "host": "elsewhere"}, False),
    ],
)
def test_containers_of_one_machine_see_each_others_locks(change, shared):
    if not owner._boot():
        pytest.skip("this system has no id of its boot")
    change = {name: value.format(boot=owner._boot()) if name == "host" else value for name, value in change.items()}
    assert shares_locks(this_process() | change) is shared


def test_the_start_of_a_process_is_read_whatever_its_name(tmp_path):
    if not os.path.exists("/proc/self/stat"):  # noqa: PTH110
        pytest.skip("there is no /proc")
    odd = tmp_path / "a) R 1 (b"
    odd.symlink_to(sys.executable)
    process = subprocess.Popen([odd, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    started = owner._started(process.pid)
    process.communicate(b"\n")
    assert started.isdecimal()
    assert int(started) >= int(owner._started(os.getpid()))
