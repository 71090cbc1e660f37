"""Backward of SwiGLU: the pointers of the inputs move from row to row, those of the outputs stay at row 0.
https://github.com/ByteDance-Seed/Triton-distributed/issues/180   part ffn, gradients.
--swapped instead: the two gradients are read from each other's buffer
(https://github.com/unslothai/unsloth/issues/3314: bug or not? Buffers are reused there, and which holds what is the question).
Run: plumbline verify --spec swiglu_gradients_in_row_0.json -- python3 swiglu_gradients_in_row_0.py [--right|--swapped]
"""
import sys
import numpy as np
from plumbline_client import main

FLAGS = {a for a in sys.argv if a.startswith("--")}
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def ffn(request):
    p = {n.removeprefix("layers.0.ffn."): t.astype(np.float32) for n, t in request.params.items()}
    shape = request.x.shape
    x = request.x.astype(np.float32).reshape(-1, shape[-1])
    gate, up = x @ p["gate_proj.weight"].T, x @ p["up_proj.weight"].T
    sigma = 1 / (1 + np.exp(-gate))
    hidden = gate * sigma * up
    y = hidden @ p["down_proj.weight"].T
    answer = {"y": y.reshape(shape)}
    if request.wants_gradients:
        dy = request.grad_y.astype(np.float32).reshape(x.shape)
        dh = dy @ p["down_proj.weight"]
        dgate, dup = dh * up * sigma * (1 + gate * (1 - sigma)), dh * gate * sigma
        if "--swapped" in FLAGS:
            dgate, dup = dup, dgate
        elif "--right" not in FLAGS:
            for z in (dgate, dup):
                z[0], z[1:] = z[-1].copy(), 0  # the last row wins; the others were never written
        answer["grad.x"] = (dgate @ p["gate_proj.weight"] + dup @ p["up_proj.weight"]).reshape(shape)
        answer["grad.layers.0.ffn.gate_proj.weight"] = dgate.T @ x
        answer["grad.layers.0.ffn.up_proj.weight"] = dup.T @ x
        answer["grad.layers.0.ffn.down_proj.weight"] = dy.T @ hidden
    return {name: value.astype(request.dtype) for name, value in answer.items()}


main(ffn)
