"""The machine, as its files and programs tell it."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlmagic.snapshot.environment import hardware


@pytest.fixture(autouse=True)
def _anew():
    hardware._nvidia_smi.cache_clear()
    yield
    hardware._nvidia_smi.cache_clear()


def prints(monkeypatch, text):
    """Let every program print this text."""
    monkeypatch.setattr(hardware.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("\n", []),
        (
            "NVIDIA H200, 143771, 570.86, GPU-1\nTesla T4, 15360, 570.86, GPU-2\n",
            [
                {"name": "NVIDIA H200", "memory_bytes": 143771 * 2**20, "driver": "570.86", "uuid": "GPU-1"},
                {"name": "Tesla T4", "memory_bytes": 15360 * 2**20, "driver": "570.86", "uuid": "GPU-2"},
            ],
        ),
        (
            "GB10, [N/A], 580.1, GPU-3",
            [{"name": "GB10", "memory_bytes": None, "driver": "580.1", "uuid": "GPU-3"}],
        ),
        ("Failed to initialize NVML: Driver/library version mismatch\n", []),
        ("a, b, c\n", []),
    ],
)
def test_what_nvidia_smi_prints(monkeypatch, text, found):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    prints(monkeypatch, text)
    assert hardware.gpus() == found


def test_a_caller_cannot_change_what_is_cached(monkeypatch):
    prints(monkeypatch, "T4, 1, 2, GPU-1")
    hardware.gpus()[0]["name"] = "changed"
    assert hardware.gpus()[0]["name"] == "T4"


@pytest.mark.parametrize(("is_initialized", "count"), [(True, 2), (False, 0)])
def test_torch_is_asked_only_where_it_uses_cuda(monkeypatch, is_initialized, count):
    cuda = SimpleNamespace(
        is_initialized=lambda: is_initialized,
        device_count=lambda: 2,
        get_device_properties=lambda index: SimpleNamespace(name=f"gpu {index}", total_memory=index),
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    prints(monkeypatch, "")
    assert hardware.gpus() == [{"name": f"gpu {at}", "memory_bytes": at} for at in range(count)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC 9654\nmodel name\t: other\n", "AMD EPYC 9654"),
        ("model name : Intel(R) Xeon(R)  \n", "Intel(R) Xeon(R)"),
        ("processor : 0\nBogoMIPS : 50\n", "from the environment"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the file is Linux's")
def test_the_name_of_the_processor(monkeypatch, text, name):
    monkeypatch.setattr(Path, "read_text", lambda *_: text)
    monkeypatch.setenv("PROCESSOR_IDENTIFIER", "from the environment")
    assert hardware._cpu_model() == name


def test_without_a_name_it_is_the_architecture(monkeypatch):
    def refuse(*_):
        raise OSError("no such file")

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(hardware.subprocess, "run", refuse)
    monkeypatch.delenv("PROCESSOR_IDENTIFIER", raising=False)
    assert hardware._cpu_model() == hardware.platform.machine()


def test_a_container_may_use_fewer_cores(monkeypatch):
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system limits no process to some cores")
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert hardware.usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert hardware.usable_cores() == len(before)
    monkeypatch.delattr(os, "sched_getaffinity")
    assert hardware.usable_cores() == os.cpu_count()


def test_the_machine_is_asked_once():
    found = hardware.machine()
    assert hardware.machine() is found
    assert set(found) == {"cpu", "cores_physical", "cores_logical", "memory_bytes"}
    assert found["memory_bytes"] > 10**8
