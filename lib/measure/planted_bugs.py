"""The bugs that planted.py asks about: in which block each was made, and what is right to say of it."""


def sizes(least, most):
    return {"from": least, "to": most, "least": 1}


HEADS = {"n_heads": {"one_of": [4, 6]}, "n_kv_heads": 2, "head_dim": {"one_of": [6, 10, 36]}}
LAYER_NORM = {"part": "norm", "d": sizes(5, 61), "norm": {"kind": "layer_norm"}}
RMS_NORM = {"part": "norm", "d": sizes(5, 61), "norm": {"kind": "rms_norm", "eps": 1e-6}}
WIDE_NORM = {**LAYER_NORM, "d": sizes(40, 70)}
GEMMA_NORM = {"part": "norm", "d": sizes(5, 61), "norm": {"kind": "rms_norm", "gain_offset": 1}}
ADD_NORM = {"part": "add_norm", "d": sizes(5, 61), "norm": {"kind": "rms_norm", "eps": 1e-6}}
SDPA = {"part": "sdpa", "attention": {**HEADS, "mask": "causal"}}
FULL_SDPA = {"part": "sdpa", "attention": {**HEADS, "mask": "bidirectional"}}
WINDOW = {"part": "sdpa", "attention": {**HEADS, "mask": "causal_sliding", "window": 3}}
ATTENTION = {"part": "attention", "d": sizes(5, 40), "attention": {"n_heads": 4, "n_kv_heads": {"one_of": [2, 4]}, "head_dim": 8,
             "mask": "causal"}, "position": {"rope": {"rotary_dim": 8}}}
SQUARE = {"part": "attention", "d": 24, "attention": {"n_heads": 4, "n_kv_heads": 4, "head_dim": 6, "mask": "causal"}}
GLU = {"part": "ffn", "d": sizes(5, 40), "ffn": {"kind": "glu", "activation": "silu", "d_ff": sizes(5, 61)}}
FUSED_GLU = {"part": "ffn", "d": sizes(5, 40),
             "ffn": {"kind": "glu", "activation": "silu", "d_ff": sizes(5, 61), "bias": {"in": False, "out": False}}}
MLP = {"part": "ffn", "d": sizes(5, 40), "ffn": {"kind": "mlp", "activation": "gelu_tanh", "d_ff": sizes(5, 61)}}
PRE_NORM = {"preset": "gpt2", "d": {"one_of": [12, 20, 24]}, "n_layers": {"one_of": [1, 2]}, "attention": {"n_heads": 4}, "ffn": {"d_ff": sizes(5, 61)}}
LLAMA = {"preset": "llama", "d": {"one_of": [12, 20, 24]}, "attention": {"n_heads": 4, "n_kv_heads": 2, "head_dim": 6}, "ffn": {"d_ff": sizes(5, 61)}}
DEEP = {"preset": "deep_norm", "d": {"one_of": [12, 20, 24]}, "attention": {"n_heads": 4}, "ffn": {"d_ff": sizes(5, 61)}}
PARALLEL = {"preset": "parallel", "d": {"one_of": [12, 20, 24]}, "attention": {"n_heads": 4}, "ffn": {"d_ff": sizes(5, 61)}}

# id: (block, what is right to name, what is a right place)
BUGS = {
    "LN-04": (LAYER_NORM, ["eps-missing", "eps=0"], ["variance", "eps"]),
    "LN-07": (LAYER_NORM, ["eps=1e-12", "eps-missing", "eps=0"], ["eps"]),
    "LN-14": (LAYER_NORM, ["row_sum/2-padding"], ["variance"]),
    "LN-15": (WIDE_NORM, ["channels-beyond-32", "channels"], ["normalized", "input", "variance", "channels"]),
    "LN-17": (LAYER_NORM, ["sequence"], ["variance", "normalized"]),
    "LN-20": (LAYER_NORM, ["row"], ["input", "row"]),
    "RMS-05": (RMS_NORM, ["eps-times-largest"], ["variance", "eps"]),
    "RMS-08": (RMS_NORM, ["variance-only-centred"], ["variance"]),
    "RMS-10": (GEMMA_NORM, ["gain_offset", "gain-offset"], ["scaled", "weight"]),
    "RMS-11": (GEMMA_NORM, ["bfloat16"], ["weight", "scaled"]),
    "RMS-13": (RMS_NORM, ["bfloat16"], ["variance", "normalized"]),
    "RMS-18": (RMS_NORM, ["row_sum-every-second"], ["variance"]),
    "RMS-22": (RMS_NORM, ["row_sum-first-half"], ["variance"]),
    "RMS-25": (ADD_NORM, ["x-for-norm.input"], ["residual"]),
    "NB-01": (LAYER_NORM, ["row_sum-twice-backward", "mean-twice"], ["x", "input"]),
    "NB-03": (WIDE_NORM, ["mean-of-last-tile-32"], ["x", "input"]),
    "NB-04": (LAYER_NORM, ["mul_row-first-operand-backward"], ["scaled", "x"]),
    "NB-05": (RMS_NORM, ["gain-twice"], ["x", "variance"]),
    "NB-06": (GEMMA_NORM, ["gain_offset", "offset", "weight"], ["scaled", "x"]),
    "NB-07": (ADD_NORM, ["sum-through-the-norm"], ["residual", "sum"]),
    "NB-12": (LAYER_NORM, ["means-summed-over-rows"], ["x", "variance"]),
    "NB-13": (LAYER_NORM, ["token-sums-in-bfloat16"], ["weight", "bias"]),
    "NB-14": (LAYER_NORM, ["r-in-bfloat16"], ["variance", "x"]),
    "NB-17": (LAYER_NORM, ["zero", "missing", "0"], ["weight"]),
    "NB-18": (RMS_NORM, ["variance-for-r"], ["variance", "x"]),
    "NB-19": (LAYER_NORM, ["cotangent-sequences"], ["x", "output"]),
    "NB-23": (RMS_NORM, ["renormalised"], ["x", "normalized"]),
    "NB-27": (PRE_NORM, ["zero", "missing", "0", "detached"], ["norm_in"]),
    "BLK-02": (PRE_NORM, ["norm_in", "residual"], ["residual", "norm_in"]),
    "BLK-03": (PRE_NORM, ["norm_in", "residual"], ["residual", "norm_in"]),
    "BLK-06": (PRE_NORM, ["twice", "residual"], ["residual"]),
    "BLK-18": (PARALLEL, ["branch_scale"], ["residual", "branches"]),
    "BLK-scale": (DEEP, ["residual_scale"], ["residual"]),
    "BLK-15": (PARALLEL, ["norm", "branches", "x-for-ffn"], ["norm", "ffn"]),
    "ATT-05": (ATTENTION, ["scale"], ["scores", "scale"]),
    "ATT-10": (FULL_SDPA, ["padding"], ["probabilities"]),
    "ATT-18": (SDPA, ["mask", "bidirectional"], ["probabilities", "mask"]),
    "ATT-21": (SDPA, ["mask/added"], ["probabilities"]),
    "ATT-28": (SDPA, ["mask"], ["probabilities", "mask"]),
    "ATT-31": (WINDOW, ["window"], ["probabilities", "window"]),
    "HD-02": (SDPA, ["head"], ["keys", "values", "head"]),
    "HD-04": (SDPA, ["head"], ["heads", "head"]),
    "HD-06": (SQUARE, ["qkv-by-head"], ["q_proj", "k_proj", "v_proj", "queries", "keys", "values"]),
    "HD-11": (SQUARE, ["transposed"], ["q_proj"]),
    "POS-01": (ATTENTION, ["tables-of-other-style"], ["rotated", "rope"]),
    "POS-04": (ATTENTION, ["angles-in-bfloat16"], ["rotated", "rope"]),
    "POS-05": (ATTENTION, ["tables-in-bfloat16", "table-in-bfloat16"], ["rotated", "rope"]),
    "POS-10": (ATTENTION, ["keys-2-later"], ["rotated", "rope"]),
    "POS-base": (ATTENTION, ["base"], ["rotated", "rope"]),
    "ATB-05": (SDPA, ["derivative-of-unmasked"], ["probabilities", "scores"]),
    "ATB-09": (SDPA, ["channels-one-earlier"], ["v", "values"]),
    "FFN-03": (MLP, ["gelu-cubic"], ["activation"]),
    "FFN-06": (MLP, ["cut-below"], ["activation"]),
    "FFN-14": (MLP, ["divided-by-the-number-of-tokens"], ["bias"]),
    "FFN-17": (FUSED_GLU, ["gate-and-up-cut", "shards"], ["gate_proj", "up_proj", "gated"]),
    "FFN-30": (GLU, ["exchanged", "swapped"], ["gate", "up"]),
    "TILE-16": ({**FULL_SDPA}, ["not-rescaled"], ["probabilities"]),
}
