"""A plain feed-forward by ONNX Runtime's MatMul, Add and activations; which activations, on the command line: onnx
(Relu, Gelu with both approximations) or microsoft (Gelu, FastGelu, QuickGelu)."""

import sys

from plumbline_client import serve

from common import need, need_part, no_gradients
from onnx_node import run

ACTIVATIONS = {
    "onnx": {
        "relu": ("Relu", "", {}),
        "gelu_erf": ("Gelu", "", {"approximate": "none"}),
        "gelu_tanh": ("Gelu", "", {"approximate": "tanh"}),
    },
    "microsoft": {
        "gelu_erf": ("Gelu", "com.microsoft", {}),
        "gelu_tanh": ("FastGelu", "com.microsoft", {}),
        "quick_gelu": ("QuickGelu", "com.microsoft", {"alpha": 1.702}),
        "silu": ("QuickGelu", "com.microsoft", {"alpha": 1.0}),
    },
}[sys.argv[1]]


def linear(request, name, x):
    weight, bias = (request.params.get(f"layers.0.ffn.{name}.{kind}") for kind in ("weight", "bias"))
    y = run("MatMul", [("x", x), ("weight", weight.T)])["y"]
    return y if bias is None else run("Add", [("x", y), ("bias", bias)])["y"]


def feed_forward(request):
    need_part(request, "ffn")
    no_gradients(request)
    f = request.spec["ffn"]
    need(f["kind"] == "mlp" and request.spec["norm_slots"]["ffn"]["mid"] is None, "has no gate and no norm")
    need(f["activation"] in ACTIVATIONS, f"has no {f['activation']}")
    op, domain, attributes = ACTIVATIONS[f["activation"]]
    hidden = run(op, [("x", linear(request, "up_proj", request.x))], domain=domain, **attributes)["y"]
    return {"y": linear(request, "down_proj", hidden)}


serve(feed_forward)
