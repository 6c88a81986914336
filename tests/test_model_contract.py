"""The contract that every model family keeps: `models.base.Model`, on tiny models of all families."""

import importlib.metadata
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import tiny_contrastive
import tiny_language
import tiny_pipelines
import tiny_tokens
from generative_classifiers import models
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.base import Model, Runtime
from generative_classifiers.models.classifiers.small_cnn import SmallCNN
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.prompts import prompts_of
from image_folders import learner
from typed_rows import observer

CATEGORIES = ("cat", "dog", "truck")
NAMES = ["a.png", "b/c.png", "d.png"]
DRAWS = 3
KINDS = (
    "diffusion",
    "masked",
    "masked-reconstruction",
    "autoregressive",
    "discriminative",
    "contrastive",
    "vision-language",
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Row of each kind of model, and the file of its weights if the row does not say where they are."""
    root = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    save_file(SmallCNN().state_dict(), root / "cnn.safetensors")
    amused = str(tiny_tokens.amused(root / "amused"))
    clip = str(tiny_contrastive.through_transformers(root / "clip"))
    llava = str(tiny_language.llava(root / "llava", CATEGORIES))
    language = {"family": "vision-language", "source": "transformers", "pipeline": llava, "resolution": 16}
    return {
        "diffusion": (observer(family="diffusion", pipeline=str(tiny_pipelines.stable_diffusion(root / "sd"))), None),
        "masked": (observer(family="masked", pipeline=amused), None),
        "masked-reconstruction": (observer(family="masked", pipeline=amused, reading="reconstruction"), None),
        "autoregressive": (observer(family="autoregressive", pipeline=str(tiny_tokens.janus(root / "janus"))), None),
        "discriminative": (learner(noise="sqrt_alphas"), root / "cnn.safetensors"),
        "contrastive": (observer(family="contrastive", source="transformers", pipeline=clip, resolution=16), None),
        "vision-language": (observer(**language), None),
    }


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (len(NAMES), 16, 18, 3), dtype=np.uint8)


def load(source, **settings):
    row, path = source
    return models.load("tiny", row, prompts_of(CATEGORIES), path=path, device="cpu", **settings)


@pytest.fixture(scope="module", params=KINDS)
def source(request, sources):
    return sources[request.param]


@pytest.fixture(scope="module")
def model(source):
    return load(source, batch_size=4)


def rows_evaluated(model, run):
    """How many rows the model's network gets while something runs."""
    rows = []

    def count(_, args, kwargs):
        rows.append(len((*args, *kwargs.values())[0]))

    hook = model.network.register_forward_pre_hook(count, with_kwargs=True, prepend=True)
    run()
    hook.remove()
    return sum(rows)


def test_all_families_are_tested(sources):
    assert {row.family for row, _ in sources.values()} == {name for name, one in FAMILIES.items() if one.needs_evidence}


def test_a_family_must_evaluate():
    with pytest.raises(TypeError, match="abstract"):
        Model("tiny", torch.nn.Identity(), CATEGORIES, 16, Runtime(torch.device("cpu")), {})


def test_attributes_agree_with_the_table_of_families(source, model):
    family = FAMILIES[source[0].family]
    assert isinstance(model, Model) and model.family == source[0].family
    assert model.categories == CATEGORIES and model.batch_size == 4 and model.device == torch.device("cpu")
    assert model.reconstructs == family.reconstructs
    assert len(model.draws(DRAWS, 0)) == (DRAWS if family.has_levels else 1)
    assert isinstance(model.network, torch.nn.Module)
    assert all(importlib.metadata.version(name) for name in model.packages)


def test_more_draws_begin_with_the_same(model):
    few, many = model.draws(2, 7), model.draws(5, 7)
    for name in ("number", "time", "alpha", "sigma", "seed"):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[: len(few)])


def test_losses_of_all_images_categories_and_draws(model, images):
    draws = model.draws(DRAWS, 0)
    loss, reconstruction = model.evaluate(images, NAMES, draws)
    assert loss.shape == (len(images), len(CATEGORIES), len(draws)) and loss.dtype == np.float32
    assert np.isfinite(loss).all() and reconstruction is None
    assert (np.ptp(loss, axis=1) > 0).any(axis=1).all()  # the most probable tokens of a single draw may be the same


def test_the_network_evaluates_no_more_than_it_must(source, model, images):
    draws = model.draws(DRAWS, 0)
    each = 1 if source[0].kind.at_once else len(CATEGORIES) * len(draws)
    assert rows_evaluated(model, lambda: model.evaluate(images, NAMES, draws)) == len(images) * each
    wanted = np.zeros((len(images), len(CATEGORIES), len(draws)), bool)
    wanted[1, :2, 0] = True
    few = rows_evaluated(model, lambda: model.evaluate(images, NAMES, draws, wanted=wanted))
    assert few == (1 if source[0].kind.at_once else 2)


def test_only_what_is_wanted_is_returned(model, images):
    draws = model.draws(DRAWS, 0)
    wanted = np.random.default_rng(1).random((len(images), len(CATEGORIES), len(draws))) < 0.5
    wanted[0] = False
    every, _ = model.evaluate(images, NAMES, draws)
    some, _ = model.evaluate(images, NAMES, draws, wanted=wanted)
    assert 0 < wanted.sum() < wanted.size and some.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(some), ~wanted)
    np.testing.assert_allclose(some[wanted], every[wanted], rtol=1e-5)


def test_nothing_wanted_is_nothing_evaluated(model, images):
    draws = model.draws(DRAWS, 0)
    wanted = np.zeros((len(images), len(CATEGORIES), len(draws)), bool)
    found = []
    assert rows_evaluated(model, lambda: found.append(model.evaluate(images, NAMES, draws, wanted=wanted))) == 0
    loss, reconstruction = found[0]
    assert loss.shape == wanted.shape and np.isnan(loss).all() and reconstruction is None


def test_reconstructions_of_one_draw(model, images):
    draws = model.draws(DRAWS, 0)
    last = int(draws.number[-1])
    nothing = np.zeros((len(images), len(CATEGORIES), len(draws)), bool)
    loss, reconstruction = model.evaluate(images, NAMES, draws, reconstruct=last)
    assert np.isfinite(loss).all()
    if not model.reconstructs:
        assert reconstruction is None
        return
    layout, side = model.reconstruction_layout, model.resolution
    assert reconstruction.shape == (len(images), len(CATEGORIES), *layout.dims.values())
    assert reconstruction.dtype == layout.dtype and (reconstruction != reconstruction[:, :1]).any()
    pixels = model.decode(reconstruction)
    assert pixels.shape == (len(images), len(CATEGORIES), side, side, 3) and pixels.dtype == np.uint8
    # Of a draw whose losses are not wanted, too; but not of a draw that is not among the draws.
    none_wanted, again = model.evaluate(images, NAMES, draws, reconstruct=last, wanted=nothing)
    assert np.isnan(none_wanted).all() and np.abs(model.decode(again).astype(int) - pixels).max() <= 1
    assert model.evaluate(images, NAMES, draws[:1], reconstruct=last)[1] is None


def test_noised_images(model, images):
    draw = model.draws(DRAWS, 0)[-1:]
    if not model.reconstructs:
        with pytest.raises(InputError, match=f"^tiny: models of family {model.family} do not add noise to images$"):
            model.add_noise(images, NAMES, draw)
        return
    noised = model.add_noise(images, NAMES, draw)
    assert noised.shape == (len(images), model.resolution, model.resolution, 3) and noised.dtype == np.uint8
    np.testing.assert_array_equal(model.add_noise(images[1:], NAMES[1:], draw), noised[1:])


def test_images_do_not_depend_on_each_other(model, images):
    draws = model.draws(DRAWS, 0)
    together, _ = model.evaluate(images, NAMES, draws)
    alone, _ = model.evaluate(images[1:2], NAMES[1:2], draws)
    np.testing.assert_allclose(alone[0], together[1], rtol=1e-5)


def test_identity_never_changes(source, images):
    model = load(source, batch_size=4)
    before = json.dumps(model.identity)
    model.evaluate(images, NAMES, model.draws(DRAWS, 0), reconstruct=0)
    model.batch_size = 2
    model.evaluate(images, NAMES, model.draws(1, 1))
    assert json.dumps(model.identity) == before == json.dumps(load(source, batch_size=4).identity)
    assert model.identity.keys() >= {"family", "loss_version", "dtype", "weights"}
    assert model.identity["family"] == model.family and model.identity["loss_version"] == model.loss_version


def test_how_a_model_runs_is_no_part_of_its_identity(source, model):
    compiled = load(source, batch_size=5, compile=True)
    assert compiled.identity == model.identity
    assert (compiled.provenance["batch_size"], compiled.provenance["compile"]) == (5, True)
    assert compiled.network._compiled_call_impl and not model.network._compiled_call_impl
