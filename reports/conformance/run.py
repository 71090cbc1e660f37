#!/usr/bin/env python3
"""Asks the subjects of subjects.json by `plumbline verify`, runs the programs in findings/, and writes what came of it,
one file for each subject and each finding: what the pages are rendered from.

    run.py subjects [--plumbline COMMAND] [--cases N] [--jobs N] [--device cpu|cuda] [SUBJECT...]
    run.py findings [FINDING...]
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from record import about, program_text, record

HERE = pathlib.Path(__file__).resolve().parent
CLIENT = HERE.parents[1] / "lib" / "clients" / "python"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}


def environment():
    path = os.pathsep.join(filter(None, (str(CLIENT), os.environ.get("PYTHONPATH"))))
    return os.environ | ONE_THREAD | {"PYTHONPATH": path}


def command_of(options, subject):
    """The program under test: an adapter in Python, or one that was built."""
    program, *arguments = subject["command"]
    if program.endswith(".py"):
        return [sys.executable, HERE / "adapters" / program, *arguments]
    return [pathlib.Path(options.programs) / program, *arguments]


def is_real(spec_name):
    """Whether its sizes are those of models: a case then costs seconds."""
    return spec_name.endswith("_real")


def profiles_of(subject, spec_name):
    """At real sizes float32 and one of 16 bits stand for all."""
    return [p for p in subject["profiles"] if p != "float64"][:2] if is_real(spec_name) else subject["profiles"]


def verify(options, subject, spec_name, spec, profile):
    """What `plumbline verify` writes as JSON, and whether nothing failed."""
    with tempfile.TemporaryDirectory() as folder:
        spec_file, report = pathlib.Path(folder) / f"{spec_name}.json", pathlib.Path(folder) / "report.json"
        spec_file.write_text(json.dumps(spec))
        command = [options.plumbline, "verify", "--spec", spec_file, "--profile", profile, "--json", report]
        cases = options.real_cases if is_real(spec_name) else options.cases
        command += ["--cases", str(cases), "--seed", str(options.seed), "--timeout", "600"]
        command += ["--failures", pathlib.Path(options.failures) / subject["id"] / f"{spec_name}-{profile}"]
        command += [] if subject["gradients"] else ["--no-grads"]
        command += ["--", *command_of(options, subject)]
        result = subprocess.run(command, stdout=subprocess.PIPE, env=environment())
        if result.returncode not in (0, 1):
            run = f"{subject['id']}, {spec_name}, {profile}"
            sys.exit(f"{run}: expected a verdict, found exit status {result.returncode}")
        return json.loads(report.read_text()), result.returncode == 0


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    unfinished.replace(path)


def chosen(names, known):
    for name in names:
        if name not in known:
            sys.exit(f"run.py: expected one of {', '.join(known)}, found {name}")
    return names or list(known)


def run_subjects(options):
    table = json.loads((HERE / "subjects.json").read_text())
    subjects = {subject["id"]: subject for subject in table["subjects"]}
    subjects = {name: s for name, s in subjects.items() if s.get("device", "cpu") == options.device}
    passed = True
    pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
    for subject in map(subjects.get, chosen(options.names, subjects)):
        runs, asked = [], []
        for spec_name in options.spec or subject["specs"]:
            for profile in options.profile or profiles_of(subject, spec_name):
                spec = table["specs"][spec_name]
                asked.append((spec_name, profile, pool.submit(verify, options, subject, spec_name, spec, profile)))
        for spec_name, profile, answer in asked:
            report, agrees = answer.result()
            runs.append({"spec": spec_name, "profile": profile} | record(report))
            passed &= agrees
            print(f"{subject['id']:34} {spec_name:18} {profile:15} {runs[-1]['cases']}", flush=True)
            for failure in runs[-1]["failures"]:
                print(f"    {failure['headline']}", flush=True)
        head = {k: subject[k] for k in ("id", "what", "gradients")} | {"seed": options.seed}
        program = command_of(options, subject)[0]
        built = None if program == sys.executable else program
        found = about(subject["package"], table["frameworks"][subject["package"]], built, options.device)
        write(pathlib.Path(options.records) / f"{subject['id']}.json", head | found | {"runs": runs})
    return passed or not options.check


def run_findings(options):
    table = json.loads((HERE / "subjects.json").read_text())
    findings = {f["id"]: f for f in table["findings"] if f.get("device", "cpu") == options.device}
    for finding in map(findings.get, chosen(options.names, findings)):
        program = HERE / "findings" / f"{finding['id']}.py"
        result = subprocess.run([sys.executable, program], stdout=subprocess.PIPE, text=True, env=environment())
        if result.returncode:
            sys.exit(f"{program}: expected exit status 0, found {result.returncode}")
        value = finding | about(finding["package"], table["frameworks"][finding["package"]], device=options.device)
        value |= program_text(program) | {"output": result.stdout}
        write(pathlib.Path(options.records) / "findings" / f"{finding['id']}.json", value)
        print(f"{finding['id']}\n{result.stdout}", flush=True)
    return True


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    subjects = verbs.add_parser("subjects", help="ask the implementations under test")
    subjects.set_defaults(run=run_subjects)
    subjects.add_argument("--plumbline", default="plumbline")
    subjects.add_argument("--programs", default=HERE.parents[1] / "build" / "bin", help="where adapters are built")
    subjects.add_argument("--failures", default="plumbline-failures", help="where failing cases are saved")
    subjects.add_argument("--spec", action="append", help="this one instead of the subject's")
    subjects.add_argument("--profile", action="append", help="this one instead of the subject's")
    subjects.add_argument("--cases", type=int, default=200)
    subjects.add_argument("--real-cases", type=int, default=20, help="where the sizes are those of models")
    subjects.add_argument("--seed", type=int, default=1)
    subjects.add_argument("--jobs", type=int, default=1, help="so many runs of a subject at a time")
    subjects.add_argument("--check", action="store_true", help="exit status 1 where an answer is not as it should be")
    findings = verbs.add_parser("findings", help="run the shortest programs that show what was found")
    findings.set_defaults(run=run_findings)
    for verb in (subjects, findings):
        verb.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="who computes there is asked")
        verb.add_argument("--records", default=HERE / "records")
        verb.add_argument("names", nargs="*")
    return parser.parse_args()


if __name__ == "__main__":
    options = parse()
    sys.exit(not options.run(options))
