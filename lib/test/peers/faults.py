"""Answers that are no answers: what a broken program at the other end of the pipe does."""

import argparse
import os
import signal
import struct
import time

import numpy as np
import plumbline_client
from plumbline_client import Unsupported
from plumbline_client import serve as serve_faithfully


def _each(change):
    return lambda request, out: {name: change(value) for name, value in out.items()}


def _y(change):
    return lambda request, out: {**out, "y": change(out["y"])}


def _shuffled(value):
    order = np.random.default_rng(0).permutation(value.size)
    return value.reshape(-1)[order].reshape(value.shape)


def _input(request, out):
    x = request.x
    return {**out, "y": x if x.shape == out["y"].shape else np.resize(x, out["y"].shape)}


def _nan(value):
    value = value.copy()
    value.reshape(-1)[value.size // 2] = np.nan
    return value


def _raise(request, out):
    raise RuntimeError("out of luck")


def _unsupported(request, out):
    raise Unsupported("no such thing")


def _hang(request, out):
    time.sleep(3600)


def _say(data):
    """Writes to the pipe itself, as a program does that prints to standard output."""

    def fault(request, out):
        os.write(PIPE, data)
        os._exit(0)

    return fault


PIPE = None  # standard output itself, which the client hides
FAULTS = {  # name: (request, right answer) -> answer
    "zero": _each(np.zeros_like),
    "negated": _each(lambda v: -v),
    "input": _input,
    "shuffled": _each(_shuffled),
    "nan": _y(_nan),
    "infinite": _y(lambda v: np.full_like(v, np.inf)),
    "wrong-shape": _y(lambda v: v[..., :-1]),
    "transposed": _y(lambda v: np.swapaxes(v, 0, -1)),
    "wrong-dtype": _each(lambda v: v.astype(np.float64 if v.dtype == np.float32 else np.float32)),
    "missing": lambda request, out: {n: v for n, v in out.items() if n != "y"},
    "extra": lambda request, out: {**out, "z": out["y"]},
    "error": _raise,
    "unsupported": _unsupported,
    "exit": lambda request, out: os._exit(3),
    "segv": lambda request, out: os.kill(os.getpid(), signal.SIGSEGV),
    "hang": _hang,
    "rubbish": _say(b"Loading model weights: 100%|##########| done\n"),
    "half-frame": _say(struct.pack("<Q", 1000) + b"x" * 500),
    "ten-gigabytes": _say(struct.pack("<Q", 10 * 2**30) + b"x" * 64),
    "not-a-container": _say(struct.pack("<Q", 16) + b"y" * 16),
    "prints": lambda request, out: print("a line on standard output", flush=True) or out,
}


def parse(text):
    """NAME or NAME@K, every K-th answer -> (what is done to the answer, K)."""
    name, _, every = text.partition("@")
    if name not in FAULTS or not (every or "1").isdigit():
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(FAULTS)}, found {text}")
    return FAULTS[name], int(every or 1)


def serve(answer, fault=None):
    """serve() of the client; with a fault, in every K-th answer."""
    if fault is None:
        return serve_faithfully(answer)
    change, every = fault
    count = 0
    global PIPE
    PIPE = os.dup(1 if plumbline_client.REPLIES is None else plumbline_client.REPLIES)

    def faulty(request):
        nonlocal count
        count += 1
        out = answer(request)
        return change(request, out) if count % every == 0 else out

    serve_faithfully(faulty)
