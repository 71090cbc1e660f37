"""Layers of torch.nn and of transformers, by what they are: their spec from their configuration, their parameters by name.

    check_layer(torch.nn.TransformerEncoderLayer(64, 4, batch_first=True))
    check_layer(LlamaDecoderLayer, config, profile="bfloat16-mixed")

A further layer is a function in torch_nn.py or huggingface.py that returns its Layer, and a line in LAYERS there.
"""

from . import huggingface, torch_nn
from .layer import Layer, first, is_module

__all__ = ["Layer", "check_layer", "is_module", "layer_of"]

PACKAGES = ("torch", "transformers")
LAYERS = torch_nn.LAYERS | huggingface.LAYERS


def check_layer(layer, config=None, **options):
    """check() of a layer of torch.nn or transformers: a module; or the class of one and its configuration, of which
    the first layer is taken. The options are those of check(). Raises TypeError where nothing is known of the layer."""
    from ..checking import check

    __tracebackhide__ = True

    if isinstance(layer, type):
        layer = _of_configuration(layer, config)
    return check(layer.eval(), **options)


def layer_of(module, spec=None, names=None) -> Layer:
    """The module as a layer: by its class; or, given `names`, by these, and where the class says nothing by the
    names that its parameters share with Plumbline's. A spec goes before what the class says. Raises TypeError, naming the
    classes that are known, where neither says what it is."""
    known = [kind.__name__ for kind in type(module).__mro__ if kind.__module__.partition(".")[0] in PACKAGES]
    known = [name for name in known if name in LAYERS]
    if known and names is None:
        layer = LAYERS[known[0]](module)
        layer.spec = spec or layer.spec
        return layer
    if spec is None:
        raise TypeError(f"{type(module).__name__}: expected a spec, or one of {', '.join(LAYERS)}")
    names = names or {name: name for name, _ in module.named_parameters()}
    return Layer(module, spec, names, lambda run, x: first(run(x)))


def _of_configuration(kind, config):
    """The first layer, with masks that are given and no kernel that has none."""
    import inspect

    config._attn_implementation = "eager"
    config._experts_implementation = "eager"
    takes = inspect.signature(kind.__init__).parameters
    return kind(config, layer_idx=0) if "layer_idx" in takes else kind(config)
