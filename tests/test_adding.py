"""docs/adding.md, word for word: the fenced blocks of its sections, run in order in a copy of the project.

What is to be done with a block is said in its first line, after the language, where readers do not see it:
`append=<file>` adds it to the end of a file, `file=<file>` makes it a new file. Other blocks, of bash and Python, are
run.
A block behind a comment `<!-- not run: … -->` is left out.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from small_studies import PATIENCE, ROOT, copy_project

BLOCK = re.compile(r"^(<!-- not run: .+ -->\n)?```(\w+) ?(\S*)\n(.*?)^```$", re.M | re.S)
RUN = {"bash": ("bash", "-euc"), "python": (sys.executable, "-c")}


class Block(NamedTuple):
    """A block of a section: its language, what is to be done with it, and its text."""

    language: str
    action: str
    text: str


def blocks(section):
    """The blocks of a section of docs/adding.md that are run."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", (ROOT / "docs/adding.md").read_text(), re.M | re.S)
    return [Block(*block) for not_run, *block in BLOCK.findall(text) if not not_run]


def do(block, folder):
    """Do what a reader would do with a block."""
    action, _, name = block.action.partition("=")
    if action in ("append", "file"):
        assert (folder / name).exists() == (action == "append"), name
        with (folder / name).open("a") as file:
            file.write(block.text)
        return
    assert not action and block.language in RUN, block
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    surroundings = os.environ | {"PATH": path, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder / "scripts")}
    command = [*RUN[block.language], block.text]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, cwd=folder, env=surroundings, timeout=PATIENCE, **output)
    assert done.returncode == 0, f"{block.text}\n{done.stdout}"


# What a section makes.
SECTIONS = {
    "A dataset with human decisions": ["figures/mine/figure_09.pdf", "data/mine/metrics/benchmark.csv"],
}


@pytest.mark.parametrize("section", SECTIONS)
def test_section_does_what_it_says(section, tmp_path):
    project = copy_project(tmp_path / "project")
    found = blocks(section)
    assert found
    for block in found:
        do(block, project)
    assert all((project / path).stat().st_size > 0 for path in SECTIONS[section])
