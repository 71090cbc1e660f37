"""Two sequences are packed into one row, with their cumulative lengths; the fallback path ignores the lengths.
https://github.com/Tencent-Hunyuan/HunyuanVideo/pull/310   part sdpa; the packing is this program's own: Plumbline asks
about sequences of one length, and always of its own accord.
Run: plumbline verify --spec packed_sequences_leak.json --no-grads -- python3 packed_sequences_leak.py [--right]
"""
import sys
import numpy as np
from plumbline_client import main

RIGHT = "--right" in sys.argv
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def varlen(q, k, v, starts_q, starts_k, group):
    t, s, dh = len(q), len(k), q.shape[-1]
    owner_q = np.searchsorted(starts_q, np.arange(t), "right")
    owner_k = np.searchsorted(starts_k, np.arange(s), "right")
    k, v = np.repeat(k, group, 1), np.repeat(v, group, 1)
    scores = np.einsum("ihc,jhc->hij", q, k) / np.sqrt(np.float32(dh))
    if RIGHT:
        scores = np.where(owner_q[:, None] == owner_k, scores, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("hij,jhc->ihc", p / p.sum(-1, keepdims=True), v)


def sdpa(request):
    a = request.spec["attention"]
    q, k, v = (request.tensors[n].astype(np.float32) for n in ("q", "k", "v"))
    (b, t), s = q.shape[:2], k.shape[1]
    q, k, v = (z.reshape(-1, *z.shape[2:]) for z in (q, k, v))
    y = varlen(q, k, v, np.arange(b) * t, np.arange(b) * s, a["n_heads"] // a["n_kv_heads"])
    return {"y": y.reshape(b, t, *y.shape[1:]).astype(request.dtype)}


main(sdpa)
