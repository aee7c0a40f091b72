"""Samples of the load of the system while a run is open."""

import threading

import pytest

from mlmagic.snapshot.environment import system_metrics
from mlmagic.snapshot.environment.system_metrics import SystemSampler


class Samples:
    """What was sampled, and an event after so many."""

    def __init__(self, enough):
        self.values, self.numbers, self.enough, self._count = [], [], threading.Event(), enough

    def __call__(self, values, number):
        self.values.append(values)
        self.numbers.append(number)
        if len(self.numbers) >= self._count:
            self.enough.set()


def test_the_first_sample_comes_at_once_and_the_last_when_it_is_stopped():
    samples = Samples(1)
    sampler = SystemSampler(samples, 3600)
    sampler.start()
    assert samples.enough.wait(60)
    sampler.stop()
    assert samples.numbers == [0, 1]
    assert {"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"} <= set(samples.values[0])
    assert all(isinstance(value, int | float) for value in samples.values[0].values())


def test_samples_are_numbered_without_a_gap():
    samples = Samples(4)
    sampler = SystemSampler(samples, 0.001)
    sampler.start()
    assert samples.enough.wait(60)
    sampler.stop()
    assert samples.numbers == list(range(len(samples.numbers)))
    assert not [
        thread for thread in threading.enumerate() if thread.name == "mlmagic-system" and thread is sampler._thread
    ]


@pytest.mark.parametrize("error", [ImportError("no nvidia-ml-py"), RuntimeError("no GPU")])
def test_without_a_gpu_the_rest_is_sampled(monkeypatch, error):
    from mlflow.system_metrics.metrics import gpu_monitor

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(gpu_monitor, "GPUMonitor", refuse)
    assert [type(monitor).__name__ for monitor in system_metrics._monitors()] == ["CPUMonitor"]


def test_the_values_of_every_monitor_are_those_since_the_last_sample(monkeypatch):
    class Monitor:
        def __init__(self, name):
            self.name, self.collected = name, 0

        def collect_metrics(self):
            self.collected += 1

        def aggregate_metrics(self):
            return {self.name: self.collected}

        def clear_metrics(self):
            self.collected = 0

    monkeypatch.setattr(system_metrics, "_monitors", lambda: [Monitor("a"), Monitor("b")])
    samples = Samples(3)
    sampler = SystemSampler(samples, 0.001)
    sampler.start()
    assert samples.enough.wait(60)
    sampler.stop()
    assert all(values == {"system/a": 1, "system/b": 1} for values in samples.values)
