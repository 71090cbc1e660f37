"""torch.nn.functional.layer_norm and rms_norm."""

import torch.nn.functional as F
from plumbline_client import main
from plumbline_torch import autograd

from common import need, need_part, only_norm


def norm(request, tensors):
    need_part(request, "norm")
    n, x = only_norm(request), tensors["x"]
    weight, bias, shape = tensors.get("norm.weight"), tensors.get("norm.bias"), x.shape[-1:]
    need(n["gain_offset"] == 0, "has no gain of 1 + weight")
    if n["kind"] == "layer_norm":
        return {"y": F.layer_norm(x, shape, weight, bias, n["eps"])}
    need(bias is None, "rms_norm has no bias")
    return {"y": F.rms_norm(x, shape, weight, n["eps"])}


main(autograd(norm))
