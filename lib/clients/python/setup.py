# The version is that of the whole project, which stands in its CMakeLists.txt; a source distribution has it in PKG-INFO.
import re
from pathlib import Path

from setuptools import setup

here = Path(__file__).parent
source = here / "PKG-INFO"
if not source.exists():
    source = here.parents[2] / "CMakeLists.txt"
setup(version=re.search(r"^(?:project\(plumbline VERSION|Version:) (\S+)", source.read_text(), re.MULTILINE)[1])
