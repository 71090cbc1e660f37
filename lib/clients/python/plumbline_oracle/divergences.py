"""Known divergences of frameworks: what Plumbline's conformance runs found, so that a test that meets one says which, and
may expect it by name.

    python -m plumbline_oracle     lists them
"""

import functools
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Divergence:
    id: str
    framework: str
    version: str  # that was asked
    title: str
    text: str
    package: str  # without which nobody meets it
    device: str  # where it was seen
    of_gradients: bool  # alone: y is right
    says: Dict[str, List[List[str]]]  # by profile; a failure is explained where all phrases of one list stand in it

    def explains(self, failure, profile) -> bool:
        text = failure.get("headline") or failure.get("message", "")
        told = any(all(phrase in text for phrase in phrases) for phrases in self.says.get(profile, []))
        return told and self.package in sys.modules


@functools.lru_cache
def known() -> Tuple[Divergence, ...]:
    """All of them, by id."""
    installed = HERE / "known"
    folder = installed if installed.is_dir() else HERE.parents[3] / "reports" / "conformance" / "records" / "findings"
    out = []
    for file in sorted(folder.glob("*.json")):
        found = json.loads(file.read_text())
        says = {}
        for explained in found["explains"]:
            for profile in explained["profiles"]:
                says.setdefault(profile, []).extend(explained["says"])
        told = (found[key] for key in ("id", "framework", "version", "title", "text", "package"))
        out.append(Divergence(*told, found.get("device", "cpu"), found.get("of_gradients", False), says))
    return tuple(out)


def of(failures, profile) -> List[Divergence]:
    """Those that look like one of the failures."""
    return [d for d in known() if any(d.explains(f, profile) for f in failures)]


def explained(failure, profile, names) -> bool:
    """Whether one of these explains it."""
    return any(d.explains(failure, profile) for d in known() if d.id in names)


def check_names(names) -> str:
    """What is wrong with the names, or nothing."""
    ids = [d.id for d in known()]
    wrong = [name for name in names if name not in ids]
    return f"expect: expected one of {', '.join(ids)}, found {wrong[0]}" if wrong else ""
