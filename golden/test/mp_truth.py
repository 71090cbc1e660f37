"""What comes out of a golden file's inputs, and where the file says something else."""

import mpmath
import numpy as np
from mp_block import Block
from mp_file import FORMATS, rounded
from mp_tape import exact, gradients, variable

KNOWN = 50  # digits of every number that are known; a file holds 32
DIGITS = 2 * KNOWN  # to compute with, and twice as many


def computed(file, digits):
    """y and every gradient, by name."""
    with mpmath.workdps(digits):
        inputs = {n: variable(t) for n, t in file.inputs.items()}
        x = inputs[file.x]
        y = Block(file.spec, inputs, file.batch)(x.reshape(-1, x.shape[-1]))
        asked = [n for n in inputs if "grad." + n in file.outputs]
        found = gradients(y, exact(file.tensors["grad.y"]).reshape(y.shape), [inputs[n] for n in asked])
    return {"y": y.value.reshape(file.tensors["grad.y"].shape), **{"grad." + n: g for n, g in zip(asked, found)}}


def settled(coarse, fine):
    """The number that was computed in DIGITS and in twice as many digits, to KNOWN digits.

    Rounding errors shrink with the precision, by about DIGITS digits, and numbers stay; the line is drawn in the
    middle. So what is 0 by a theorem that the computation does not know is 0; and what is a sum of products of inputs,
    in few digits, which may lie half way between two floats, comes out without the errors of softmax around it.
    """
    line = mpmath.mpf(10) ** -KNOWN
    if abs(coarse - fine) <= line * abs(fine):
        with mpmath.workdps(KNOWN):
            return +fine
    if abs(fine) <= line * abs(coarse) or coarse == 0:
        return mpmath.mpf(0)
    raise ArithmeticError(f"{DIGITS} digits are too few: {mpmath.nstr(coarse)} becomes {mpmath.nstr(fine)}")


def truth_of(file):
    """Every output, settled, by name."""
    coarse, fine = computed(file, DIGITS), computed(file, 2 * DIGITS)
    settle = np.frompyfunc(settled, 2, 1)
    return {name: settle(coarse[name], fine[name]) for name in file.outputs}


def misrounded(file, truth):
    """Where the file does not store the rounding of the truth, a line each."""
    lines = []
    for name in file.outputs:
        rest = truth[name] - exact(file.tensors[name])
        for suffix, form in FORMATS.items():
            expected = np.frompyfunc(lambda x: rounded(x, *form), 1, 1)(rest if suffix == ".residual" else truth[name])
            for i in zip(*np.nonzero(expected != file.tensors[name + suffix])):
                found = float(file.tensors[name + suffix][i])
                lines.append(f"{name}{suffix} {list(map(int, i))}: expected {expected[i].hex()}, found {found.hex()}")
    return lines


def digits_in_common(file, truth, name):
    """To how many digits of the tensor's largest entry the stored pairs of number and residual are the truth."""
    error = abs(truth[name] - exact(file.tensors[name]) - exact(file.tensors[name + ".residual"])).max()
    return mpmath.inf if error == 0 else -mpmath.log10(error / abs(truth[name]).max())
