from dataclasses import dataclass
from typing import Any


@dataclass
class Curve:
    run_id: str
    key: str
    count: int
    steps: Any
    times: Any
    values: Any
    exact: bool


def read_histories(run_ids, metrics, *, points=1000, between=None, by="step"):
    import numpy as np
    from mlmagic.runs import store

    c = store.connect()
    out = []
    for r in run_ids:
        for m in metrics:
            h = sorted(c.get_metric_history(r, m), key=lambda p: p.step)
            out.append(
                Curve(
                    r,
                    m,
                    len(h),
                    np.array([p.step for p in h], float),
                    np.array([p.timestamp for p in h], float),
                    np.array([p.value for p in h], float),
                    True,
                )
            )
    return out
