"""docs/adding.md, word for word: the fenced blocks of its sections, run in order in a copy of the project.

What is to be done with a block is said in its first line, after the language, where readers do not see it:
`append=<file>` adds it to the end of a file, `file=<file>` makes it a new file, `below=<file>:<beginning>` adds it
below the line of a file that begins so, and `replace=<file>` puts it in the place of the line with the same key. Other
blocks, of bash and Python, are run. A block behind a comment `<!-- not run: … -->` is left out, and one behind
`<!-- instead of the row above -->` is another way to do the same.

What readers bring, such as weights and photographs, is made here: small, and with random numbers.
"""

import csv
import os
import re
import shutil
import subprocess
from typing import NamedTuple

import pytest
from PIL import Image

import preloaded
from conftest import needs_models
from small_studies import PATIENCE, ROOT, copy_project

BLOCK = re.compile(r"^(?:<!-- ([^\n]+) -->\n)?```(\w+) ?([^\n]*)\n(.*?)^```$", re.M | re.S)
RUN = {"bash": ("bash", "-euc"), "python": ("python", "-c")}
NOT_RUN, INSTEAD = "not run: ", "instead of the row above"


class Block(NamedTuple):
    """A block of a section: the comment before it, its language, what is to be done with it, and its text."""

    comment: str
    language: str
    action: str
    text: str


def text_of(section):
    """The text of a section of docs/adding.md."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", (ROOT / "docs/adding.md").read_text(), re.M | re.S)
    return text


def blocks(section, *, other_way=False):
    """The blocks of a section that are run; those of the other way in the place of the ones above them."""
    found = [Block(*block) for block in BLOCK.findall(text_of(section)) if not block[0].startswith(NOT_RUN)]
    left_out = [i - other_way for i, block in enumerate(found) if block.comment == INSTEAD]
    return [block for i, block in enumerate(found) if i not in left_out]


def do(block, folder):
    """Do what a reader would do with a block."""
    action, _, name = block.action.partition("=")
    if action:
        edit(folder, action, name, block.text)
        return
    path = os.pathsep.join([str(command_folder(folder)), os.environ["PATH"]])
    surroundings = os.environ | {"PATH": path, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder / "scripts")}
    command = [shutil.which(RUN[block.language][0], path=path), *RUN[block.language][1:], block.text]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, cwd=folder, env=surroundings, timeout=PATIENCE, **output)
    assert done.returncode == 0, f"{block.text}\n{done.stdout}"


def command_folder(project):
    """A folder with the commands that `make` installs, here for the copy of the project."""
    folder = project.parent / "bin"
    folder.mkdir(exist_ok=True)
    modules = {"python": "", "snakemake": "-m snakemake", "generative-classifiers": "-m generative_classifiers"}
    for name, module in modules.items():
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec "{preloaded.python()}" {module} "$@"\n')
        command.chmod(0o755)
    return folder


def edit(folder, action, name, text):
    """Write a new file, or a block into a file."""
    name, _, beginning = name.partition(":")
    path = folder / name
    if action == "file":
        assert not path.exists(), name
        path.write_text(text)
    elif action == "append":
        path.write_text(path.read_text() + text)
    else:
        beginning = beginning if action == "below" else text.partition(":")[0] + ":"
        lines = path.read_text().splitlines(keepends=True)
        (place,) = [i for i, line in enumerate(lines) if line.startswith(beginning)]
        lines[place : place + 1] = [lines[place], text] if action == "below" else [text]
        path.write_text("".join(lines))


def photographs(project):
    """Two small images in folders of their categories."""
    for i, name in enumerate(("cat/tom.png", "dog/rex.png")):
        path = project / "photos" / name
        path.parent.mkdir(parents=True)
        Image.radial_gradient("L").rotate(30 * i).convert("RGB").save(path)


def own_diffusion(project):
    import tiny_pipelines

    photographs(project)
    tiny_pipelines.stable_diffusion(project.parent / "my-pipeline")


def own_clip(project):
    import tiny_contrastive

    photographs(project)
    tiny_contrastive.through_transformers(project.parent / "my-clip", side=224)


def own_language_model(project):
    import tiny_language

    photographs(project)
    tiny_language.llava(project.parent / "my-vlm")


def own_images(project):
    photographs(project)
    miniature_weights(project)


def own_networks(project):
    photographs(project)
    (project / "data").mkdir()


def outlines(project):
    """The study `mine`, made as the section on datasets says."""
    for block in blocks("A dataset with human decisions")[:-2]:
        do(block, project)


def miniature_weights(project):
    (project / "weights").symlink_to(ROOT / "weights")


def nothing(project):
    pass


# The sections that are run without a server, what readers bring, and files that must be there in the end.
SECTIONS = {
    "Your own images": (
        own_images,
        ["distorted/low-pass.zarr/zarr.json", "distorted/contrast/c50/cat/tom.png", "out.csv"],
    ),
    "A diffusion model": (own_diffusion, ["store.zarr/zarr.json", "figures/my-models/figure_04.pdf"]),
    "A network with ImageNet's classes": (own_networks, ["store.zarr/zarr.json", "store-2.zarr/zarr.json"]),
    "A contrastive model": (own_clip, ["store.zarr/zarr.json"]),
    "A vision-language model": (own_language_model, ["store.zarr/zarr.json"]),
    "Which observers take part": (nothing, []),
    "A dataset with human decisions": (
        miniature_weights,
        ["figures/mine/figure_09.pdf", "data/mine/metrics/benchmark.csv", "figures/mine-too/figure_09.pdf"],
    ),
    "A figure": (outlines, ["figures/mine/figure_18.pdf", "figures/mine/figure_19.png"]),
}
# Sections that need the public files: tests below and in tests/test_humans_run.py.
WITH_FILES = {"A row of the leaderboard from a CSV file", "People of your own", "Decisions for model-vs-human"}
# A section without blocks that are run.
ONLY_TEXT = {"A model whose decisions you have"}


def test_every_section_is_run():
    sections = re.findall(r"^## (.+)$", (ROOT / "docs/adding.md").read_text(), re.M)
    assert set(sections) == {*SECTIONS, *WITH_FILES, *ONLY_TEXT}
    assert not [block for section in ONLY_TEXT for block in blocks(section)]


@pytest.mark.parametrize("section", SECTIONS)
def test_section_does_what_it_says(section, tmp_path):
    needs_models()
    prepare, made = SECTIONS[section]
    project = copy_project(tmp_path / "project")
    prepare(project)
    for block in blocks(section):
        do(block, project)
    assert all((project / path).stat().st_size > 0 for path in made)


def test_people_of_your_own(tmp_path, mirror, mirror_folder, monkeypatch):
    project = copy_project(tmp_path / "project")
    for number, name in enumerate(("anna", "ben"), start=1):
        (path,) = mirror_folder.glob(f"github.com/bethgelab/model-vs-human/**/colour_subject-0{number}_*.csv")
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        path = project / f"data/downloads/students/colour/colour_{name}_session-1.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, rows[0])
            table.writeheader()
            table.writerows(row | {"subj": name} for row in rows)
    monkeypatch.setenv("GENERATIVE_CLASSIFIERS_MIRROR", mirror)
    for block in blocks("People of your own"):
        do(block, project)
    with (project / "data/students/metrics/benchmark.csv").open(newline="") as file:
        assert {"students", "resnet50", "clip"} <= {row["observer"] for row in csv.DictReader(file)}
