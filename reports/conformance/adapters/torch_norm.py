"""torch.nn.functional.layer_norm and rms_norm; with --compile, as torch.compile translates them."""

import functools
import sys

import torch
import torch.nn.functional as F
from plumbline_client import serve
from plumbline_torch import autograd

from common import device, need, need_part, only_norm

COMPILE = "--compile" in sys.argv


@functools.cache
def translated(name):
    function = getattr(F, name)
    return torch.compile(function, dynamic=True) if COMPILE else function


def norm(request, tensors):
    need_part(request, "norm")
    n, x = only_norm(request), tensors["x"]
    weight, bias, shape = tensors.get("norm.weight"), tensors.get("norm.bias"), x.shape[-1:]
    need(n["gain_offset"] == 0, "has no gain of 1 + weight")
    if n["kind"] == "layer_norm":
        return {"y": translated("layer_norm")(x, shape, weight, bias, n["eps"])}
    need(bias is None, "rms_norm has no bias")
    return {"y": translated("rms_norm")(x, shape, weight, n["eps"])}


serve(autograd(norm, device=device()))
