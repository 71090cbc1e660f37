"""Nothing wrong: RMSNorm with its eps compiled in, as real kernels have it; the spec pins that eps.
Run: plumbline verify --spec pinned_eps.json --no-grads -- python3 pinned_eps.py"""
import numpy as np
from plumbline_client import main


def rms_norm(request):
    x = request.x.astype(np.float32)
    y = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(1e-6)) * request.params["norm.weight"].astype(np.float32)
    return {"y": y.astype(request.dtype)}


main(rms_norm)
