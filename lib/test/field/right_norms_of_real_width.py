"""Nothing wrong: LayerNorm or RMSNorm in float64, rounded once: the correctly rounded answer, the best there can be.
Rows of 16-bit numbers whose rms is nearly 1 come back as they are, and so are off by one common factor.
Run: plumbline verify --spec right_norms_of_real_width.json --profile bfloat16-mixed --no-grads -- python3 right_norms_of_real_width.py
     plumbline verify --replay right_norms_of_real_width.safetensors -- python3 right_norms_of_real_width.py
"""
import numpy as np
from plumbline_client import main


def norm(request):
    slot = request.spec["norm_slots"]["attn"]["in"]
    x = request.x.astype(np.float64)
    if slot["kind"] == "layer_norm":
        x = x - x.mean(-1, keepdims=True)
    y = x / np.sqrt((x * x).mean(-1, keepdims=True) + slot["eps"]) * request.params["norm.weight"].astype(np.float64)
    if "norm.bias" in request.params:
        y = y + request.params["norm.bias"].astype(np.float64)
    return {"y": y.astype(request.dtype)}


main(norm)
