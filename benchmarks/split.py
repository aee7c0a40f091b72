"""Ten million rows divided by id: ``mlmagic.split`` beside the loop over md5 digests that tutorials show."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from benchmarks.measure import Comparison, Goal, interleaved

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 10_000_000
_ROUNDS = 3
_TEST = 0.2


def measure() -> list[Comparison]:
    """Compare from the frame to its two parts; ours also looks for equal rows on both sides."""
    return [
        _compare("Split of 10M rows by integer id", Goal("ratio", 0.03), as_text=False),
        _compare("Split of 10M rows by text id", as_text=True),
    ]


def _compare(name: str, *goals: Goal, as_text: bool) -> Comparison:
    frame = _frame(as_text=as_text)
    ours, other = interleaved(
        {"mlmagic.split": lambda: _hashed_at_once(frame), "md5, row by row": lambda: _hashed_by_row(frame)},
        rounds=_ROUNDS,
    )
    return Comparison(name, ours, other, goals)


def _frame(*, as_text: bool) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    ids = pd.Series(rng.permutation(_ROWS))
    return pd.DataFrame(
        {
            "user_id": "user_" + ids.astype(str) if as_text else ids,
            "amount": rng.normal(size=_ROWS),
            "clicks": rng.integers(0, 100, _ROWS),
        }
    )


def _hashed_at_once(frame: pd.DataFrame) -> float:
    from mlmagic.data.split.splitting import split

    started = time.perf_counter()
    train, test = split(frame, by="user_id", test=_TEST)
    took = time.perf_counter() - started
    _require_fraction(train, test)
    return took


def _hashed_by_row(frame: pd.DataFrame) -> float:
    """Divide as the first edition of "Hands-On Machine Learning" does, and many after it, to the letter."""
    started = time.perf_counter()
    train, test = _split_train_test_by_id(frame, _TEST, "user_id")
    took = time.perf_counter() - started
    _require_fraction(train, test)
    return took


def _test_set_check(identifier, test_ratio, hash):  # noqa: A002
    import numpy as np

    held = identifier.encode() if isinstance(identifier, str) else np.int64(identifier)
    return hash(held).digest()[-1] < 256 * test_ratio


def _split_train_test_by_id(data, test_ratio, id_column, hash=hashlib.md5):  # noqa: A002
    ids = data[id_column]
    in_test_set = ids.apply(lambda id_: _test_set_check(id_, test_ratio, hash))
    return data.loc[~in_test_set], data.loc[in_test_set]


def _require_fraction(train: pd.DataFrame, test: pd.DataFrame) -> None:
    share = len(test) / (len(train) + len(test))
    if len(train) + len(test) != _ROWS or abs(share - _TEST) > 0.005:
        raise RuntimeError(f"test has {share:.4f} of the rows: the comparison would not be fair")
