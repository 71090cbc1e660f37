"""The gradients of layer_norm's weight and bias are summed over the rows in 16 bits, and stop growing

On the CPU, each thread adds up rows in the type of x, also where the parameters and their gradients are in float32. A
linear layer's bias gradient is summed in float32.
"""

import torch
import torch.nn.functional as F

torch.set_num_threads(1)  # each thread has a sum of its own


def bias_gradient(rows, dtype, parameters):
    weight, bias = torch.ones(8, dtype=parameters), torch.zeros(8, dtype=parameters, requires_grad=True)
    F.layer_norm(torch.randn(rows, 8).to(dtype), (8,), weight, bias).backward(torch.ones(rows, 8, dtype=dtype))
    return bias.grad[0].item()


def linear_bias_gradient(rows, dtype):
    linear = torch.nn.Linear(8, 8, dtype=dtype)
    linear(torch.randn(rows, 8).to(dtype)).backward(torch.ones(rows, 8, dtype=dtype))
    return linear.bias.grad[0].item()


print("gradient of the bias where every cotangent is 1: it is the number of rows")
print("    rows       type  layer_norm  float32 parameters  linear")
for dtype in (torch.bfloat16, torch.float16):
    for rows in (64, 256, 1024, 4096, 16384):
        found = bias_gradient(rows, dtype, dtype), bias_gradient(rows, dtype, torch.float32)
        print(f"{rows:8} {str(dtype)[6:]:>10} {found[0]:11.0f} {found[1]:19.0f} {linear_bias_gradient(rows, dtype):7.0f}")
