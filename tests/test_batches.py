"""Batches of evaluations are full, and their size changes no decision."""

import threading

import numpy as np
import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor2_0

import tiny_pipelines
import tiny_tokens
from generative_classifiers import models
from generative_classifiers.decisions.from_evidence import score_categories
from generative_classifiers.draws.levels import Draws
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.io.stores import read
from generative_classifiers.models.batches import LastResultCache, batches
from generative_classifiers.study.prompts import prompts_of
from killed_often import stimuli
from typed_rows import observer

CATEGORIES = ("cat", "dog", "truck")
IMAGES, DRAWS = 20, 3


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
@pytest.mark.parametrize("share", [1.0, 0.3, 0.0])
def test_batches_are_full_and_cover_what_is_wanted(size, share):
    wanted = np.random.default_rng(0).random((5, 3, 11)) < share
    found = list(batches(wanted, size))
    assert [len(batch.draw) for batch in found[:-1]] == [size] * (len(found) - 1)
    assert len(found) == -(-wanted.sum() // size)
    indices = [np.stack([batch.draw, batch.image, batch.category], 1) for batch in found]
    expected = sorted((draw, image, category) for image, category, draw in np.argwhere(wanted))
    np.testing.assert_array_equal(np.concatenate([np.empty((0, 3)), *indices]), np.reshape(expected, (-1, 3)))


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_a_noised_image_is_an_image_at_a_draw(size):
    wanted = np.random.default_rng(1).random((4, 3, 5)) < 0.7
    for batch in batches(wanted, size):
        seen = list(zip(batch.draw, batch.image, strict=True))
        assert [seen[evaluation] for evaluation in batch.first] == list(dict.fromkeys(seen))
        assert [seen[evaluation] for evaluation in batch.first[batch.noised]] == seen


def test_noised_images_have_names_and_draws():
    wanted = np.zeros((3, 2, 4), bool)
    wanted[[0, 2, 2], :, [1, 0, 3]] = True
    draws = Draws(np.arange(10, 14), *np.zeros((3, 4)), np.arange(4))
    (batch,) = batches(wanted, 64)
    names, noised = batch.noised_images(["a", "b", "c"], draws)
    assert names == ["c", "a", "c"] and noised.number.tolist() == [10, 11, 13]


def test_more_draws_begin_with_the_same_batches():
    wanted = np.ones((4, 6, 10), bool)
    first, all_draws = list(batches(wanted[..., :4], 32)), list(batches(wanted, 32))
    assert len(first) == 3 and len(all_draws) == 8
    for one, other in zip(first, all_draws, strict=False):
        assert all((part == same).all() for part, same in zip(one, other, strict=True))


def test_images_are_encoded_once_in_each_thread():
    seen = []
    encode = LastResultCache(lambda images: seen.append(images) or 2 * images)
    first, second = np.ones(3), np.ones(3)
    for images in (first, first, second, second, first):
        assert (encode(images) == 2).all()
    assert [images is first for images in seen] == [True, False, True]
    thread = threading.Thread(target=encode, args=(first,))
    thread.start()
    thread.join()
    assert len(seen) == 4


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("pipelines")
    return {
        "diffusion": tiny_pipelines.stable_diffusion(root / "latent"),
        "masked": tiny_tokens.amused(root / "amused"),
    }


def evidence(family, folder, store, batch_size, shard, workers):
    """A store of evidence, filled at these settings."""
    row = observer(family=family, pipeline=str(folder))
    model = models.load("tiny", row, prompts_of(CATEGORIES), device="cpu", batch_size=batch_size)
    settings = {"observer": "tiny", "dataset": "random", "count": DRAWS, "reconstruct": 0, "progress": False}
    compute_evidence(model, stimuli(IMAGES), store, shard=shard, workers=workers, **settings)
    return read(store)


@pytest.fixture(scope="module")
def usual(folders, tmp_path_factory):
    """By family: evidence at other settings than those compared with it."""
    place = tmp_path_factory.mktemp("usual")
    return {family: evidence(family, folder, place / f"{family}.zarr", 32, 32, 1) for family, folder in folders.items()}


@pytest.mark.parametrize("family", ["diffusion", "masked"])
@pytest.mark.parametrize(("batch_size", "shard"), [(1, 256), (7, 16), (64, 256)])
def test_decisions_do_not_depend_on_batch_and_shard_size(folders, usual, tmp_path, family, batch_size, shard):
    found = evidence(family, folders[family], tmp_path / "found.zarr", batch_size, shard, 1)
    np.testing.assert_allclose(found["loss"], usual[family]["loss"], rtol=1e-4)
    score, expected = score_categories(found), score_categories(usual[family])
    best, second = np.sort(expected, axis=1)[:, :2].T
    clear = second / best - 1 > 2e-4
    assert clear.mean() > 0.5
    assert (score.argmin(axis=1) == expected.argmin(axis=1))[clear].all()


@pytest.fixture
def threads():
    """Puts back how many threads share one sum."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("batch_size", [7, 64])
def test_evidence_is_reproducible_to_the_byte_with_any_number_of_workers(folders, tmp_path, threads, batch_size):
    stores = {}
    for name, workers, count in (("once", 1, 1), ("again", 1, 1), ("workers", 2, 1), ("threads", 1, 2)):
        threads(count)
        found = evidence("diffusion", folders["diffusion"], tmp_path / f"{name}.zarr", batch_size, 8, workers)
        stores[name] = found["loss"].values, found["reconstruction_latent"].values
    for name in ("again", "workers"):
        assert [part.tobytes() for part in stores[name]] == [part.tobytes() for part in stores["once"]]
    np.testing.assert_allclose(stores["threads"][0], stores["once"][0], rtol=1e-4)


def test_attention_is_fused(folders):
    row = observer(family="diffusion", pipeline=str(folders["diffusion"]))
    model = models.load("tiny", row, prompts_of(CATEGORIES), device="cpu")
    assert {type(processor) for processor in model.network.attn_processors.values()} == {AttnProcessor2_0}


@pytest.mark.parametrize("family", ["diffusion", "masked"])
def test_compiled_networks_give_the_same_losses(folders, monkeypatch, family):
    # What is traced matters here, not what becomes of it: a compiler would take minutes.
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: compiled(self, backend="eager"))
    row, images = observer(family=family, pipeline=str(folders[family])), stimuli(3)["image"].values
    plain, fast = (models.load("tiny", row, prompts_of(CATEGORIES), device="cpu", compile=c) for c in (False, True))
    draws = plain.draws(2, 0)
    expected = plain.evaluate(images, list("abc"), draws)[0]
    np.testing.assert_allclose(fast.evaluate(images, list("abc"), draws)[0], expected, rtol=1e-5)
    assert fast.network._compiled_call_impl and not plain.network._compiled_call_impl
    assert fast.identity == plain.identity and fast.provenance["compile"] is True


compiled = torch.nn.Module.compile
