"""The peer can go wrong in every way of the catalogue, and in two that do not stand there.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import subprocess

from deviations import DEVIATIONS
from naming import words
from test_verify_faults import PLUMBLINE

BESIDE = {  # a spec may ask for either alignment, so that neither is a mistake by itself
    "mask/aligned-to-first-key",
    "mask/aligned-to-last-key",
}


def test_they_are_those_of_the_catalogue_and_two_beside():
    listed = subprocess.run([PLUMBLINE, "list", "deviations"], check=True, capture_output=True, text=True).stdout
    assert sorted(DEVIATIONS) == sorted({*words(listed), *BESIDE})
