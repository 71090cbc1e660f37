"""Kernels that a program wrote and a loose check passed: zeros where right answers are small, NaN where the check takes
NaN for a wildcard, and the weights' constant where weights were zero.
https://github.com/ScalingIntelligence/KernelBench/issues/165   https://github.com/gpu-mode/pygpubench/pull/7
https://github.com/AI-Hypercomputer/accelerator-agents/pull/50   parts sdpa, norm, ffn.
Run: plumbline verify --spec kernels_that_do_nothing.json --no-grads -- python3 kernels_that_do_nothing.py [--nan|--bias|--mean]
--mean: attention that is uniform whatever q and k say, as it nearly is for long rows of small scores.
"""
import sys
import numpy as np
from plumbline_client import main

FLAGS = {a for a in sys.argv if a.startswith("--")}
sys.argv = [a for a in sys.argv if not a.startswith("--")]


def nothing(request):
    y = np.zeros(request.x.shape, np.float32)
    if "--nan" in FLAGS:
        y[:] = np.nan
    if "--bias" in FLAGS:
        y = y + request.params["layers.0.ffn.down_proj.bias"].astype(np.float32)
    if "--mean" in FLAGS:
        v, h = request.tensors["v"].astype(np.float32), request.x.shape[2]
        y[:] = v.mean(1, keepdims=True).repeat(h // v.shape[2], 2)
    return {"y": y.astype(request.dtype)}


main(nothing)
