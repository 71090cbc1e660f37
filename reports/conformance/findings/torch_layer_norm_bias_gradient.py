"""PyTorch, CPU: in bfloat16 and float16 the gradients of layer_norm's gain and bias are summed over the rows in the
storage type, so that they stop growing at 2^8 and 2^11. A linear layer's bias gradient is summed in float32."""

import torch
import torch.nn.functional as F

torch.set_num_threads(1)  # each thread has a sum of its own
print(f"torch {torch.__version__}: gradient of the bias where every cotangent is 1")
print(f"{'rows':>6} {'type':>15} {'layer_norm':>11} {'linear':>8}")
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    for rows in (64, 256, 1024, 4096, 16384):
        x = torch.randn(rows, 8).to(dtype)
        weight, bias = torch.ones(8, dtype=dtype), torch.zeros(8, dtype=dtype, requires_grad=True)
        F.layer_norm(x, (8,), weight, bias).backward(torch.ones_like(x))
        linear = torch.nn.Linear(8, 8, dtype=dtype)
        linear(x).backward(torch.ones_like(x))
        print(f"{rows:6} {str(dtype):>15} {bias.grad[0].item():11.0f} {linear.bias.grad[0].item():8.0f}")
