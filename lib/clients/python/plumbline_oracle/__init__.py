"""Judges implementations of transformer blocks, from the process they run in.

    from plumbline_oracle import check

    def rms_norm(x, weight):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * weight

    check(rms_norm, {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}, takes=["x", "norm.weight"], grads=False)

Everything that is asked and judged happens in the command `plumbline`, which comes with this package and runs beside the
process; the function stays where it is, with its closures, its debugger and its device.
"""

from plumbline_client import Request, Unsupported

from .checking import PlumblineError, Result, Wrong, assert_correct, check, judge
from .command import plumbline
from .layers import check_layer

__all__ = [
    "PlumblineError",
    "Request",
    "Result",
    "Unsupported",
    "Wrong",
    "assert_correct",
    "check",
    "check_layer",
    "judge",
    "plumbline",
]
