"""flax.linen.MultiHeadDotProductAttention."""

from flax import linen
from plumbline_client import main
from plumbline_jax import vjp

from common import need, need_part, need_plain_attention, visible

NAMES = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "out": "o_proj"}


def parameters(tensors, heads, head_dim):
    """Projections as the module holds them: [d, heads, head_dim], the last one [heads, head_dim, d]."""
    own = {}
    for module, name in NAMES.items():
        weight = tensors[f"layers.0.attn.{name}.weight"].T
        shape = (heads, head_dim, -1) if module == "out" else (-1, heads, head_dim)
        own[module] = {"kernel": weight.reshape(shape)}
        bias = tensors.get(f"layers.0.attn.{name}.bias")
        if bias is not None:
            own[module]["bias"] = bias if module == "out" else bias.reshape(heads, head_dim)
    return {"params": own}


def attention(request, tensors):
    need_part(request, "attention")
    a, x, norms = request.spec["attention"], tensors["x"], request.spec["norm_slots"]["attn"]
    need_plain_attention(a)
    need(a["n_kv_heads"] == a["n_heads"], "has as many heads of keys as of queries")
    need(len(set(a["bias"].values())) == 1, "has every bias or none")
    need(
        request.spec["position"]["rope"] is None and not (norms["q"] or norms["k"] or norms["mid"]),
        "has no rope, no norms",
    )
    module = linen.MultiHeadDotProductAttention(
        num_heads=a["n_heads"],
        qkv_features=a["n_heads"] * a["head_dim"],
        out_features=x.shape[-1],
        use_bias=a["bias"]["q"],
        dtype=x.dtype,
    )
    seen = visible(a, x.shape[1], x.shape[1])
    mask = None if seen is None else seen[None, None]
    return {"y": module.apply(parameters(tensors, a["n_heads"], a["head_dim"]), x, mask=mask)}


main(vjp(attention))
