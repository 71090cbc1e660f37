"""The hash of the rule, by which records say what they measured: it changes with the code that verdicts follow from, and
not with a comment or the layout."""

import pathlib
import re
import shutil
import subprocess

import pytest

LIBRARY = pathlib.Path(__file__).resolve().parents[1] / "plumbline"
FOLDERS = ("algebra", "block", "cases", "ensemble", "judge", "number", "spec")


def hash_of(folder):
    out = folder / "rule.cpp.out"
    script = LIBRARY / "judge" / "rule.cmake"
    subprocess.run(["cmake", f"-DSOURCE={folder}", f"-DOUT={out}", "-P", script], check=True)
    return re.search(r'return "(\w{12})"', out.read_text()).group(1)


@pytest.fixture
def copy(tmp_path):
    for name in FOLDERS:
        shutil.copytree(LIBRARY / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_changed_word_of_the_code_changes_it(copy, folder):
    before = hash_of(copy)
    file = next(p for p in sorted((copy / folder).rglob("*.[ch]pp")) if "\n  return " in p.read_text())
    file.write_text(file.read_text().replace("\n  return ", "\n  return 2 * ", 1))
    assert hash_of(copy) != before


def test_a_comment_and_the_layout_do_not(copy):
    before = hash_of(copy)
    file = copy / "judge" / "verdict.cpp"
    file.write_text("// Another word.\n\n" + file.read_text().replace("\n  ", "\n    "))
    assert hash_of(copy) == before


def test_a_verdict_in_other_words_does_not(copy):
    before = hash_of(copy)
    file = copy / "judge" / "describe.cpp"
    file.write_text(file.read_text().replace("coarser than declared", "coarser than claimed"))
    assert hash_of(copy) == before


def test_no_text_of_the_rule_looks_like_a_comment():
    """Behind such a text the hash would not see the rest of the line."""
    sources = [p for name in FOLDERS for p in (LIBRARY / name).rglob("*.[ch]pp")]
    assert [p.name for p in sources if re.search(r'^[^/\n"]*"[^"\n]*//[^"\n]*"', p.read_text(), re.M)] == []
