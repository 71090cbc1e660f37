"""GELU's tanh formula, written operation by operation as GPT-2 has it, loses its negative side in 16 bits

Each operation rounds to 16 bits, and in 1 + tanh what is left of a tanh near -1 is its rounding; of a tanh of -1 it is
0. One operation for the whole formula, F.gelu(x, approximate="tanh"), takes it in float32.
"""

import math

import torch
import torch.nn.functional as F


def by_operations(x):
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


def by_one(x):
    return F.gelu(x, approximate="tanh")


def derivative(function, value, dtype):
    x = torch.tensor(value, dtype=dtype, requires_grad=True)
    function(x).backward()
    return x.grad.item()


print("derivative of gelu")
print("      x      type   by operations      by one     exact")
for dtype in (torch.bfloat16, torch.float16):
    for value in (-1.0, -2.0, -3.0, -4.0):
        found = [derivative(function, value, dtype) for function in (by_operations, by_one)]
        exact = derivative(by_one, value, torch.float64)
        print(f"{value:7} {str(dtype)[6:]:>9} {found[0]:15.5f} {found[1]:11.5f} {exact:9.5f}")
