"""The container recipe: it is what `snakemake --containerize` writes, and can be built from the project's root."""

import os
import re
import subprocess

import pytest

import preloaded
from small_studies import ROOT

RECIPE = ROOT / "envs/Dockerfile"
# Snakemake asks conda for its version, platform and channel priority, and hashes only the environment files.
CONDA = """#!/bin/sh
case "$1" in
    --version) echo "conda 26.1.0" ;;
    info) echo '{"conda_prefix": "/opt/conda", "platform": "linux-64"}' ;;
    config) echo '{"get": {"channel_priority": "strict"}}' ;;
    *) exit 1 ;;
esac
"""


@pytest.fixture
def conda(tmp_path):
    """Surroundings in which a conda answers Snakemake's questions."""
    stub = tmp_path / "bin/conda"
    stub.parent.mkdir()
    stub.write_text(CONDA)
    stub.chmod(0o755)
    return os.environ | {"PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}"}


def test_recipe_is_current(conda):
    command = [preloaded.python(), "-m", "snakemake", "--containerize"]
    run = subprocess.run(command, cwd=ROOT, env=conda, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    assert run.stdout == RECIPE.read_text(), "the recipe is out of date: snakemake --containerize > envs/Dockerfile"


def test_files_that_the_recipe_copies_are_environments_of_the_project():
    copied = re.findall(r"^COPY (\S+) ", RECIPE.read_text(), re.M)
    assert {ROOT / path for path in copied} == set((ROOT / "envs").glob("*.yaml"))
