"""A module as an implementation of a block, and what such layers share: names of their parameters, outputs."""

import sys
from dataclasses import dataclass
from typing import Any, Callable, Dict


@dataclass
class Layer:
    """A module as a function of a request, and the spec of the block that it should compute.

    names: its parameters' names to Plumbline's: a name, or a function of all tensors.
    call: (module with these parameters, x) to its output."""

    module: Any
    spec: Dict[str, Any]
    names: Dict[str, Any]
    call: Callable

    @property
    def device(self):
        return next((str(p.device) for p in self.module.parameters()), None)

    def function(self, request):
        own = {theirs: _found(request, theirs, ours) for theirs, ours in self.names.items()}
        missing = [name for name, _ in self.module.named_parameters() if name not in own]
        if missing:
            raise KeyError(f"the layer has a parameter {missing[0]} that its spec knows nothing of")
        module = self.module.to(request.x.dtype)
        call = _functional_call()
        return self.call(lambda *args, **kwargs: call(module, own, args, kwargs), request.x)


def _found(request, theirs, ours):
    """The tensor for the module's parameter `theirs`: that of the name `ours`, or what this function makes of all."""
    if callable(ours):
        return ours(request.tensors)
    if ours not in request.tensors:
        expected = ", ".join(request.params)
        raise ValueError(f"the parameter {theirs}: expected names= to give it one of {expected}, found {ours}")
    return request.tensors[ours]


def _functional_call():
    try:
        from torch.func import functional_call
    except ImportError:  # before PyTorch 2
        from torch.nn.utils.stateless import functional_call
    return functional_call


def is_module(implementation) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(implementation, torch.nn.Module)


def first(output):
    """Of what a module returns, the stream."""
    return output[0] if isinstance(output, tuple) else output


# Parameters of Plumbline's that a layer has, and how several become one.

BLOCK = "layers.0."


def of(name):
    return BLOCK + name


def side_by_side(*names):
    def joined(tensors):
        import torch

        return torch.cat([tensors[BLOCK + name] for name in names])

    return joined


def linear_layer(theirs, ours, bias):
    kinds = ("weight", "bias") if bias else ("weight",)
    return {f"{theirs}.{kind}": of(f"{ours}.{kind}") for kind in kinds}
