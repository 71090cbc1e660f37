"""Where scores are large the flash backend's float32 gradients are less accurate than those of the math backend

On the way back it takes the probabilities anew, as exponentials of a score less the logarithm of a sum, both of them large.
Errors are root mean squares against float64, over those of the math backend.
"""

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

torch.set_num_threads(1)
torch.manual_seed(0)


def answers(backend, inputs, cotangent):
    inputs = [t.clone().requires_grad_() for t in inputs]
    with sdpa_kernel(backend):
        y = F.scaled_dot_product_attention(*inputs, is_causal=True)
    y.backward(cotangent)
    return [y.detach()] + [t.grad for t in inputs]


def error(found, exact):
    return (found.double() - exact).square().mean().sqrt().item()


print("largest score       y  grad.q  grad.k  grad.v")
for factor in (1, 3, 6):
    inputs = [s * torch.randn(1, 2, 257, 128) for s in (factor, factor, 1)]
    cotangent = torch.randn(1, 2, 257, 128)
    exact = answers(SDPBackend.MATH, [t.double() for t in inputs], cotangent.double())
    math, flash = (answers(b, inputs, cotangent) for b in (SDPBackend.MATH, SDPBackend.FLASH_ATTENTION))
    largest = (inputs[0] @ inputs[1].transpose(-1, -2)).max().item() / 128**0.5
    ratios = [error(f, e) / error(m, e) for f, m, e in zip(flash, math, exact)]
    print(f"{largest:13.0f} " + " ".join(f"{r:7.1f}" for r in ratios))
