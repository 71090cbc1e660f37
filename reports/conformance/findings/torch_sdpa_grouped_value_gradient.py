"""The gradients of k and v are summed over the query heads of a group in 16 bits by the flash backend

On the CPU, with enable_gqa. With one query and one key the gradient of v is the plain sum of the cotangents.
"""

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

torch.manual_seed(0)
print(f"largest relative error of grad v in bfloat16, where one rounding is {torch.finfo(torch.bfloat16).eps / 2:.4f}")
for heads in (4, 16, 64):
    cotangent = torch.rand(1, heads, 1, 16).bfloat16()
    truth = cotangent.double().sum(1, keepdim=True)
    for backend in (SDPBackend.MATH, SDPBackend.FLASH_ATTENTION):
        q = torch.zeros(1, heads, 1, 16, dtype=torch.bfloat16, requires_grad=True)
        k, v = (torch.zeros(1, 1, 1, 16, dtype=torch.bfloat16, requires_grad=True) for _ in "kv")
        with sdpa_kernel(backend):
            F.scaled_dot_product_attention(q, k, v, enable_gqa=True).backward(cotangent)
        error = ((v.grad.double() - truth) / truth).abs().max().item()
        print(f"{heads:4} query heads, {backend.name:16} {error:.4f}")
