"""A mixture of experts that does not divide the chosen router scores by their sum (norm_topk_prob = true).
https://github.com/pytorch/torchtitan/issues/1448   The softmax of the chosen logits alone (--order) and the renormalised
chosen entries of the softmax of all (--right) are the same, so both are right: https://github.com/Lightning-AI/litgpt/issues/2013
Run: plumbline verify --spec router_not_renormalised.json --no-grads -- python3 router_not_renormalised.py [--right|--order]
"""
import sys
import numpy as np
from plumbline_client import main

FLAGS = {a for a in sys.argv if a.startswith("--")}
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def weights_of(logits, chosen):
    if "--order" in FLAGS:
        return softmax(np.take_along_axis(logits, chosen, -1))
    weights = np.take_along_axis(softmax(logits), chosen, -1)
    return weights / weights.sum(-1, keepdims=True) if "--right" in FLAGS else weights


def expert(p, name, x):
    g = x @ p[f"{name}.gate_proj.weight"].T
    return (g / (1 + np.exp(-g)) * (x @ p[f"{name}.up_proj.weight"].T)) @ p[f"{name}.down_proj.weight"].T


def ffn(request):
    moe = request.spec["ffn"]["moe"]
    p = {n.removeprefix("layers.0.ffn."): t.astype(np.float32) for n, t in request.params.items()}
    x = request.x.astype(np.float32).reshape(-1, request.x.shape[-1])
    logits = x @ p["router.weight"].T
    chosen = np.argsort(-logits, -1)[:, : moe["top_k"]]
    weights = weights_of(logits, chosen)
    y = np.zeros_like(x)
    for e in range(moe["experts"]):
        tokens, rank = np.nonzero(chosen == e)
        y[tokens] += weights[tokens, rank][:, None] * expert(p, f"experts.{e}", x[tokens])
    return {"y": y.reshape(request.x.shape).astype(request.dtype)}


main(ffn)
