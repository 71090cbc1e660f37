"""Answers with PyTorch: the forward pass is yours, gradients come from autograd.

    main(autograd(lambda request, tensors: {"y": my_norm(tensors["x"], tensors["norm.weight"])}))
"""

import ml_dtypes
import numpy as np
import torch


def to_torch(value):
    """A copy of a numpy array."""
    if value.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(value.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(value.copy())


def to_numpy(tensor, dtype):
    """The numbers of a tensor, rounded to numpy's `dtype` where theirs is wider."""
    tensor = tensor.detach().cpu().contiguous()
    if dtype == ml_dtypes.bfloat16:
        return tensor.to(torch.bfloat16).view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.to(getattr(torch, str(dtype))).numpy()


def as_computed(value, storage, device):
    """On the device, and as a number of that type where it is no whole number and no choice."""
    return value.to(dtype=storage if value.is_floating_point() else None, device=device)


def autograd(forward, storage=None, device=None):
    """The implementation whose outputs are forward(request, tensors): named tensors in, named tensors out.
    `storage`: computes on tensors of that type instead of the request's; `device`: and there."""

    def implementation(request):
        tensors = {name: as_computed(to_torch(value), storage, device) for name, value in request.tensors.items()}
        cotangents = {name[5:]: tensors.pop(name) for name in list(tensors) if name.startswith("grad.")}
        if request.wants_gradients:
            for name in request.differentiable:
                tensors[name].requires_grad_()
        with torch.set_grad_enabled(request.wants_gradients):
            outputs = forward(request, tensors)
        answer = {name: to_numpy(value, request.dtype) for name, value in outputs.items()}
        if request.wants_gradients:
            torch.autograd.backward(list(outputs.values()), [cotangents[name] for name in outputs])
            for name in request.differentiable:
                value = tensors[name]
                gradient = torch.zeros_like(value) if value.grad is None else value.grad
                answer["grad." + name] = to_numpy(gradient, request.dtype)
        return answer

    return implementation
