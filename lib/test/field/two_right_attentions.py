"""Nothing wrong: attention in two orders. --math: all scores at once; else tiles of keys with a running maximum.
https://github.com/pytorch/pytorch/issues/119188   https://github.com/ml-explore/mlx/issues/3585
https://github.com/meta-pytorch/attention-gym/issues/131   part sdpa.
--half: probabilities are rounded to the storage type before they meet the values, as fused kernels do.
--tf32: both products round their inputs to 10 bits (https://github.com/pytorch/pytorch/issues/138556).
Run: plumbline verify --spec two_right_attentions.json --no-grads -- python3 two_right_attentions.py [--math|--half|--tf32]
"""
import sys
import numpy as np
from plumbline_client import main

FLAGS = {a for a in sys.argv if a.startswith("--")}
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def tf32(x):
    if "--tf32" not in FLAGS:
        return x
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0xFFF + ((bits >> 13) & 1)) & ~np.uint32(0x1FFF)).astype(np.uint32).view(np.float32)


def product(a, b):
    return tf32(a) @ tf32(b)


def sdpa(request):
    a = request.spec["attention"]
    h, dh, group = a["n_heads"], a["head_dim"], a["n_heads"] // a["n_kv_heads"]
    work = np.float64 if request.dtype == np.float64 else np.float32
    q, k, v = (request.tensors[n].astype(work).transpose(0, 2, 1, 3) for n in ("q", "k", "v"))
    k, v = np.repeat(k, group, 1), np.repeat(v, group, 1)
    b, t, s = q.shape[0], q.shape[2], k.shape[2]
    seen = np.ones((t, s), bool) if a["mask"] == "bidirectional" else np.arange(s)[None] <= np.arange(t)[:, None] + s - t
    store = (lambda p: p.astype(request.dtype).astype(work)) if "--half" in FLAGS else (lambda p: p)
    if "--math" in FLAGS:
        root = work(dh) ** work(-0.25)
        scores = np.where(seen, product(q * root, (k * root).transpose(0, 1, 3, 2)), -np.inf)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        y = product(p / p.sum(-1, keepdims=True), v)
    else:
        m = np.full((b, h, t, 1), -1e30, work)
        total, y = np.zeros((b, h, t, 1), work), np.zeros((b, h, t, dh), work)
        for j in range(0, s, 4):
            scores = product(q, k[:, :, j : j + 4].transpose(0, 1, 3, 2)) * work(1 / np.sqrt(dh))
            scores = np.where(seen[:, j : j + 4], scores, -np.inf)
            new = np.maximum(m, scores.max(-1, keepdims=True))
            p = np.exp(scores - new)
            keep = np.exp(m - new)
            total = total * keep + p.sum(-1, keepdims=True)
            y = y * keep + product(store(p), v[:, :, j : j + 4])
            m = new
        y = y / total
    return {"y": y.transpose(0, 2, 1, 3).astype(request.dtype)}


main(sdpa)
