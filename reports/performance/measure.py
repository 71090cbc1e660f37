#!/usr/bin/env python3
"""How long certified blocks take, beside PyTorch's float64 and numpy's on the same machine, threads and sizes, in one run.

    measure.py [--program build/lib/measure/plumbline_certified_speed] [--record FILE] [--repetitions N] [--threads N]

The program times blocks in balls, in plain doubles and (the smallest one) in enclosures of 60 digits; this script adds
PyTorch's forward pass, and its forward and backward pass, and mpmath's multiply-add at 128 bits. Runs of the two take
turns; the record holds every time. On an idle machine."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "build" / "lib" / "measure" / "plumbline_certified_speed"
BLOCKS = {  # as in lib/measure/certified_speed.cpp
    "gpt2/d:64/T:16": dict(kind="gpt2", d=64, heads=4, d_ff=256, tokens=16),
    "gpt2/d:256/T:16": dict(kind="gpt2", d=256, heads=4, d_ff=1024, tokens=16),
    "gpt2/d:768/T:128": dict(kind="gpt2", d=768, heads=12, d_ff=3072, tokens=128),
    "llama/d:4096/T:16": dict(kind="llama", d=4096, heads=32, d_ff=11008, tokens=16),
}


def torch_block(torch, kind, d, heads, d_ff, tokens):
    """x, its weights, and the block as a function of them, in float64."""
    draw = lambda *shape: torch.randn(*shape, dtype=torch.float64) / shape[-1] ** 0.5  # noqa: E731
    gated = kind == "llama"
    weights = {name: draw(d, d) for name in "qkvo"} | {"up": draw(d_ff, d), "down": draw(d, d_ff)}
    weights |= {"gate": draw(d_ff, d)} if gated else {}
    gains = {name: torch.ones(d, dtype=torch.float64) for name in ("first", "second", "last")}
    hidden = ~torch.tril(torch.ones(tokens, tokens, dtype=torch.bool))

    def norm(x, gain):
        if gated:
            return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * gain
        return torch.nn.functional.layer_norm(x, (d,), gain)

    def block(x):
        n = norm(x, gains["first"])
        q, k, v = ((n @ weights[w].T).view(tokens, heads, d // heads).transpose(0, 1) for w in "qkv")
        scores = (q @ k.transpose(1, 2)) / (d // heads) ** 0.5
        p = torch.softmax(scores.masked_fill(hidden, float("-inf")), -1)
        x = x + (p @ v).transpose(0, 1).reshape(tokens, d) @ weights["o"].T
        n = norm(x, gains["second"])
        up = n @ weights["up"].T
        h = torch.nn.functional.silu(n @ weights["gate"].T) * up if gated else torch.nn.functional.gelu(up)
        return norm(x + h @ weights["down"].T, gains["last"])

    return draw(tokens, d), [*weights.values(), *gains.values()], block


def seconds(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def torch_times(torch, sizes, repetitions):
    x, weights, block = torch_block(torch, **sizes)
    with torch.no_grad():
        block(x)  # the first one allocates
        forward = [seconds(lambda: block(x)) for _ in range(repetitions)]
    if sizes["d"] > 1024:
        return {"forward": forward}
    for w in (x, *weights):
        w.requires_grad_()
    both = [seconds(lambda: torch.autograd.grad(block(x).sum(), [x, *weights])) for _ in range(repetitions)]
    return {"forward": forward, "forward_and_backward": both}


def program_times(program, block, repetitions):
    """By name of a benchmark: the times of its repetitions in seconds, and its counters."""
    ran = subprocess.run([program, f"--benchmark_filter=/{block}/", f"--benchmark_repetitions={repetitions}",
                          "--benchmark_format=json", "--benchmark_min_time=0.001"], check=True, capture_output=True, text=True)
    out = {}
    for b in json.loads(ran.stdout)["benchmarks"]:
        if b["run_type"] != "iteration":
            continue
        one = out.setdefault(b["name"].split("/")[0] + "/" + b["name"].split("parts:")[1].split("/")[0], {"seconds": []})
        one["seconds"].append(b["real_time"] / 1e3)
        one |= {key: b[key] for key in ("radius", "times_double", "times_enclosure") if key in b}
    return out


def mpmath_multiply_add():
    """Seconds of one multiply-add at 128 bits, of a sum of products as mpmath's fdot takes it."""
    import mpmath
    mpmath.mp.prec = 128
    n = 20000
    a, b = ([mpmath.mpf(i + shift) / 7 for i in range(n)] for shift in (1, 2))
    return min(seconds(lambda: mpmath.fdot(a, b)) for _ in range(3)) / n


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM)
    parser.add_argument("--record", type=pathlib.Path, default=HERE / "record.json")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    o = parser.parse_args()
    import torch
    torch.set_num_threads(o.threads)
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    record = {"date": datetime.date.today().isoformat(), "machine": f"{processor}, {o.threads} threads, {platform.system()}",
              "torch": torch.__version__, "mpmath_multiply_add": mpmath_multiply_add(), "blocks": {}}
    for name, sizes in BLOCKS.items():
        before = torch_times(torch, sizes, o.repetitions)
        ours = program_times(o.program, name, o.repetitions)
        after = torch_times(torch, sizes, o.repetitions)  # on both sides, so that a drift of the machine is seen
        record["blocks"][name] = {"torch": {k: before[k] + after[k] for k in before}, "certified": ours, **sizes}
        print(name, json.dumps(record["blocks"][name]), flush=True)
    temporary = o.record.with_suffix(".new")
    temporary.write_text(json.dumps(record, indent=1) + "\n")
    temporary.replace(o.record)


if __name__ == "__main__":
    main()
