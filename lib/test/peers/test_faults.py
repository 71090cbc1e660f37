"""Every fault spoils the answers that it is to spoil, and no other."""

import os
import select
import signal
import struct

import numpy as np
import pytest
from plumbline_client import dumps, loads

import faults

QUESTION = dumps(
    {"x": np.arange(1.0, 13.0).reshape(1, 3, 4)},
    {"plumbline": "1", "case": "doubles", "spec": '{"part": "block"}', "profile": "float64", "want": "y"},
)


def doubles(request):
    return {"y": 2 * request.x}


class Child:
    """faults.serve() in a process of its own, with pipes for standard input and output."""

    def __init__(self, fault):
        (child_in, self.requests), (self.replies, child_out) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(child_in, 0)
            os.dup2(child_out, 1)
            faults.serve(doubles, faults.parse(fault))
            os._exit(0)
        os.close(child_in)
        os.close(child_out)

    def ask(self):
        """The next answer's frame; what there was of it where it broke off, nothing where none came."""
        os.write(self.requests, struct.pack("<Q", len(QUESTION)) + QUESTION)
        data = b""
        while len(data) < 8 or len(data) < 8 + struct.unpack_from("<Q", data)[0]:
            ready, _, _ = select.select([self.replies], [], [], 0.5)
            more = os.read(self.replies, 65536) if ready else b""
            if not more:
                break
            data += more
        return data

    def end(self):
        os.close(self.requests)
        os.close(self.replies)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


RIGHT = dumps({"y": 2 * np.arange(1.0, 13.0).reshape(1, 3, 4)})


@pytest.mark.parametrize("fault", faults.FAULTS)
def test_only_the_second_answer_is_spoilt(fault):
    child = Child(fault + "@2")
    first, second = child.ask(), child.ask()
    child.end()
    assert loads(first[8:])[0]["y"].tolist() == loads(RIGHT)[0]["y"].tolist()
    assert (second == first) == (fault == "prints")
