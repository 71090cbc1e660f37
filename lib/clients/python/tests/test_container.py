"""The container is what the safetensors package writes and reads."""

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from plumbline_client import DTYPES, NAMES, dumps, loads

TENSORS = {
    "scalar": np.float64(0.1).reshape(()),
    "nothing": np.zeros((2, 0), np.float32),
    "transposed": np.arange(6.0, dtype=np.float16).reshape(2, 3).T,
    **{name: np.arange(5).astype(dtype) for name, dtype in DTYPES.items()},
}


def same(found, expected):
    return found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes()


def test_comes_back():
    tensors, metadata = loads(dumps(TENSORS, {"case": "é"}))
    assert metadata == {"case": "é"}
    assert tensors.keys() == TENSORS.keys()
    assert all(same(tensors[n], t) for n, t in TENSORS.items())


def test_is_read_by_safetensors():
    found = {n: (e["dtype"], tuple(e["shape"]), bytes(e["data"])) for n, e in safetensors.deserialize(dumps(TENSORS))}
    assert found == {n: (NAMES[t.dtype], t.shape, t.tobytes()) for n, t in TENSORS.items()}


def test_reads_safetensors():
    given = {n: np.ascontiguousarray(t).reshape(t.shape) for n, t in TENSORS.items()}
    tensors, _ = loads(safetensors.numpy.save(given))
    assert all(same(tensors[n], t) for n, t in TENSORS.items())


def test_names_the_tensor_of_another_type():
    with pytest.raises(TypeError, match="y: expected one of float64, .*, found complex128"):
        dumps({"y": np.zeros(2, complex)})
