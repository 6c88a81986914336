"""A project with a study `small`, one dataset of few images and a tiny model, and snakemake in it."""

import subprocess
import sys
from contextlib import ExitStack, contextmanager

import tiny_pipelines
from generative_classifiers.evidence.entry import PROVENANCE, Entry
from generative_classifiers.io.locks import claim
from small_studies import content, copy_project, write

COMMAND = ["--cores", "all", "--profile", "slurm"]
# Jobs of some seconds: look after 2 and 14 seconds instead of 5 and 20.
COMMAND += ["--slurm-init-seconds-before-status-checks", "2"]
PATIENCE = 900  # seconds
EVIDENCE = "data/small/evidence/tiny/silhouette.json"


def small_project(folder):
    """A copy of the project with the study."""
    copy_project(folder)
    study, registry = content("studies/miniature.yaml"), content("registry/observers.yaml")
    registry["observers"]["tiny"] = {"label": "Tiny", "family": "diffusion", "pipeline": "weights/tiny"}
    tiny_pipelines.pixel_diffusion(folder / "weights/tiny", side=study["world"]["size"] // 2)
    study |= {"observers": ["simulated", "tiny"], "datasets": ["silhouette"], "figures": ["figure_09"]}
    del study["example_images"]
    study["evidence"] |= {"draws": 1, "together": False, "shard": 4}
    study["world"]["images"]["nonparametric"] = 16
    write(registry, folder / "registry/observers.yaml")
    write(study, folder / "studies/small.yaml")
    return folder


def start(folder, *arguments, environment=None):
    """Start snakemake; all that it says is in the file `said` of the folder."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    with (folder / "said").open("w") as said:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)


def snakemake(folder, *arguments, environment=None):
    """Run snakemake; return its exit status and all that it says."""
    status = start(folder, *arguments, environment=environment).wait(PATIENCE)
    return status, said(folder)


def said(folder):
    """What snakemake has said so far."""
    return (folder / "said").read_text()


def store(folder):
    """The store of evidence, in the cache."""
    return (folder / EVIDENCE).with_suffix(".zarr").resolve()


def evidence(folder):
    """Content by path of the store's files, but for those that tell how it was computed."""
    files = [path for path in store(folder).rglob("*") if path.is_file() and path.parent.name != PROVENANCE]
    return {str(path.relative_to(store(folder))): path.read_bytes() for path in files}


@contextmanager
def held(place, parts):
    """Claim all shards of a store, which need not exist yet, so that jobs wait before they evaluate any.

    `close` of what it yields releases them.
    """
    with ExitStack() as stack:
        assert all([stack.enter_context(claim(place, part)) for part in parts])
        yield stack


def shards(folder):
    """Names of the store's shards."""
    return Entry(store(folder)).parts
