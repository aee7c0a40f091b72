"""What a table of served rows says about the model."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mlmagic.monitoring.records.values import answers_of
from mlmagic.monitoring.serving.columns import PREDICTION, PROBABILITY


@pytest.mark.parametrize(
    ("predictions", "texts", "classes"),
    [
        ([0, 0], ["0", "1"], (0, 1)),
        ([2.0, 2.0], ["1", "2"], (1.0, 2.0)),
        ([True, True], ["False", "True"], (False, True)),
        (["a", "a"], ["a", "b"], ("a", "b")),
    ],
)
def test_a_class_that_is_never_predicted_is_of_the_kind_of_the_others(predictions, texts, classes):
    columns = {f"{PROBABILITY}{one}": [0.5, 0.5] for one in texts}
    found = answers_of(pa.table({PREDICTION: predictions, **columns}))
    assert found.classes == classes
    assert [type(one) for one in found.classes] == [type(one) for one in classes]
