"""Copies of the project with a study of their own, and snakemake in them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml

import preloaded

ROOT = Path(__file__).parents[1]
# What a run needs of the project.
PARTS = ["config.yaml", "docs", "envs", "profiles", "registry", "rules"]
PARTS += ["schemas", "scripts", "slurm", "Snakefile", "studies"]
PATIENCE = 1800  # seconds, on a busy machine
# The study `tiny`: a model after a few steps of training looks at a few datasets.
TINY = {"colour": 32, "silhouette": 16, "cue-conflict": 240}  # images


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


def tiny_project(folder):
    """A copy with the study `tiny`."""
    copy_project(folder)
    study, registry = content("studies/miniature.yaml"), content("registry/observers.yaml")
    study |= {"datasets": list(TINY), "observers": ["simulated", "miniature-cnn"]}
    study["world"] |= {"size": 32, "images": study["world"]["images"] | {"nonparametric": 16}}
    study["evidence"] |= {"draws": 2, "times": "golden", "together": False}
    for name in ("miniature-cnn", "miniature-cnn-noise"):
        row = registry["observers"][name]
        row["training"] |= {"steps": 10, "warm_up": 2, "decay": 2}
        row["resolution"] = 32
        for shipped in ("weights", "sha256"):  # so that the run trains it
            row.pop(shipped, None)
    write(study, folder / "studies/tiny.yaml")
    write(registry, folder / "registry/observers.yaml")
    return folder


def elsewhere():
    """Surroundings in which a study must still be the same bytes, the last three as on a CPU of an older type."""
    here = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "42", "SOURCE_DATE_EPOCH": "1"}
    vectors = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    here |= {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": " ".join(vectors)}
    return here | {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-FMA4"}


def python(folder, *arguments, surroundings=None, fresh=False):
    """Run Python in a folder; `stdout` of the result is all that it says.

    A fresh one shares no imports with others: for tests of what is imported.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | (surroundings or {})
    process = {"cwd": folder, "env": environment, "umask": 0o077 if surroundings else -1, "timeout": PATIENCE}
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run([sys.executable if fresh else preloaded.python(), *arguments], **process, **output)


def snakemake(folder, *arguments, surroundings=None, **config):
    """Run snakemake in a folder; `stdout` of the result is all that it says."""
    settings = ["--config", *(f"{key}={value}" for key, value in config.items())]
    return python(folder, "-m", "snakemake", "--cores", "2", *arguments, *settings, surroundings=surroundings)


def files_made(folder, study):
    """Content by path of what a study leaves, but for the files that tell how long it took."""
    paths = [path for room in ("data", "figures") for path in (folder / room / study).rglob("*") if path.is_file()]
    kept = [path.relative_to(folder) for path in paths]
    return {str(path): (folder / path).read_bytes() for path in kept if path.parts[2] not in ("logs", "benchmarks")}


def unlike(one, other):
    """Names of the files whose contents or hashes differ, or that one of them lacks."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))
