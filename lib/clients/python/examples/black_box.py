"""A block that says nothing of itself: sizes and constants are its own, and it never looks at the question's spec.

plumbline identify --d 24 --heads 4 -- python3 black_box.py
"""

import numpy as np
from plumbline_client import main

HEADS, EPS = 4, np.float32(1e-6)


def block(request):
    p = {name.removeprefix("layers.0."): t.astype(np.float32) for name, t in request.params.items()}
    x = request.x.astype(np.float32)

    def linear(name, u):
        return u @ p[name + ".weight"].T + p[name + ".bias"]

    def heads(name, u):
        return linear(name, u).reshape(*u.shape[:2], HEADS, -1).transpose(0, 2, 1, 3)

    u = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPS) * p["norm_in.weight"] + p["norm_in.bias"]
    q, k, v = (heads(f"attn.{name}_proj", u) for name in "qkv")
    scores = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(q.shape[-1]))
    scores = np.where(np.tri(x.shape[1], dtype=bool), scores, -np.inf)
    w = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = (w / w.sum(-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(*x.shape[:2], -1)
    hidden = np.maximum(linear("ffn.up_proj", u), 0)
    return {"y": (x + linear("attn.o_proj", mixed) + linear("ffn.down_proj", hidden)).astype(request.dtype)}


if __name__ == "__main__":
    main(block)
