"""The part of a U-Net before the prompt, computed once for all categories: the same predictions for less work."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.models.batches import batches
from generative_classifiers.models.diffusion import shared_prefix
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

CATEGORIES = ("cat", "dog", "truck", "car")
# Cross-attention from the start as in Stable Diffusion 1, then as in 2; or after one block or two, or later.
STABLE_DIFFUSION = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "layers_per_block": 2,
}
THREE = {"block_out_channels": (8, 16, 16), "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D")}
LAST = STABLE_DIFFUSION | {"down_block_types": ("DownBlock2D", "DownBlock2D"), "mid_block_type": "UNetMidBlock2D"}
UNETS = {
    "first": (STABLE_DIFFUSION, 6),
    "linear": (STABLE_DIFFUSION | {"use_linear_projection": True, "attention_head_dim": (2, 4)}, 6),
    "second": ({}, 7),
    "third": (THREE | {"down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D")}, 8),
    "middle": ({"down_block_types": ("DownBlock2D", "AttnDownBlock2D")}, 8),
    "last": (LAST, 10),
    "only": (STABLE_DIFFUSION | {"only_cross_attention": True}, 4),
    "simple": ({"down_block_types": ("DownBlock2D", "SimpleCrossAttnDownBlock2D")}, 3),
}
NO_SHARING = {
    "pooled text": {"addition_embed_type": "text", "addition_embed_type_num_heads": 2},
    "classes": {"num_class_embeds": 5},
}


def network(settings):
    torch.manual_seed(0)
    unet = tiny_pipelines.unet(4, 8, **settings).double().eval()
    for weight in unet.parameters():
        weight.data += 0.1 * torch.randn_like(weight)
    return unet


def some(size):
    """A batch that begins and ends within a noised image, and the network's arguments for it."""
    wanted = np.random.default_rng(0).random((3, 5, 4)) < 0.8
    batch = list(batches(wanted, size))[1].to(torch.device("cpu"))
    noised = torch.randn(len(batch.first), 4, 8, 8).double()[batch.noised]
    time = torch.randint(1000, (len(batch.first),))[batch.noised]
    return batch, (noised, time, torch.randn(5, 12, tiny_pipelines.WIDTH).double()[batch.category])


@torch.no_grad()
@pytest.mark.parametrize("kind", UNETS)
@pytest.mark.parametrize("size", [1, 7, 20])
def test_sharing_does_not_change_predictions(kind, size):
    settings, length = UNETS[kind]
    unet, (batch, inputs) = network(settings), some(size)
    expected = unet(*inputs).sample
    modules = shared_prefix.prefix(unet)
    assert len(modules) == length
    shared_prefix.share(unet)
    rows = []
    for module in modules:  # after those that share
        module.register_forward_pre_hook(
            lambda _, args, kwargs: rows.append(len((*args, *kwargs.values())[0])), with_kwargs=True
        )
    with shared_prefix.noised_images(batch.first, batch.noised):
        found = unet(*inputs).sample
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert set(rows) == {len(batch.first)}
    assert torch.equal(unet(*inputs).sample, expected)  # without saying what is the same


@pytest.mark.parametrize("kind", NO_SHARING)
def test_nothing_is_shared_if_the_prompt_enters_at_the_start(kind):
    assert shared_prefix.prefix(network(NO_SHARING[kind])) == []


@pytest.mark.parametrize("make", ["stable_diffusion_xl", "stable_diffusion_3", "flux", "pixart", "deepfloyd"])
def test_nothing_is_shared_in_other_pipelines(tmp_path, make):
    folder = getattr(tiny_pipelines, make)(tmp_path)
    row = observer(family="diffusion", pipeline=str(folder))
    model = models.load("tiny", row, prompts_of(CATEGORIES), device="cpu")
    assert shared_prefix.prefix(model.network) == []


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("batch_size", [7, 64])
def test_sharing_does_not_change_losses(tmp_path, monkeypatch, prediction_type, batch_size):
    folder = tiny_pipelines.stable_diffusion(tmp_path, prediction_type)
    row = observer(family="diffusion", pipeline=str(folder))
    model = models.load("tiny", row, prompts_of(CATEGORIES), device="cpu", batch_size=batch_size)
    images, draws = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8), model.draws(4, 0)
    rows = []
    model.network.conv_in.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    found, _ = model.evaluate(images, list("abc"), draws)
    monkeypatch.setattr(shared_prefix, "noised_images", lambda *rows: nullcontext())
    shared = sum(rows)
    expected, _ = model.evaluate(images, list("abc"), draws)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert shared <= 3 * 4 + len(rows) and sum(rows) - shared == 3 * 4 * 4
