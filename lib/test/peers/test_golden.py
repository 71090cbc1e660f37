"""The peer against the golden values, in float64: both were written from the same formulas, by different hands."""

import pytest

from arithmetic import VARIANTS
from deviations import DEVIATIONS
from golden import CASES, Golden


def agrees(golden, found):
    return all(roundings <= golden.terms for roundings in golden.differences(found).values())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_agrees(case, variant):
    golden = Golden(case)
    assert agrees(golden, golden.answer(VARIANTS[variant]("float64")))


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_a_deviation_disagrees_somewhere(deviation):
    def goes_wrong(case):
        golden = Golden(case)
        return not agrees(golden, golden.answer(VARIANTS["eager"]("float64"), [deviation]))

    assert any(map(goes_wrong, CASES))
