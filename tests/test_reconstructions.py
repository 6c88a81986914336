"""Reconstructions are kept as pixels, latents or tokens, and decoded when somebody looks."""

import shutil

import numpy as np
import pytest
import torch

import tiny_pipelines
import tiny_tokens
from generative_classifiers import decode_reconstructions, models
from generative_classifiers.__main__ import main
from generative_classifiers.evidence.cost_plan import reconstructions_of
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.pixels import tensor_to_pixels
from generative_classifiers.study.load import load
from generative_classifiers.study.prompts import prompts_of
from killed_often import stimuli
from small_studies import ROOT
from typed_rows import observer

CATEGORIES = ("cat", "dog", "truck")
KINDS = {
    "diffusion": ("reconstruction_latent", np.float16, (4, 8, 8)),
    "pixels": ("reconstruction", np.uint8, (16, 16, 3)),
    "masked": ("reconstruction_token", np.uint16, (4, 4)),
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The rows of tiny models by what they keep."""
    root = tmp_path_factory.mktemp("pipelines")
    return {
        "diffusion": observer(family="diffusion", pipeline=str(tiny_pipelines.stable_diffusion(root / "latent"))),
        "pixels": observer(family="diffusion", pipeline=str(tiny_pipelines.pixel_diffusion(root / "pixels"))),
        "masked": observer(family="masked", pipeline=str(tiny_tokens.amused(root / "tokens"))),
    }


def load_tiny(row):
    return models.load("tiny", row, prompts_of(CATEGORIES), device="cpu")


@pytest.fixture(scope="module")
def evidence(rows, tmp_path_factory):
    """A store of each model's evidence on three images."""
    folder = tmp_path_factory.mktemp("evidence")
    for kind, row in rows.items():
        settings = {"observer": row.pipeline, "dataset": "random", "count": 2, "reconstruct": 1, "progress": False}
        compute_evidence(load_tiny(row), stimuli(3), folder / f"{kind}.zarr", **settings)
    return folder


@pytest.mark.parametrize(("kind", "expected"), KINDS.items())
def test_what_is_kept(evidence, rows, kind, expected):
    name, dtype, shape = expected
    found, layout = stores.read(evidence / f"{kind}.zarr"), load_tiny(rows[kind]).reconstruction_layout
    assert found[name].dims == ("image", "category", *layout.dims) and found[name].dtype == dtype
    assert found[name].shape == (3, 3, *shape) and not set(stores.RECONSTRUCTIONS) - {name} & set(found)
    assert found.attrs.get("decoder") == ("null" if kind == "pixels" else layout.decoder)


def test_decoded_latents_are_what_the_model_painted(evidence, rows, monkeypatch):
    model = load_tiny(rows["diffusion"])
    monkeypatch.setattr(model.codec, "keep", lambda latents: tensor_to_pixels(model.codec.decode(latents)))
    images = stimuli(3)
    names = images["name"].values.tolist()
    _, painted = model.evaluate(images["image"].values, names, model.draws(2, 0), reconstruct=1)
    for number in range(3):
        decoded = decode_reconstructions(evidence / "diffusion.zarr", number, device="cpu")
        assert decoded.dims == ("category", "y", "x", "channel")
        assert tuple(decoded["category"].values) == CATEGORIES
        difference = np.abs(decoded.values.astype(int) - painted[number])
        assert difference.mean() < 0.1 and difference.max() <= 1
    assert np.ptp(painted, axis=1).max() > 0


def test_decoded_tokens_are_what_the_model_painted(evidence, rows):
    model = load_tiny(rows["masked"])
    kept = stores.read(evidence / "masked.zarr")["reconstruction_token"].values
    decoded = decode_reconstructions(evidence / "masked.zarr", 2, device="cpu").values
    with torch.inference_mode():
        painted = tensor_to_pixels(model._decode(torch.from_numpy(kept[2].astype(np.int64))))
    assert np.abs(decoded.astype(int) - painted).max() <= 1 and decoded.shape == (3, 8, 8, 3)


def test_pixels_are_as_they_were_kept(evidence):
    found = stores.read(evidence / "pixels.zarr")
    name = found["name"].values[1]
    assert (decode_reconstructions(evidence / "pixels.zarr", name) == found["reconstruction"][1]).all()


def test_only_the_decoder_is_needed(evidence, rows, tmp_path):
    part = {"diffusion": "vae", "masked": "vqvae"}
    for kind, name in part.items():
        folder = tmp_path / kind
        shutil.copytree(f"{rows[kind].pipeline}/{name}", folder / name)
        shutil.copy(f"{rows[kind].pipeline}/model_index.json", folder)
        row = rows[kind].model_copy(update={"pipeline": str(folder)})
        layout = load_tiny(rows[kind]).reconstruction_layout
        assert models.load_decoder(row.family, "tiny", row, device="cpu").hash == layout.decoder


def test_another_decoder_is_refused(evidence, rows, tmp_path):
    shutil.copytree(rows["diffusion"].pipeline, tmp_path / "other")
    vae = tiny_pipelines.vae(8)
    vae.save_pretrained(tmp_path / "other/vae")
    with pytest.raises(InputError, match=r"diffusion\.zarr: its reconstructions belong to the decoder .* --observer"):
        decode_reconstructions(evidence / "diffusion.zarr", 0, str(tmp_path / "other"), device="cpu")


def test_a_missing_decoder_is_named(evidence, tmp_path, capsys):
    shutil.copytree(evidence / "diffusion.zarr", tmp_path / "a.zarr")
    assert main(["inspect", str(tmp_path / "a.zarr"), "--image", "0", "--observer", "nobody"]) == 2
    printed = capsys.readouterr().err
    assert "a.zarr: the decoder of its reconstructions is missing (observer 'nobody' is unknown" in printed
    assert printed.endswith("--observer names the pipeline that has it\n") and printed.count("\n") == 1


def test_the_command_plots_latents(evidence, tmp_path):
    stores.write(stimuli(3), tmp_path / "stimuli.zarr")
    out = tmp_path / "a.png"
    options = ["--image", "1", "--stimuli", str(tmp_path / "stimuli.zarr"), "--out", str(out)]
    assert main(["inspect", str(evidence / "diffusion.zarr"), *options]) == 0 and out.stat().st_size > 10_000


@pytest.mark.parametrize("name", ["miniature-diffusion", "miniature-latent", "miniature-masked"])
def test_the_forecast_of_the_miniature_has_the_layouts_of_its_models(name):
    study = load({"study": "miniature"})
    row = study.observers[name]
    model = models.load(name, row, study.prompts, path=ROOT / row.pipeline, device="cpu")
    assert model.reconstruction_layout._replace(decoder=None) == reconstructions_of(study, name)


def test_reconstructions_of_the_paper_are_a_few_gigabytes():
    study = load({"study": "paper"})
    images = sum(row.images for row in study.datasets.values())
    sizes = {}
    for name in study.models:
        layout = reconstructions_of(study, name)
        if layout:
            sizes[name] = images * 16 * np.prod([*layout.dims.values()]) * np.dtype(layout.dtype).itemsize / 1e9
    assert {name: round(float(size), 1) for name, size in sizes.items()} == {
        "stable-diffusion-1-4": 9.5,
        "deepfloyd-if-1": 3.6,
        "amused-512": 0.6,
        "amused-512-reconstruction": 0.6,
    }
