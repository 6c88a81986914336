"""Metrics and figures are the same bytes for the same inputs: anywhere, and as the list of hashes says."""

import hashlib
import shutil
import zlib
from importlib.metadata import version

import pytest

from generative_classifiers.study import targets
from generative_classifiers.study.load import load
from small_studies import ROOT, content, elsewhere, files_made, snakemake

# As `sha256sum` writes and checks it; `make hashes` renews it.
LIST = ROOT / "tests/humans.sha256"
ADVICE = f"""\
If a change was meant to do that, look at these files, then renew the list with `make hashes`. If nothing was meant to
change: other versions of packages, another zlib (here {zlib.ZLIB_RUNTIME_VERSION}) or another type of CPU may be why.
"""


def listed():
    """Hashes by path, from the list."""
    return {path: digest for digest, path in (line.split() for line in LIST.read_text().splitlines())}


def unlike(one, other):
    """Names of the files whose contents or hashes differ, or that one of them lacks."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def other_versions():
    """What figures are made with, and is installed in another version than the tests' own."""
    pins = [pin.split("==") for pin in content("envs/analysis.yaml")["dependencies"][-1]["pip"]]
    return {name: version(name) for name, pin in pins if version(name) != pin}


def test_metrics_are_the_same_bytes_elsewhere(tiny, tmp_path):
    """Metrics of the same decisions; figures made elsewhere are those of the study `humans`, below."""
    folder = shutil.copytree(tiny, tmp_path / "ein anderer Ort, später", symlinks=True)
    shutil.rmtree(folder / "data/tiny/metrics")
    run = snakemake(folder, "metrics", "--cores", "1", surroundings=elsewhere(), study="tiny")
    assert run.returncode == 0 and "rule decisions:" not in run.stdout, run.stdout
    assert unlike(files_made(tiny, "tiny"), files_made(folder, "tiny")) == []


def test_list_names_every_file():
    study = load({"study": "humans"})
    assert sorted(listed()) == sorted(targets.figures(study) + targets.tables(study))


def test_figures_of_humans_are_as_listed(humans):
    if others := other_versions():
        pytest.skip(f"the list holds for the versions of envs/analysis.yaml, but here are {others}")
    figures = {path: made for path, made in files_made(humans, "humans").items() if path.startswith("figures/")}
    changed = unlike({path: hashlib.sha256(made).hexdigest() for path, made in figures.items()}, listed())
    assert not changed, f"unlike tests/humans.sha256: {', '.join(changed)}\n{ADVICE}"
