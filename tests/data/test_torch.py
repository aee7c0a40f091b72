"""Tensors and what stands behind loaders. torch is an extra: the oldest one is not installed by `make test-minimums`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from mlmagic.data.fingerprint.fingerprint import fingerprint
from mlmagic.data.kinds import Selection, datasets_in, kind_of

torch = pytest.importorskip("torch")
data = pytest.importorskip("torch.utils.data")

X = torch.arange(24.0).reshape(6, 4)
Y = torch.tensor([0, 1, 0, 1, 0, 1])


def digest(dataset):
    return fingerprint(dataset).digest


@pytest.mark.parametrize(
    "kind", ["float32", "float64", "float16", "int64", "int8", "uint8", "bool", "complex64", "complex128"]
)
def test_a_tensor_has_the_fingerprint_of_the_array_with_its_content(kind):
    tensor = torch.tensor([[0, 1], [1, 0], [0, 0]]).to(getattr(torch, kind))
    from_tensor, from_array = fingerprint(tensor), fingerprint(tensor.numpy())
    assert from_tensor.kind == "torch.Tensor"
    assert (from_tensor.digest, from_tensor.order_free, from_tensor.schema) == (
        from_array.digest,
        from_array.order_free,
        from_array.schema,
    )


def test_strides_gradients_and_views_say_nothing():
    leaf = X.clone().requires_grad_()
    same = [
        leaf,
        leaf * 1,
        X.T.contiguous().T,
        X.to(torch.complex64).conj().real,
        torch._neg_view(-X),
        Selection(X.flip(0), np.arange(6)[::-1].copy()),
    ]
    assert {digest(tensor) for tensor in same} == {digest(X)}
    assert digest(X[1:]) != digest(X)
    assert leaf.grad is None


def test_a_parameter_and_a_tensor_without_data_are_no_datasets():
    assert kind_of(torch.nn.Linear(2, 2).weight) is None
    assert kind_of(torch.zeros(3, 3, device="meta")) is None
    assert kind_of(torch.tensor(1.0)) is None


def test_small_floats_are_types_of_their_own():
    tensor = torch.tensor([1.0, -0.0, float("nan")])
    digests = {
        digest(tensor.to(kind))
        for kind in (torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.float8_e4m3fn)
    }
    assert len(digests) == 5
    assert digest(torch.tensor([1.0, 0.0], dtype=torch.bfloat16)) == digest(
        torch.tensor([1.0, -0.0], dtype=torch.bfloat16)
    )


def test_a_quantised_tensor_is_its_numbers_and_how_they_are_scaled():
    one = torch.quantize_per_tensor(X, 0.5, 3, torch.quint8)
    assert digest(one) == digest(torch.quantize_per_tensor(X, 0.5, 3, torch.quint8))
    others = [
        X, one.int_repr(), torch.quantize_per_tensor(X, 0.25, 3, torch.quint8), torch.quantize_per_tensor(X + 1, 0.5, 3, torch.quint8),
        torch.quantize_per_channel(X, torch.tensor([0.5, 0.5, 0.5, 0.5]), torch.tensor([3, 3, 3, 3]), 1, torch.quint8),
    ]  # fmt: skip
    assert digest(one) not in {digest(other) for other in others}


def test_sparse_tensors_are_told_by_what_they_hold():
    dense = torch.tensor([[0, 1.0, 0], [2, 0, 0]])
    forms = [
        dense.to_sparse(),
        dense.to_sparse_csr(),
        dense.to_sparse_csc(),
        torch.sparse_coo_tensor([[1, 0, 0], [0, 1, 1]], [2.0, 0.5, 0.5], (2, 3)),
    ]
    assert {digest(form) for form in forms} == {digest(sparse.csr_matrix(dense.numpy()))}
    assert digest(torch.sparse_coo_tensor([[0]], [[0, 1.0, 0]], (2, 3))) != digest(forms[0])
    cube = torch.zeros(2, 3, 4)
    cube[1, 2, 3] = 5
    assert digest(cube.to_sparse()) == digest(cube.to_sparse(1)) != digest(cube.transpose(1, 2).to_sparse())


def test_nested_tensors_are_told_by_their_parts():
    one = torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])
    assert digest(one) == digest(torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]))
    assert digest(one) != digest(torch.nested.nested_tensor([torch.zeros(3), torch.zeros(2)]))
    assert kind_of(one) == "torch.Tensor"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_tensor_on_a_gpu_is_the_one_on_the_processor():
    assert digest(X.cuda()) == digest(X)
    assert digest(Selection(X.cuda(), np.arange(6))) == digest(X)


def behind(value):
    return [(suffix, digest(one)) for suffix, one in datasets_in(value)]


def test_behind_a_loader_stand_its_tensors():
    loader = data.DataLoader(data.TensorDataset(X, Y), batch_size=2, shuffle=True)
    assert behind(loader) == [("[0]", digest(X)), ("[1]", digest(Y))]
    assert behind(data.DataLoader(X)) == [("", digest(X))]
    assert behind(data.TensorDataset(X)) == [("", digest(X))]


def test_behind_a_subset_stand_its_rows_only():
    first, second = data.random_split(data.TensorDataset(X, Y), [4, 2], torch.Generator().manual_seed(1))
    assert behind(first) == [("[0]", digest(X[list(first.indices)])), ("[1]", digest(Y[list(first.indices)]))]
    assert behind(data.DataLoader(data.Subset(first, [2, 0]))) == behind(
        data.TensorDataset(X[[first.indices[2], first.indices[0]]], Y[[first.indices[2], first.indices[0]]])
    )
    assert behind(second) != behind(first)
    assert behind(data.Subset(data.TensorDataset(X), [])) == []


def test_behind_datasets_in_a_row_stand_those_of_each():
    both = data.ConcatDataset([data.TensorDataset(X, Y), data.TensorDataset(X + 1)])
    assert behind(both) == [(".0[0]", digest(X)), (".0[1]", digest(Y)), (".1", digest(X + 1))]
    assert behind(data.Subset(both, [0, 7, 8, -1])) == [(".0[0]", digest(X[[0]])), (".1", digest((X + 1)[[1, 2, 5]]))]


class Own(data.Dataset):
    def __init__(self):
        self.images, self.labels = X.numpy(), pd.Series(Y.numpy())
        self.transform, self.scale, self._cache = len, np.array([1.0, 2.0]), X

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index], self.labels[index]


def test_behind_a_dataset_of_the_users_own_stands_what_it_holds():
    assert [suffix for suffix, _ in datasets_in(Own())] == [".images", ".labels", ".scale"]
    assert behind(data.Subset(Own(), [1, 3])) == [
        (".images", digest(X[[1, 3]])),
        (".labels", digest(Own().labels.iloc[[1, 3]])),
    ]


def test_a_dataset_that_is_broken_stands_for_nothing():
    class Broken(data.Dataset):
        def __init__(self):
            self.again = self

        def __len__(self):
            raise RuntimeError("no length")

    assert datasets_in(Broken()) == []
    assert datasets_in(data.Subset(Broken(), [0])) == []


def test_so_many_parts_are_taken_and_no_more():
    assert len(datasets_in(data.ConcatDataset([data.TensorDataset(X, Y) for _ in range(30)]))) == 20
