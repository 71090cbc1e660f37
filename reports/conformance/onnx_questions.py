"""ONNX's node tests as questions: what an operator's attributes and inputs are in a spec and its tensors."""

import dataclasses
import warnings

import ml_dtypes
import numpy as np

warnings.filterwarnings("ignore")

import onnx  # noqa: E402
from onnx.backend.test.case.node import collect_testcases  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402
from onnx_heads import heads, linear_attention, rotary_embedding  # noqa: E402

OPERATORS = ("Attention", "FlexAttention", "Gelu", "LayerNormalization", "LinearAttention", "RMSNormalization", "RotaryEmbedding", "SwiGLU")
FAR = -1e9  # what stands for a mask of -infinity beside finite entries: exp of it is 0 in every type


class Unexpressed(Exception):
    """Why a test is no question."""


@dataclasses.dataclass
class Question:
    name: str
    operator: str
    spec: dict
    tensors: dict  # by name, as they are asked
    answer: np.ndarray
    how: str = ""  # what had to be rewritten


def operator(test):
    return test.model.graph.node[0].op_type


def tests():
    """Those of one node of an operator that there is something to ask about."""
    for test in collect_testcases(None):
        if test.model is None or test.name.endswith("_expanded") or len(test.model.graph.node) != 1:
            continue
        if operator(test) in OPERATORS:
            yield test


def numbers(array):
    """bfloat16 as ml_dtypes' numbers, whatever ONNX keeps it in."""
    array = np.asarray(array)
    return array.view(ml_dtypes.bfloat16) if array.dtype == np.uint16 else array


def question(test):
    node = test.model.graph.node[0]
    given, expected = test.data_sets[0]
    values = iter(given)
    inputs = {str(i): numbers(next(values)) for i, name in enumerate(node.input) if name}
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    read = {
        "Attention": attention,
        "FlexAttention": flex_attention,
        "Gelu": gelu,
        "LayerNormalization": norm,
        "LinearAttention": linear_attention,
        "RMSNormalization": norm,
        "RotaryEmbedding": rotary_embedding,
        "SwiGLU": swiglu,
    }.get(node.op_type)
    if read is None:
        raise Unexpressed(f"there is no part that computes {node.op_type}")
    spec, tensors, answer, how = read(test, inputs, attributes, numbers(expected[0]))
    for name, value in {**tensors, "answer": answer}.items():
        if value.dtype != bool and not np.isfinite(value.astype(np.float64)).all():
            raise Unexpressed(f"{name} holds what is no finite number")
    return Question(test.name, node.op_type, spec, tensors, answer, how)


def norm(test, inputs, attributes, y):
    """The axes that are normalized are the channels, the others are tokens."""
    x = inputs["0"]
    axis = attributes.get("axis", -1) % x.ndim
    width = int(np.prod(x.shape[axis:]))
    kind = "layer_norm" if operator(test) == "LayerNormalization" else "rms_norm"
    one = {"kind": kind, "eps": float(attributes.get("epsilon", 1e-5)), "bias": "2" in inputs}
    tensors = {"x": x.reshape(1, -1, width), "norm.weight": inputs["1"].reshape(-1)}
    if "2" in inputs:
        tensors["norm.bias"] = inputs["2"].reshape(-1)
    return {"part": "norm", "d": width, "norm": one}, tensors, y.reshape(1, -1, width), ""


def identities(spec, x, names):
    return {f"layers.0.ffn.{n}.weight": m.astype(x.dtype) for n, m in names.items()}


def feed_forward(x, kind, activation, width):
    bias = {"in": False, "out": False}
    return {"part": "ffn", "d": x.shape[-1], "ffn": {"kind": kind, "activation": activation, "bias": bias, "d_ff": width}}


def gelu(test, inputs, attributes, y):
    x = inputs["0"].reshape(1, 1, -1) if inputs["0"].ndim == 1 else inputs["0"].reshape(1, -1, inputs["0"].shape[-1])
    d = x.shape[-1]
    activation = "gelu_tanh" if attributes.get("approximate") == b"tanh" else "gelu_erf"
    spec = feed_forward(x, "mlp", activation, d)
    tensors = {"x": x, **identities(spec, x, {"up_proj": np.eye(d), "down_proj": np.eye(d)})}
    return spec, tensors, y.reshape(x.shape), "projections are the identity"


def swiglu(test, inputs, attributes, y):
    """a sigmoid(alpha a) b = silu(alpha a) (b / alpha)"""
    a, b = inputs["0"], inputs["1"]
    d, alpha = a.shape[-1], float(attributes.get("alpha", 1.0))
    x = np.concatenate([a, b], -1)[None]
    eye, none = np.eye(d), np.zeros((d, d))
    spec = feed_forward(x, "glu", "silu", d)
    weights = {
        "gate_proj": np.concatenate([alpha * eye, none], 1),
        "up_proj": np.concatenate([none, eye / alpha], 1),
        "down_proj": np.concatenate([eye, none], 0),
    }
    answer = np.concatenate([y, np.zeros_like(y)], -1)[None]
    return spec, {"x": x, **identities(spec, x, weights)}, answer, "projections choose one of the two halves"


def mask_over(mask):
    return {(False, False): "nothing", (True, False): "sequences", (False, True): "heads", (True, True): "sequences_and_heads"}[
        mask.shape[0] > 1, mask.shape[1] > 1
    ]


def attention_spec(q, k, v, scale, softcap):
    (_, _, n, h), (n_kv, w) = q.shape, v.shape[2:]
    a = {"n_heads": n, "n_kv_heads": n_kv, "head_dim": h, "mask": "bidirectional"}
    if w != h:
        a["v_head_dim"] = w
    if scale:
        a["scale"] = {"rule": "one", "mult": float(scale)}
    if softcap:
        a["logit_softcap"] = float(softcap)
    return {"part": "sdpa", "attention": a}


def put_mask(a, tensors, mask):
    """A boolean mask, or one that is added; -infinity beside other numbers than 0 is a number far below."""
    given, how = a.setdefault("given", {}), ""
    if mask.dtype != bool:
        hides = np.isneginf(mask.astype(np.float64))
        if (mask[~hides] == 0).all():
            mask = ~hides
        elif hides.any():
            mask, how = np.where(hides, np.array(max(FAR, -6e4 if mask.dtype == np.float16 else FAR), mask.dtype), mask), "-infinity is -1e9"
    given["mask"] = "boolean" if mask.dtype == bool else "additive"
    given["mask_over"] = mask_over(mask)
    tensors["mask"] = mask
    return how


def attention(test, inputs, attributes, y):
    n_q, n_kv = attributes.get("q_num_heads"), attributes.get("kv_num_heads")
    q, k, v = (heads(inputs[i], n) for i, n in (("0", n_q), ("1", n_kv), ("2", n_kv)))
    past = 0
    if "4" in inputs:
        past = inputs["4"].shape[2]
        k, v = (np.concatenate([np.swapaxes(inputs[i], 1, 2), t], 1) for i, t in (("4", k), ("5", v)))
    tokens, keys = q.shape[1], k.shape[1]
    spec = attention_spec(q, k, v, attributes.get("scale"), attributes.get("softcap"))
    a, tensors, how = spec["attention"], {"q": q, "k": k, "v": v}, []
    given = {}
    lengths = inputs.get("6")
    left, right = attributes.get("left_window_size", -1), attributes.get("right_window_size", -1)
    if attributes.get("is_causal"):
        a["mask"] = "causal" if left < 0 else "causal_sliding"
        right = 0
    elif left >= 0 and left == right:
        a["mask"] = "sliding"
    elif left >= 0 or right >= 0:
        i, j = np.arange(tokens)[:, None] + past, np.arange(keys)
        window = np.ones((1, 1, tokens, keys), bool)
        window &= (i - j <= left) if left >= 0 else True
        window &= (j - i <= right) if right >= 0 else True
        if "3" in inputs or lengths is not None:
            raise Unexpressed("a window that reaches further on one side than on the other, and a mask")
        a["given"] = given
        put_mask(a, tensors, window)
        how.append("the window is a boolean mask")
    if a["mask"] in ("causal_sliding", "sliding"):
        a["window"] = left + 1
    if lengths is not None:
        given["lengths"] = True
        tensors["key_lengths"] = lengths.astype(np.int64)
    elif a["mask"] != "bidirectional":
        if past:
            given["past"] = past
        else:
            a["causal_alignment"] = "top_left"
    if "3" in inputs:
        mask = inputs["3"]
        mask = mask.reshape((1,) * (4 - mask.ndim) + mask.shape)
        if mask.shape[-1] < keys:
            hidden = False if mask.dtype == bool else 0
            mask = np.concatenate([mask, np.full((*mask.shape[:-1], keys - mask.shape[-1]), hidden, mask.dtype)], -1)
            how.append("the mask is as long as the keys")
        mask = np.broadcast_to(mask, (*mask.shape[:2], tokens, keys))
        a["given"] = given
        how.append(put_mask(a, tensors, mask))
    if given:
        given["empty_rows"] = "zeros"
        a["given"] = given
    if len(test.model.graph.node[0].output) > 1:
        how.append("y alone is judged")
    return spec, tensors, heads(y, q.shape[2]), "; ".join(filter(None, how))


def changed_scores(test, graph, shape, scores):
    """What a graph of the operator makes of scores."""
    (given,), (out,) = graph.input, graph.output
    kind = given.type.tensor_type.elem_type
    whole = onnx.helper.make_graph(
        graph.node,
        graph.name,
        [onnx.helper.make_tensor_value_info(given.name, kind, shape)],
        [onnx.helper.make_tensor_value_info(out.name, kind, None)],
        graph.initializer,
    )
    model = onnx.helper.make_model(whole, opset_imports=test.model.opset_import)
    return ReferenceEvaluator(model).run(None, {given.name: scores.astype(onnx.helper.tensor_dtype_to_np_dtype(kind))})[0]


def read_graph(test, graph, q, k):
    """The softcap, or the mask that is added, that a graph which changes scores amounts to."""
    shape = (q.shape[0], q.shape[2], q.shape[1], k.shape[1])
    constants = [float(onnx.numpy_helper.to_array(t).reshape(-1)[0]) for t in graph.initializer]
    scores = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    found, at_0 = (changed_scores(test, graph, shape, s) for s in (scores, np.zeros_like(scores)))
    for c in constants:
        if c > 0 and np.allclose(found, c * np.tanh(scores / c), atol=1e-6):
            return c, None
    hidden = np.isneginf(at_0) | (at_0 < -1e30)
    if not np.allclose(np.where(hidden, 0, found - scores), np.where(hidden, 0, at_0), atol=1e-6):
        raise Unexpressed("a graph that changes scores otherwise than by a softcap or a mask")
    mask = np.where(hidden, np.float32("-inf"), at_0)
    same = (mask == mask[:1]).all() and (mask == mask[:, :1]).all()
    return None, (mask[:1, :1] if same else mask).astype(q.dtype)


def flex_attention(test, inputs, attributes, y):
    q, k, v = (heads(inputs[i], None) for i in "012")
    softcap, mask, factor, how = None, None, 1, ""
    if graph := attributes.get("score_mod"):
        softcap, mask = read_graph(test, graph, q, k)
        how = "the graph is a " + ("softcap" if softcap else "mask")
    if graph := attributes.get("prob_mod"):
        shape = (q.shape[0], q.shape[2], q.shape[1], k.shape[1])
        ones = changed_scores(test, graph, shape, np.ones(shape, np.float32))
        if (ones != ones.flat[0]).any() or (changed_scores(test, graph, shape, 2 * np.ones(shape, np.float32)) != 2 * ones).any():
            raise Unexpressed("a graph that changes probabilities otherwise than by a factor")
        factor, how = ones.flat[0], "the factor of probabilities is one of values"
    spec = attention_spec(q, k, v, attributes.get("scale"), softcap)
    tensors = {"q": q, "k": k, "v": v * np.array(factor, v.dtype)}
    if mask is not None:
        how += put_mask(spec["attention"], tensors, mask)
    return spec, tensors, heads(y, None), how
