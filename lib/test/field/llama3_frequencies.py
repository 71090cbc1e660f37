"""Attention whose rotary frequencies are those of the model before its context was lengthened: rope_type llama3 (factor 8,
low 1, high 4, 8192 positions at first) is read and not used.
https://github.com/huggingface/transformers/pull/32330
Run: plumbline verify --spec llama3_frequencies.json --no-grads -- python3 llama3_frequencies.py [--right]
"""
import sys
import numpy as np
from plumbline_client import main

RIGHT = "--right" in sys.argv
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def frequencies(rope, r):
    f = rope["base"] ** (-np.arange(0, r, 2) / r)
    if not RIGHT:
        return f
    s = rope["scaling"]
    low, high = s["low_freq_factor"], s["high_freq_factor"]
    turns = s["original_max_position"] * f / (2 * np.pi)
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return (1 - smooth) * f / s["factor"] + smooth * f


def attention(request):
    a, rope = request.spec["attention"], request.spec["position"]["rope"]
    p = {n.removeprefix("layers.0.attn."): t.astype(np.float32) for n, t in request.params.items()}
    x = request.x.astype(np.float32)
    (b, t), h = x.shape[:2], a["head_dim"]

    def turn(z):
        angle = np.arange(t)[:, None] * frequencies(rope, h)
        c, s = (f(angle)[:, None].astype(np.float32) for f in (np.cos, np.sin))
        e, o = np.split(z, 2, -1)
        return np.concatenate((e * c - o * s, e * s + o * c), -1)

    q, k, v = ((x @ p[f"{n}_proj.weight"].T).reshape(b, t, -1, h) for n in "qkv")
    q, k = turn(q), turn(k)
    k, v = (z.repeat(a["n_heads"] // a["n_kv_heads"], 2) for z in (k, v))
    scores = np.einsum("bihc,bjhc->bhij", q, k) * np.float32(h**-0.5)
    scores = np.where(np.tri(t, dtype=bool), scores, -np.inf)
    w = np.exp(scores - scores.max(-1, keepdims=True))
    out = np.einsum("bhij,bjhc->bihc", w / w.sum(-1, keepdims=True), v)
    return {"y": (out.reshape(b, t, -1) @ p["o_proj.weight"].T).astype(request.dtype)}


main(attention)
