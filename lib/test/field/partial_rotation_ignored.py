"""Attention of a model with partial rotary embedding in which all channels of a head turn.
https://github.com/ml-explore/mlx-lm/pull/1698   part attention.
Run: plumbline verify --spec partial_rotation_ignored.json --no-grads -- python3 partial_rotation_ignored.py [--right]
"""
import sys
import numpy as np
from plumbline_client import main

RIGHT = "--right" in sys.argv
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def attention(request):
    a, rope = request.spec["attention"], request.spec["position"]["rope"]
    p = {n.removeprefix("layers.0.attn."): t.astype(np.float32) for n, t in request.params.items()}
    x = request.x.astype(np.float32)
    (b, t), h = x.shape[:2], a["head_dim"]
    r = rope["rotary_dim"] if RIGHT else h

    def turn(z):
        angle = np.arange(t)[:, None] * rope["base"] ** (-np.arange(0, r, 2) / r)
        c, s = (f(angle)[:, None].astype(np.float32) for f in (np.cos, np.sin))
        e, o = z[..., 0:r:2], z[..., 1:r:2]
        turned = np.stack((e * c - o * s, e * s + o * c), -1).reshape(*z.shape[:3], r)
        return np.concatenate((turned, z[..., r:]), -1)

    q, k, v = ((x @ p[f"{n}_proj.weight"].T + p.get(f"{n}_proj.bias", 0)).reshape(b, t, -1, h) for n in "qkv")
    q, k = turn(q), turn(k)
    k, v = (z.repeat(a["n_heads"] // a["n_kv_heads"], 2) for z in (k, v))
    scores = np.einsum("bihc,bjhc->bhij", q, k) * np.float32(h**-0.5)
    scores = np.where(np.tri(t, dtype=bool), scores, -np.inf)
    w = np.exp(scores - scores.max(-1, keepdims=True))
    out = np.einsum("bhij,bjhc->bihc", w / w.sum(-1, keepdims=True), v)
    return {"y": (out.reshape(b, t, -1) @ p["o_proj.weight"].T).astype(request.dtype)}


main(attention)
