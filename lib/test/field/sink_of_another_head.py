"""Attention with one learned logit per head that takes part in the softmax and has no value (a sink).
https://github.com/modular/modular/pull/6591   wrong: row i reads the sink of head i mod n_heads, or no head has one (--dropped).
Run: plumbline verify --spec sink_of_another_head.json --no-grads -- python3 sink_of_another_head.py [--right|--dropped]
"""
import sys
import numpy as np
from plumbline_client import main

FLAGS = {a for a in sys.argv if a.startswith("--")}
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def sink_of_rows(sinks, t):
    h = len(sinks)
    if "--dropped" in FLAGS:
        return np.full((h, t), -np.inf, np.float32)
    if "--right" in FLAGS:
        return np.repeat(sinks[:, None], t, 1)
    return sinks[(np.arange(h)[:, None] * t + np.arange(t)) % h]


def sdpa(request):
    a = request.spec["attention"]
    q, k, v = (request.tensors[n].astype(np.float32).transpose(0, 2, 1, 3) for n in ("q", "k", "v"))
    k, v = (np.repeat(z, a["n_heads"] // a["n_kv_heads"], 1) for z in (k, v))
    t, dh, s = *q.shape[2:], k.shape[2]
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(np.float32(dh))
    scores = np.where(np.arange(s)[None] <= np.arange(t)[:, None] + s - t, scores, -np.inf)
    sink = sink_of_rows(request.tensors["sink"].astype(np.float32), t)
    m = np.maximum(scores.max(-1), sink)[..., None]
    p = np.exp(scores - m)
    y = p @ v / (p.sum(-1, keepdims=True) + np.exp(sink[None, ..., None] - m))
    return {"y": y.transpose(0, 2, 1, 3).astype(request.dtype)}


main(sdpa)
