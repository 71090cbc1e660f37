"""ONNX's operators on heads that no softmax averages, as questions: (spec, tensors, answer, what had to be rewritten)."""

import numpy as np


def heads(x, n):
    """[B, H, T, h], or [B, T, H h], as [B, T, H, h]."""
    return np.swapaxes(x, 1, 2) if x.ndim == 4 else x.reshape(*x.shape[:2], n, -1)


def rotary_embedding(test, inputs, attributes, y):
    x, answer = (heads(t, attributes.get("num_heads")) for t in (inputs["0"], y))
    tables, how = {"cos": inputs["1"], "sin": inputs["2"]}, ""
    if "3" in inputs:
        tables = {name: t[inputs["3"]] for name, t in tables.items()}
        how = "rows of the tables are chosen by position"
    n, h = x.shape[2:]
    rope = {
        "style": "interleaved" if attributes.get("interleaved") else "half",
        "rotary_dim": int(attributes.get("rotary_embedding_dim") or h),
        "tables": "given",
    }
    spec = {"part": "rope", "attention": {"n_heads": n, "head_dim": h}, "position": {"rope": rope}}
    return spec, {"x": x, **tables}, answer, how


def linear_attention(test, inputs, attributes, y):
    n, n_kv = attributes["q_num_heads"], attributes["kv_num_heads"]
    tensors, how = {name: heads(inputs[i], m) for name, i, m in (("q", "0", n), ("k", "1", n_kv), ("v", "2", n_kv))}, []
    linear = {"update_rule": attributes.get("update_rule", b"gated_delta").decode()}
    if "3" in inputs:
        linear["state"], tensors["state"] = True, inputs["3"]
    if "4" in inputs:
        of_heads = inputs["4"].shape[-1] == n_kv
        linear["decay_over"] = "heads" if of_heads else "channels"
        tensors["decay"] = inputs["4"] if of_heads else heads(inputs["4"], n_kv)
    if "5" in inputs:
        tensors["beta"] = np.repeat(inputs["5"], n_kv // inputs["5"].shape[-1], -1)
        if inputs["5"].shape[-1] != n_kv:
            how.append("beta is repeated for each head")
    h, w = tensors["q"].shape[-1], tensors["v"].shape[-1]
    a = {"n_heads": n, "n_kv_heads": n_kv, "head_dim": h, "linear": linear}
    if w != h:
        a["v_head_dim"] = w
    if attributes.get("scale"):
        a["scale"] = {"rule": "one", "mult": float(attributes["scale"])}
    if len(test.model.graph.node[0].output) > 1:
        how.append("y alone is judged")
    return {"part": "linear_attention", "attention": a}, tensors, heads(y, n), "; ".join(how)
