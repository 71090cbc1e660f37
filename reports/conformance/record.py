"""What is kept of a run, and where and when it was: small enough for the repository."""

import ast
import collections
import datetime
import importlib.metadata
import pathlib
import platform
import subprocess

UNJUDGED = ("skipped", "discarded")
VECTORS = {"avx512_bf16": "AVX-512 with bfloat16", "avx512f": "AVX-512", "avx2": "AVX2"}  # the widest first


def processor():
    """Its name, and the vectors it has: kernels are chosen by them."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    facts = dict(line.split(":", 1) for line in info.split("\n\n")[0].splitlines() if ":" in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    flags = facts.get("flags", "").split()
    vectors = next((name for flag, name in VECTORS.items() if flag in flags), platform.machine())
    return f"{facts.get('model name', 'an unknown processor')}, {vectors}"


def version_of(package, program):
    """Of a Python package; of a program that was built, what it says of itself."""
    if program is None:
        return importlib.metadata.version(package)
    return subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def accelerator():
    """What a GPU calls itself."""
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return subprocess.run(query, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")[0].strip()


def about(package, framework, program=None, device="cpu"):
    return {
        "framework": framework,
        "package": package,
        "version": version_of(package, program),
        "date": datetime.date.today().isoformat(),
        "machine": processor() if device == "cpu" else accelerator(),
    }


def counted(results):
    return dict(sorted(collections.Counter(r["outcome"] for r in results).items()))


def program_text(path):
    """The finding that a program shows: what its docstring says, title and text, and the rest of it."""
    source = path.read_text()
    title, _, text = ast.get_docstring(ast.parse(source)).partition("\n\n")
    return {"title": title, "text": text, "language": "python", "program": source.split('"""', 2)[2].strip() + "\n"}


def record(report):
    """Of what `plumbline verify --json` writes: counts, and each kind of failure."""
    cases = [r for r in report["results"] if "/laws/" not in r["id"]]
    laws = [r for r in report["results"] if "/laws/" in r["id"]]
    why = collections.Counter(f"{r['outcome']}: {r['message']}" for r in cases if r["outcome"] in UNJUDGED)
    reached = [note.removeprefix("reached ") for note in report["notes"] if note.startswith("reached ")]
    return {
        "rule": report["stamp"]["rule"],
        "reached": reached[0] if reached else "",
        "cases": counted(cases),
        "laws": counted(laws),
        "unjudged": [{"why": text, "cases": n} for text, n in sorted(why.items())],
        "failures": [{key: f[key] for key in ("headline", "cases", "smallest")} for f in report["failures"]],
        "stopped": report["stopped"],
    }
