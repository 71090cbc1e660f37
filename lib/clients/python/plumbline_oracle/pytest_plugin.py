"""pytest: a fixture, a marker, and options.

    def test_norm(plumbline):
        plumbline.check(my_norm, {"part": "norm", ...}, takes=["x", "norm.weight"])

    @pytest.mark.plumbline(profile="bfloat16-mixed", cases=20)
    def test_block(plumbline): ...

A failure says how to ask its smallest case again: pytest TEST --plumbline-replay FILE.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from . import assert_correct, check, check_layer, judge


def pytest_addoption(parser):
    group = parser.getgroup("plumbline")
    group.addoption("--plumbline-cases", type=int, metavar="N", help="questions of each check [its own number, or 100]")
    group.addoption("--plumbline-seed", type=int, metavar="N", help="of the questions [1]")
    group.addoption("--plumbline-replay", metavar="FILE", help="ask the failing case in this file alone")
    group.addoption("--plumbline-failures", metavar="DIR", default="plumbline-failures", help="where these are saved")


def pytest_configure(config):
    config.addinivalue_line("markers", "plumbline(**options): options of every check in the test, as check() has them")


def pytest_collection_modifyitems(config, items):
    """A failing case is that of one test: others would ask its question of another implementation."""
    asking = sum("plumbline" in item.fixturenames for item in items if hasattr(item, "fixturenames"))
    if config.getoption("plumbline_replay") and asking > 1:
        raise pytest.UsageError(f"--plumbline-replay: expected one test that asks, as the line of a failure names it, found {asking}")


class Plumbline:
    """check() and check_layer() with the options of the marker and of the command line, which go before; judge() and
    assert_correct() as they are."""

    judge, assert_correct = staticmethod(judge), staticmethod(assert_correct)

    def __init__(self, request):
        self._request = request

    def check(self, implementation, *args, **options):
        return check(implementation, *args, **self._with_defaults(options))

    def check_layer(self, layer, *args, **options):
        return check_layer(layer, *args, **self._with_defaults(options))

    def _with_defaults(self, options):
        config, test = self._request.config, self._request.node.nodeid
        marked = {}
        for marker in reversed(list(self._request.node.iter_markers("plumbline"))):
            marked |= marker.kwargs
        said = {name: config.getoption("plumbline_" + name) for name in ("cases", "seed", "replay")}
        folder = os.path.abspath(config.getoption("plumbline_failures"))
        again = f"{_pytest()} {shlex.quote(_from_here(config, test))} --plumbline-replay {{}}"
        own = {"failures": folder, "called": test, "ask_again": again}
        return own | marked | options | {name: value for name, value in said.items() if value is not None}


def _pytest():
    """How a shell starts this pytest."""
    on_path = shutil.which("pytest")
    own = on_path and Path(on_path).parent == Path(sys.executable).parent
    return "pytest" if own else f"{shlex.quote(sys.executable)} -m pytest"


def _from_here(config, test):
    """The test as the shell that ran pytest names it."""
    file, colons, name = test.partition("::")
    return os.path.relpath(Path(config.rootpath) / file, config.invocation_params.dir) + colons + name


@pytest.fixture
def plumbline(request):
    """Checks of implementations of transformer blocks, with the options --plumbline-..."""
    return Plumbline(request)
