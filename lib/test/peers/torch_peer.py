#!/usr/bin/env python3
"""An independent implementation of every part, in PyTorch with its autograd, that answers Plumbline's questions.

    torch_peer.py [--spec FILE] [--variant V] [--arithmetic PROFILE] [--deviation ID[,ID]] [--fault NAME[@K]]
                  [QUESTIONS ANSWERS]

Correct unless it is told to be wrong: a deviation of the catalogue, or a fault (see faults.py) in every K-th answer.
--arithmetic: computes in another profile's types than the one that is declared.
--spec: computes the spec in that file, which is written out in full, whatever it is asked for: a black box.
"""

import argparse
import json
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients" / "python"))

from plumbline_client import answer_folder  # noqa: E402
from plumbline_torch import autograd  # noqa: E402

import faults  # noqa: E402
from arithmetic import TYPES, VARIANTS, arithmetic_of  # noqa: E402
from block import Block  # noqa: E402
from deviations import DEVIATIONS  # noqa: E402
from half import complete_half  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(1)


def implementation(options):
    def answer(request):
        arithmetic = arithmetic_of(options.variant, options.arithmetic or request.profile)
        request.spec = options.spec or request.spec

        def forward(request, tensors):
            x = tensors["q" if request.spec["part"] in ("sdpa", "linear_attention") else "x"]
            return Block(request.spec, tensors, arithmetic, options.deviation)(x)

        with complete_half():
            return autograd(forward, arithmetic.storage)(request)

    return answer


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec", type=lambda file: json.loads(pathlib.Path(file).read_text()), default=None)
    parser.add_argument("--variant", choices=VARIANTS, default="eager")
    parser.add_argument("--arithmetic", choices=TYPES, default=None)
    parser.add_argument("--deviation", type=known_deviations, default=[])
    parser.add_argument("--fault", type=faults.parse, default=None)
    parser.add_argument("folders", nargs="*")
    return parser.parse_args()


def known_deviations(text):
    for deviation in text.split(","):
        if deviation not in DEVIATIONS:
            raise argparse.ArgumentTypeError(f"expected one of {', '.join(DEVIATIONS)}, found {deviation}")
    return text.split(",")


if __name__ == "__main__":
    options = parse()
    answer = implementation(options)
    if options.folders:
        answer_folder(answer, *options.folders)
    else:
        faults.serve(answer, options.fault)
