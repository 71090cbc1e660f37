"""What every adapter says about the questions it does not answer."""

import sys

import numpy as np
from plumbline_client import Unsupported


def need(condition, why):
    if not condition:
        raise Unsupported(why)


def need_part(request, *parts):
    need(request.spec["part"] in parts, f"computes {' or '.join(parts)}, not {request.spec['part']}")


def only_norm(request):
    """The norm of the parts norm and add_norm."""
    return request.spec["norm_slots"]["attn"]["in"]


def no_gradients(request):
    need(not request.wants_gradients, "has no backward pass")


def need_plain_attention(attention):
    """Scores of q k, scaled by 1/sqrt(head_dim), under a softmax: no more than that."""
    scale = attention["scale"]
    need(attention["logit_softcap"] is None, "has no softcap")
    need(scale["rule"] == "inv_sqrt_head_dim" and scale["mult"] == 1, "scales by 1/sqrt(head_dim)")


def visible(attention, queries, keys):
    """Which key each query sees, as a matrix of booleans; None where every query sees every key. The last query
    stands beside the last key."""
    if attention["mask"] == "bidirectional":
        return None
    i, j = np.arange(queries)[:, None] + keys - queries, np.arange(keys)[None, :]
    seen = j <= i
    return seen if attention["window"] is None else seen & (i - j < attention["window"])


def scale_of(attention):
    rule, value = attention["scale"]["rule"], attention["scale"]["value"]
    radicand = {"one": 1, "inv_sqrt_scalar": value, "inv_sqrt_head_dim": attention["head_dim"]}[rule]
    return attention["scale"]["mult"] / radicand**0.5


def device():
    """Where it computes: what stands behind --device on the command line."""
    return sys.argv[sys.argv.index("--device") + 1] if "--device" in sys.argv else "cpu"
