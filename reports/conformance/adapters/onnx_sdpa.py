"""ONNX Runtime's attention on q, k and v; on the command line: onnx (Attention of opset 23), or MultiHeadAttention
of com.microsoft."""

import sys

import numpy as np
from plumbline_client import serve

from common import need, need_part, no_gradients, scale_of, visible
from onnx_node import run

ONNX = {"onnx": True, "microsoft": False}[sys.argv[1]]


def of_onnx(a, q, k, v):
    q, k, v = (np.ascontiguousarray(t.swapaxes(1, 2)) for t in (q, k, v))
    seen = visible(a, q.shape[2], k.shape[2])
    is_causal = a["mask"] == "causal" and q.shape[2] == k.shape[2]
    mask = None if is_causal or seen is None else seen
    options = {"is_causal": int(is_causal), "scale": scale_of(a), "softcap": a["logit_softcap"] or 0.0}
    return run("Attention", [("q", q), ("k", k), ("v", v), ("mask", mask)], **options)["y"].swapaxes(1, 2)


def of_microsoft(a, q, k, v):
    need(a["logit_softcap"] is None, "has no softcap")
    need(a["n_heads"] == a["n_kv_heads"], "has as many heads of keys as of queries")
    need(a["mask"] == "bidirectional" or a["mask"] == "causal" and q.shape[1] == k.shape[1], "has no window")
    flat = [(name, t.reshape(*t.shape[:2], -1)) for name, t in zip("qkv", (q, k, v), strict=True)]
    options = {"num_heads": a["n_heads"], "scale": scale_of(a), "unidirectional": int(a["mask"] == "causal")}
    return run("MultiHeadAttention", flat, domain="com.microsoft", **options)["y"].reshape(q.shape)


def sdpa(request):
    need_part(request, "sdpa")
    no_gradients(request)
    q, k, v = (request.tensors[name] for name in "qkv")
    return {"y": (of_onnx if ONNX else of_microsoft)(request.spec["attention"], q, k, v)}


serve(sdpa)
