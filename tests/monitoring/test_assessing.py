"""By what served rows are put together: enough of them each, and no more parts than a page shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from mlmagic.monitoring.assessing import unit_of
from mlmagic.monitoring.serving.columns import TIME


@pytest.mark.parametrize(
    ("days", "rows_a_day", "unit"),
    [(1, 1, "month"), (30, 20, "day"), (30, 5, "week"), (30, 1, "month"), (92, 20, "day"), (140, 20, "week"), (900, 20, "month")],
)  # fmt: skip
def test_days_unless_they_have_few_rows_or_are_many(days, rows_a_day, unit):
    times = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=at // rows_a_day) for at in range(days * rows_a_day)]
    assert unit_of(pa.table({TIME: pa.array(times, pa.timestamp("us", "UTC"))})) == unit
