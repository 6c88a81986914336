"""Likelihoods of a Janus model with random weights, against an implementation of their own in float64."""

import json
import logging
import shutil
import warnings

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from transformers import JanusForConditionalGeneration, JanusProcessor

import tiny_tokens
from generative_classifiers import models
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.weight_hashes import folder_hash
from generative_classifiers.models.tokens import likelihood
from generative_classifiers.models.tokens.autoregressive import tokenise
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

CATEGORIES = ("cat", "fire engine", "dog", "truck")  # one prompt is longer than the others
NAMES = ["a.png", "b/b.png", "c.png"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_tokens.janus(tmp_path_factory.mktemp("janus") / "janus")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)


def load(folder, categories=CATEGORIES, **settings):
    options = {key: settings.pop(key) for key in ("batch_size", "device") if key in settings}
    row = observer(family="autoregressive", pipeline=str(folder), **settings)
    return models.load("tiny", row, prompts_of(categories), **{"device": "cpu", **options})


def evaluate(model, images):
    loss, reconstruction = model.evaluate(images, NAMES, model.draws(4, 0))
    assert loss.shape == (len(images), len(model.categories), 1) and loss.dtype == np.float32
    assert reconstruction is None
    return loss


def reference_tokens(vq, pixels):
    """Code of the smallest angle, patch by patch."""
    found = vq.quant_conv(vq.encoder(pixels))[0].permute(1, 2, 0).reshape(-1, 4).numpy()
    codes = vq.quantize.embedding.weight.numpy()
    cosine = [[f @ c / np.linalg.norm(f) / np.linalg.norm(c) for c in codes] for f in found]
    return torch.from_numpy(np.argmax(cosine, axis=1))


@torch.no_grad()
def reference(folder, images):
    """One image and category at a time, prompt and image as one sequence: no cache, no padding, no autocast."""
    network = JanusForConditionalGeneration.from_pretrained(folder, dtype=torch.float64)
    words = JanusProcessor.from_pretrained(folder).tokenizer
    losses = np.empty((len(images), len(CATEGORIES)))
    for i, k in np.ndindex(losses.shape):
        pixels = torch.from_numpy(images[i]).double().permute(2, 0, 1)[None] / 255 * 2 - 1
        tokens = reference_tokens(network.model.vqmodel, pixels)
        text = f"<|User|>: A bad photo of a {CATEGORIES[k]}\n\n<|Assistant|>:<begin_of_image>"
        prompt = network.get_input_embeddings()(torch.tensor([words(text).input_ids]))
        image = network.prepare_embeddings_for_image_generation(tokens[None, :-1])
        states = network.model.language_model(inputs_embeds=torch.cat([prompt, image], 1)).last_hidden_state
        logits = network.model.generation_head(states[0, prompt.shape[1] - 1 :])
        losses[i, k] = -logits.log_softmax(1)[torch.arange(len(tokens)), tokens].sum()
    return losses


def test_losses_agree_with_a_float64_implementation(folder, images):
    model = load(folder)
    assert model.resolution == 16 and not model.reconstructs
    assert sorted(model.prompt_mask.sum(1).tolist()) == [14, 14, 14, 15]
    loss, expected = evaluate(model, images)[:, :, 0], reference(folder, images)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    # Categories must differ by far more than that, or the test would say little about prompts.
    assert (np.diff(np.sort(expected, axis=1)) / expected[:, 1:]).max(axis=1).min() > 1e-3


def test_there_is_one_draw_without_a_time(folder):
    draws = load(folder).draws(64, 3)
    assert len(draws) == 1 and np.isnan(draws.time).all() and draws.seed.tolist() == [3]


def test_tokens_are_chosen_by_direction(folder, images):
    model = load(folder)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        found = likelihood.tokenise_singly(pixels, lambda image: tokenise(model.tokenizer, image))
        expected = torch.stack([reference_tokens(model.tokenizer, image[None]) for image in pixels])
        by_length_too = model.tokenizer.encode(pixels).image_tokens.reshape(3, -1)
    assert (found == expected).all()
    assert (found != by_length_too).any() and len(found.unique()) > 5


@torch.no_grad()
def test_teacher_forcing_agrees_with_generation(folder):
    """What `generate` finds most probable, token after token, is what teacher forcing finds most probable."""
    model = load(folder)
    network, processor = JanusForConditionalGeneration.from_pretrained(folder), JanusProcessor.from_pretrained(folder)
    network.generation_config.generation_kwargs = {"boi_token_id": processor.tokenizer.boi_token_id}
    message = [{"role": "user", "content": [{"type": "text", "text": "A bad photo of a dog"}]}]
    text = processor.apply_chat_template(message, add_generation_prompt=True)
    asked = processor(text=text, generation_mode="image", return_tensors="pt")
    settings = {"generation_mode": "image", "do_sample": False, "guidance_scale": 1 + 1e-6, "pad_token_id": 0}
    tokens = network.generate(asked["input_ids"], attention_mask=asked["attention_mask"], **settings)
    states = model._states(model.aligner(model.embeddings(tokens[:, :-1])), torch.tensor([CATEGORIES.index("dog")]))
    assert (model.head(states).argmax(-1) == tokens).all() and len(tokens.unique()) > 2


def test_losses_do_not_depend_on_the_batch_size(folder, images):
    found = [evaluate(load(folder, batch_size=size), images) for size in (1, 7, 64)]
    for loss in found[1:]:
        np.testing.assert_allclose(loss, found[0], rtol=1e-5)
        assert (loss.argmin(axis=1) == found[0].argmin(axis=1)).all()


def test_losses_do_not_depend_on_other_categories_and_images(folder, images):
    """Without the long prompt there is no padding."""
    whole = evaluate(load(folder), images)
    few = load(folder, ("dog", "cat")).evaluate(images[1:2], NAMES[1:2], load(folder).draws(1, 0))[0]
    np.testing.assert_allclose(few[0, :, 0], whole[1, [2, 0], 0], rtol=1e-5)


def test_losses_are_reproducible_to_the_byte(folder, images):
    assert evaluate(load(folder), images).tobytes() == evaluate(load(folder), images).tobytes()


def test_logits_in_parts_give_the_same_losses(folder, images, monkeypatch):
    expected = evaluate(load(folder), images)
    monkeypatch.setattr(likelihood, "MAX_LOGITS", 800)
    np.testing.assert_allclose(evaluate(load(folder), images), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_limited_to_the_network(folder, images, dtype):
    full, half = load(folder), load(folder, dtype=dtype)
    expected, found = evaluate(full, images), evaluate(half, images)
    assert next(half.tokenizer.parameters()).dtype == torch.float32
    assert (found != expected).any()
    np.testing.assert_allclose(found, expected, rtol=0.05)


def test_a_model_saved_again_gives_the_same_losses(folder, images, tmp_path):
    network, processor = JanusForConditionalGeneration.from_pretrained(folder), JanusProcessor.from_pretrained(folder)
    network.half().save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    again = load(tmp_path)
    assert next(again.network.parameters()).dtype == torch.float32
    np.testing.assert_allclose(evaluate(again, images), evaluate(load(folder), images), rtol=0.05)
    network.float().save_pretrained(tmp_path)
    twice = JanusForConditionalGeneration.from_pretrained(tmp_path)
    twice.save_pretrained(tmp_path / "twice")
    processor.save_pretrained(tmp_path / "twice")
    assert evaluate(load(tmp_path), images).tobytes() == evaluate(load(tmp_path / "twice"), images).tobytes()


def test_identity_names_weights_and_settings(folder):
    model = load(folder, dtype="bfloat16", batch_size=3)
    identity = model.identity
    assert identity["weights"] == folder_hash(folder) and model.provenance["revision"] is None
    assert (identity["family"], identity["dtype"], identity["resolution"]) == ("autoregressive", "bfloat16", 16)
    assert model.prompts["dog"] == "A bad photo of a dog" and model.provenance["batch_size"] == 3
    json.dumps(identity)


def test_loading_gives_no_warnings(folder, caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        load(folder)
    assert not caplog.records


@pytest.fixture
def broken(folder, tmp_path):
    """A copy of the model to spoil."""
    return shutil.copytree(folder, tmp_path / "broken")


def rewrite(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_another_model_type_is_an_error(broken):
    rewrite(broken / "config.json", model_type="llama")
    with pytest.raises(InputError, match=r"tiny: .*broken is a llama, expected janus"):
        load(broken)
    (broken / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"tiny: .*config.json cannot be read as JSON in UTF-8"):
        load(broken)


def test_weights_without_safetensors_are_an_error(broken):
    (broken / "model.safetensors").rename(broken / "model.bin")
    with pytest.raises(InputError, match=r"tiny: .*broken holds no weights, expected a \*.safetensors file"):
        load(broken)


def test_a_missing_template_is_an_error(broken):
    (broken / "chat_template.jinja").unlink()
    with pytest.raises(InputError, match="tiny: its processor has no template for prompts"):
        load(broken)


def test_weights_with_another_hash_are_an_error(folder):
    with pytest.raises(InputError, match=f"tiny: .*sha256 {folder_hash(folder)}, the registry expects {'0' * 64}"):
        load(folder, sha256="0" * 64)


def test_prompts_with_equal_tokens_are_an_error(folder):
    with pytest.raises(InputError, match=r"tiny: .*cannot tell the prompts of 'cow' and 'pig' apart"):
        load(folder, ("cow", "pig"))


def test_another_resolution_is_an_error(folder):
    with pytest.raises(InputError, match="tiny: resolution is 32, expected 16"):
        load(folder, resolution=32)


@pytest.mark.parametrize("place", ["nowhere", "no/where/at/all"])
def test_a_missing_model_is_an_error(place):
    with pytest.raises(InputError, match=r"tiny: .* is neither a folder with config.json nor a model on the hub$"):
        load(place)


def test_a_model_in_the_hubs_cache_loads_offline(folder, images, tmp_path, monkeypatch):
    commit, cached = "0123456789" * 4, tmp_path / "models--some--janus"
    shutil.copytree(folder, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs/main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    model = load("some/janus")
    assert model.provenance["revision"] == commit
    assert evaluate(model, images).tobytes() == evaluate(load(folder), images).tobytes()
    with pytest.raises(InputError, match=r"tiny: some/other is neither a folder .*run `hf download some/other` where"):
        load("some/other")
