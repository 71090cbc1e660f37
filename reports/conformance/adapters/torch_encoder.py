"""torch.nn.TransformerEncoder of TransformerEncoderLayers; the path is named on the command line: training, or
fast (eval and no gradients: one fused operation a layer)."""

import sys

import torch
from plumbline_client import serve
from plumbline_torch import autograd
from torch import nn

from common import device, need, need_part, need_plain_attention, visible

try:
    from torch.func import functional_call
except ImportError:  # before PyTorch 2
    from torch.nn.utils.stateless import functional_call

FAST = {"training": False, "fast": True}[sys.argv[1]]


def layout(spec):
    """norm_first, and the norm, of a spec that the layer computes."""
    slots = {part: {slot: n for slot, n in norms.items() if n} for part, norms in spec["norm_slots"].items()}
    slot = next(iter(slots["attn"]), None)
    need(slot in ("in", "post") and all(norms.keys() == {slot} for norms in slots.values()), "has pre or post norms")
    norm = slots["attn"][slot]
    need(slots["ffn"][slot] == norm and norm["kind"] == "layer_norm", "has layer norms of one kind")
    need(norm["gain"] == "vector" and norm["gain_offset"] == 0 and norm["bias"], "has norms with gain and bias")
    return slot == "in", norm


def check(request):
    need_part(request, "block", "stack")
    s, a, f = request.spec, request.spec["attention"], request.spec["ffn"]
    need_plain_attention(a)
    need(s["topology"] == "sequential" and s["residual_source"] == "stream", "is sequential")
    need(s["residual_scale"] == s["branch_scale"] == 1, "does not scale the residual")
    need(a["n_kv_heads"] == a["n_heads"] and a["n_heads"] * a["head_dim"] == s["d"], "has heads of d / n_heads")
    need(all(a["bias"].values()) and all(f["bias"].values()), "has every bias")
    need(s["position"]["rope"] is None and a["mask"] != "causal_sliding", "has no rope and no window")
    need(f["kind"] == "mlp" and f["activation"] in ("relu", "gelu_erf"), "has an mlp of relu or gelu")
    need(not FAST or not request.wants_gradients, "the fast path has no backward pass")
    need(not FAST or a["n_heads"] % 2 == 0, "an odd number of heads leaves the fast path")


def named(layer, prefix, tensors):
    """The layer's parameters by its own names."""
    own = {
        "self_attn.in_proj_weight": torch.cat([tensors[f"{prefix}attn.{x}_proj.weight"] for x in "qkv"]),
        "self_attn.in_proj_bias": torch.cat([tensors[f"{prefix}attn.{x}_proj.bias"] for x in "qkv"]),
    }
    slot = "norm_in" if layer.norm_first else "norm_post"
    names = {"self_attn.out_proj": "attn.o_proj", "linear1": "ffn.up_proj", "linear2": "ffn.down_proj"}
    names |= {"norm1": f"attn.{slot}", "norm2": f"ffn.{slot}"}
    for module, name in names.items():
        for kind in ("weight", "bias"):
            own[f"{module}.{kind}"] = tensors[f"{prefix}{name}.{kind}"]
    return own


def encoder(request, tensors):
    check(request)
    s, x = request.spec, tensors["x"]
    norm_first, norm = layout(s)
    layer = nn.TransformerEncoderLayer(
        s["d"],
        s["attention"]["n_heads"],
        s["ffn"]["d_ff"],
        dropout=0.0,
        activation={"relu": "relu", "gelu_erf": "gelu"}[s["ffn"]["activation"]],
        layer_norm_eps=norm["eps"],
        batch_first=True,
        norm_first=norm_first,
        dtype=x.dtype,
        device=x.device,
    )
    final = s["final_norm"]
    last = None if final is None else nn.LayerNorm(s["d"], final["eps"], dtype=x.dtype, device=x.device)
    model = nn.TransformerEncoder(layer, s["n_layers"], norm=last, enable_nested_tensor=False).train(not FAST)
    own = {}
    for i in range(s["n_layers"]):
        own |= {f"layers.{i}.{n}": t for n, t in named(layer, f"layers.{i}.", tensors).items()}
    if final is not None:
        own |= {f"norm.{kind}": tensors[f"final_norm.{kind}"] for kind in ("weight", "bias")}
    seen = visible(s["attention"], x.shape[1], x.shape[1])
    mask = None if seen is None else torch.from_numpy(~seen).to(x.device)
    return {"y": functional_call(model, own, (x,), {"mask": mask})}


serve(autograd(encoder, device=device()))
