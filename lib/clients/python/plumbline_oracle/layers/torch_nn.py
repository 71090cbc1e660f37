"""The layers of torch.nn."""

from .layer import Layer, first, linear_layer, side_by_side


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


def _attention_of(module):
    if not module.batch_first or not module._qkv_same_embed_dim or module.bias_k is not None or module.add_zero_attn:
        raise TypeError("expected batch_first=True, queries, keys and values of one width, and no further keys")
    return {
        "n_heads": module.num_heads,
        "n_kv_heads": module.num_heads,
        "head_dim": module.head_dim,
        "mask": "bidirectional",
        "bias": {name: module.in_proj_bias is not None for name in "qkvo"},
    }


def _projections(attention, bias):
    """The parameters of a MultiheadAttention of that name."""
    names = {attention + "in_proj_weight": side_by_side(*(f"attn.{p}_proj.weight" for p in "qkv"))}
    if bias:
        names[attention + "in_proj_bias"] = side_by_side(*(f"attn.{p}_proj.bias" for p in "qkv"))
    return names | linear_layer(attention + "out_proj", "attn.o_proj", bias)


def _attention(module):
    spec = {"part": "attention", "d": module.embed_dim, "attention": _attention_of(module)}
    names = _projections("", module.in_proj_bias is not None)
    return Layer(module, spec, names, lambda run, x: first(run(x, x, x, need_weights=False)))


def _encoder_layer(module):
    attention, activation = module.self_attn, module.activation.__name__
    if activation not in ("relu", "gelu"):
        raise TypeError(f"expected relu or gelu, found {activation}")
    bias = module.linear1.bias is not None
    slot = "in" if module.norm_first else "post"
    norm = {"kind": "layer_norm", "eps": module.norm1.eps, "bias": bias}
    spec = {
        "part": "block",
        "d": attention.embed_dim,
        "norm_slots": {"attn": {slot: norm}, "ffn": {slot: norm}},
        "attention": _attention_of(attention),
        "ffn": {"kind": "mlp", "activation": {"relu": "relu", "gelu": "gelu_erf"}[activation],
                "d_ff": module.linear1.out_features, "bias": {"in": bias, "out": bias}},
    }
    names = _projections("self_attn.", bias)
    linear = {"linear1": "ffn.up_proj", "linear2": "ffn.down_proj", "norm1": f"attn.norm_{slot}", "norm2": f"ffn.norm_{slot}"}
    for theirs, ours in linear.items():
        names |= linear_layer(theirs, ours, bias)
    return Layer(module, spec, names, lambda run, x: run(x))


LAYERS = {
    "LayerNorm": _layer_norm,
    "RMSNorm": _rms_norm,
    "MultiheadAttention": _attention,
    "TransformerEncoderLayer": _encoder_layer,
}
