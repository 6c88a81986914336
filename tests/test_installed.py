"""The installed package: what `pip install .` puts into an environment works from an empty folder."""

import os
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution

import numpy as np
import pytest
from PIL import Image

import preloaded
from small_studies import ROOT


@pytest.fixture(scope="module")
def site_packages(tmp_path_factory):
    """A folder with the content of the project's wheel, as an installation would leave it."""
    built, unpacked = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("site-packages")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.fixture
def run(site_packages, tmp_path, monkeypatch):
    """Run the command of the installed package in an empty folder."""
    monkeypatch.chdir(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(site_packages), "OMP_NUM_THREADS": "1"}

    def run_it(*arguments):
        command = [preloaded.python(), "-m", "generative_classifiers", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)

    return run_it


def contents(folder):
    """The content of all files of a folder, by path."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_registry_and_style_are_in_the_package(site_packages):
    package = site_packages / "generative_classifiers"
    assert contents(ROOT / "registry") == contents(package / "registry")
    assert (package / "figures/paper.mplstyle").is_file() and (package / "py.typed").is_file()
    assert not list(site_packages.glob("*.py"))


def test_console_command(site_packages):
    (metadata,) = site_packages.glob("*.dist-info")
    (command,) = Distribution.at(metadata).entry_points.select(group="console_scripts")
    assert (command.name, command.value) == ("generative-classifiers", "generative_classifiers.__main__:console")


@pytest.mark.parametrize(
    "command", ["classify", "distort", "export", "inspect", "verify", "provenance", "archive", "restore", "discard"]
)
def test_help(run, command):
    shown = run(command, "--help")
    assert shown.returncode == 0 and shown.stdout.startswith(f"usage: generative-classifiers {command} ")


def test_distort_and_inspect(run, tmp_path):
    (tmp_path / "photos/cat").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photos/cat/a.png")
    made = run("distort", "photos", "distorted", "--datasets", "colour", "--size", "32")
    assert made.returncode == 0, made.stderr
    said = run("inspect", "distorted/colour.zarr")
    assert said.returncode == 0 and "images per condition: cr 1, bw 1" in said.stdout, said.stdout + said.stderr


def test_classify_knows_the_registry(run, tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (32, 32)).save(tmp_path / "photos/a.png")
    failed = run("classify", "--observer", "miniature-difusion", "--images", "photos", "--out", "a.zarr")
    assert failed.returncode == 2 and "did you mean 'miniature-diffusion'?" in failed.stderr
    failed = run("classify", "--observer", "miniature-diffusion", "--images", "photos", "--out", "a.zarr")
    assert failed.returncode == 2, failed.stderr


def test_export_names_what_is_missing(run):
    failed = run("export", "decisions.zarr", "--out", "raw-data")
    assert failed.returncode == 2 and failed.stderr.startswith("error: decisions.zarr: no complete store")
