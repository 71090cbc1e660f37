"""The layers of transformers."""

import sys

from .layer import Layer, additive_mask, first, linear_layer, of, side_by_side, stacked, transposed

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
        "position": {"rope": {"base": rope["rope_theta"], "rotary_dim": attention.head_dim, "scaling": _scaling(rope)}},
        "ffn": {"kind": "glu", "activation": activations[activation], "d_ff": config.intermediate_size,
                "bias": {"in": bool(getattr(config, "mlp_bias", False)), "out": bool(getattr(config, "mlp_bias", False))}},
    }
    if window:
        spec["attention"]["window"] = window
    softcap = getattr(attention, "attn_logit_softcapping", None)
    if softcap:
        spec["attention"]["logit_softcap"] = softcap
    scalar = getattr(config, "query_pre_attn_scalar", None)
    if scalar and scalar != attention.head_dim:
        spec["attention"]["scale"] = {"rule": "inv_sqrt_scalar", "value": scalar}
    names = {f"{theirs}.weight": of(f"{ours}.weight") for theirs, ours in norms.items()}
    for p in "qkvo":
        names |= linear_layer(f"self_attn.{p}_proj", f"attn.{p}_proj", biases[p])
    if hasattr(mlp, "experts"):
        spec["ffn"] |= {"d_ff": mlp.experts.intermediate_dim, "moe": _mixture(mlp)}
        names |= _names_of_experts(mlp.experts.num_experts)
    else:
        for p in ("gate", "up", "down"):
            names |= linear_layer(f"mlp.{p}_proj", f"ffn.{p}_proj", spec["ffn"]["bias"]["in"])
    if heads_norm:
        names |= {f"self_attn.{p}_norm.weight": of(f"attn.norm_{p}.weight") for p in "qk"}
    return Layer(module, spec, names, lambda run, x: first(run(x, **_positions(module, config, x, window))))


def _scaling(rope):
    """Of rope_parameters, what a spec says of longer sequences."""
    kind = rope.get("rope_type", "default")
    keys = {"default": (), "linear": (), "llama3": ("low_freq_factor", "high_freq_factor"),
            "yarn": ("beta_fast", "beta_slow", "truncate", "attention_factor")}
    if kind not in keys or rope.get("mscale"):
        raise TypeError(f"rope_type: expected one of {', '.join(keys)} and no mscale, found {kind}")
    if kind == "default":
        return None
    scaling = {"kind": kind, "factor": rope["factor"]} | {key: rope[key] for key in keys[kind] if rope.get(key) is not None}
    if kind != "linear":
        scaling["original_max_position"] = rope["original_max_position_embeddings"]
    return scaling


def _mixture(mlp):
    """Experts that a softmax chooses."""
    router = mlp.gate
    return {"experts": mlp.experts.num_experts, "top_k": router.top_k, "renormalise": getattr(router, "norm_topk_prob", True)}


def _names_of_experts(count):
    experts = [f"ffn.experts.{e}" for e in range(count)]
    return {
        "mlp.gate.weight": of("ffn.router.weight"),
        "mlp.experts.gate_up_proj": stacked(*([f"{e}.gate_proj.weight", f"{e}.up_proj.weight"] for e in experts)),
        "mlp.experts.down_proj": stacked(*([f"{e}.down_proj.weight"] for e in experts)),
    }


def _positions(module, config, x, window):
    """The mask and the rotary tables that a model hands to its layers."""
    import torch

    home = sys.modules[type(module).__module__]
    rotary = getattr(home, type(module).__name__.replace("DecoderLayer", "RotaryEmbedding"))(config)
    ids = torch.arange(x.shape[1], device=x.device)[None]
    return {
        "attention_mask": additive_mask(x, window),
        "position_ids": ids,
        "position_embeddings": rotary.to(x.device)(x, ids),
    }


PRE_NORMS = {"input_layernorm": "attn.norm_in", "post_attention_layernorm": "ffn.norm_in"}


def _llama(module):
    return _decoder(module, PRE_NORMS)


def _qwen3(module):
    return _decoder(module, PRE_NORMS, heads_norm="head_dim")


def _olmoe(module):
    return _decoder(module, PRE_NORMS, heads_norm="full_heads")


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
        "attn.c_attn.weight": side_by_side(*(f"attn.{p}_proj.weight" for p in "qkv"), transposed=True),
        "attn.c_attn.bias": side_by_side(*(f"attn.{p}_proj.bias" for p in "qkv")),
    }
    for theirs, ours in {"attn.c_proj": "attn.o_proj", "mlp.c_fc": "ffn.up_proj", "mlp.c_proj": "ffn.down_proj"}.items():
        names |= {f"{theirs}.weight": transposed(f"{ours}.weight"), f"{theirs}.bias": of(f"{ours}.bias")}
    names |= linear_layer("ln_1", "attn.norm_in", True) | linear_layer("ln_2", "ffn.norm_in", True)
    return Layer(module, spec, names, lambda run, x: first(run(x, attention_mask=additive_mask(x))))


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
        names |= linear_layer(theirs, ours, True)
    return Layer(module, spec, names, lambda run, x: first(run(x)))


LAYERS = {
    "LlamaDecoderLayer": _llama,
    "MistralDecoderLayer": _llama,
    "Qwen2DecoderLayer": _llama,
    "Qwen3DecoderLayer": _qwen3,
    "Gemma2DecoderLayer": _gemma2,
    "Olmo2DecoderLayer": _olmo2,
    "MinistralDecoderLayer": _llama,
    "SeedOssDecoderLayer": _llama,
    "CwmDecoderLayer": _llama,
    "MixtralDecoderLayer": _llama,
    "Qwen3MoeDecoderLayer": _qwen3,
    "OlmoeDecoderLayer": _olmoe,
    "GPT2Block": _gpt2,
    "BertLayer": _bert,
}
