"""RMSNorm, forward only, with one thing wrong with it: python wrong_peer.py WHAT"""

import os
import signal
import sys
import time

what = sys.argv[1] if len(sys.argv) > 1 else "right"
if what == "prints-first":
    print("loading", flush=True)
if what == "prints-at-import":
    import plumbline_client

    print("loading")

import numpy as np
from plumbline_client import Unsupported, serve

count = 0


def rounded(x):
    """To bfloat16, half to even, in float64."""
    m, e = np.frexp(x)
    return np.ldexp(np.rint(m * 256) / 256, e)


def norm(request):
    x, weight = request.x.astype(np.float64), request.tensors["norm.weight"].astype(np.float64)
    eps = request.spec["norm_slots"]["attn"]["in"]["eps"]
    if what == "eps-outside":
        return (x / (np.sqrt((x * x).mean(-1, keepdims=True)) + eps) * weight).astype(request.dtype)
    if what == "rounds":  # right, in bfloat16: what is read and what is stored has 8 bits
        x, weight = rounded(x), rounded(weight)
        r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
        return rounded(rounded(x * r) * weight).astype(request.dtype)
    if what == "no-eps":
        return (x / np.sqrt((x * x).mean(-1, keepdims=True)) * weight).astype(request.dtype)
    if what == "tail":  # four channels at a time
        full = x[..., : x.shape[-1] // 4 * 4]
        return (x / np.sqrt((full * full).sum(-1, keepdims=True) / x.shape[-1] + eps) * weight).astype(request.dtype)
    return (x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight).astype(request.dtype)


def answer(request):
    global count
    count += 1
    if request.wants_gradients and what in ("unsupported", "half"):
        raise Unsupported("forward only")
    if what == "refuses-once" and count == 2:
        raise Unsupported("the second")
    y = norm(request)
    if what == "half" or what == "unsupported":
        return {"y": y * request.dtype.type(1.5)} if what == "half" else {"y": y}
    if what == "zeros":
        return {"y": np.zeros_like(y)}
    if what == "nan":
        return {"y": np.full_like(y, np.nan)}
    if what == "infinity":
        return {"y": np.full_like(y, np.inf)}
    if what == "one-nan":
        y.flat[0] = np.nan
    if what == "float64":
        return {"y": y.astype(np.float64)}
    if what == "shape":
        return {"y": y[..., :-1]}
    if what == "transposed":
        return {"y": np.swapaxes(y, 1, 2)}
    if what == "missing":
        return {}
    if what == "extra":
        return {"y": y, "z": y}
    if what == "raises":
        raise ValueError("boom at\nline two")
    if what == "exits":
        os._exit(3)
    if what == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "hangs":
        time.sleep(3600)
    if what == "exits-later" and count == 3:
        os._exit(3)
    if what == "slow":
        time.sleep(0.2)
    if what == "drifts":
        y = y * request.dtype.type(1 + count * 1e-3)
    if what == "by-batch" and len(y) > 1:  # right, with another last bit
        y.flat[0] = np.nextafter(y.flat[0], np.inf, dtype=y.dtype)
    if what == "floods":
        os.write(2, b"x" * (1 << 20))
    if what == "closes":
        os.close(1)
    return {"y": y}


serve(answer)
