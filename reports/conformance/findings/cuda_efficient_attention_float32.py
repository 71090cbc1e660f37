"""The memory-efficient backend multiplies float32 numbers in three products of TF32, and falls short each time

Two keys, and values that show their probabilities: the logarithm of their ratio is the difference of the scores. Scores
that are right to a rounding of float32 err by less than 1 part in 2^23, to both sides.
"""

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

torch.manual_seed(0)
q, k = torch.rand(256, 1, 1, 64).cuda(), torch.rand(256, 1, 2, 64).cuda()
k[:, :, 1] = 0
v = torch.eye(2, 8).cuda().expand(256, 1, 2, 8).contiguous()
scores = (q.double() @ k.double().transpose(-1, -2) / 8)[..., 0, 0]
for name, backend in (("math", SDPBackend.MATH), ("efficient", SDPBackend.EFFICIENT_ATTENTION)):
    with sdpa_kernel(backend):
        p = F.scaled_dot_product_attention(q, k, v).double()[..., 0, :2]
    error = ((p[..., 0].log() - p[..., 1].log()) / scores - 1) * 2**23
    print(f"{name:>9}: scores err by {error.mean().item():5.2f} parts in 2^23 on average, {error.std().item():.2f} about that")
