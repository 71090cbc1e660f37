"""Half as much again as is right, and no gradients: a run without --no-grads has nothing to judge, and must not be green.
Run: plumbline verify --spec pinned_eps.json -- python3 half_too_large.py"""
import numpy as np
from plumbline_client import Unsupported, main


def rms_norm(request):
    if request.wants_gradients:
        raise Unsupported("forward only")
    eps = np.float32(request.spec["norm_slots"]["attn"]["in"]["eps"])
    x = request.x.astype(np.float32)
    y = 1.5 * x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * request.params["norm.weight"].astype(np.float32)
    return {"y": y.astype(request.dtype)}


main(rms_norm)
