"""A golden file as it is stored, and the rounding of a number to each format that it is stored in."""

import json
import math
import struct

import numpy as np
from mp_given import DATA

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
FORMATS = {  # precision, exponents of the smallest subnormal number and of the first power of 2 that is too large
    "": (53, -1074, 1024),  # float64
    ".residual": (53, -1074, 1024),
    ".float32": (24, -149, 128),
    ".bfloat16": (8, -133, 128),
    ".float16": (11, -24, 16),
}


def rounded(x, precision, least, too_large):
    """The format's number that is nearest to an mpf, of two the one with an even last bit, as a float."""
    shift = max(x.bc - precision, least - x.exp, 0)  # how many of its bc bits x loses
    n, lost = x.man >> shift, x.man & ((1 << shift) - 1)
    n += 2 * lost + n % 2 > 1 << shift
    exponent = x.exp + shift
    size = math.inf if n.bit_length() + exponent > too_large else math.ldexp(n, exponent)
    return -size if x < 0 else size


def array(body, entry):
    begin, end = entry["data_offsets"]
    x = np.frombuffer(body[begin:end], DTYPES[entry["dtype"]])
    if entry["dtype"] == "BF16":  # the upper half of a float32
        x = (x.astype("<u4") << 16).view("<f4")
    return x.astype(np.float64).reshape(entry["shape"])


class File:
    """`tensors` by name, as floats; `inputs`: x (its name is in `x`) and the parameters; `outputs`: names of what comes out."""

    def __init__(self, path):
        data = path.read_bytes()
        (length,) = struct.unpack_from("<Q", data)
        header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
        metadata = header.pop("__metadata__")
        settings = json.loads(metadata["settings"])
        self.id, self.spec, self.batch = metadata["case"], settings["spec"], settings["batch"]
        self.x = "q" if self.spec["part"] in ("sdpa", "linear_attention") else "x"
        self.tensors = {name: array(body, entry) for name, entry in header.items()}
        stored = {"y" + suffix for suffix in FORMATS}
        self.inputs = {n: t for n, t in self.tensors.items() if not n.startswith("grad.") and n not in stored}
        self.outputs = ["y"] + ["grad." + n for n in self.inputs if n not in DATA]
