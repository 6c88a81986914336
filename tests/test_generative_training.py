"""The miniature's generative models: their tokenizer, short trainings, and the weights that these save."""

from contextlib import suppress

import numpy as np
import pytest
import torch

from generative_classifiers import models, training
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.diffusion.codecs import pixel_codec
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.study.recipes import Autoencoder
from generative_classifiers.training.generative import Trainer, train
from generative_classifiers.training.miniature import latent_diffusion, pixel_diffusion
from generative_classifiers.training.miniature.prompt_tokenizer import prompt_tokenizer
from typed_rows import generative_recipe, observer, world

torch.set_num_threads(1)
PROMPT = "A bad photo of a {category}"
WORLD = world()
LOOP = {"steps": 3, "batch_size": 4, "learning_rate": 1.5e-3, "warm_up": 2, "decay": 2, "ema": 0.99, "seed": 0}
DIFFUSION = LOOP | {"time_power": 1.5, "empty_prompts": 0.2, "compile": False}
AUTOENCODER = LOOP | {"latent_channels": 4, "widths": [4, 8, 8]}
CODEBOOK = LOOP | {"uncoded": 1, "codes": 32, "code_channels": 4}
RECIPES = {
    "pixel_diffusion": DIFFUSION | {"block": 4, "widths": [16, 16]},
    "latent_diffusion": DIFFUSION | {"widths": [16, 16], "autoencoder": AUTOENCODER},
    "autoregressive": LOOP | {"width": 16, "layers": 1, "codebook": CODEBOOK},
    "masked": LOOP | {"width": 16, "layers": 1, "codebook": CODEBOOK | {"widths": [8, 8, 8]}},
}


def recipe_of(model, **changed):
    """The typed recipe of one of the miniature's models, small."""
    return generative_recipe(model=model, **RECIPES[model] | changed)


def test_the_tokenizer_has_one_token_per_word():
    tokenizer = prompt_tokenizer()
    for category in CATEGORIES:
        prompt = PROMPT.format(category=category)
        tokens = tokenizer.tokenize(prompt)
        assert tokens == [f"{word}</w>" for word in prompt.lower().split()]
        ids = tokenizer(prompt, padding="max_length")["input_ids"]
        assert len(ids) == tokenizer.model_max_length
        assert tokenizer.decode(ids, skip_special_tokens=True) == prompt.lower()
    assert tokenizer("").input_ids == [tokenizer.bos_token_id, tokenizer.eos_token_id]


def images():
    return batch(drawing_set("training"), 100, 3, 0, WORLD)[0]


def evaluate(folder, family="diffusion", **row):
    row = observer(family=family, pipeline=str(folder), **row)
    model = models.load("tiny", row, prompts_of(CATEGORIES, PROMPT), device="cpu")
    return model.evaluate(images(), ["a", "b", "c"], model.draws(2, 0), 0)


@pytest.mark.parametrize("colour", [{}, {"subsampled_colour": True}])
def test_a_saved_pipeline_is_loaded_unchanged(colour, tmp_path):
    pipeline = pixel_diffusion.untrained(recipe_of("pixel_diffusion", **colour), 32)
    pipeline.save_pretrained(tmp_path / "a", safe_serialization=True)
    again = type(pipeline).from_pretrained(tmp_path / "a")
    sample, steps = pixel_codec(pipeline).encode(pixels_to_tensor(images())), torch.tensor([0, 500, 999])
    with torch.inference_mode():
        found = []
        for one in (pipeline, again):
            ids = one.tokenizer(
                [PROMPT.format(category="cat")] * 3, padding="max_length", return_tensors="pt"
            ).input_ids
            found.append(one.unet.eval()(sample, steps, one.text_encoder.eval()(ids).last_hidden_state).sample)
    assert torch.equal(*found)
    loss, painted = evaluate(tmp_path / "a")
    assert loss.shape == (3, 16, 2) and np.isfinite(loss).all() and painted.shape == (3, 16, 32, 32, 3)


def test_the_seed_decides_the_initial_weights():
    recipes = (recipe_of("pixel_diffusion", seed=seed) for seed in (0, 0, 1))
    first, same, other = (pixel_diffusion.untrained(recipe, 32).unet.state_dict() for recipe in recipes)
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("model", RECIPES)
def test_a_training_stopped_after_every_step_gives_the_same_bytes(model, tmp_path, monkeypatch):
    """Stopped after every step of every stage: the same bytes as at one go."""
    recipe = recipe_of(model)
    training.train_generative(recipe, PROMPT, WORLD, tmp_path / "whole")

    class Stopped(Exception):
        pass

    def advance_once(self, batch, advance=Trainer.advance):
        if self.advanced:
            raise Stopped
        self.advanced = True
        return advance(self, batch)

    monkeypatch.setattr(Trainer, "advanced", False, raising=False)
    monkeypatch.setattr(Trainer, "advance", advance_once)
    monkeypatch.setattr(train, "__defaults__", (1,))  # steps from checkpoint to checkpoint
    starts = 0
    while not (tmp_path / "resumed").exists():
        starts += 1
        with suppress(Stopped):
            training.train_generative(recipe, PROMPT, WORLD, tmp_path / "resumed")
    assert starts == (3 if model == "pixel_diffusion" else 5)
    paths = [path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file()]
    assert any(path.name.endswith("fp16.safetensors") for path in paths)
    assert all((tmp_path / "whole" / path).read_bytes() == (tmp_path / "resumed" / path).read_bytes() for path in paths)
    assert not list(tmp_path.glob("*.partial"))
    family = "diffusion" if "diffusion" in model else model
    loss, painted = evaluate(tmp_path / "resumed", family, variant="fp16")
    assert np.isfinite(loss).all()
    assert painted is None if model == "autoregressive" else painted.shape[:2] == (3, 16)


def test_batches_prepared_ahead_are_the_same(tmp_path):
    recipe = recipe_of("pixel_diffusion")
    for workers in (0, 2):
        training.train_generative(recipe, PROMPT, WORLD, tmp_path / str(workers), workers=workers)
    one, other = ((tmp_path / folder / "unet").glob("*.safetensors") for folder in "02")
    assert next(one).read_bytes() == next(other).read_bytes()


def test_recorded_loss():
    recipe = recipe_of("pixel_diffusion", steps=10, batch_size=8, warm_up=3)
    task = pixel_diffusion.task(recipe, PROMPT, WORLD)
    trainer = Trainer(task, recipe)
    losses = [trainer.advance(task[step]) for step in range(10)]
    assert losses[-1] == pytest.approx(0.70999, rel=1e-3) and np.mean(losses) == pytest.approx(0.81532, rel=1e-3)


def test_the_autoencoder_learns_and_its_latents_are_scaled():
    """And its latents, scaled, have the standard deviation of the pixel model's blocks."""
    recipe = Autoencoder(**AUTOENCODER | {"steps": 30, "batch_size": 8, "learning_rate": 1e-2, "decay": 10})
    task = latent_diffusion.AutoencodingTask(recipe, WORLD)
    trainer = Trainer(task, recipe)
    losses = [trainer.advance(task[step]) for step in range(30)]
    assert np.mean(losses[-5:]) < 0.6 * losses[0]
    trainer.finish()
    task.scale_latents()
    with torch.inference_mode():
        latents = task.vae.encode(pixels_to_tensor(images())).latent * task.vae.config.scaling_factor
    assert latents.std() == pytest.approx(0.5, rel=0.3)


def test_latent_diffusion_begins_with_the_weights_of_the_pixel_model(tmp_path):
    """All but the layers that see the images' channels."""
    pixels = pixel_diffusion.untrained(recipe_of("pixel_diffusion", seed=5), 64)
    training.generative.save(pixels, tmp_path / "pixels")
    recipe = recipe_of("latent_diffusion", initial=str(tmp_path / "pixels"))
    vae = latent_diffusion.untrained_vae(recipe.autoencoder)
    latents = latent_diffusion.untrained(vae, recipe, 64)
    for mine, other in ((latents.unet, pixels.unet), (latents.text_encoder, pixels.text_encoder)):
        trained = other.state_dict()
        for name, value in mine.state_dict().items():
            assert name.startswith(("conv_in.", "conv_out.")) or torch.equal(value.half(), trained[name]), name


def test_weights_of_another_network_to_begin_with_are_an_error(tmp_path):
    training.generative.save(pixel_diffusion.untrained(recipe_of("pixel_diffusion"), 64), tmp_path / "pixels")
    vae = latent_diffusion.untrained_vae(recipe_of("latent_diffusion").autoencoder)
    with pytest.raises(InputError, match="pixels/unet: not a trained UNet2DConditionModel to begin with"):
        latent_diffusion.untrained(
            vae, recipe_of("latent_diffusion", widths=[24], initial=str(tmp_path / "pixels")), 64
        )
    with pytest.raises(InputError, match="absent/unet: not a trained"):
        recipe = recipe_of("latent_diffusion", initial=str(tmp_path / "absent"))
        latent_diffusion.untrained(vae, recipe, 64)
