"""Layers of torch.nn and of transformers, by what they are: their spec from their configuration, their parameters by name.

    check_layer(torch.nn.TransformerEncoderLayer(64, 4, batch_first=True))
    check_layer(LlamaDecoderLayer, config, profile="bfloat16-mixed")

A further layer of torch.nn is a function in torch_nn.py that returns its Layer, and a line in LAYERS there; of transformers
every model is known whose layers the command reads from a folder.
"""

from . import huggingface, torch_nn
from .layer import Layer, first, is_module

__all__ = ["Layer", "check_layer", "is_module", "layer_of"]

LAYERS = torch_nn.LAYERS


def check_layer(layer, config=None, **options):
    """check() of a layer of torch.nn or transformers: a module; or the class of one and its configuration, of which
    the first layer is taken. The options are those of check(). Raises TypeError where nothing is known of the layer."""
    from ..checking import check

    __tracebackhide__ = True

    if isinstance(layer, type):
        layer = huggingface.module_of(layer, config) if config is not None else layer()
    return check(layer.eval(), **options)


def layer_of(module, spec=None, names=None) -> Layer:
    """The module as a layer: by its class; or, given `names`, by these, and where the class says nothing by the
    names that its parameters share with Plumbline's. A spec goes before what the class says. Raises TypeError, naming the
    classes that are known, where neither says what it is."""
    known = [kind.__name__ for kind in type(module).__mro__ if kind.__module__.partition(".")[0] == "torch"]
    known = [LAYERS[name] for name in known if name in LAYERS]
    known += [huggingface.layer_of] if huggingface.is_known(module) else []
    if known and names is None:
        layer = known[0](module)
        layer.spec = spec or layer.spec
        return layer
    if spec is None:
        raise TypeError(f"{type(module).__name__}: expected a spec, or a layer of transformers, or one of {', '.join(LAYERS)}")
    names = names or {name: name for name, _ in module.named_parameters()}
    return Layer(module, spec, names, lambda run, x: first(run(x)))

