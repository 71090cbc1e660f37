"""A flash kernel whose thread index is the channel of the head and whose block has at most 32 threads.
https://github.com/mni-ml/framework/pull/39   part sdpa; channels from 32 on are never written.
Run: plumbline verify --spec head_dim_beyond_32.json --no-grads -- python3 head_dim_beyond_32.py [--right]
"""
import sys
import numpy as np
from plumbline_client import main

RIGHT = "--right" in sys.argv
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def sdpa(request):
    a = request.spec["attention"]
    group = a["n_heads"] // a["n_kv_heads"]
    q, k, v = (request.tensors[n].astype(np.float32).transpose(0, 2, 1, 3) for n in ("q", "k", "v"))
    t, dh, s = *q.shape[2:], k.shape[2]
    k, v = np.repeat(k, group, 1), np.repeat(v, group, 1)
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(np.float32(dh))
    seen = np.arange(s)[None] <= np.arange(t)[:, None] + s - t
    scores = np.where(seen, scores, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    y = p @ v / p.sum(-1, keepdims=True)
    if not RIGHT:
        y[..., 32:] = 0
    return {"y": y.transpose(0, 2, 1, 3).astype(request.dtype)}


main(sdpa)
