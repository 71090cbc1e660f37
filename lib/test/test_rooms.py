"""The rooms of lib/ stand in the order of the table in lib/README.md: each includes only rooms above it; tests include
what they test."""

import pathlib
import re

import pytest

LIB = pathlib.Path(__file__).resolve().parents[1]
ROOMS = re.findall(r"^\| `([\w/]+)/` \|", (LIB / "README.md").read_text(), re.M)


def room_of(path):
    """The room that a path below lib/ lies in."""
    return max((room for room in ROOMS if path.startswith(room + "/")), key=len, default=None)


def includes_of(room):
    """(file, what it includes, the room of that), of all files of the room."""
    for file in sorted(p for p in (LIB / room).rglob("*.[ch]pp") if room_of(str(p.relative_to(LIB))) == room):
        for included in re.findall(r'#include "([^"]+)"', file.read_text()):
            yield str(file.relative_to(LIB)), included, room_of(included)


def test_every_folder_is_a_room():
    folders = [f"plumbline/{p.name}" for p in (LIB / "plumbline").iterdir() if p.is_dir()]
    assert sorted(folders) == sorted(r for r in ROOMS if r.startswith("plumbline/"))


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "test"])
def test_a_room_includes_rooms_above_it(room):
    above = ROOMS[: ROOMS.index(room) + 1]
    assert [f"{file}: {what}" for file, what, other in includes_of(room) if other and other not in above] == []


def test_every_file_of_tests_is_compiled():
    top = LIB.parent
    lists = [p for room in ("lib", "golden", "properties", "reports") for p in (top / room).rglob("CMakeLists.txt")]
    files = [p for room in ("lib", "golden", "properties", "reports") for p in (top / room).rglob("*_test.cpp")]
    listed = {word.split("/")[-1] for text in lists for word in re.findall(r"[\w/]+_test\.cpp", text.read_text())}
    assert len(files) > 50
    assert sorted(str(f.relative_to(top)) for f in files if f.name not in listed) == []
