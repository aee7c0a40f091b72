"""Files of skops are compared without the times and addresses in them, and hostile ones as they are."""

import io
import subprocess
import sys
import zipfile

import pytest

from mlmagic.replay.predictions.file_content import steady_content

_WRITE = """\
import sys
import numpy as np, skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
data = [object() for _ in range(int(sys.argv[2]))]  # other addresses
X = np.arange(40.0).reshape(20, 2)
model = make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=int(sys.argv[3])))
skops.io.dump(model.fit(X, X[:, 0] > 20 * (X[:, 1] % 3)), sys.argv[1])
"""


def written(folder, name, addresses, seed):
    path = folder / f"{name}.skops"
    subprocess.run([sys.executable, "-c", _WRITE, path, str(addresses), str(seed)], check=True)
    return path.read_bytes()


def test_the_same_model_has_the_same_content_and_another_one_has_not(tmp_path):
    first, again, other = (
        written(tmp_path, name, size, seed) for name, size, seed in (("a", 10, 0), ("b", 99_999, 0), ("c", 10, 1))
    )
    assert first != again
    assert steady_content("data/model.skops", first) == steady_content("data/model.skops", again)
    assert steady_content("data/model.skops", first) != steady_content("data/model.skops", other)
    assert steady_content("model.pkl", first) == first


def archive(**members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, text in members.items():
            file.writestr(name.replace("__", "."), text)
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"x" * 100, archive(other="1"), archive(schema__json=b"\xff"), archive(schema__json="{}")[:-30]],
    ids=["empty", "no archive", "no schema", "no text", "cut"],
)
def test_what_is_no_archive_of_skops_is_compared_byte_by_byte(content):
    assert steady_content("m.skops", content) == content


def test_a_member_that_changed_alone_is_another_content():
    schema = '{"__id__": 5, "file": "5.npy", "other": "7.npy"}'
    steady = {steady_content("m.skops", archive(schema__json=schema, **{"5__npy": one})) for one in ("a", "b")}
    assert len(steady) == 2
    renamed = archive(schema__json=schema.replace("5", "9"), **{"9__npy": "a"})
    assert steady_content("m.skops", renamed) in steady
    swapped = archive(schema__json=schema, **{"7__npy": "a"})
    assert steady_content("m.skops", swapped) not in steady
