#!/usr/bin/env python3
"""Real bugs, planted in the PyTorch peer, that the catalogue of deviations does not hold: are they named?

    planted.py [--profile P] [--cases N] [--only ID,...] [--jobs N] PLUMBLINE FOLDER

Each is a public report, by the id of the collection it was taken from, in the block where it was made. Writes the record
FOLDER/planted-<profile>.json: whether the first headline is one of the right names, or else names a right place. As
`planted.py --serve ID` it is the implementation that has the bug.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import peers  # where what serve() imports stands
import stamps
from planted_bugs import BUGS
from side_by_side import side_by_side

HERE = pathlib.Path(__file__).resolve()
SEED = 1  # of the questions


def serve(bug):
    import torch

    from arithmetic import VARIANTS
    from planted_block import make_block
    from plumbline_client import serve as answer_all
    from plumbline_torch import autograd

    torch.set_num_threads(1)
    planted = make_block(bug)

    def answer(request):
        arithmetic = VARIANTS["eager"](request.profile)

        def forward(request, tensors):
            x = tensors["q" if request.spec["part"] == "sdpa" else "x"]
            return planted(request.spec, tensors, arithmetic)(x)

        return autograd(forward, arithmetic.storage)(request)

    answer_all(answer)


def verify(options, bug):
    cache = options.folder / f"planted-{options.profile}"
    cache.mkdir(parents=True, exist_ok=True)
    report, spec = cache / f"{bug}.json", cache / f"{bug}.spec"
    if not report.exists():
        spec.write_text(json.dumps(BUGS[bug][0]))
        command = [options.plumbline, "verify", "--spec", str(spec), "--profile", options.profile,
                   "--cases", str(options.cases), "--seed", str(SEED),
                   "--no-shrink", "--failures", str(cache / "failures"), "--json", str(report),
                   "--", sys.executable, str(HERE), "--serve", bug]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 2:
            sys.exit(done.stderr)
    return json.loads(report.read_text())


def row(bug, report):
    _, names, places = BUGS[bug]
    first = report["failures"][0] if report["failures"] else {}
    headline = first.get("headline", "")
    name = (first.get("deviations") or [""])[0]
    return {
        "bug": bug, "found": bool(first), "named": any(n in name for n in names) if name else False,
        "place": any(p in headline for p in places), "name": name, "headline": headline,
        "cases": first.get("cases", 0),
        "failing": sum(report["counts"].get(k, 0) for k in ("invalid", "wrong", "coarser")),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", choices=BUGS)
    parser.add_argument("--profile", default="float32")
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(BUGS))
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time, each on a processor of its own")
    parser.add_argument("plumbline", nargs="?")
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve)
    reports = {}

    def planted(bug):
        reports[bug] = verify(options, bug)
        found = row(bug, reports[bug])
        print(json.dumps(found), flush=True)
        return found

    rows = side_by_side(options.jobs, planted, options.only)
    found = [r for r in rows if r["found"]]
    named = [r for r in found if r["named"]]
    print(f"{len(named)} of {len(found)} named; the place right for {sum(r['place'] for r in found if not r['named'])} "
          f"of {len(found) - len(named)} others; {len(rows) - len(found)} not found")
    stamp = stamps.of_runs([r["stamp"] for r in reports.values()], [SEED])
    record = {"stamp": stamp, "profile": options.profile, "cases": options.cases, "rows": rows}
    if len(rows) == len(BUGS):
        (options.folder / f"planted-{options.profile}.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
