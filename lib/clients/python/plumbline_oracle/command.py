"""Where the command `plumbline` is."""

import os
import shutil
import sys
from pathlib import Path


def plumbline() -> str:
    """The path of the command: what the variable PLUMBLINE names, or the one in this package, or the one on the PATH.
    Raises FileNotFoundError where there is none."""
    named = os.environ.get("PLUMBLINE")
    inside = Path(__file__).parent / "bin" / "plumbline"
    found = named or (str(inside) if inside.exists() else shutil.which("plumbline"))
    if not found:
        raise FileNotFoundError(
            f"plumbline: expected the command at {inside}, on the PATH or in the variable PLUMBLINE, found none"
        )
    return found


def main() -> None:
    """The console script: becomes the command."""
    command = plumbline()
    os.execv(command, [command, *sys.argv[1:]])
