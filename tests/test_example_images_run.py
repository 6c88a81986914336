"""Figures 2, 7 and 8 of a study, from downloads and drawings to figures."""

import warnings

import pytest
import xarray as xr

import tiny_pipelines
import tiny_tokens
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.study.categories import CATEGORIES
from small_studies import content, copy_project, elsewhere, files_made, python, snakemake, write

FIGURES = ("figure_02", "figure_07", "figure_08")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3" fill="teal"/></svg>'


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A copy of the project with a study of two models with random weights, and two ambiguous images."""
    folder = copy_project(tmp_path_factory.mktemp("shown") / "project")
    study, registry = content("studies/miniature.yaml"), content("registry/observers.yaml")
    tiny_pipelines.pixel_diffusion(folder / "weights/pixels", side=study["world"]["size"] // 2)
    tiny_tokens.amused(folder / "weights/tokens")
    registry["observers"] |= {
        "pixels": {"label": "Pixels", "family": "diffusion", "pipeline": "weights/pixels"},
        "tokens": {"label": "Tokens", "family": "masked", "pipeline": "weights/tokens", "reading": "reconstruction"},
    }
    study |= {"observers": ["simulated", "pixels", "tokens"], "datasets": ["cue-conflict"]}
    study["evidence"] |= {"draws": 2, "times": "golden"}
    study["example_images"]["ambiguous_images"] = ["old-young", "cat-dog"]
    write(registry, folder / "registry/observers.yaml")
    write(study, folder / "studies/shown.yaml")
    return folder


def test_example_images_run_from_downloads_and_drawings_to_figures(shown, server):
    folder, address, asked = server
    place = "upload.wikimedia.org/wikipedia/commons/5/5f/My_Wife_and_My_Mother-In-Law_(Hill).svg"
    (folder / place).parent.mkdir(parents=True)
    (folder / place).write_text(SVG)
    run = snakemake(shown, *FIGURES, study="shown", mirror=address)
    assert run.returncode == 0, run.stdout
    assert len(asked) == 1 and asked[0].endswith("%28Hill%29.svg")
    made = files_made(shown, "shown")
    assert {path for path in made if path.startswith("figures/")} == {
        f"figures/shown/{figure}.{kind}" for figure in FIGURES for kind in ("pdf", "png")
    }
    assert not [path for path in made if path.startswith(("data/shown/evidence", "data/shown/metrics"))]
    check_stores(shown / "data/shown")
    for kind in ("pdf", "png"):
        (shown / f"figures/shown/figure_07.{kind}").unlink()
    run = python(shown, "scripts/plot_ambiguous_images.py", "--study", "shown", surroundings=elsewhere())
    assert run.returncode == 0, run.stdout
    assert files_made(shown, "shown") == made


def check_stores(data):
    """Check that the stores have what the documentation says."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = xr.open_zarr(data / "stimuli/ambiguous_images.zarr").load()
        made = {name: xr.open_zarr(data / f"examples/{name}.zarr").load() for name in ("pixels", "tokens")}
    assert images["name"].values.tolist() == ["old-young", "cat-dog"] and images["image"].shape == (2, 64, 64, 3)
    made_by = decode_attributes(images.attrs)
    assert made_by["ambiguous_images"]["old-young"]["attribution"] == "W. E. Hill, via Wikimedia Commons"
    assert list(made_by["sha256"]) == ["old-young"]
    for observer, store in made.items():
        assert store["name"].values.tolist() == ["bottle1-elephant1.png", "old-young", "cat-dog"]
        assert store["category"].values.tolist() == [*CATEGORIES, "old woman", "young woman"]
        assert store["reconstruction"].dims == ("image", "category", "y", "x", "channel")
        assert (store.attrs["observer"], store.attrs["draw"], store.attrs["seed"]) == (observer, 0, 0)
        assert "torch" in decode_attributes(store.attrs)["versions"] and "prompts" in store.attrs


def test_figure_without_example_images_is_an_error_that_says_what_it_needs(shown):
    run = snakemake(shown, "-n", "figure_08", study="humans")
    message = "studies/humans.yaml: figure_08 needs example_images.stimulus and a masked model that reconstructs images"
    assert run.returncode == 1 and message in run.stdout
