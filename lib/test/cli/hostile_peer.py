"""An implementation that does something hostile to every other question: python hostile_peer.py SEED. It counts
its questions in a file beside itself, so that it goes on where it was when it is started again."""

import os
import pathlib
import random
import signal
import struct
import sys
import time

import plumbline_client
from plumbline_client import answer

HERE = pathlib.Path(__file__).resolve()
STATE = HERE.with_suffix(".count")
PIPE = os.dup(1 if plumbline_client.REPLIES is None else plumbline_client.REPLIES)


def frame(data):
    return struct.pack("<Q", len(data)) + data


def die(right):
    os.kill(os.getpid(), random.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT]))


def late(right):
    time.sleep(1.5)  # the time-out is 1 s
    return frame(right)


def in_pieces(right):
    data = frame(right)
    while data:
        os.write(PIPE, data[:97])
        data = data[97:]
    return b""


def closes(right):
    os.close(PIPE)
    time.sleep(random.choice([0, 0.2]))
    return b""


def deaf(right):
    os.close(0)
    return frame(right)


def deletes_itself(right):
    HERE.unlink(missing_ok=True)
    os._exit(3)


def floods(right):
    for _ in range(64):
        os.write(2, b"\xff\x00\x1b[31m" * 4096)
    return frame(right)


def leaves_a_child(right):
    if os.fork() == 0:
        time.sleep(30)  # holds all pipes open
        os._exit(0)
    os._exit(0)


HOSTILE = [
    die,
    late,
    in_pieces,
    closes,
    deaf,
    deletes_itself,
    floods,
    leaves_a_child,
    lambda right: os._exit(random.randrange(256)),
    lambda right: frame(right)[: random.randrange(len(right))],  # and waits
    lambda right: frame(right) + b"and more",
    lambda right: frame(right) * 2,
    lambda right: frame(b""),
    lambda right: struct.pack("<Q", 2**64 - 1),
    lambda right: frame(os.urandom(len(right))),
    lambda right: b"Loading weights: 100%\n",
    lambda right: frame(bytes(b ^ (random.random() < 0.01) for b in right)),
    lambda right: signal.raise_signal(signal.SIGSTOP) or frame(right),
]


def norm(request):
    x, weight = request.x, request.tensors["norm.weight"]
    return {"y": x / (((x * x).mean(-1, keepdims=True) + request.x.dtype.type(1e-6)) ** 0.5) * weight}


def main(seed):
    while True:
        head = os.read(0, 8)
        if len(head) < 8:
            return
        request, length = b"", struct.unpack("<Q", head)[0]
        while len(request) < length:
            request += os.read(0, length - len(request)) or os._exit(1)
        count = int(STATE.read_text()) if STATE.exists() else 0
        STATE.write_text(str(count + 1))
        random.seed(f"{seed}/{count}")
        right = answer(norm, request)
        reply = random.choice(HOSTILE)(right) if random.random() < 0.5 else frame(right)
        os.write(PIPE, reply)


main(sys.argv[1])
