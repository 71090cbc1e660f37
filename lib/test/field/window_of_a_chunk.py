"""Prefill in chunks with a sliding window: all queries of a chunk see the cached keys that its first query sees.
https://github.com/pytorch/executorch/pull/21857   part sdpa with more keys than queries: those before are the cache.
Run: plumbline verify --spec window_of_a_chunk.json --no-grads -- python3 window_of_a_chunk.py [--right]
"""
import sys
import numpy as np
from plumbline_client import main

RIGHT = "--right" in sys.argv
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def sdpa(request):
    a = request.spec["attention"]
    group, w = a["n_heads"] // a["n_kv_heads"], a["window"]
    q, k, v = (request.tensors[n].astype(np.float32).transpose(0, 2, 1, 3) for n in ("q", "k", "v"))
    k, v = np.repeat(k, group, 1), np.repeat(v, group, 1)
    t, dh, s = *q.shape[2:], k.shape[2]
    cached = s - t
    i, j = np.arange(t)[:, None] + cached, np.arange(s)
    seen = (j <= i) & (j > i - w)
    if not RIGHT:
        seen[:, :cached] = seen[:1, :cached]
    scores = np.where(seen, q @ k.transpose(0, 1, 3, 2) / np.sqrt(np.float32(dh)), -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return {"y": (p @ v / p.sum(-1, keepdims=True)).transpose(0, 2, 1, 3).astype(request.dtype)}


main(sdpa)
