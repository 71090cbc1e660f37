#!/usr/bin/env python3
"""Runs `plumbline verify` on every subject of subjects.json and writes what it says, one JSON file for each subject,
spec and profile.

    run.py RECORDS [--plumbline COMMAND] [--cases N] [--seed N] [SUBJECT...]
"""

import argparse
import importlib.metadata
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def verify(options, subject, spec_name, spec, profile):
    """The record of one run; it holds the version that was judged."""
    with tempfile.TemporaryDirectory() as folder:
        spec_file, record_file = pathlib.Path(folder) / f"{spec_name}.json", pathlib.Path(folder) / "record.json"
        spec_file.write_text(json.dumps(spec))
        program, *arguments = subject["command"]
        command = [options.plumbline, "verify", "--spec", spec_file, "--profile", profile, "--json", record_file]
        command += ["--cases", str(options.cases), "--seed", str(options.seed)]
        command += ["--failures", pathlib.Path(options.records) / "failures" / subject["id"]]
        command += [] if subject["gradients"] else ["--no-grads"]
        command += ["--", sys.executable, HERE / "adapters" / program, *arguments]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if result.returncode not in (0, 1):
            run = f"{subject['id']}, {spec_name}, {profile}"
            sys.exit(f"{run}: expected a verdict, found exit status {result.returncode}")
        return json.loads(record_file.read_text())


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records")
    parser.add_argument("subjects", nargs="*")
    parser.add_argument("--plumbline", default="plumbline")
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_intermixed_args()


def main(options):
    table = json.loads((HERE / "subjects.json").read_text())
    for subject in table["subjects"]:
        if options.subjects and subject["id"] not in options.subjects:
            continue
        version = importlib.metadata.version(subject["package"])
        for spec_name in subject["specs"]:
            for profile in subject["profiles"]:
                record = verify(options, subject, spec_name, table["specs"][spec_name], profile)
                about = {"subject": subject["id"], "what": subject["what"], "version": version, "spec": spec_name}
                target = pathlib.Path(options.records) / subject["id"] / f"{spec_name}-{profile}.json"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(json.dumps(about | record, indent=1) + "\n")
                print(f"{subject['id']:34} {spec_name:18} {profile:15}", summary(record), flush=True)


def summary(record):
    return json.dumps(record.get("counts", {}))


if __name__ == "__main__":
    main(parse())
