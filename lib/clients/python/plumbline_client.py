"""Answers Plumbline's questions: what an implementation under test includes.

    from plumbline_client import serve

    def rms_norm(request):
        x, weight = request.x, request.tensors["norm.weight"]
        eps = request.spec["norm_slots"]["attn"]["in"]["eps"]
        return {"y": x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight}

    serve(rms_norm)

and then: plumbline verify --spec rms_norm.json --no-grads -- python rms_norm.py

Questions come as frames on standard input (8 bytes, little endian: the length; then that many bytes of
safetensors) or as files in a folder; answers go the same way. Tensors are numpy arrays; bfloat16 is ml_dtypes'.
"""

import json
import os
import struct
import sys
import traceback
from pathlib import Path
from typing import Callable, Dict, Optional

import ml_dtypes
import numpy as np

PROTOCOL = "1"  # the version of what is exchanged; the page about the protocol says what raises it

# Set by Plumbline for what it starts: from here on standard output is standard error, so that nothing that is
# printed, while modules are loaded say, stands among the answers. What this program starts does not see it.
REPLIES = None  # the descriptor that answers go to
if os.environ.pop("PLUMBLINE_PIPE", None):
    REPLIES = os.dup(1)
    os.dup2(2, 1)

DTYPES = {
    "F64": np.dtype(np.float64),
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "I64": np.dtype(np.int64),
    "BOOL": np.dtype(np.bool_),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


DATA = ("mask", "key_lengths", "segments", "q_segments", "k_segments")  # what hides keys: it has no gradient


class Unsupported(Exception):
    """Raised by an implementation that does not compute what it is asked; counted as skipped, and shown."""


def loads(data: bytes):
    """The (tensors, metadata) of a safetensors container. (The safetensors package gives metadata of files only.)"""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    body = memoryview(data)[8 + length :]
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def dumps(tensors: Dict[str, np.ndarray], metadata: Optional[Dict[str, str]] = None) -> bytes:
    """A safetensors container."""
    header = {"__metadata__": metadata} if metadata else {}
    parts, offset = [], 0
    for name, value in tensors.items():
        data = np.ascontiguousarray(value)
        if data.dtype not in NAMES:
            raise TypeError(f"{name}: expected one of {', '.join(map(str, NAMES))}, found {data.dtype}")
        header[name] = {
            "dtype": NAMES[data.dtype],
            "shape": list(np.shape(value)),
            "data_offsets": [offset, offset + data.nbytes],
        }
        parts.append(data.tobytes())
        offset += data.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


class Request:
    """One question: .case, .spec (a dict, written out in full), .profile (its name), .want ({"y"} or {"y",
    "grads"}), .tensors (by name: x, the parameters, with gradients grad.y), .dtype, that of all of them but boolean masks,
    lengths and ids of segments, .differentiable, the names of those whose gradients may be asked for, and .outputs, the
    names of what is asked for beside gradients: y, and of add_norm sum."""

    def __init__(self, tensors, metadata):
        if metadata["plumbline"] != PROTOCOL:
            raise ValueError(f"the protocol: expected {PROTOCOL}, found {metadata['plumbline']}")
        self.tensors = tensors
        self.case = metadata["case"]
        self.spec = json.loads(metadata["spec"])
        self.profile = metadata["profile"]
        self.want = set(metadata["want"].split(","))
        self.outputs = metadata.get("outputs", "y").split(",")
        self.dtype = self.x.dtype

    @property
    def x(self):
        return self.tensors["q" if self.spec["part"] in ("sdpa", "linear_attention") else "x"]

    @property
    def wants_gradients(self):
        return "grads" in self.want

    @property
    def differentiable(self):
        return [n for n in self.tensors if n not in DATA and not n.startswith("grad.")]

    @property
    def grad_y(self):
        return self.tensors["grad.y"]

    @property
    def params(self):
        """Everything but x and the cotangents."""
        return {n: t for n, t in self.tensors.items() if n not in ("x", "q") and not n.startswith("grad.")}


Implementation = Callable[[Request], Dict[str, np.ndarray]]


def print_traceback(why: Exception) -> None:
    traceback.print_exception(type(why), why, why.__traceback__)


def answer(implementation: Implementation, data: bytes, on_error=print_traceback) -> bytes:
    """The answer to one request, both as containers."""
    try:
        return dumps(implementation(Request(*loads(data))))
    except Unsupported as why:
        return dumps({}, {"unsupported": str(why) or "unsupported"})
    except Exception as why:  # whatever goes wrong in there is an answer, and the next question is asked
        on_error(why)
        return dumps({}, {"error": f"{type(why).__name__}: {why}"})


def answer_frames(implementation: Implementation, requests, replies, on_error=print_traceback) -> None:
    """Answers requests, each in a frame, until there are no more. Both are binary files."""
    while True:
        head = requests.read(8)
        if not head:
            return
        length = int.from_bytes(head, "little")
        request = requests.read(length)
        if len(head) < 8 or len(request) < length:
            raise EOFError(f"expected a frame of {length} bytes, found {len(request)}")
        reply = answer(implementation, request, on_error)
        replies.write(struct.pack("<Q", len(reply)) + reply)
        replies.flush()


def serve(implementation: Implementation) -> None:
    """Answers requests on standard input until it ends. What the implementation prints goes to standard error,
    so that it cannot stand between two answers."""
    replies = os.fdopen(os.dup(1 if REPLIES is None else REPLIES), "wb")
    os.dup2(2, 1)
    try:
        answer_frames(implementation, os.fdopen(os.dup(0), "rb"), replies)
    except EOFError as why:
        sys.exit(f"plumbline_client: {why}")


def answer_folder(implementation: Implementation, questions, answers) -> int:
    """Answers every CASE.safetensors in one folder by a file of that name in the other, for `plumbline judge`;
    returns how many there were."""
    files = sorted(Path(questions).rglob("*.safetensors"))
    for file in files:
        target = Path(answers) / file.relative_to(questions)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".part")
        unfinished.write_bytes(answer(implementation, file.read_bytes()))
        unfinished.replace(target)
    return len(files)


def main(implementation: Implementation) -> None:
    """serve(), or, given two folders on the command line, answer_folder()."""
    if len(sys.argv) == 3:
        answer_folder(implementation, sys.argv[1], sys.argv[2])
    else:
        serve(implementation)
