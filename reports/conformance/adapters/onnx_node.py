"""One operator of ONNX, run by ONNX Runtime on the CPU."""

import functools

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

TYPES = {
    "float64": TensorProto.DOUBLE,
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
}
# An answer in bfloat16 has no way out to numpy but in float32, which holds it exactly.
WIDE = {t: TensorProto.FLOAT if t == TensorProto.BFLOAT16 else t for t in TYPES.values()}
OPSETS = [helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)]


@functools.lru_cache(maxsize=None)
def _session(op, domain, inputs, outputs, attributes):
    """inputs: (name, type, rank); a name of "" is an input left out."""
    nodes = [helper.make_node(op, [n for n, _, _ in inputs], list(outputs), domain=domain, **dict(attributes))]
    given = [helper.make_tensor_value_info(n, t, [None] * rank) for n, t, rank in inputs if n]
    nodes += [helper.make_node("Cast", [n], [n + ".wide"], to=WIDE[inputs[0][1]]) for n in outputs if n]
    kept = [helper.make_tensor_value_info(n + ".wide", WIDE[inputs[0][1]], None) for n in outputs if n]
    graph = helper.make_graph(nodes, op, given, kept)
    model = helper.make_model(graph, opset_imports=OPSETS, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _value(array):
    if array.dtype == bool:
        return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))
    bits = array.view(np.uint16) if array.dtype.itemsize == 2 else array
    return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(np.ascontiguousarray(bits), TYPES[str(array.dtype)])


def run(op, inputs, outputs=("y",), domain="", **attributes):
    """The outputs, by name, as arrays of the first input's type. `inputs`: (name, array) in the operator's order;
    an array of None is left out, and so is an output called ""."""
    dtype = inputs[0][1].dtype

    def description(name, array):
        if array is None:
            return "", 0, 0
        return name, TensorProto.BOOL if array.dtype == bool else TYPES[str(array.dtype)], array.ndim

    key = tuple(description(name, array) for name, array in inputs)
    session = _session(op, domain, key, tuple(outputs), tuple(sorted(attributes.items())))
    feeds = {name: _value(array) for name, array in inputs if array is not None}
    names = [n for n in outputs if n]
    found = session.run_with_ort_values([n + ".wide" for n in names], feeds)
    return {name: value.numpy().astype(dtype) for name, value in zip(names, found, strict=True)}
