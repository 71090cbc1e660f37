"""The README's example, run as it stands, says what stands below it."""

import re
from pathlib import Path

import pytest
from plumbline_oracle import Wrong

TOP = Path(__file__).resolve().parents[4]


def test_the_first_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = re.findall(r"```(?:python)?\n(.*?)```", (TOP / "README.md").read_text(), re.S)[:2]
    with pytest.raises(Wrong) as caught:
        exec(compile(code, "README.md", "exec"), {})
    lines = [line for line in said.splitlines()[2:] if line]
    assert len(lines) > 4
    for line in lines:
        pattern = ".*".join(map(re.escape, line.split("...")))
        assert re.search(pattern, str(caught.value)), line
