"""A step of `plumbline train` beside the same model in PyTorch on one thread, in turns: prints seconds of each, and the
ratio of the medians, as JSON. The model is the same but for its numbers: bytes, positions, pre_norm blocks, Adam.

    python training_speed.py --plumbline build/bin/plumbline --d 64 --layers 12"""

import argparse
import json
import statistics
import subprocess
import time

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(d), nn.LayerNorm(d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        batch, tokens, d = x.shape
        u = self.first(x)
        q, k, v = (f(u).view(batch, tokens, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(mixed.transpose(1, 2).reshape(batch, tokens, d))
        return x + self.down(nn.functional.gelu(self.up(self.second(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.bytes, self.positions = nn.Embedding(256, o.d), nn.Embedding(o.tokens, o.d)
        self.blocks = nn.Sequential(*(Block(o.d, o.n_heads) for _ in range(o.layers)))
        self.norm, self.output = nn.LayerNorm(o.d), nn.Linear(o.d, 256, bias=False)

    def forward(self, text):
        x = self.bytes(text) + self.positions(torch.arange(text.shape[1]))
        return self.output(self.norm(self.blocks(x)))


def of_pytorch(o):
    """Seconds a step, of o.steps."""
    torch.set_num_threads(1)
    model = Model(o)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    text = torch.randint(256, (o.batch, o.tokens + 1))
    step = lambda: (  # noqa: E731
        adam.zero_grad(),
        nn.functional.cross_entropy(model(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten()).backward(),
        adam.step(),
    )
    for _ in range(3):
        step()
    start = time.perf_counter()
    for _ in range(o.steps):
        step()
    return (time.perf_counter() - start) / o.steps


def of_plumbline(o):
    """The same: a run of o.steps + 3 less one of 3, so that the start does not count."""

    def seconds(steps):
        sizes = {"--d": o.d, "--layers": o.layers, "--n-heads": o.n_heads, "--tokens": o.tokens, "--batch": o.batch, "--steps": steps}
        start = time.perf_counter()
        subprocess.run([o.plumbline, "train", *(str(x) for pair in sizes.items() for x in pair)], check=True, capture_output=True)
        return time.perf_counter() - start

    return (seconds(o.steps + 3) - seconds(3)) / o.steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumbline", required=True)
    for name, usual in {"d": 64, "layers": 12, "n_heads": 4, "tokens": 64, "batch": 4, "steps": 20, "rounds": 7}.items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=usual)
    o = parser.parse_args()
    pairs = [(of_plumbline(o), of_pytorch(o)) for _ in range(o.rounds)]
    ours, theirs = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    print(json.dumps({"plumbline_seconds": ours, "pytorch_seconds": theirs, "ratio": ours / theirs, "rounds": pairs,
                      "pytorch": torch.__version__, "sizes": {k: v for k, v in vars(o).items() if isinstance(v, int)}}))


if __name__ == "__main__":
    main()
