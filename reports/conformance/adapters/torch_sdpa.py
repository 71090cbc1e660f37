"""torch.nn.functional.scaled_dot_product_attention; the backend is named on the command line: math,
flash, efficient or cudnn."""

import sys

import torch
import torch.nn.functional as F
from plumbline_client import serve
from plumbline_torch import autograd
from torch.nn.attention import SDPBackend, sdpa_kernel

from common import device, need, need_part, scale_of, visible

BACKENDS = {
    "math": SDPBackend.MATH,
    "flash": SDPBackend.FLASH_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": getattr(SDPBackend, "CUDNN_ATTENTION", None),
}
BACKEND = BACKENDS[sys.argv[1]]


def sdpa(request, tensors):
    need_part(request, "sdpa")
    a = request.spec["attention"]
    need(a["logit_softcap"] is None, "has no softcap")
    q, k, v = (tensors[name].transpose(1, 2) for name in "qkv")
    seen = visible(a, q.shape[-2], k.shape[-2])
    is_causal = a["mask"] == "causal" and q.shape[-2] == k.shape[-2]  # of T_q < T_k, its mask hides the last keys
    mask = None if is_causal or seen is None else torch.from_numpy(seen).to(q.device)
    need(device() == "cpu" or sys.argv[1] != "flash" or mask is None, "takes no mask on a GPU")
    with sdpa_kernel(BACKEND):
        options = {"is_causal": is_causal, "scale": scale_of(a), "enable_gqa": a["n_heads"] != a["n_kv_heads"]}
        try:
            return {"y": F.scaled_dot_product_attention(q, k, v, mask, **options).transpose(1, 2)}
        except RuntimeError as e:
            need("No available kernel" not in str(e), "has no kernel for these sizes and types")
            raise


serve(autograd(sdpa, device=device()))
