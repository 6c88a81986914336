"""The miniature's generative model: its words, a short training run, and what becomes of its weights."""

import numpy as np
import pytest
import torch

from generative_classifiers import models
from generative_classifiers.categories import CATEGORIES
from generative_classifiers.models.base import signed
from generative_classifiers.prompts import prompts_of
from generative_classifiers.training.pixel_diffusion import Trainer, tokenizer, train, untrained
from generative_classifiers.world.album import album, batch

torch.set_num_threads(1)
PROMPT = "A bad photo of a {category}"
WORLD = {"size": 32, "texture_contrast": [0.1, 1.0]}
RECIPE = {
    "steps": 5, "batch_size": 4, "learning_rate": 1.5e-3, "warm_up": 3, "decay": 2, "time_power": 1.5,
    "empty_prompts": 0.2, "ema": 0.99, "compile": False, "seed": 0,
}  # fmt: skip


def test_one_token_a_word():
    words = tokenizer()
    for category in CATEGORIES:
        prompt = PROMPT.format(category=category)
        tokens = words.tokenize(prompt)
        assert tokens == [f"{word}</w>" for word in prompt.lower().split()]
        ids = words(prompt, padding="max_length")["input_ids"]
        assert len(ids) == words.model_max_length and words.decode(ids, skip_special_tokens=True) == prompt.lower()
    assert words("").input_ids == [words.bos_token_id, words.eos_token_id]


def images():
    return batch(album("training"), 100, 3, 0, WORLD)[0]


def evaluate(folder, **row):
    model = models.load(
        "tiny", {"family": "diffusion", "pipeline": str(folder), **row}, prompts_of(CATEGORIES, PROMPT), device="cpu"
    )
    return model.evaluate(images(), ["a", "b", "c"], model.draws(2, 0), 0)


def test_saved_and_loaded_it_is_the_same(tmp_path):
    pipeline = untrained(32, 0)
    pipeline.save_pretrained(tmp_path / "a", safe_serialization=True)
    again = type(pipeline).from_pretrained(tmp_path / "a")
    sample, steps = pipeline.encode(signed(images())), torch.tensor([0, 500, 999])
    assert torch.equal(pipeline.decode(sample), signed(images())) and sample.shape == (3, 12, 16, 16)
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


def test_a_seed_is_a_model():
    first, same, other = (untrained(32, seed).unet.state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_a_run_that_was_stopped_goes_on(tmp_path):
    whole = Trainer(RECIPE, PROMPT, WORLD)
    losses = [whole.advance() for _ in range(RECIPE["steps"])]
    stopped = Trainer(RECIPE, PROMPT, WORLD)
    first = [stopped.advance() for _ in range(2)]
    stopped.save(tmp_path / "a.checkpoint")
    rest = train(RECIPE, PROMPT, WORLD, tmp_path / "resumed", tmp_path / "a.checkpoint")
    assert [*first, *rest] == losses
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.checkpoint", "resumed"]

    whole.averaged().to(dtype=torch.float16).save_pretrained(tmp_path / "whole", variant="fp16")
    paths = [path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file()]
    assert any(path.name.endswith("fp16.safetensors") for path in paths)
    assert all((tmp_path / "whole" / path).read_bytes() == (tmp_path / "resumed" / path).read_bytes() for path in paths)
    loss, _ = evaluate(tmp_path / "resumed", variant="fp16")
    assert np.isfinite(loss).all()


def test_recorded_loss():
    trainer = Trainer(RECIPE | {"steps": 10, "batch_size": 8}, PROMPT, WORLD)
    losses = [trainer.advance() for _ in range(10)]
    assert losses[-1] == pytest.approx(0.69983, rel=1e-3) and np.mean(losses) == pytest.approx(0.79477, rel=1e-3)
