"""What is installed for people: the pages for users are there, and where they point to is too.

PLUMBLINE_BUILD names the folder of the build; otherwise it is build/."""

import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = os.environ.get("PLUMBLINE_BUILD", TOP / "build")
PAGES = ["README.md", "lib/clients/README.md", "lib/clients/python/README.md", "reports/published/README.md",
         "reports/published/protocol.md", "reports/published/report.md", "reports/published/spec.md"]


def links(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not link.startswith(("http:", "https:", "#")):
            yield (page.parent / link.partition("#")[0]).resolve()


def test_links_of_installed_pages_hold(tmp_path):
    subprocess.run(["cmake", "--install", BUILD, "--component", "client", "--prefix", tmp_path], check=True,
                   stdout=subprocess.DEVNULL)
    (documents,) = (tmp_path / "share" / "doc").iterdir()
    found = [link for page in PAGES for link in links(documents / page)]
    assert len(found) > 20
    assert [str(link) for link in found if not link.exists()] == []
