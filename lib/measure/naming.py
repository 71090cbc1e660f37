#!/usr/bin/env python3
"""Plants deviations in the PyTorch peer and sees whether `plumbline verify` names them.

    naming.py [--profile P] [--cases N] [--pairs N] [--only ID,...] [--jobs N] PLUMBLINE FOLDER

Each deviation of the catalogue is planted where it is separated best: `plumbline emit` measures how well, among the
blocks below. Writes the record FOLDER/<profile>.json (or <profile>-pairs.json), which the report of the oracle reads,
and keeps what each run said in FOLDER/<profile>/.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import threading

import stamps
from peers import TORCH_PEER
from side_by_side import side_by_side



def sizes(least, most):
    return {"from": least, "to": most, "least": 1}


def part(name, **knobs):
    return {"part": name, "d": sizes(5, 61), **knobs}


def sdpa(**knobs):
    heads = {"n_heads": 4, "n_kv_heads": {"one_of": [2, 1]}, "head_dim": {"one_of": [3, 8]}}
    return {"part": "sdpa", "attention": {**heads, **knobs}}


GROUPED = {"n_heads": sizes(2, 6), "n_kv_heads": sizes(1, 3), "head_dim": sizes(3, 12)}
SIX_HEADS = {"n_heads": 6, "n_kv_heads": {"one_of": [2, 1]}, "head_dim": {"one_of": [3, 8]}}  # no power of 2
SEED = 1  # of the questions
SPECS = {  # blocks and single operations beside the presets
    "qwen2": {"preset": "llama", "d": sizes(5, 64), "attention": {**GROUPED, "bias": {"q": True, "k": True, "v": True}},
              "ffn": {"d_ff": sizes(5, 96)}},
    "layer_norm": part("norm", norm={"kind": "layer_norm"}),
    "rms_norm": part("norm", norm={"kind": "rms_norm", "eps": 1e-6}),
    "dyt": part("norm", norm={"kind": "dyt"}),
    "add_rms_norm": part("add_norm", norm={"kind": "rms_norm", "eps": 1e-6}),
    "sdpa": sdpa(mask="causal"),
    "sdpa_top_left": sdpa(mask="causal", causal_alignment="top_left"),
    "sdpa_window": sdpa(mask="causal_sliding", window=3, logit_softcap=5),
    "alibi": part("attention", attention=SIX_HEADS, position={"bias": {"max_bias": 8}}),
    "partial_rotation": part("attention", attention={"n_heads": 2, "head_dim": 8}, position={"rope": {"rotary_dim": 4}}),
    "ffn_silu": part("ffn", ffn={"kind": "glu", "activation": "silu", "d_ff": sizes(5, 61)}),
    "ffn_quick": part("ffn", ffn={"kind": "mlp", "activation": "quick_gelu", "d_ff": sizes(5, 61)}),
}


# One attention has one of these at a time.
ATTENTION_GRADIENTS = {"softmax/gradient-elementwise", "softcap/gradient-missing", "scale/gradient-missing",
                       "rope/gradient-not-turned-back", "heads/gradient-of-first"}


def words(text):
    first = [line.split()[0] for line in text.splitlines() if line.strip()]
    return [word for word in first if not word.endswith(":")]


class Plumbline:
    def __init__(self, options):
        self.command, self.profile, self.folder = options.plumbline, options.profile, options.folder
        self.cases, self.jobs = options.cases, options.jobs
        self.stamps = []  # of the reports
        self.cache = options.folder / options.profile
        self.cache.mkdir(parents=True, exist_ok=True)
        self.blocks = words(self.run("list", "presets", "--common").stdout) + list(SPECS)
        self.catalogue = words(self.run("list", "deviations").stdout)

    def run(self, *args):
        return subprocess.run([self.command, *args], capture_output=True, text=True)

    def cached(self, name, make):
        file = self.cache / (name.replace("/", "-") + ".json")
        if not file.exists():
            unfinished = file.with_suffix(f".{threading.get_ident()}.part")
            make(unfinished)
            unfinished.replace(file)
        return json.loads(file.read_text())

    def block_options(self, block):
        if block not in SPECS:
            return ["--preset", block]
        file = self.cache / f"{block}.spec"
        file.write_text(json.dumps(SPECS[block]))
        return ["--spec", str(file)]

    def separations(self, block):
        """deviation -> the largest coefficient of a correct output over what the judge takes for one, inverted."""

        def emit(file):
            suite = self.cache / f"suite-{block}"
            done = self.run("emit", str(suite), *self.block_options(block), "--profile", self.profile)
            if done.returncode:
                file.write_text("{}")
                return print(block, done.stderr, file=sys.stderr)
            found = json.loads((suite / "manifest.json").read_text())["deviations"]
            file.write_text(json.dumps({name: d["factor"] for name, d in found.items()}))

        return self.cached(f"separations-{block}", emit)

    def verify(self, block, deviations):
        """What verify reports of a peer that goes wrong in these ways."""

        def ask(file):
            peer = [sys.executable, str(TORCH_PEER), "--deviation", ",".join(deviations)]
            limits = ["--cases", str(self.cases), "--seed", str(SEED), "--no-shrink", "--failures", str(self.cache / "failures")]
            done = self.run("verify", *self.block_options(block), "--profile", self.profile, *limits,
                            "--json", str(file), "--", *peer)
            if done.returncode == 2:
                sys.exit(done.stderr)

        report = self.cached(f"{block}-{'+'.join(deviations)}", ask)
        self.stamps.append(report["stamp"])
        return report


def row(deviations, block, factors, report):
    first = report["failures"][0] if report["failures"] else {}
    named = first.get("deviations", [])
    right = sorted(named) == sorted(deviations)
    laws = sum(r["outcome"] == "broken" for r in report["results"])
    return {
        "deviations": deviations, "block": block, "separation": factors,
        "failing": sum(report["counts"].get(k, 0) for k in ("invalid", "wrong", "coarser")),
        "judged": sum(n for k, n in report["counts"].items() if k not in ("discarded", "skipped", "holds", "broken")),
        "laws": laws, "named": right, "first": named, "headline": first.get("headline", ""),
        "cases": first.get("cases", 0), "likelihood": first.get("log_likelihood_ratio", 0),
        "same": first.get("same_here", []), "possible": first.get("not_excluded", []),
    }


def told(row):
    print(json.dumps(row), flush=True)
    return row


def singles(plumbline, only):
    best = {}
    separations = side_by_side(plumbline.jobs, plumbline.separations, plumbline.blocks)
    for block, factors in zip(plumbline.blocks, separations):
        for deviation, factor in factors.items():
            if deviation.startswith("layout/") and block in SPECS:
                continue  # a single operation has no layout: these are all the same there
            if factor > best.get(deviation, ("", 0))[1]:
                best[deviation] = block, factor

    def planted(deviation):
        if deviation not in best:
            return told({"deviations": [deviation], "separation": [0]})
        block, factor = best[deviation]
        return told(row([deviation], block, [factor], plumbline.verify(block, [deviation])))

    return side_by_side(plumbline.jobs, planted, [d for d in plumbline.catalogue if not only or d in only])


def pairs(plumbline, count):
    """Random pairs of deviations, both of them separated in one block, and of different components."""
    side_by_side(plumbline.jobs, plumbline.separations, plumbline.blocks)
    rng = random.Random(1)
    seen = []
    while len(seen) < count:
        block = rng.choice(plumbline.blocks)
        clear = sorted(d for d, factor in plumbline.separations(block).items() if factor >= 1)
        if len(clear) < 2:
            continue
        pair = tuple(rng.sample(clear, 2))
        alike = pair[0].split("/")[0] == pair[1].split("/")[0] or ATTENTION_GRADIENTS.issuperset(pair)
        no_layout = block in SPECS and any(d.startswith("layout/") for d in pair)
        if alike or no_layout or (block, pair) in seen:
            continue
        seen.append((block, pair))

    def planted(found):
        block, pair = found
        factors = [plumbline.separations(block)[d] for d in pair]
        return told(row(list(pair), block, factors, plumbline.verify(block, pair)))

    return side_by_side(plumbline.jobs, planted, seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="float32")
    parser.add_argument("--cases", type=int, default=30)
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time, each on a processor of its own")
    parser.add_argument("plumbline")
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    plumbline = Plumbline(options)
    rows = pairs(plumbline, options.pairs) if options.pairs else singles(plumbline, options.only)
    name = options.profile + ("-pairs" if options.pairs else "")
    if not options.only:
        record = {"stamp": stamps.of_runs(plumbline.stamps, [SEED]), "profile": options.profile, "cases": options.cases, "rows": rows}
        (options.folder / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
