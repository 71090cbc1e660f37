"""A layer of Llama in numpy, from the tensors of a Hugging Face folder: `layer(config, tensors, x)`. As a program it answers
questions about the layers of llama_peer.py FOLDER, whatever parameters they bring; with --swapped it takes the gate for what
is gated."""

import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients" / "python"))
from plumbline_client import loads, main  # noqa: E402


def layer(config, tensors, x, swapped=False):
    """tensors: of one layer, by their names behind "layers.l."."""
    w = {name: t.astype(np.float32) for name, t in tensors.items()}
    heads, kv_heads, h = (config[key] for key in ("num_attention_heads", "num_key_value_heads", "head_dim"))

    def norm(name, x):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(config["rms_norm_eps"])) * w[name + ".weight"]

    def turned(x):
        angle = np.arange(x.shape[1])[:, None] * config["rope_theta"] ** (-np.arange(0, h, 2) / h)
        cos, sin = (f(angle)[:, None].astype(np.float32) for f in (np.cos, np.sin))
        a, b = np.split(x, 2, -1)
        return np.concatenate((a * cos - b * sin, a * sin + b * cos), -1)

    def attention(x):
        q, k, v = (x @ w[f"self_attn.{name}_proj.weight"].T for name in "qkv")
        q, k, v = (t.reshape(*x.shape[:2], n, h) for t, n in ((q, heads), (k, kv_heads), (v, kv_heads)))
        q, k, v = turned(q), turned(k).repeat(heads // kv_heads, 2), v.repeat(heads // kv_heads, 2)
        scores = np.einsum("bihc,bjhc->bhij", q, k) / np.float32(np.sqrt(h))
        scores = np.where(np.tri(x.shape[1], dtype=bool), scores, -np.inf)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        out = np.einsum("bhij,bjhc->bihc", p / p.sum(-1, keepdims=True), v)
        return out.reshape(*x.shape[:2], -1) @ w["self_attn.o_proj.weight"].T

    def feed_forward(x):
        gate, up = (x @ w[f"mlp.{name}_proj.weight"].T for name in (("up", "gate") if swapped else ("gate", "up")))
        return (gate / (1 + np.exp(-gate)) * up) @ w["mlp.down_proj.weight"].T

    x = x + attention(norm("input_layernorm", x))
    return x + feed_forward(norm("post_attention_layernorm", x))


def layers_of(folder):
    """Of each layer the tensors."""
    folder = pathlib.Path(folder)
    config = json.loads((folder / "config.json").read_text())
    tensors, _ = loads((folder / "model.safetensors").read_bytes())
    prefixes = [f"model.layers.{i}." for i in range(config["num_hidden_layers"])]
    return config, [{n[len(p):]: t for n, t in tensors.items() if n.startswith(p)} for p in prefixes]


if __name__ == "__main__":
    CONFIG, LAYERS = layers_of(sys.argv.pop(1))
    SWAPPED = "--swapped" in sys.argv and not sys.argv.remove("--swapped")

    def answer(request):
        gain = request.tensors["layers.0.attn.norm_in.weight"]
        (mine,) = [tensors for tensors in LAYERS if np.array_equal(tensors["input_layernorm.weight"], gain)]
        return {"y": layer(CONFIG, mine, request.x, SWAPPED)}

    main(answer)
