from dataclasses import dataclass


@dataclass
class B:
    runs: list
    total: int


def read_runs(client, *, experiment_ids=None, run_ids=None, most=10000):
    if run_ids is not None:
        runs = [client.get_run(i) for i in run_ids]
        return B(runs, len(runs))
    runs = client.search_runs(experiment_ids, max_results=most)
    return B(list(runs), len(runs))
