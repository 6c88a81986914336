"""Losses of diffusion pipelines with random weights, against an implementation of their own in float64."""

import hashlib
import json
import logging
import warnings

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, StableDiffusionPipeline
from PIL import Image

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.parametrisation import PARAMETRISATIONS
from generative_classifiers.models.diffusion.pipelines import PixelDiffusionPipeline
from generative_classifiers.models.diffusion.schedules import schedule
from generative_classifiers.stimuli.square_images import squares
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

CATEGORIES = ("cat", "dog", "truck")
NAMES = ["cat1.png", "sub/dog2.png", "c.png"]
SEED = 5


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Pipelines' folders by name."""
    root = tmp_path_factory.mktemp("pipelines")
    kinds = {p: tiny_pipelines.stable_diffusion(root / p, p) for p in ("epsilon", "v_prediction", "sample")}
    return kinds | {"pixels": tiny_pipelines.pixel_diffusion(root / "pixels")}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)


def load(folder, **settings):
    options = {key: settings.pop(key) for key in ("batch_size", "device") if key in settings}
    row = observer(family="diffusion", pipeline=str(folder), **settings)
    return models.load("tiny", row, prompts_of(CATEGORIES), **{"device": "cpu", **options})


def reference_alphas_cumprod(config):
    """Products of 1 - beta in float64, from the definitions of the two schedules."""
    if config["beta_schedule"] == "scaled_linear":
        betas = np.linspace(config["beta_start"] ** 0.5, config["beta_end"] ** 0.5, 1000) ** 2
    else:
        bar = np.cos((np.arange(1001) / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2
        betas = np.minimum(1 - bar[1:] / bar[:-1], 0.999)
    return np.cumprod(1 - betas)


def reference_noise(name, draw, shape):
    key = hashlib.sha256(f"{name}/{draw}/{SEED}".encode()).digest()[:16]
    philox = np.random.Philox(key=int.from_bytes(key, "little"))
    return torch.from_numpy(np.random.Generator(philox).standard_normal(shape, dtype=np.float32)).double()


def reference_embedding(pipeline, prompt):
    words = pipeline.tokenizer
    tokens = [0, *words(prompt, add_special_tokens=False).input_ids, 1]
    tokens += [1] * (12 - len(tokens))
    return pipeline.text_encoder(torch.tensor([tokens])).last_hidden_state


@torch.no_grad()
def reference(folder, images, count):
    """Losses and painted images, one image, category and draw at a time; nothing shared with the library."""
    latent = json.loads((folder / "model_index.json").read_text())["_class_name"].startswith("Stable")
    cls = StableDiffusionPipeline if latent else PixelDiffusionPipeline
    without = {"safety_checker": None, "requires_safety_checker": False} if latent else {}
    pipeline = cls.from_pretrained(folder, dtype=torch.float64, **without)
    config = json.loads((folder / "scheduler/scheduler_config.json").read_text())
    cumulated = reference_alphas_cumprod(config)
    losses = np.empty((len(images), len(CATEGORIES), count))
    painted = np.empty((*losses.shape, 16, 16, 3))
    for i, k, d in np.ndindex(losses.shape):
        pixels = torch.from_numpy(images[i]).double().permute(2, 0, 1)[None] / 255 * 2 - 1
        if latent:
            moments = pipeline.vae.quant_conv(pipeline.vae.encoder(pixels))
            x = moments[:, :4] * 0.5
        else:
            x = pixels.reshape(1, 3, 8, 2, 8, 2).permute(0, 1, 3, 5, 2, 4).reshape(1, 12, 8, 8)
        time = (0.5 + d * 2 / (1 + 5**0.5)) % 1
        step = min(999, int(np.floor(time * 1000)))
        alpha, sigma = np.sqrt(cumulated[step]), np.sqrt(1 - cumulated[step])
        noised = alpha * x + sigma * reference_noise(NAMES[i], d, x.shape[1:])
        embedding = reference_embedding(pipeline, f"A bad photo of a {CATEGORIES[k]}")
        output = pipeline.unet(noised, step, embedding).sample
        denoised = {
            "epsilon": (noised - sigma * output) / alpha,
            "v_prediction": alpha * noised - sigma * output,
            "sample": output,
        }[config["prediction_type"]]
        losses[i, k, d] = ((x - denoised) ** 2).mean()
        if latent:
            image = pipeline.vae.decoder(pipeline.vae.post_quant_conv(denoised / 0.5))
        else:
            image = denoised.reshape(1, 3, 2, 2, 8, 8).permute(0, 1, 4, 2, 5, 3).reshape(1, 3, 16, 16)
        painted[i, k, d] = image[0].permute(1, 2, 0)
    return losses, np.clip((painted + 1) / 2, 0, 1) * 255


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample", "pixels"])
def test_losses_agree_with_a_float64_implementation(folders, images, kind):
    model = load(folders[kind])
    loss, reconstruction = model.evaluate(images, NAMES, model.draws(4, SEED), reconstruct=1)
    expected, painted = reference(folders[kind], images, 4)
    assert loss.shape == (3, 3, 4) and loss.dtype == np.float32
    pixels, layout = model.decode(reconstruction), model.reconstruction_layout
    assert reconstruction.shape == (3, 3, *layout.dims.values()) and reconstruction.dtype == layout.dtype
    assert pixels.shape == (3, 3, 16, 16, 3) and pixels.dtype == np.uint8
    # Latents are rounded to float16.
    assert np.abs(pixels - painted[:, :, 1]).max() < (0.51 if kind == "pixels" else 1)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    # Categories must differ by far more than that, or the test would say little about prompts.
    spread = expected.max(axis=1) / expected.min(axis=1) - 1
    assert (np.abs(loss / expected - 1).max(axis=1) < spread / 5).all()


def test_draws_come_from_the_schedule(folders):
    model = load(folders["epsilon"])
    draws = model.draws(3, SEED)
    cumulated = model.schedule.alphas_cumprod
    assert draws.number.tolist() == [0, 1, 2] and draws.seed.tolist() == [SEED] * 3
    np.testing.assert_allclose(draws.alpha**2, cumulated[[500, 118, 736]])
    np.testing.assert_allclose(draws.alpha**2 + draws.sigma**2, 1)
    assert model.schedule.steps(np.array([0.0, 0.9999, 1.0])).tolist() == [0, 999, 999]


@pytest.mark.parametrize("kind", ["epsilon", "pixels"])
def test_losses_do_not_depend_on_the_batch_size(folders, images, kind):
    found = []
    for batch_size in (1, 7, 64):
        model = load(folders[kind], batch_size=batch_size)
        found.append(model.evaluate(images, NAMES, model.draws(3, SEED), reconstruct=1))
    for loss, reconstruction in found[1:]:
        np.testing.assert_allclose(loss, found[0][0], rtol=1e-4)
        assert (loss.argmin(axis=1) == found[0][0].argmin(axis=1)).all()
        pixels, expected = (model.decode(kept).astype(int) for kept in (reconstruction, found[0][1]))
        assert np.abs(pixels - expected).max() <= 1


@pytest.mark.parametrize("batch_size", [3, 4])
def test_losses_do_not_depend_on_later_draws(folders, images, batch_size):
    model = load(folders["epsilon"], batch_size=batch_size)
    draws = model.draws(5, SEED)
    whole, _ = model.evaluate(images, NAMES, draws)
    parts = np.concatenate([model.evaluate(images, NAMES, part)[0] for part in (draws[:2], draws[2:])], axis=2)
    np.testing.assert_allclose(whole, parts, rtol=1e-5)
    if batch_size == 3:  # where no batch crosses from the first draws to the others, they are the same batches
        assert whole.tobytes() == parts.tobytes()


def test_noise_is_shared_by_the_categories(folders, images, monkeypatch):
    model = load(folders["pixels"], batch_size=4)
    seen = []
    predict = model._predict
    monkeypatch.setattr(model, "_predict", lambda x, *rest: seen.append(x) or predict(x, *rest))
    draws = model.draws(2, SEED)
    model.evaluate(images, NAMES, draws)
    noised = torch.cat(seen).reshape(2, 3, 3, 12, 8, 8)  # draw, image, category
    assert (noised == noised[:, :, :1]).all()
    clean = model.codec.encode(torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1)
    noise = torch.from_numpy(gaussian(NAMES[2], 1, SEED, (12, 8, 8)))
    expected = draws.alpha[1] * clean[2] + draws.sigma[1] * noise
    torch.testing.assert_close(noised[1, 2, 0], expected.float())


def test_codec_of_pixels_is_its_own_inverse(folders, images):
    model = load(folders["pixels"])
    signed = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
    assert torch.equal(model.codec.decode(model.codec.encode(signed)), signed)


def test_images_are_cropped_and_resized(folders):
    model = load(folders["pixels"])
    wide = np.random.default_rng(1).integers(0, 256, (1, 20, 31, 3), dtype=np.uint8)
    square = np.asarray(Image.fromarray(wide[0, :, 5:25]).resize((16, 16), Image.Resampling.BICUBIC))
    assert (squares(wide, 16)[0] == square).all()
    draws = model.draws(1, SEED)
    loss, _ = model.evaluate(wide, NAMES[:1], draws)
    same, _ = model.evaluate(square[None], NAMES[:1], draws)
    assert (loss == same).all()


def test_the_resolution_can_be_set(folders, images):
    model = load(folders["epsilon"], resolution=24)
    assert model.resolution == 24
    _, painted = model.evaluate(images, NAMES, model.draws(1, SEED), reconstruct=0)
    assert painted.shape == (3, 3, 4, 12, 12) and model.decode(painted).shape == (3, 3, 24, 24, 3)
    with pytest.raises(InputError, match="tiny: resolution is 18, expected a multiple of 4"):
        load(folders["epsilon"], resolution=18)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_limited_to_the_network(folders, images, dtype):
    full, half = load(folders["epsilon"]), load(folders["epsilon"], dtype=dtype)
    assert (full.schedule.alphas_cumprod == half.schedule.alphas_cumprod).all()
    draws = full.draws(3, SEED)
    expected, _ = full.evaluate(images, NAMES, draws)
    found, _ = half.evaluate(images, NAMES, draws)
    assert found.dtype == np.float32
    assert (found != expected).any()
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_variants_of_weights_load(tmp_path, images):
    folder = tiny_pipelines.stable_diffusion(tmp_path / "half", variant="fp16")
    model = load(folder, variant="fp16")
    assert np.isfinite(model.evaluate(images, NAMES, model.draws(1, SEED))[0]).all()
    with pytest.raises(InputError, match=r"tiny: .*half holds no complete weights of variant 'bf16', only of: fp16"):
        load(folder, variant="bf16")


def test_loading_gives_no_warnings(folders, caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        load(folders["epsilon"])
    assert not caplog.records


def test_parametrisations_undo_the_forward_process():
    generator = np.random.default_rng(0)
    x, noise = generator.standard_normal((2, 10))
    alpha, sigma = 0.6, 0.8
    predictions = {"epsilon": noise, "v_prediction": alpha * noise - sigma * x, "sample": x}
    for name, prediction in predictions.items():
        found = PARAMETRISATIONS[name](prediction, alpha * x + sigma * noise, alpha, sigma)
        np.testing.assert_allclose(found, x)
    flow = PARAMETRISATIONS["flow_prediction"](noise - x, 0.7 * x + 0.3 * noise, 0.7, 0.3)
    np.testing.assert_allclose(flow, x)


def test_prompts_with_equal_encodings_are_an_error(folders):
    row = observer(family="diffusion", pipeline=str(folders["epsilon"]))
    prompts = {"cat": "a photo of a cat", "tac": "A photo of a CAT"}
    with pytest.raises(InputError, match=r"tiny: .*cannot tell the prompts of 'cat' and 'tac' apart"):
        models.load("tiny", row, prompts, device="cpu")


def test_faulty_settings_are_errors(folders):
    with pytest.raises(InputError, match="tiny: batch size is 0"):
        load(folders["epsilon"], batch_size=0)
    with pytest.raises(InputError, match="device 'gpu' cannot be used"):
        load(folders["epsilon"], device="gpu")
    with pytest.raises(InputError, match="tiny: it is no model; its decisions are read from files"):
        models.load("tiny", observer(family="published"), {"cat": "cat"})
    with pytest.raises(InputError, match="tiny: no categories"):
        models.load("tiny", observer(family="diffusion", pipeline="some/pipeline"), {})


@pytest.mark.parametrize(
    ("settings", "prediction_type", "last", "alpha_squared"),
    [
        ({"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}, "epsilon", 999, 4.66e-3),
        ({"beta_schedule": "linear"}, "epsilon", 999, 4.04e-5),
        ({"beta_schedule": "squaredcos_cap_v2"}, "epsilon", 998, 2.43e-6),
        ({"beta_schedule": "squaredcos_cap_v2"}, "v_prediction", 999, 2.43e-9),
        ({"beta_schedule": "linear", "rescale_betas_zero_snr": True}, "v_prediction", 999, 0),
    ],
)
def test_noise_is_predicted_only_where_an_image_can_be_told(settings, prediction_type, last, alpha_squared):
    """The usual schedules keep all their steps, but for the cosine's last, where alpha² falls to a thousandth."""
    found = schedule("tiny", DDPMScheduler(prediction_type=prediction_type, **settings))
    assert found.steps(np.array([0.9999, 0.985, 0.0])).tolist() == [last, 985, 0]
    alpha, sigma = found.scales(np.array([0.9999]))
    np.testing.assert_allclose(alpha**2, alpha_squared, rtol=2e-3)
    np.testing.assert_allclose(alpha**2 + sigma**2, 1)


@pytest.mark.parametrize("betas", [[0.01] * 9 + [2.0], [float("nan")] * 10])
def test_betas_that_are_none_are_an_error(betas):
    with pytest.raises(
        InputError, match=r"tiny: alphas_cumprod of its scheduler are not shares, expected them in \[0, 1\]"
    ):
        schedule("tiny", DDPMScheduler(trained_betas=betas))
