#!/usr/bin/env python3
"""An implementation in numpy that answers Plumbline's questions, in several legitimate arithmetics.

    numpy_peer.py [--variant V] [QUESTIONS ANSWERS]
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients" / "python"))

from plumbline_client import Unsupported, answer_folder, serve  # noqa: E402

from numpy_arithmetic import TYPES, VARIANTS  # noqa: E402
from numpy_block import Block  # noqa: E402


def forward(block, part, x):
    """Outputs by name, and the map from their cotangents to those of x and of the inputs beside it."""
    if part == "norm":
        return single(*block.norm(block.spec["norm_slots"]["attn"]["in"], "norm", x))
    if part == "add_norm":
        return add_norm(block, x)
    if part == "sdpa":
        y, back = block.sdpa(x, block.params["k"], block.params["v"])
        return {"y": y}, lambda g: dict(zip("qkv", back(g["y"])))
    if part == "attention":
        return single(*block.attention("layers.0.attn.", x))
    if part == "ffn":
        return single(*block.feed_forward("layers.0.ffn.", x))
    if part not in ("stack", "block"):
        raise Unsupported(f"part {part}")
    return single(*block.stack(x))


def single(y, back):
    return {"y": y}, lambda g: {"x": back(g["y"])}


def add_norm(block, x):
    a, alpha, beta = block.a, *(block.a.compute(block.spec[f"{n}_scale"]) for n in ("residual", "branch"))
    scaled = lambda t, c: t if c == 1 else a.store(t * c)  # noqa: E731
    total = a.store(scaled(block.params["residual"], alpha) + scaled(x, beta))
    y, back_norm = block.norm(block.spec["norm_slots"]["attn"]["in"], "norm", total)

    def back(g):
        dt = a.store(back_norm(g["y"]) + g["sum"])
        return {"x": scaled(dt, beta), "residual": scaled(dt, alpha)}

    return {"y": y, "sum": total}, back


def implementation(variant):
    def answer(request):
        if request.profile not in TYPES:
            raise Unsupported(f"profile {request.profile}")
        a = VARIANTS[variant](request.profile)
        block = Block(request.spec, request.params, a)
        outputs, back = forward(block, request.spec["part"], a.read(request.x))
        if request.wants_gradients:
            found = back({n: a.read(request.tensors["grad." + n]) for n in outputs})
            outputs |= {"grad." + n: g for n, g in (block.grads | found).items()}
        return {n: v.astype(request.dtype) for n, v in outputs.items()}

    return answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", choices=VARIANTS, default="eager")
    parser.add_argument("folders", nargs="*")
    options = parser.parse_args()
    if options.folders:
        answer_folder(implementation(options.variant), *options.folders)
    else:
        serve(implementation(options.variant))
