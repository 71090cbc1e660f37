"""A whole block under test: LLaMA's, in numpy.

plumbline verify --preset llama --no-grads -- python3 llama_block.py
"""

import numpy as np
from plumbline_client import main


def llama(request):
    s, p = request.spec, {name: t.astype(np.float32) for name, t in request.params.items()}
    heads, kv_heads, h = (s["attention"][key] for key in ("n_heads", "n_kv_heads", "head_dim"))

    def norm(n, name, x):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(n["eps"])) * p[name + ".weight"]

    def rope(x):  # [B, T, heads, h]: pairs are (j, j + h/2)
        angle = np.arange(x.shape[1])[:, None] * s["position"]["rope"]["base"] ** (-np.arange(0, h, 2) / h)
        cos, sin = (f(angle)[:, None].astype(np.float32) for f in (np.cos, np.sin))
        a, b = np.split(x, 2, -1)
        return np.concatenate((a * cos - b * sin, a * sin + b * cos), -1)

    def attention(i, x):
        q, k, v = (x @ p[f"layers.{i}.attn.{name}_proj.weight"].T for name in "qkv")
        q, k, v = (t.reshape(*x.shape[:2], n, h) for t, n in ((q, heads), (k, kv_heads), (v, kv_heads)))
        q, k, v = rope(q), *(t.repeat(heads // kv_heads, 2) for t in (rope(k), v))
        scores = np.einsum("bihc,bjhc->bhij", q, k) / np.float32(np.sqrt(h))
        scores[:, :, np.triu_indices(x.shape[1], 1)[0], np.triu_indices(x.shape[1], 1)[1]] = -np.inf
        w = np.exp(scores - scores.max(-1, keepdims=True))
        out = np.einsum("bhij,bjhc->bihc", w / w.sum(-1, keepdims=True), v)
        return out.reshape(*x.shape[:2], -1) @ p[f"layers.{i}.attn.o_proj.weight"].T

    def swiglu(i, x):
        gate, up = (x @ p[f"layers.{i}.ffn.{name}_proj.weight"].T for name in ("gate", "up"))
        return (gate / (1 + np.exp(-gate)) * up) @ p[f"layers.{i}.ffn.down_proj.weight"].T

    x, slots = request.x.astype(np.float32), s["norm_slots"]
    for i in range(s["n_layers"]):
        x = x + attention(i, norm(slots["attn"]["in"], f"layers.{i}.attn.norm_in", x))
        x = x + swiglu(i, norm(slots["ffn"]["in"], f"layers.{i}.ffn.norm_in", x))
    return {"y": norm(s["final_norm"], "final_norm", x).astype(request.dtype)}


if __name__ == "__main__":
    main(llama)
