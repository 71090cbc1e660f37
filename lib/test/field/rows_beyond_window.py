"""Prefill with a sliding window loops over min(T, window) rows; later rows keep what was in the buffer.
https://github.com/nntrainer/nntrainer/pull/3989   part sdpa, causal_sliding.
Run: plumbline verify --spec rows_beyond_window.json --no-grads -- python3 rows_beyond_window.py [--right]
"""
import sys
import numpy as np
from plumbline_client import main

RIGHT = "--right" in sys.argv
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def sdpa(request):
    a = request.spec["attention"]
    h, hk, dh, w = a["n_heads"], a["n_kv_heads"], a["head_dim"], a["window"]
    q, k, v = (request.tensors[n].astype(np.float32) for n in ("q", "k", "v"))
    (b, t), s = q.shape[:2], k.shape[1]
    y = np.zeros((b, t, h, dh), np.float32)
    rows = t if RIGHT else min(t, w)
    for i in range(rows):
        here = i + s - t
        low = max(0, here - w + 1)
        for head in range(h):
            kh = head // (h // hk)
            qi = q[:, i, head]
            kj = k[:, low : here + 1, kh]
            vj = v[:, low : here + 1, kh]
            scores = np.einsum("bd,bjd->bj", qi, kj) / np.sqrt(np.float32(dh))
            p = np.exp(scores - scores.max(-1, keepdims=True))
            y[:, i, head] = np.einsum("bj,bjd->bd", p / p.sum(-1, keepdims=True), vj)
    return {"y": y.astype(request.dtype)}


main(sdpa)
