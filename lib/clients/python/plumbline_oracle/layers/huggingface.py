"""The layers of transformers. What they compute, and which of their parameters are which of Plumbline's, the command says:
it reads a folder with their configuration and with tensors whose every number is another one."""

import copy
import inspect
import json
import tempfile
from pathlib import Path

from .layer import Layer, first

STEP = 2.0**-45  # numbers differ by multiples of it, besides random ones that are multiples of COARSE
COARSE = 2.0**-10


def layer_of(module, config=None) -> Layer:
    """Raises TypeError, with what the command says, where it reads no such model."""
    config = config or _config_of(module)
    index = next((m.layer_idx for m in module.modules() if isinstance(getattr(m, "layer_idx", None), int)), 0)
    shell, path, own = _shell(type(module), config, index)
    spec, names = _read(module, config, path)
    return Layer(module, spec, names, lambda run, x: first(run(x, **_arguments(shell, own, x))))


def module_of(kind, config):
    """The first layer of that class in the model that the configuration is of, with masks that are given and no kernel that
    has none."""
    config._attn_implementation = "eager"
    config._experts_implementation = "eager"
    layer = _shell(kind, config, 0)[2]
    if _config_of(layer) is None:
        layer.config = config  # no part of it keeps one
    return layer


def is_known(module):
    return any(kind.__module__.partition(".")[0] == "transformers" for kind in type(module).__mro__) and _config_of(module)


def _config_of(module):
    return next((m.config for m in module.modules() if hasattr(getattr(m, "config", None), "model_type")), None)


def _shell(kind, config, index):
    """A small model with one layer more than `index`; where that layer stands in it, and the layer."""
    import transformers

    small = copy.deepcopy(config)
    count = config.num_hidden_layers
    for key, value in vars(config).items():
        if isinstance(value, (list, tuple)) and len(value) == count:
            setattr(small, key, value[: index + 1])
    small.num_hidden_layers = index + 1
    small.vocab_size, small.pad_token_id = 8, None
    model = transformers.AutoModel.from_config(small, attn_implementation=config._attn_implementation).eval()
    model = model.get_encoder() if getattr(small, "is_encoder_decoder", False) else model
    prefix = "encoder." if getattr(small, "is_encoder_decoder", False) else ""
    layers = [(name, m) for name, m in model.named_modules() if type(m) in kind.__mro__[:-1] and name.endswith(f".{index}")]
    if not layers:
        raise TypeError(f"{kind.__name__}: expected a layer of {type(model).__name__}, which has none of that class")
    return model, prefix + layers[0][0], layers[0][1]


class _Called(Exception):
    """Ends a model's run where its layer is called; holds what with."""


def _arguments(shell, own, x):
    """Masks, positions and what else a model hands to its layer for a stream of that shape and type."""
    import torch

    def stop(module, args, kwargs):
        given = inspect.signature(module.forward).bind(*args, **kwargs).arguments
        given.pop(next(iter(given)))
        raise _Called({**given, **given.pop("kwargs", {})})

    with torch.no_grad():
        for parameter in shell.parameters():
            parameter.data = parameter.data.to(x.device, x.dtype)
        for buffer in shell.buffers():
            buffer.data = buffer.data.to(x.device)
    caches = {"use_cache": False} if "use_cache" in inspect.signature(shell.forward).parameters else {}
    hook = own.register_forward_pre_hook(stop, with_kwargs=True)
    try:
        with torch.no_grad():
            shell(inputs_embeds=x.detach(), **caches)
    except _Called as called:
        return called.args[0]
    finally:
        hook.remove()
    raise TypeError(f"{type(own).__name__}: expected {type(shell).__name__} to call it")


def _numbered(state):
    """Tensors of those shapes, each number the one of its place among all of them; and where each tensor begins."""
    import numpy as np

    random, tensors, begins, at = np.random.default_rng(1), {}, {}, 0
    for name, tensor in state.items():
        size = tensor.numel()
        coarse = random.integers(-255, 256, size) * COARSE
        tensors[name] = (coarse + np.arange(at, at + size) * STEP).reshape(tuple(tensor.shape))
        begins[name], at = at, at + size
    return tensors, begins


def _places(array):
    """Which numbers these are."""
    import numpy as np

    return np.rint((array - np.floor(array / COARSE) * COARSE) / STEP).astype(np.int64).reshape(-1)


def _read(module, config, path):
    """The spec of a layer that stands there, and its parameters as functions of Plumbline's."""
    from plumbline_client import dumps

    state = {name: tensor for name, tensor in module.state_dict().items() if tensor.is_floating_point()}
    tensors, begins = _numbered(state)
    with tempfile.TemporaryDirectory(prefix="plumbline-layer-") as folder:
        said = config.to_dict()
        said.pop("quantization_config", None)
        (Path(folder) / "config.json").write_text(json.dumps(said))
        (Path(folder) / "model.safetensors").write_bytes(dumps({f"{path}.{name}": t for name, t in tensors.items()}))
        spec, read = _said_of(folder, path.rsplit(".", 1)[1])
    return spec, _gathered(state, begins, read)


def _said_of(folder, layer):
    import numpy as np
    from plumbline_client import dumps, loads

    from ..conversation import run

    def done(*arguments):
        status, out, troubles = run([*arguments, "--hf", folder, "--layers", layer])
        if status:
            raise TypeError((troubles.strip() or out.strip()).splitlines()[-1].replace(folder + "/", "").removeprefix("plumbline: "))
        return out

    spec = json.loads(done("explain", "--format", "json"))[0]["spec"]
    question, suite = Path(folder) / "x.safetensors", Path(folder) / "suite"
    question.write_bytes(dumps({"x": np.random.default_rng(2).standard_normal((1, 2, spec["d"]))}))
    done("emit", str(suite), "--question", str(question), "--profile", "float64", "--no-grads")
    emitted = loads(next(suite.glob("*.safetensors")).read_bytes())
    emitted = emitted[0] if isinstance(emitted, tuple) else emitted
    return spec, {name: _places(t) for name, t in emitted.items() if name.startswith("layers.")}


def _gathered(state, begins, read):
    """For each tensor of the layer what it is made of."""
    import numpy as np

    names, total = {}, sum(t.numel() for t in state.values())
    owner, where = np.full(total, -1), np.zeros(total, np.int64)
    for i, places in enumerate(read.values()):
        owner[places], where[places] = i, np.arange(places.size)
    ours, sizes = list(read), [places.size for places in read.values()]
    for name, tensor in state.items():
        of = slice(begins[name], begins[name] + tensor.numel())
        parts = sorted(set(owner[of].tolist()))
        if parts == [-1]:
            continue  # no parameter
        if -1 in parts:
            raise TypeError(f"{name}: expected all of it to be read, found {int((owner[of] < 0).sum())} numbers that are not")
        before = dict(zip(parts, np.cumsum([0, *(sizes[p] for p in parts)])))
        index = where[of] + np.array([before[o] for o in owner[of].tolist()])
        names[name] = _function_of([ours[p] for p in parts], index, tuple(tensor.shape))
    return names


def _function_of(parts, index, shape):
    def gathered(tensors):
        import torch

        flat = torch.cat([tensors[part].reshape(-1) for part in parts])
        return flat[torch.as_tensor(index, device=flat.device)].reshape(shape)

    return gathered
