"""jax.nn.dot_product_attention, compiled by XLA."""

import jax
from plumbline_client import main
from plumbline_jax import vjp

from common import need, need_part, scale_of, visible


def sdpa(request, tensors):
    need_part(request, "sdpa")
    a = request.spec["attention"]
    need(a["logit_softcap"] is None, "has no softcap")
    need(request.dtype != "float16" or jax.default_backend() != "cpu", "has no float16 on the CPU")
    q, k, v = (tensors[name] for name in "qkv")
    if q.shape[1] == k.shape[1]:  # otherwise its masks stand beside the first key
        causal, window = a["mask"] != "bidirectional", a["window"] and (a["window"] - 1, 0)
        options = {"is_causal": causal, "local_window_size": window}
    else:
        seen = visible(a, q.shape[1], k.shape[1])
        options = {"mask": None if seen is None else seen[None, None]}
    return {"y": jax.nn.dot_product_attention(q, k, v, scale=scale_of(a), **options)}


main(vjp(sdpa))
