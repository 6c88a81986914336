"""Losses of every class of pipeline with random weights, against implementations of their own in float64."""

import gc
import json
import logging
import shutil
import warnings
import weakref

import diffusers
import numpy as np
import pytest
import torch

import tiny_flow_pipelines
import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.adapters import ADAPTERS
from generative_classifiers.study.prompts import prompts_of
from reference_pipelines import reference
from typed_rows import observer

CATEGORIES = ("cat", "dog", "truck")
NAMES = ["cat1.png", "sub/dog2.png"]
SEED, COUNT = 5, 3
MAKE = {
    "stable-diffusion-xl": tiny_pipelines.stable_diffusion_xl,
    "stable-diffusion-3": tiny_pipelines.stable_diffusion_3,
    "flux-dev": tiny_pipelines.flux,
    "flux-schnell": lambda folder: tiny_pipelines.flux(folder, guidance=False),
    "flux-2-klein": tiny_flow_pipelines.flux2,
    "sana": tiny_flow_pipelines.sana,
    "lumina-2": tiny_flow_pipelines.lumina2,
    "pixart-alpha": tiny_pipelines.pixart,
    "pixart-sigma": lambda folder: tiny_pipelines.pixart(folder, sizes=False),
    "deepfloyd": tiny_pipelines.deepfloyd,
}
HALVED = {
    "stable-diffusion-xl": set(),
    "stable-diffusion-3": {"transformer", "text_encoder_3"},
    "flux-dev": {"transformer", "text_encoder_2"},
    "flux-schnell": {"transformer", "text_encoder_2"},
    "flux-2-klein": {"transformer", "text_encoder"},
    "sana": {"text_encoder"},
    "lumina-2": {"transformer", "text_encoder"},
    "pixart-alpha": {"text_encoder"},
    "pixart-sigma": {"text_encoder"},
    "deepfloyd": {"unet", "text_encoder"},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("pipelines")
    return {name: make(root / name) for name, make in MAKE.items()}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)


def load(folder, prompts=None, batch_size=64, **row):
    row = observer(**{"family": "diffusion", "pipeline": str(folder), "resolution": 16, **row})
    return models.load("tiny", row, prompts or prompts_of(CATEGORIES), device="cpu", batch_size=batch_size)


@pytest.mark.parametrize("kind", MAKE)
def test_losses_agree_with_a_float64_implementation(folders, images, kind):
    model = load(folders[kind])
    loss, reconstruction = model.evaluate(images, NAMES, model.draws(COUNT, SEED), reconstruct=1)
    expected, painted = reference(kind, folders[kind], images, NAMES, CATEGORIES, COUNT, SEED)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    assert np.abs(model.decode(reconstruction) - painted[:, :, 1]).max() < 1  # latents are rounded to float16
    # Categories must differ by far more than that, or the test would say little about prompts.
    spread = expected.max(axis=1) / expected.min(axis=1) - 1
    assert (np.abs(loss / expected - 1).max(axis=1) < spread / 5).all()


@pytest.mark.parametrize("kind", MAKE)
def test_only_the_largest_parts_are_loaded_in_half_precision(folders, images, kind, monkeypatch):
    full = load(folders[kind])
    precisions = {}
    encode_prompts = type(full.adapter).encode

    def watch(self, prompts, device):
        parts = {name: part for name, part in self.pipeline.components.items() if isinstance(part, torch.nn.Module)}
        precisions.update({name: next(part.parameters()).dtype for name, part in parts.items()})
        return encode_prompts(self, prompts, device)

    monkeypatch.setattr(type(full.adapter), "encode", watch)
    half = load(folders[kind], dtype="bfloat16")
    assert {name for name, dtype in precisions.items() if dtype == torch.bfloat16} == HALVED[kind]
    draws = full.draws(2, SEED)
    assert (draws.alpha == half.draws(2, SEED).alpha).all()
    found, expected = half.evaluate(images, NAMES, draws)[0], full.evaluate(images, NAMES, draws)[0]
    assert found.dtype == np.float32 and (found != expected).any()
    np.testing.assert_allclose(found, expected, rtol=0.03)


@pytest.mark.parametrize("kind", ["stable-diffusion-xl", "flux-dev"])
def test_losses_do_not_depend_on_the_batch_size(folders, images, kind):
    small, large = load(folders[kind], batch_size=4), load(folders[kind])
    draws = large.draws(2, SEED)
    np.testing.assert_allclose(
        small.evaluate(images, NAMES, draws)[0], large.evaluate(images, NAMES, draws)[0], rtol=1e-4
    )


def test_text_encoders_are_deleted_after_encoding_the_prompts(folders, monkeypatch):
    adapter, seen = ADAPTERS["StableDiffusion3Pipeline"], []
    encode_prompts = adapter.encode

    def watch(self, prompts, device):
        seen.extend(weakref.ref(self.pipeline.components[f"text_encoder{n}"]) for n in ("", "_2", "_3"))
        return encode_prompts(self, prompts, device)

    monkeypatch.setattr(adapter, "encode", watch)
    model = load(folders["stable-diffusion-3"])
    gc.collect()
    assert [reference() for reference in seen] == [None] * 3
    assert model.adapter.pipeline.transformer is model.adapter.network


def test_flow_schedules_ignore_the_shift(folders, tmp_path):
    model = load(folders["stable-diffusion-3"])
    draws = model.draws(4, SEED)
    np.testing.assert_array_equal(draws.alpha, 1 - draws.time)
    np.testing.assert_array_equal(draws.sigma, draws.time)
    np.testing.assert_allclose(model.schedule.steps(draws.time), 1000 * draws.time)
    other = shutil.copytree(folders["stable-diffusion-3"], tmp_path / "other")
    rewrite(other / "scheduler/scheduler_config.json", shift=1.0)
    assert (load(other).draws(4, SEED).alpha == draws.alpha).all()


def test_a_flow_of_a_solver_for_both_kinds_is_a_flow(folders):
    """Sana's scheduler has a table of noise levels, which its network knows nothing of."""
    model = load(folders["sana"])
    assert hasattr(model.adapter.pipeline.scheduler, "alphas_cumprod")
    draws = model.draws(4, SEED)
    np.testing.assert_array_equal(draws.sigma, draws.time)
    np.testing.assert_allclose(model.schedule.steps(draws.time), 1000 * draws.time)


def rewrite(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("deepfloyd", {"safety_checker": "IFSafetyChecker", "watermarker": "IFWatermarker"}),
        ("stable-diffusion-xl", {"image_encoder": "CLIPVisionModelWithProjection"}),
        ("flux-dev", {"image_encoder": "CLIPVisionModelWithProjection"}),
        ("stable-diffusion-3", {"feature_extractor": "SiglipImageProcessor"}),
    ],
)
def test_parts_that_losses_do_not_depend_on_are_not_loaded(folders, tmp_path, kind, parts):
    folder = shutil.copytree(folders[kind], tmp_path / "more")  # without files of these parts
    library = "deepfloyd_if" if kind == "deepfloyd" else "transformers"
    rewrite(folder / "model_index.json", **{name: [library, part] for name, part in parts.items()})
    load(folder)


def test_pixart_loads_in_its_first_format(folders, images, tmp_path):
    folder = shutil.copytree(folders["pixart-alpha"], tmp_path / "first")
    rewrite(folder / "model_index.json", transformer=["diffusers", "Transformer2DModel"])
    rewrite(folder / "transformer/config.json", _class_name="Transformer2DModel", norm_type="ada_norm_single")
    found, expected = (load(place) for place in (folder, folders["pixart-alpha"]))
    draws = found.draws(2, SEED)
    assert (found.evaluate(images, NAMES, draws)[0] == expected.evaluate(images, NAMES, draws)[0]).all()


def test_loading_gives_no_warnings(folders, caplog):
    for kind in MAKE:
        with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
            warnings.simplefilter("error")
            load(folders[kind])
        assert not caplog.records, kind


def test_native_resolutions_and_their_multiples(folders):
    native = {kind: load(folders[kind], resolution=None).resolution for kind in MAKE}
    assert native == dict.fromkeys(MAKE, 16) | dict.fromkeys(("flux-dev", "flux-schnell", "flux-2-klein"), 256)
    with pytest.raises(InputError, match="tiny: resolution is 18, expected a multiple of 4"):
        load(folders["flux-dev"], resolution=18)
    with pytest.raises(InputError, match="tiny: resolution is 17, expected a multiple of 2"):
        load(folders["deepfloyd"], resolution=17)


def test_a_network_without_its_variance_is_an_error(folders, tmp_path):
    folder = shutil.copytree(folders["deepfloyd"], tmp_path / "broken")
    shutil.rmtree(folder / "unet")
    tiny_pipelines.unet(3, 16).save_pretrained(folder / "unet")
    with pytest.raises(InputError, match="tiny: its network maps 3 channels to 3, expected 3 to 6"):
        load(folder)


def test_prompts_with_equal_encodings_are_an_error(folders):
    prompts = {"cat": "a photo of a cat", "tac": "A Photo of a CAT"}
    with pytest.raises(InputError, match="tiny: its text encoder cannot tell the prompts of 'cat' and 'tac' apart"):
        load(folders["deepfloyd"], prompts)


def test_a_scheduler_without_a_table_is_an_error(folders, tmp_path):
    folder = shutil.copytree(folders["stable-diffusion-xl"], tmp_path / "edm")
    shutil.rmtree(folder / "scheduler")
    diffusers.EDMEulerScheduler().save_pretrained(folder / "scheduler")
    rewrite(folder / "model_index.json", scheduler=["diffusers", "EDMEulerScheduler"])
    with pytest.raises(InputError, match="tiny: no alphas_cumprod in its scheduler, a EDMEulerScheduler"):
        load(folder)
