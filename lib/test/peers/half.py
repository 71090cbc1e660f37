"""float16 on the CPU in old versions of PyTorch, which lack most of its kernels: such an operation is computed in
float32 and its result rounded, which is what the kernels of new versions do."""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map


def cast(value, start, end):
    """A tensor of one type as one of another, and so the type's name."""
    if isinstance(value, torch.Tensor) and value.dtype == start:
        return value.to(end)
    return end if isinstance(value, torch.dtype) and value == start else value


class _Widened(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        try:
            return function(*args, **kwargs)
        except RuntimeError as why:
            if "not implemented for 'Half'" not in str(why):
                raise
        args, kwargs = tree_map(lambda v: cast(v, torch.float16, torch.float32), (args, kwargs))
        return tree_map(lambda v: cast(v, torch.float32, torch.float16), function(*args, **kwargs))


def complete_half():
    """A context in which every operation on float16 works."""
    return _Widened() if int(torch.__version__.split(".")[0]) < 2 else contextlib.nullcontext()
