"""Networks that a study trains: their rows, their training images, and diffusion networks as classifiers."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.classifiers import diffusion_classifier
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.stimuli.views import seen_through
from generative_classifiers.study.load import load, load_observers
from generative_classifiers.study.recipes import Augmentation
from generative_classifiers.study.training_plan import training_plan
from generative_classifiers.study.trainings import Trainings, replicates, trained_rows
from generative_classifiers.study.views import View
from generative_classifiers.training import generative
from generative_classifiers.training.augmentation import augmented
from generative_classifiers.training.data import seeded
from generative_classifiers.training.miniature import pixel_diffusion
from generative_classifiers.training.miniature.prompt_tokenizer import prompt_tokenizer, text_config
from small_studies import ROOT

IMAGES = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)


def where(*keys):
    return ".".join(map(str, keys))


@pytest.fixture(scope="module")
def study():
    return load({"study": "lab-models"})


def test_every_variant_has_a_row_for_each_seed(study):
    found = replicates(study.settings.trainings)
    cnn = {name: one for name, one in found.items() if one.group == "cnn"}
    assert len(cnn) == 5 * len(study.settings.trainings["cnn"].variants) and found.keys() <= study.observers.keys()
    row = study.observers["cnn-sqrt-25-3"]
    assert row.training.seed == 3 and row.training.steps == 1200 and row.training.batch_size == 64
    assert row.training.augmentation == Augmentation(noise="sqrt_alphas", share=0.25)
    assert row.label == "CNN of 32 pixels, sqrt 25 (3)" and row.noise is None
    assert study.made_weights("cnn-sqrt-25-3") == ["data/lab-models/weights/cnn-sqrt-25-3/model.safetensors"]
    assert study.made_weights("latent-embeddings") == ["data/lab-models/weights/latent-embeddings/training.json"]
    assert study.made_weights("miniature-latent") == []


def test_every_matched_model_differs_in_one_factor_from_another(study):
    matched = study.settings.matched
    assert len(matched) >= 12
    for name, levels in matched.items():
        apart = [sum(levels[key] != other[key] for key in levels) for one, other in matched.items() if one != name]
        assert min(apart) == 1, name


def test_wrong_variants_are_refused_with_their_place():
    rows = load_observers()
    for change, message in (
        ({"trianing": {}}, "trainings.cnn.variants.mine.trianing: unknown key"),
        ({"training": {"augmentation": {"noise": "alphas", "sigma": 0.5}}}, "sigma: expected either this key or noise"),
    ):
        wanted = {"cnn": Trainings(of="miniature-cnn", variants={"mine": change})}
        with pytest.raises(InputError) as error:
            trained_rows(wanted, rows, "lab", where)
        assert message in str(error.value)
    taken = {"miniature": Trainings(of="miniature-cnn", variants={"cnn": {}})}
    with pytest.raises(InputError, match="miniature-cnn is also an observer of the registry"):
        trained_rows(taken, rows, "lab", where)


def test_the_plan_counts_what_is_not_trained_yet(study):
    first, *rows, last, note = training_plan(study).splitlines()
    assert first.split() == ["trainings", "networks", "steps", "CPU-hours"] and note.startswith("~: estimates")
    counts = {row.split()[0]: int(row.split()[1]) for row in [*rows, last]}
    done = sum((ROOT / path).exists() for name in study.models for path in study.made_weights(name))
    assert counts["all"] == len(replicates(study.settings.trainings)) - done
    assert training_plan(SimpleNamespace(settings=SimpleNamespace(trainings={}))) == ""


def test_augmentation_is_a_blur_then_noise_on_a_share_of_the_images():
    plain = pixels_to_tensor(IMAGES)
    assert torch.equal(augmented(IMAGES, None), plain)
    blurred = pixels_to_tensor(seen_through(View(low_pass=8), IMAGES))
    assert torch.equal(augmented(IMAGES, Augmentation(low_pass=8)), blurred)
    with seeded("test"):
        noisy = augmented(IMAGES, Augmentation(low_pass=8, sigma=0.6, share=0.5))
    changed = (noisy != plain).flatten(1).any(1)
    assert 16 < changed.sum() < 48
    added = noisy[changed] - 0.8 * blurred[changed]
    assert added.std().item() == pytest.approx(0.6, rel=0.02) and abs(added.mean().item()) < 0.01


@pytest.mark.parametrize(
    ("asked", "share"), [({"noise": "alphas"}, 2 / 3), ({"sigma": 0.5, "share": 0.5}, 0.125), ({"low_pass": 4}, 0)]
)
def test_noise_share_is_the_mean_variance_of_the_noise(asked, share):
    assert Augmentation(**asked).noise_share == pytest.approx(share)
    level = torch.rand(100_000, generator=torch.Generator().manual_seed(0))
    if asked.get("noise"):
        assert (1 - level**2).mean().item() == pytest.approx(share, abs=0.01)


def test_a_text_encoder_without_layers_gives_each_word_a_vector_of_its_own():
    from transformers import CLIPTextModel

    tokenizer = prompt_tokenizer()
    torch.manual_seed(0)
    encoder = CLIPTextModel(text_config(tokenizer, 64, layers=0)).eval()
    prompts = [f"A bad photo of a {name}" for name in ("cat", "dog")]
    with torch.no_grad():
        states = encoder(tokenizer(prompts, padding="max_length", return_tensors="pt").input_ids).last_hidden_state
    differ = (states[0] != states[1]).any(-1)
    assert differ.sum() == 1  # the category's word alone, since nothing mixes the words


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory, study):
    """The folder of an untrained pixel diffusion model of images of 16 x 16 pixels."""
    recipe = study.observers["diffusion-embeddings"].training.model_copy(update={"compile": False, "widths": (8, 16)})
    folder = tmp_path_factory.mktemp("pipeline") / "tiny"
    generative.save(pixel_diffusion.untrained(recipe, 16), folder)
    return str(folder)


@pytest.mark.parametrize("only_head", [False, True])
def test_a_diffusion_network_as_classifier_trains_all_of_itself_or_a_head(pipeline, only_head):
    torch.manual_seed(0)
    network = diffusion_classifier.DiffusionClassifier(16, pipeline, only_head)
    network.train()
    images = pixels_to_tensor(IMAGES[:4, :16, :16])
    logits = network(images)
    assert logits.shape == (4, 16)
    logits.sum().backward()
    trained = {name.partition(".")[0] for name, value in network.named_parameters() if value.grad is not None}
    assert trained == ({"classifier"} if only_head else {"classifier", "network"})
    torch.manual_seed(1)
    other = diffusion_classifier.DiffusionClassifier(16, pipeline, only_head)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(images), logits)
