"""The math backend multiplies queries and keys each by the root of the scale, so that one rounding counts twice

One query, two keys of which one is 0, and values that show the probabilities: the logarithm of their ratio is the score. In
float64, against the product with the scale itself.
"""

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

print("head_dim  score / (q k / sqrt(head_dim)) - 1, in units of 2^-53")
for head_dim in (4, 8, 16, 64, 96, 128):
    q = torch.zeros(1, 1, 1, head_dim, dtype=torch.float64)
    k, v = torch.zeros(1, 1, 2, head_dim, dtype=torch.float64), torch.eye(2, dtype=torch.float64)[None, None]
    q[..., 0], k[..., 0, 0] = 1, -8
    with sdpa_kernel(SDPBackend.MATH):
        p = F.scaled_dot_product_attention(q, k, v)[0, 0, 0]
    score = (p[0] / p[1]).log()
    print(f"{head_dim:8} {(score / (-8 / torch.tensor(head_dim, dtype=torch.float64).sqrt()) - 1).item() * 2**53:5.1f}")
