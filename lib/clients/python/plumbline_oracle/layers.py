"""Layers of torch.nn and of transformers, by what they are: their spec from their configuration, their parameters by name.

    check_layer(torch.nn.TransformerEncoderLayer(64, 4, batch_first=True))
    check_layer(LlamaDecoderLayer, config, profile="bfloat16-mixed")

A further layer is a function below that returns its Layer, and a line in LAYERS.
"""

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
        own = {
            theirs: ours(request.tensors) if callable(ours) else request.tensors[ours]
            for theirs, ours in self.names.items()
        }
        missing = [name for name, _ in self.module.named_parameters() if name not in own]
        if missing:
            raise KeyError(f"the layer has a parameter {missing[0]} that its spec knows nothing of")
        module = self.module.to(request.x.dtype)
        call = _functional_call()
        return self.call(lambda *args, **kwargs: call(module, own, args, kwargs), request.x)


def _functional_call():
    try:
        from torch.func import functional_call
    except ImportError:  # before PyTorch 2
        from torch.nn.utils.stateless import functional_call
    return functional_call


def is_module(implementation) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(implementation, torch.nn.Module)


def check_layer(layer, config=None, **options):
    """check() of a layer of torch.nn or transformers: a module; or the class of one and its configuration, of which
    the first layer is taken. The options are those of check(). Raises TypeError where nothing is known of the layer."""
    from .checking import check

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
    return Layer(module, spec, names, lambda run, x: _first(run(x)))


def _of_configuration(kind, config):
    """The first layer, with masks that are given and no kernel that has none."""
    import inspect

    config._attn_implementation = "eager"
    takes = inspect.signature(kind.__init__).parameters
    return kind(config, layer_idx=0) if "layer_idx" in takes else kind(config)


# Norms of torch.nn.


def _norm(module, kind, bias):
    if len(module.normalized_shape) != 1:
        raise TypeError("expected a norm over one axis, found more")
    affine = getattr(module, "elementwise_affine", True)
    eps = module.eps
    if eps is None:
        raise TypeError("eps: expected a number, found None, which follows the type of x")
    norm = {"kind": kind, "eps": eps, "gain": "vector" if affine else "none", "bias": bias}
    spec = {"part": "norm", "d": module.normalized_shape[0], "norm": norm}
    names = {"weight": "norm.weight"} if affine else {}
    return Layer(module, spec, names | ({"bias": "norm.bias"} if bias else {}), lambda run, x: run(x))


def _layer_norm(module):
    return _norm(module, "layer_norm", module.bias is not None)


def _rms_norm(module):
    return _norm(module, "rms_norm", False)


# Blocks. Parameters of Plumbline's that a block has, and how several become one.

BLOCK = "layers.0."


def _of(name):
    return BLOCK + name


def _side_by_side(*names, transposed=False):
    def joined(tensors):
        import torch

        together = torch.cat([tensors[BLOCK + name] for name in names])
        return together.T if transposed else together

    return joined


def _transposed(name):
    return lambda tensors: tensors[BLOCK + name].T


def _linear(theirs, ours, bias):
    kinds = ("weight", "bias") if bias else ("weight",)
    return {f"{theirs}.{kind}": _of(f"{ours}.{kind}") for kind in kinds}


def _additive_mask(x, window=None):
    """0 where a key is seen, the least number of the type where it is not: [1, 1, T, T]."""
    import torch

    at = torch.arange(x.shape[1], device=x.device)
    seen = at[:, None] >= at[None, :]
    if window:
        seen &= at[:, None] - at[None, :] < window
    zero = torch.zeros(seen.shape, dtype=x.dtype, device=x.device)
    return zero.masked_fill(~seen, torch.finfo(x.dtype).min)[None, None]


def _first(output):
    return output[0] if isinstance(output, tuple) else output


def _encoder_layer(module):
    attention, activation = module.self_attn, module.activation.__name__
    if not attention.batch_first or activation not in ("relu", "gelu"):
        raise TypeError("expected batch_first=True and relu or gelu")
    bias = module.linear1.bias is not None
    slot = "in" if module.norm_first else "post"
    norm = {"kind": "layer_norm", "eps": module.norm1.eps, "bias": bias}
    heads = attention.num_heads
    all_biases = {name: bias for name in "qkvo"}
    spec = {
        "part": "block",
        "d": attention.embed_dim,
        "norm_slots": {"attn": {slot: norm}, "ffn": {slot: norm}},
        "attention": {"n_heads": heads, "n_kv_heads": heads, "head_dim": attention.head_dim, "mask": "bidirectional",
                      "bias": all_biases},
        "ffn": {"kind": "mlp", "activation": {"relu": "relu", "gelu": "gelu_erf"}[activation],
                "d_ff": module.linear1.out_features, "bias": {"in": bias, "out": bias}},
    }
    names = {"self_attn.in_proj_weight": _side_by_side(*(f"attn.{p}_proj.weight" for p in "qkv"))}
    if bias:
        names["self_attn.in_proj_bias"] = _side_by_side(*(f"attn.{p}_proj.bias" for p in "qkv"))
    linear = {"self_attn.out_proj": "attn.o_proj", "linear1": "ffn.up_proj", "linear2": "ffn.down_proj"}
    linear |= {"norm1": f"attn.norm_{slot}", "norm2": f"ffn.norm_{slot}"}
    for theirs, ours in linear.items():
        names |= _linear(theirs, ours, bias)
    return Layer(module, spec, names, lambda run, x: run(x))


# The decoders of transformers that grew out of Llama's: what they add stands beside their names.


def _decoder(module, norms, *, gain_offset=0, heads_norm=None):
    """norms: their names to Plumbline's slots. heads_norm: the width of norms on q and k, if there are any."""
    attention, mlp = module.self_attn, module.mlp
    config = attention.config
    eps = getattr(config, "rms_norm_eps", None)
    norm = {"kind": "rms_norm", "eps": eps, "gain_offset": gain_offset, "bias": False}
    slots = {"attn": {}, "ffn": {}}
    for slot in norms.values():
        sublayer, place = slot.split(".norm_")
        slots[sublayer][place] = norm
    if heads_norm:
        slots["attn"] |= {place: norm | {"width": heads_norm} for place in "qk"}
    biases = {name: getattr(attention, f"{name}_proj").bias is not None for name in "qkvo"}
    window = getattr(attention, "sliding_window", None)
    rope = config.rope_parameters if hasattr(config, "rope_parameters") else {"rope_theta": config.rope_theta}
    if rope.get("rope_type", "default") != "default":
        raise TypeError(f"rope_type: expected default, found {rope['rope_type']}")
    activations = {"silu": "silu", "gelu_pytorch_tanh": "gelu_tanh"}
    activation = getattr(config, "hidden_activation", None) or config.hidden_act
    spec = {
        "part": "block",
        "d": config.hidden_size,
        "norm_slots": slots,
        "attention": {
            "n_heads": config.num_attention_heads,
            "n_kv_heads": config.num_key_value_heads,
            "head_dim": attention.head_dim,
            "bias": biases,
            "mask": "causal_sliding" if window else "causal",
        },
        "position": {"rope": {"base": rope["rope_theta"], "rotary_dim": attention.head_dim}},
        "ffn": {"kind": "glu", "activation": activations[activation], "d_ff": config.intermediate_size,
                "bias": {"in": False, "out": False}},
    }
    if window:
        spec["attention"]["window"] = window
    softcap = getattr(attention, "attn_logit_softcapping", None)
    if softcap:
        spec["attention"]["logit_softcap"] = softcap
    scalar = getattr(config, "query_pre_attn_scalar", None)
    if scalar and scalar != attention.head_dim:
        spec["attention"]["scale"] = {"rule": "inv_sqrt_scalar", "value": scalar}
    names = {f"{theirs}.weight": _of(f"{ours}.weight") for theirs, ours in norms.items()}
    for p in "qkvo":
        names |= _linear(f"self_attn.{p}_proj", f"attn.{p}_proj", biases[p])
    for p in ("gate", "up", "down"):
        names |= _linear(f"mlp.{p}_proj", f"ffn.{p}_proj", False)
    if heads_norm:
        names |= {f"self_attn.{p}_norm.weight": _of(f"attn.norm_{p}.weight") for p in "qk"}
    return Layer(module, spec, names, lambda run, x: _first(run(x, **_positions(module, config, x, window))))


def _positions(module, config, x, window):
    """The mask and the rotary tables that a model hands to its layers."""
    import torch

    home = sys.modules[type(module).__module__]
    rotary = getattr(home, type(module).__name__.replace("DecoderLayer", "RotaryEmbedding"))(config)
    ids = torch.arange(x.shape[1], device=x.device)[None]
    return {
        "attention_mask": _additive_mask(x, window),
        "position_ids": ids,
        "position_embeddings": rotary.to(x.device)(x, ids),
    }


PRE_NORMS = {"input_layernorm": "attn.norm_in", "post_attention_layernorm": "ffn.norm_in"}


def _llama(module):
    return _decoder(module, PRE_NORMS)


def _qwen3(module):
    return _decoder(module, PRE_NORMS, heads_norm="head_dim")


def _gemma2(module):
    norms = {
        "input_layernorm": "attn.norm_in",
        "post_attention_layernorm": "attn.norm_out",
        "pre_feedforward_layernorm": "ffn.norm_in",
        "post_feedforward_layernorm": "ffn.norm_out",
    }
    return _decoder(module, norms, gain_offset=1)


def _olmo2(module):
    norms = {"post_attention_layernorm": "attn.norm_out", "post_feedforward_layernorm": "ffn.norm_out"}
    return _decoder(module, norms, heads_norm="full_heads")


def _gpt2(module):
    attention, config = module.attn, module.attn.config
    norm = {"kind": "layer_norm", "eps": config.layer_norm_epsilon}
    spec = {
        "part": "block",
        "d": config.n_embd,
        "norm_slots": {"attn": {"in": norm}, "ffn": {"in": norm}},
        "attention": {"n_heads": config.n_head, "n_kv_heads": config.n_head, "head_dim": attention.head_dim,
                      "mask": "causal"},
        "ffn": {"kind": "mlp", "activation": {"gelu_new": "gelu_tanh", "gelu": "gelu_erf"}[config.activation_function],
                "d_ff": module.mlp.c_fc.nf},
    }
    names = {
        "attn.c_attn.weight": _side_by_side(*(f"attn.{p}_proj.weight" for p in "qkv"), transposed=True),
        "attn.c_attn.bias": _side_by_side(*(f"attn.{p}_proj.bias" for p in "qkv")),
    }
    for theirs, ours in {"attn.c_proj": "attn.o_proj", "mlp.c_fc": "ffn.up_proj", "mlp.c_proj": "ffn.down_proj"}.items():
        names |= {f"{theirs}.weight": _transposed(f"{ours}.weight"), f"{theirs}.bias": _of(f"{ours}.bias")}
    names |= _linear("ln_1", "attn.norm_in", True) | _linear("ln_2", "ffn.norm_in", True)
    return Layer(module, spec, names, lambda run, x: _first(run(x, attention_mask=_additive_mask(x))))


def _bert(module):
    config = module.attention.self.config
    norm = {"kind": "layer_norm", "eps": config.layer_norm_eps}
    heads = config.num_attention_heads
    spec = {
        "part": "block",
        "d": config.hidden_size,
        "norm_slots": {"attn": {"post": norm}, "ffn": {"post": norm}},
        "attention": {"n_heads": heads, "n_kv_heads": heads, "head_dim": config.hidden_size // heads,
                      "mask": "bidirectional"},
        "ffn": {"kind": "mlp", "activation": {"gelu": "gelu_erf", "relu": "relu"}[config.hidden_act],
                "d_ff": config.intermediate_size},
    }
    linear = {
        "attention.self.query": "attn.q_proj",
        "attention.self.key": "attn.k_proj",
        "attention.self.value": "attn.v_proj",
        "attention.output.dense": "attn.o_proj",
        "attention.output.LayerNorm": "attn.norm_post",
        "intermediate.dense": "ffn.up_proj",
        "output.dense": "ffn.down_proj",
        "output.LayerNorm": "ffn.norm_post",
    }
    names = {}
    for theirs, ours in linear.items():
        names |= _linear(theirs, ours, True)
    return Layer(module, spec, names, lambda run, x: _first(run(x)))


PACKAGES = ("torch", "transformers")
LAYERS = {
    "LayerNorm": _layer_norm,
    "RMSNorm": _rms_norm,
    "TransformerEncoderLayer": _encoder_layer,
    "LlamaDecoderLayer": _llama,
    "MistralDecoderLayer": _llama,
    "Qwen2DecoderLayer": _llama,
    "Qwen3DecoderLayer": _qwen3,
    "Gemma2DecoderLayer": _gemma2,
    "Olmo2DecoderLayer": _olmo2,
    "GPT2Block": _gpt2,
    "BertLayer": _bert,
}
