"""The tags that say something to a person."""

import pytest

from mlmagic.store.query.shown_tags import TOLD_TAGS, telling_tags


@pytest.mark.parametrize(
    ("key", "value", "is_told"),
    [
        ("team", "vision", True),
        ("mlflow", "x", True),
        ("my.mlflow.tag", "x", True),
        ("mlflow.user", "ana", True),
        ("mlmagic.error", "ZeroDivisionError", True),
        ("mlflow.source.name", "train.ipynb", True),
        ("mlflow.source.name", "/env/lib/site-packages/ipykernel_launcher.py", False),
        ("mlflow.user", "ipykernel_launcher.py", True),
        ("note", "ipykernel_launcher.py", True),
        ("mlflow.runName", "forest", False),
        ("mlflow.source.type", "LOCAL", False),
        ("mlmagic.id", "0" * 32, False),
        ("mlmagic.version", "1", False),
    ],
)
def test_machinery_is_left_out(key, value, is_told):
    assert telling_tags({key: value}) == ({key: value} if is_told else {})


def test_the_order_stays():
    tags = {"b": "1", "mlflow.user": "ana", "mlflow.x": "2", "a": "3"}
    assert list(telling_tags(tags)) == ["b", "mlflow.user", "a"]


def test_no_two_tags_have_one_heading():
    assert len(set(TOLD_TAGS.values())) == len(TOLD_TAGS)
