"""The committed digests hold under the installed pandas and NumPy: `make test` has the newest, `make test-minimums` the oldest.

After a wanted change, which also counts `SCHEME` up: ``python tests/data/test_golden.py`` writes them anew.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from mlmagic.data.fingerprint.fingerprint import fingerprint

HERE = Path(__file__).parent
GOLDEN = HERE / "golden.json"


def datasets():
    spec = importlib.util.spec_from_file_location("corpus", HERE / "corpus.py")
    corpus = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(corpus)
    return corpus.numbers() | corpus.frames()


DATASETS = datasets()


def described(dataset):
    found = fingerprint(dataset)
    return {"digest": found.digest, "order_free": found.order_free, "schema": found.schema, "index": found.index}


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_has_the_digests_that_it_had_under_every_release(name):
    assert described(DATASETS[name]) == json.loads(GOLDEN.read_text())[name]


def test_no_two_datasets_of_the_corpus_have_one_digest():
    digests = {entry["digest"] for entry in json.loads(GOLDEN.read_text()).values()}
    assert len(digests) == len(DATASETS)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({name: described(one) for name, one in DATASETS.items()}, indent=1) + "\n")
