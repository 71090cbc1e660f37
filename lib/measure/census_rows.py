"""What the census asks about: parts and whole blocks at the sizes that people have."""

import numpy as np

import ml_dtypes

STORAGE = {
    "float64": np.float64,
    "float32": np.float32,
    "bfloat16-mixed": ml_dtypes.bfloat16,
    "float16-mixed": np.float16,
}


class Row:
    """A spec, and how many sequences, tokens and keys there are."""

    def __init__(self, name, spec, batch, tokens, keys=None):
        self.name, self.spec, self.batch, self.tokens, self.keys = name, spec, batch, tokens, keys or tokens

    @property
    def sizes(self):
        return {"batch": self.batch, "tokens": self.tokens, "keys": self.keys}


def norm(part, kind, rows, d):
    return Row(f"{part}-{kind}-{rows}x{d}", {"part": part, "d": d, "norm": {"kind": kind}}, 1, rows)


def sdpa(head_dim, tokens, keys, heads=2, kv_heads=1, **more):
    attention = {"n_heads": heads, "n_kv_heads": kv_heads, "head_dim": head_dim, "mask": "causal", **more}
    kind = attention["mask"] if "logit_softcap" not in more else "softcap"
    name = f"sdpa-{kind}-{heads}.{kv_heads}x{head_dim}-{tokens}x{keys}"
    return Row(name, {"part": "sdpa", "attention": attention}, 1, tokens, keys)


def alibi(d, heads, kv_heads, tokens):
    what = {"attention": {"n_heads": heads, "n_kv_heads": kv_heads}, "position": {"bias": {"max_bias": 8}}}
    return Row(f"attention-alibi-{heads}.{kv_heads}x{d}-{tokens}", {"part": "attention", "d": d, **what}, 1, tokens)


def ffn(kind, activation, rows, d, d_ff):
    what = {"kind": kind, "activation": activation, "d_ff": d_ff}
    return Row(f"ffn-{activation}-{rows}x{d}x{d_ff}", {"part": "ffn", "d": d, "ffn": what}, 1, rows)


def block(preset, d, heads, batch, tokens, **more):
    attention = {"n_heads": heads, **more}
    return Row(f"{preset}-{d}-{batch}x{tokens}", {"preset": preset, "d": d, "attention": attention}, batch, tokens)


KINDS = ("layer_norm", "rms_norm")
NORMS = ((4096, 64), (1025, 128), (1024, 256), (1023, 320), (512, 768), (257, 1024), (65, 2048), (32, 4096), (9, 8192))
ADD_NORMS = ((1024, 256), (128, 768), (17, 4096))
HEADS = ((64, 65, 65), (80, 128, 128), (96, 64, 129), (112, 33, 257), (128, 127, 127), (192, 16, 512), (256, 8, 1024))

ROWS = [
    *(norm("norm", kind, rows, d) for kind in KINDS for rows, d in NORMS),
    norm("norm", "dyt", 512, 768),
    *(norm("add_norm", kind, rows, d) for kind in KINDS for rows, d in ADD_NORMS),
    *(sdpa(*sizes) for sizes in HEADS),
    sdpa(64, 130, 130, 4, 2, mask="causal_sliding", window=64),
    sdpa(64, 96, 96, 4, 4, mask="bidirectional"),
    sdpa(128, 64, 200, 4, 1, logit_softcap=50),
    sdpa(64, 1, 1000, 8, 2),
    alibi(384, 6, 2, 65),
    ffn("mlp", "gelu_erf", 64, 256, 1024),
    ffn("mlp", "relu", 17, 512, 2048),
    ffn("mlp", "gelu_tanh", 16, 768, 3072),
    ffn("glu", "silu", 33, 512, 1376),
    ffn("glu", "gelu_tanh", 8, 1024, 8192),
    block("pre_norm", 256, 4, 1, 64),
    block("post_norm", 256, 8, 2, 33),
    block("llama", 256, 4, 1, 65, n_kv_heads=2),
    block("gpt2", 384, 6, 1, 64),
    block("llama", 512, 8, 1, 96, n_kv_heads=2),
    block("post_norm", 512, 8, 1, 64),
]


def tensors(row, spec, profile, seed, gradients):
    """Normal numbers: weights such that products keep the size of their rows, gains near 1, alpha near 0.5; every third
    seed has rows far from 0, and every third some entries that are much larger than the rest."""
    rng, storage = np.random.default_rng(seed), STORAGE[profile]
    normal = lambda *shape: rng.standard_normal(shape)  # noqa: E731
    a, d = spec["attention"], spec["d"]

    def rows(length, *width):
        x = normal(row.batch, length, *width)
        if seed % 3 == 1:
            x = x + 4
        if seed % 3 == 2:
            x = np.where(rng.random(x.shape) < 0.01, 16 * x, x)
        return x

    if spec["part"] == "sdpa":
        out = {"q": normal(row.batch, row.tokens, a["n_heads"], a["head_dim"])}
        out |= {n: rows(row.keys, a["n_kv_heads"], a["head_dim"]) for n in "kv"}
        widths = {"grad.y": out["q"].shape}
    else:
        out = {"x": rows(row.tokens, d)}
        widths = {"grad.y": out["x"].shape}
    if spec["part"] == "add_norm":
        out["residual"] = rows(row.tokens, d)
        widths["grad.sum"] = out["x"].shape
    for name, shape in parameter_shapes(spec).items():
        gain = "norm" in name and name.endswith(".weight")
        middle = 0.5 if name.endswith(".alpha") else 1 if gain else 0
        out[name] = middle + normal(*shape) / (10 if len(shape) == 1 else np.sqrt(shape[-1]))
    if gradients:
        out |= {name: normal(*shape) for name, shape in widths.items()}
    return {name: value.astype(storage) for name, value in out.items()}


def parameter_shapes(spec):
    """By name, as the manual has them."""
    shapes, d, a, f = {}, spec["d"], spec["attention"], spec["ffn"]

    def linear(name, bias, out, width):
        shapes[name + ".weight"] = (out, width)
        if bias:
            shapes[name + ".bias"] = (out,)

    def norm(name, n, width):
        if n and n["kind"] == "dyt":
            shapes[name + ".alpha"] = (1,)
        if n and n["gain"] != "none":
            shapes[name + ".weight"] = (width,)
        if n and n["bias"]:
            shapes[name + ".bias"] = (width,)

    if spec["part"] in ("norm", "add_norm"):
        norm("norm", spec["norm_slots"]["attn"]["in"], d)
        return shapes
    if spec["part"] == "sdpa":
        return shapes
    width, kv_width = a["n_heads"] * a["head_dim"], a["n_kv_heads"] * a["head_dim"]
    for i in range(spec["n_layers"]):
        p = f"layers.{i}."
        if spec["part"] != "ffn":
            for n, out in (("q", width), ("k", kv_width), ("v", kv_width)):
                linear(f"{p}attn.{n}_proj", a["bias"][n], out, d)
            linear(p + "attn.o_proj", a["bias"]["o"], d, width)
        if spec["part"] == "attention":
            continue
        for n in ("gate", "up") if f["kind"] == "glu" else ("up",):
            linear(f"{p}ffn.{n}_proj", f["bias"]["in"], f["d_ff"], d)
        linear(p + "ffn.down_proj", f["bias"]["out"], d, f["d_ff"])
        for part, slots in spec["norm_slots"].items():
            for slot, n in slots.items() if spec["part"] != "ffn" else ():
                norm(f"{p}{part}.norm_{slot}", n, d)
    norm("final_norm", spec["final_norm"] if spec["part"] not in ("attention", "ffn") else None, d)
    return shapes
