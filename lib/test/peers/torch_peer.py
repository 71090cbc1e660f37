#!/usr/bin/env python3
"""An independent implementation of every part, in PyTorch with its autograd, that answers Plumbline's questions.

    torch_peer.py [--variant V] [--arithmetic PROFILE] [--deviation ID[,ID]] [--fault NAME[@K]] [QUESTIONS ANSWERS]

Correct unless it is told to be wrong: a deviation of the catalogue, or a fault (see faults.py) in every K-th answer.
--arithmetic: computes in another profile's types than the one that is declared.
"""

import argparse
import pathlib
import sys

import ml_dtypes
import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients" / "python"))

from plumbline_client import answer_folder  # noqa: E402

import faults  # noqa: E402
from arithmetic import TYPES, VARIANTS  # noqa: E402
from block import Block  # noqa: E402
from deviations import DEVIATIONS  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(1)


def to_torch(x):
    if x.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(x.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(x.copy())


def to_numpy(t, dtype):
    t = t.detach().contiguous()
    if dtype == ml_dtypes.bfloat16:
        return t.to(torch.bfloat16).view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return t.numpy().astype(dtype)


def implementation(options):
    def answer(request):
        arithmetic = VARIANTS[options.variant](options.arithmetic or request.profile)
        given = {
            name: to_torch(value).to(arithmetic.storage).requires_grad_(not name.startswith("grad."))
            for name, value in request.tensors.items()
        }
        cotangents = {n[5:]: given.pop(n) for n in list(given) if n.startswith("grad.")}
        x = given.pop("q" if request.spec["part"] == "sdpa" else "x")
        y = Block(request.spec, given, arithmetic, options.deviation)(x)
        out = {name: to_numpy(value, request.dtype) for name, value in y.items()}
        if request.wants_gradients:
            torch.autograd.backward(list(y.values()), [cotangents[name] for name in y])
            given["q" if request.spec["part"] == "sdpa" else "x"] = x
            for name, value in given.items():
                gradient = torch.zeros_like(value) if value.grad is None else value.grad
                out["grad." + name] = to_numpy(gradient, request.dtype)
        return out

    return answer


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", choices=VARIANTS, default="eager")
    parser.add_argument("--arithmetic", choices=TYPES, default=None)
    parser.add_argument("--deviation", type=known_deviations, default=[])
    parser.add_argument("--fault", type=faults.parse, default=None)
    parser.add_argument("folders", nargs="*")
    return parser.parse_args()


def known_deviations(text):
    for deviation in text.split(","):
        if deviation not in DEVIATIONS:
            raise argparse.ArgumentTypeError(f"expected one of {', '.join(DEVIATIONS)}, found {deviation}")
    return text.split(",")


if __name__ == "__main__":
    options = parse()
    answer = implementation(options)
    if options.folders:
        answer_folder(answer, *options.folders)
    else:
        faults.serve(answer, options.fault)
