"""Tensors of numpy, PyTorch, JAX and CuPy: made from the numbers of a question, on a device, differentiated, and read back.

A tensor keeps its type: nothing is rounded here. Others that speak DLPack are read through it. A further framework is a
class below and a line in FRAMEWORKS.
"""

import sys

import ml_dtypes
import numpy as np
from plumbline_client import DATA

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


class Framework:
    """What is asked of each: tensor(array), a copy of the numbers on the device; filled(array, value), a tensor like it;
    shares_memory(a, b); and this:"""

    def differentiate(self, function, tensors, cotangents):
        """The function's outputs by name, and for each tensor as "grad." and its name the gradient of the sum of every
        output times its cotangent ("grad." and the output's name). Where the framework differentiates nothing, or the
        function gave gradients itself, these are all."""
        return function(tensors)


def _has_gradients(outputs):
    return any(name.startswith("grad.") for name in outputs)


class Numpy(Framework):
    """Arrays of numpy; bfloat16 is ml_dtypes'."""

    def __init__(self, device=None):
        if device not in (None, "cpu"):
            raise ValueError(f"device: expected none with numpy, found {device}")

    def tensor(self, array):
        """A copy, to do with what one likes."""
        return np.array(array)

    def filled(self, array, value):
        return np.full_like(array, value)

    def shares_memory(self, a, b):
        return isinstance(a, np.ndarray) and np.shares_memory(a, b)


class Torch(Framework):
    """Tensors of PyTorch."""

    def __init__(self, device=None):
        import torch

        self.torch, self.device = torch, device

    def tensor(self, array):
        if array.dtype == BFLOAT16:
            return self.torch.from_numpy(np.array(array).view(np.int16)).view(self.torch.bfloat16).to(self.device)
        return self.torch.from_numpy(np.array(array)).to(self.device)

    def filled(self, array, value):
        return self.torch.full_like(self.tensor(array), value)

    def shares_memory(self, a, b):
        same = isinstance(a, self.torch.Tensor) and a.numel() > 0 and a.device == b.device
        return same and _storage(a).data_ptr() == _storage(b).data_ptr()

    def differentiate(self, function, tensors, cotangents):
        asked = {name: value for name, value in tensors.items() if name not in DATA}
        for value in asked.values():
            value.requires_grad_()
        with self.torch.enable_grad():
            outputs = function(tensors)
        if _has_gradients(outputs):
            return outputs
        for name, value in outputs.items():
            if not value.requires_grad:
                raise TypeError(f"{name}: expected what PyTorch can differentiate, found no grad_fn; grads=False asks for y alone")
        self.torch.autograd.backward(list(outputs.values()), [cotangents["grad." + name] for name in outputs])
        for name, value in asked.items():
            outputs["grad." + name] = self.torch.zeros_like(value) if value.grad is None else value.grad
        return outputs


def _storage(tensor):
    return tensor.untyped_storage() if hasattr(tensor, "untyped_storage") else tensor.storage()  # before PyTorch 2


class Jax(Framework):
    """Arrays of JAX, which nobody can change in place."""

    def __init__(self, device=None):
        import jax

        self.jax = jax
        self.device = jax.devices(device)[0] if isinstance(device, str) else device

    def tensor(self, array):
        if array.dtype == np.float64 and not self.jax.config.jax_enable_x64:
            raise TypeError('float64: expected jax.config.update("jax_enable_x64", True), found float32 in its place')
        return self.jax.device_put(np.array(array), self.device)

    def filled(self, array, value):
        return self.tensor(np.full_like(array, value))

    def shares_memory(self, a, b):
        return False

    def differentiate(self, function, tensors, cotangents):
        data = {name: value for name, value in tensors.items() if name in DATA}
        asked = {name: value for name, value in tensors.items() if name not in DATA}
        outputs, pull_back = self.jax.vjp(lambda asked: function({**asked, **data}), asked)
        if _has_gradients(outputs):
            return outputs
        (gradients,) = pull_back({name: cotangents["grad." + name] for name in outputs})
        return {**outputs, **{"grad." + name: value for name, value in gradients.items()}}


class Cupy(Framework):
    """Arrays of CuPy, on the device of that number."""

    def __init__(self, device=None):
        import cupy

        self.cupy, self.device = cupy, cupy.cuda.Device(device)

    def tensor(self, array):
        with self.device:
            return self.cupy.asarray(np.array(array))

    def filled(self, array, value):
        return self.cupy.full_like(self.tensor(array), value)

    def shares_memory(self, a, b):
        return isinstance(a, self.cupy.ndarray) and self.cupy.shares_memory(a, b)


FRAMEWORKS = {"numpy": Numpy, "torch": Torch, "jax": Jax, "cupy": Cupy}


def framework(name, device=None):
    """Throws ValueError where there is none of that name."""
    if name not in FRAMEWORKS:
        raise ValueError(f"framework: expected {', '.join(FRAMEWORKS)}, found {name!r}")
    return FRAMEWORKS[name](device)


def array(tensor):
    """The numbers of a tensor, of whatever framework and device, with its type: an array of numpy. Throws TypeError
    for what is none."""
    kind = type(tensor).__module__.partition(".")[0]
    if isinstance(tensor, (np.ndarray, np.generic)):
        return np.asarray(tensor)
    if kind == "cupy":
        return tensor.get()
    if kind in ("jax", "jaxlib"):
        return np.asarray(tensor)
    torch = sys.modules.get("torch")
    if torch is not None and not isinstance(tensor, torch.Tensor) and hasattr(tensor, "__dlpack__"):
        tensor = torch.from_dlpack(tensor)
    if torch is not None and isinstance(tensor, torch.Tensor):
        tensor = tensor.detach().cpu().contiguous()
        if tensor.dtype == torch.bfloat16:
            return tensor.view(torch.int16).numpy().view(BFLOAT16)
        return tensor.numpy()
    if hasattr(tensor, "__dlpack__"):
        return np.from_dlpack(tensor)
    raise TypeError(f"expected a tensor, found {type(tensor).__name__}")


def same_bits(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
