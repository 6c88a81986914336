"""Copies of the project with a study of their own, and snakemake in them."""

import os
import shutil
import subprocess
import sys

import yaml

from conftest import ROOT

# What a run needs of the project.
PARTS = ["config.yaml", "docs", "envs", "profiles", "registry", "rules"]
PARTS += ["schemas", "scripts", "slurm", "Snakefile", "studies"]
PATIENCE = 300  # seconds


def content(path):
    """A YAML file of the project."""
    return yaml.safe_load((ROOT / path).read_text())


def write(document, path):
    """Write a YAML file."""
    path.write_text(yaml.safe_dump(document, sort_keys=False))


def copy_project(folder):
    """Copy what a run needs."""
    folder.mkdir()
    for part in (ROOT / part for part in PARTS):
        if part.is_dir():
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(part, folder)
    return folder


def python(folder, *arguments):
    """Run Python in a folder; `stdout` of the result is all that it says."""
    process = {"cwd": folder, "env": os.environ | {"OMP_NUM_THREADS": "1"}, "timeout": PATIENCE}
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run([sys.executable, *arguments], **process, **output)


def snakemake(folder, *arguments, **config):
    """Run snakemake in a folder; `stdout` of the result is all that it says."""
    settings = ["--config", *(f"{key}={value}" for key, value in config.items())]
    return python(folder, "-m", "snakemake", "--cores", "2", *arguments, *settings)


def files_made(folder, study):
    """Content by path of what a study leaves, but for the files that tell how long it took."""
    paths = [path for room in ("data", "figures") for path in (folder / room / study).rglob("*") if path.is_file()]
    kept = [path.relative_to(folder) for path in paths]
    return {str(path): (folder / path).read_bytes() for path in kept if path.parts[2] not in ("logs", "benchmarks")}
