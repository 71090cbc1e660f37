"""flax.linen.LayerNorm and RMSNorm; on the command line: fast, the default, with the variance as E[x^2] - E[x]^2, or
slow, as E[(x - E[x])^2]."""

import sys

from flax import linen
from plumbline_client import serve
from plumbline_jax import vjp

from common import need, need_part, only_norm

FAST = {"fast": True, "slow": False}[sys.argv[1]]


def norm(request, tensors):
    need_part(request, "norm")
    n, x = only_norm(request), tensors["x"]
    need(n["gain_offset"] == 0, "has no gain of 1 + weight")
    options = {"epsilon": n["eps"], "use_scale": n["gain"] == "vector", "dtype": x.dtype, "use_fast_variance": FAST}
    if n["kind"] == "layer_norm":
        module = linen.LayerNorm(use_bias=n["bias"], **options)
    else:
        need(not n["bias"], "RMSNorm has no bias")
        module = linen.RMSNorm(**options)
    names = {"norm.weight": "scale", "norm.bias": "bias"}
    return {"y": module.apply({"params": {own: tensors[name] for name, own in names.items() if name in tensors}}, x)}


serve(vjp(norm))
