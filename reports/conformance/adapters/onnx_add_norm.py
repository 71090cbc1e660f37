"""ONNX Runtime's SkipLayerNormalization and SkipSimplifiedLayerNormalization (com.microsoft)."""

import numpy as np
from plumbline_client import main

from common import need, need_part, no_gradients, only_norm
from onnx_node import run


def add_norm(request):
    need_part(request, "add_norm")
    no_gradients(request)
    s, n, p = request.spec, only_norm(request), request.params
    need(s["residual_scale"] == s["branch_scale"] == 1, "does not scale the residual")
    need(request.dtype != np.float64, "an attribute of ONNX, as eps is one, is in float32")
    need(n["gain_offset"] == 0 and n["gain"] == "vector", "has a gain of weight")
    inputs = [("x", request.x), ("residual", p["residual"]), ("weight", p["norm.weight"])]
    op = "SkipLayerNormalization"
    if n["kind"] == "layer_norm":
        inputs.append(("bias", p.get("norm.bias")))
    else:
        op = "SkipSimplifiedLayerNormalization"
        need(not n["bias"], "has no bias")
    outputs = ("y", "", "", "sum")
    return run(op, inputs, outputs, domain="com.microsoft", epsilon=float(np.float32(n["eps"])))


main(add_norm)
