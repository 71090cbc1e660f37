"""A single operation under test: RMSNorm in numpy.

plumbline verify --spec rms_norm.json --no-grads -- python3 rms_norm.py
"""

import numpy as np
from plumbline_client import Unsupported, main


def rms_norm(request):
    norm = request.spec["norm_slots"]["attn"]["in"]
    if request.spec["part"] != "norm" or norm["kind"] != "rms_norm" or request.wants_gradients:
        raise Unsupported("only the output of one rms_norm")
    x = request.x.astype(np.float32)
    y = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(norm["eps"]))
    gain = request.params["norm.weight"].astype(np.float32) + np.float32(norm["gain_offset"])
    return {"y": (y * gain).astype(request.dtype)}


if __name__ == "__main__":
    main(rms_norm)
