"""ONNX Runtime's LayerNormalization and RMSNormalization."""

import numpy as np
from plumbline_client import main

from common import need, need_part, no_gradients, only_norm
from onnx_node import run


def norm(request):
    need_part(request, "norm")
    no_gradients(request)
    n, weight = only_norm(request), request.params.get("norm.weight")
    need(request.dtype != np.float64, "an attribute of ONNX, as eps is one, is in float32")
    need(n["gain_offset"] == 0 and weight is not None, "has a gain of weight")
    op = {"layer_norm": "LayerNormalization", "rms_norm": "RMSNormalization"}[n["kind"]]
    inputs = [("x", request.x), ("weight", weight)]
    if n["bias"]:
        need(n["kind"] == "layer_norm", "RMSNormalization has no bias")
        inputs.append(("bias", request.params["norm.bias"]))
    return run(op, inputs, axis=-1, epsilon=float(np.float32(n["eps"])))


main(norm)
