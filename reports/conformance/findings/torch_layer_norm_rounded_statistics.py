"""The gradients of layer_norm in 16 bits come from a mean and a 1/std that were rounded to 16 bits

The forward pass computes both in float32, and saves them in the type of the parameters. Where rows have an offset, the
rounded mean is off by a part of a standard deviation. Parameters in float32 beside a 16-bit x avoid it.
"""

import torch
import torch.nn.functional as F

torch.manual_seed(0)


def gradients(x, cotangent, weight):
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    F.layer_norm(x, weight.shape, weight).backward(cotangent)
    return x.grad.double(), weight.grad.double()


print("rows of standard deviation 1: relative error of the gradients of x and weight")
print("         type  offset  parameters of that type  parameters in float32")
for dtype in (torch.bfloat16, torch.float16):
    for offset in (0, 10, 100):
        x, cotangent = (offset + torch.randn(64, 64)).to(dtype), torch.randn(64, 64).to(dtype)
        truth = gradients(x.double(), cotangent.double(), torch.ones(64).double())
        line = f"{str(dtype)[6:]:>13} {offset:7} "
        for weight in (torch.ones(64, dtype=dtype), torch.ones(64)):
            found = gradients(x, cotangent, weight)
            line += "".join(f"{((f - t).norm() / t.norm()).item():12.1e}" for f, t in zip(found, truth, strict=True))
        print(line)
