"""What `plumbline verify` says of programs after public reports: the exit status, and words of the report.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
GREEN, RED = 0, 1


@dataclasses.dataclass
class Row:
    spec: str  # and options of verify
    program: str  # and its arguments
    status: int
    words: tuple = ()  # regular expressions, each of which the report has
    not_words: tuple = ()
    pending: str = ""  # why it cannot be seen yet

    def __str__(self):
        return re.sub(r"\W+", "-", f"{self.program} {self.spec}")


NO_CASE = ("No case was judged",)
IN_HEADS = (r"channels from 32 on of every head are (0|not written)",)
SWAPPED = (r"gate_proj\.weight and grad\S*up_proj\.weight are in each other's place",)
IN_ROW_0 = (r"grad\.x: only row 0|row 0 alone",)

FORWARD = [  # without gradients
    Row("right_norms_of_real_width --profile bfloat16-mixed", "right_norms_of_real_width", GREEN),
    Row("pinned_eps", "pinned_eps", GREEN),
    Row("pinned_eps", "half_too_large", RED, (r"every entry is 1\.5 times what is right",)),
    Row("zeros --profile float16-mixed", "zeros", RED, (r"0 everywhere|No case was judged",), (r"[1-9]\d* holds",)),
    Row("head_dim_of_llama", "head_dim_beyond_32", RED, IN_HEADS),
    Row("head_dim_beyond_32", "head_dim_beyond_32", RED, IN_HEADS),
    Row("head_dim_beyond_32", "head_dim_beyond_32 --right", GREEN),
    Row("rows_beyond_window", "rows_beyond_window", RED, (r"rows from 512 on|rows beyond the window",)),
    Row("rows_beyond_window --tokens 8 --key-tokens 8", "rows_beyond_window", GREEN, ("window",)),
    Row("rows_beyond_window_4", "rows_beyond_window", RED, ("rows from 4 on",)),
    Row("rows_beyond_window_4", "rows_beyond_window --right", GREEN),
    Row("sum_not_rescaled", "sum_not_rescaled", RED,
        ("neither the running sum nor the output is rescaled between tiles of 16 keys",)),
    Row("sum_not_rescaled", "sum_not_rescaled --right", GREEN),
    Row("two_right_attentions", "two_right_attentions", GREEN),
    Row("two_right_attentions", "two_right_attentions --math", GREEN),
    Row("two_right_attentions --profile bfloat16-mixed", "two_right_attentions --half", GREEN),
    Row("two_right_attentions", "two_right_attentions --tf32", RED, ("coarser: .*(?i:tf32)",)),
    Row("two_right_attentions --profile tf32", "two_right_attentions --tf32", GREEN),
    Row("packed_sequences_leak", "packed_sequences_leak", RED, ("sees the other sequences? of the batch",)),
    Row("packed_sequences_leak", "packed_sequences_leak --right", GREEN),
    Row("router_not_renormalised", "router_not_renormalised", RED, ("computes moe/not-renormalised",)),
    Row("router_not_renormalised", "router_not_renormalised --right", GREEN),
    Row("router_not_renormalised", "router_not_renormalised --order", GREEN),
    Row("llama3_frequencies", "llama3_frequencies", RED, ("computes rope/scaling-missing",)),
    Row("llama3_frequencies", "llama3_frequencies --right", GREEN),
    Row("sink_of_another_head", "sink_of_another_head", RED, ("computes sink/by-row",)),
    Row("sink_of_another_head", "sink_of_another_head --dropped", RED, ("computes sink/missing",)),
    Row("sink_of_another_head", "sink_of_another_head --right", GREEN),
    Row("window_of_a_chunk", "window_of_a_chunk", RED, (r"\brows?\b|none of the known",), ("Wmask",)),
    Row("window_of_a_chunk", "window_of_a_chunk --right", GREEN),
    Row("partial_rotation_ignored", "partial_rotation_ignored", RED, ("rotary_dim were left at its default",)),
    Row("partial_rotation_ignored", "partial_rotation_ignored --right", GREEN),
    Row("kernels_that_do_nothing", "kernels_that_do_nothing", RED, ("0 everywhere|every entry is 0",)),
    Row("kernels_that_do_nothing", "kernels_that_do_nothing --nan", RED, ("every entry is NaN",)),
    Row("kernels_that_do_nothing", "kernels_that_do_nothing --mean", RED, ("every row",)),
    Row("kernels_that_do_nothing_ffn", "kernels_that_do_nothing --bias", RED, ("every row",)),
]
WITH_GRADIENTS = [
    Row("pinned_eps", "half_too_large", RED, NO_CASE),
    Row("swiglu_gradients_in_row_0", "swiglu_gradients_in_row_0", RED, IN_ROW_0),
    Row("swiglu_gradients_in_row_0", "swiglu_gradients_in_row_0 --swapped", RED, SWAPPED),
    Row("swiglu_gradients_in_row_0", "swiglu_gradients_in_row_0 --right", GREEN),
]


def verify(row, options):
    """Runs it, and looks at what it says."""
    name, *arguments = row.program.split()
    ran = subprocess.run([PLUMBLINE, "verify", *options, "--", sys.executable, f"{name}.py", *arguments], cwd=HERE,
                         capture_output=True, text=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert ran.returncode == row.status, ran.stdout + ran.stderr
    for words in row.words:
        assert re.search(words, ran.stdout), ran.stdout
    for words in row.not_words:
        assert not re.search(words, ran.stdout), ran.stdout


def drawn(row, folder, *more):
    spec, *options = row.spec.split()
    return ["--spec", f"{spec}.json", *options, "--cases", "20", "--no-shrink", "--failures", folder, *more]


def mark(rows):
    return [pytest.param(r, marks=[pytest.mark.xfail(reason=r.pending)] if r.pending else [], id=str(r)) for r in rows]


@pytest.mark.parametrize("row", mark(FORWARD))
def test_outputs(row, tmp_path):
    verify(row, drawn(row, tmp_path, "--no-grads"))


@pytest.mark.parametrize("row", mark(WITH_GRADIENTS))
def test_gradients(row, tmp_path):
    verify(row, drawn(row, tmp_path))


def test_a_right_norm_whose_rows_come_back_as_they_are():
    verify(Row("", "right_norms_of_real_width", GREEN, ("found now: agrees",)),
           ["--replay", "right_norms_of_real_width.safetensors"])
