"""Both readings of an aMUSEd pipeline with random weights, against an implementation of their own in float64."""

import hashlib
import json
import logging
import shutil
import warnings

import numpy as np
import pytest
import torch
import xarray as xr
from diffusers import AmusedPipeline
from huggingface_hub import constants

import tiny_tokens
from generative_classifiers import models
from generative_classifiers.decisions.from_evidence import score_categories
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.batches import batches
from generative_classifiers.models.loading.weight_hashes import folder_hash
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

CATEGORIES = ("cat", "dog", "truck")
NAMES = ["cat1.png", "sub/dog2.png", "c.png"]
SEED = 5
DRAWS = 4
READINGS = ("likelihood", "reconstruction")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Pipelines' folders: one whose transformer halves the tokens' resolution inside, as amused-512 does."""
    root = tmp_path_factory.mktemp("amused")
    return {kind: tiny_tokens.amused(root / kind, downsample=kind == "halving") for kind in ("plain", "halving")}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)


def load(folder, reading="likelihood", **settings):
    options = {key: settings.pop(key) for key in ("batch_size", "device") if key in settings}
    row = observer(family="masked", pipeline=str(folder), reading=reading, **settings)
    return models.load("tiny", row, prompts_of(CATEGORIES), **{"device": "cpu", **options})


def reference_hidden(name, draw):
    """Which of 16 tokens are hidden: 1 to 16 of them, in an order keyed by image, draw and seed."""
    share = (0.5 + draw * 2 / (1 + 5**0.5)) % 1
    key = hashlib.sha256(f"mask/{name}/{draw}/{SEED}".encode()).digest()[:16]
    order = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little"))).permutation(16)
    return sorted(order[: int(share * 16) + 1].tolist())


def reference_embedding(pipeline, prompt):
    """Pooled and penultimate embedding: the latter caught on its way into the last layer."""
    caught = []
    words = pipeline.tokenizer
    tokens = [0, *words(prompt, add_special_tokens=False).input_ids, 1]
    layer = [module for module in pipeline.text_encoder.modules() if type(module).__name__ == "CLIPEncoderLayer"][-1]
    hook = layer.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
    pooled = pipeline.text_encoder(torch.tensor([tokens + [1] * (12 - len(tokens))])).text_embeds
    hook.remove()
    return pooled, caught[0]


def reference_decoded(vq, tokens):
    latents = vq.quantize.embedding.weight[tokens].T.reshape(1, 4, 4, 4)
    return vq.decoder(vq.post_quant_conv(latents))[0].clip(0, 1)


@torch.no_grad()
def reference(folder, images):
    """Losses by reading and painted images, one image, category and draw at a time."""
    pipeline = AmusedPipeline.from_pretrained(folder, dtype=torch.float64)
    vq = pipeline.vqvae
    losses = {reading: np.empty((len(images), len(CATEGORIES), DRAWS)) for reading in READINGS}
    painted = np.empty((*losses["likelihood"].shape, 8, 8, 3))
    for i, k, d in np.ndindex(painted.shape[:3]):
        pixels = torch.from_numpy(images[i]).double().permute(2, 0, 1) / 255
        latents = vq.quant_conv(vq.encoder(pixels[None]))[0].permute(1, 2, 0).reshape(16, 4)
        distances = (latents[:, None] - vq.quantize.embedding.weight).square().sum(2)
        tokens, hidden = distances.argmin(1), reference_hidden(NAMES[i], d)
        shown = tokens.clone()
        shown[hidden] = tiny_tokens.CODES + 7
        pooled, states = reference_embedding(pipeline, f"A bad photo of a {CATEGORIES[k]}")
        micro = torch.tensor([[8.0, 8, 0, 0, 6]], dtype=torch.float64)
        logits = pipeline.transformer(shown.reshape(1, 4, 4), states, pooled, micro)[0].reshape(-1, 16)
        losses["likelihood"][i, k, d] = np.mean([-logits[:, h].log_softmax(0)[tokens[h]] for h in hidden])
        for place in hidden:
            tokens[place] = logits[:, place].argmax()
        image = reference_decoded(vq, tokens)
        losses["reconstruction"][i, k, d] = ((2 * image - 2 * pixels) ** 2).mean()
        painted[i, k, d] = image.permute(1, 2, 0) * 255
    return losses, painted


@pytest.mark.parametrize("kind", ["plain", "halving"])
def test_losses_agree_with_a_float64_implementation(folders, images, kind):
    expected, painted = reference(folders[kind], images)
    for reading in READINGS:
        model = load(folders[kind], reading)
        loss, reconstruction = model.evaluate(images, NAMES, model.draws(DRAWS, SEED), reconstruct=2)
        assert loss.shape == (3, 3, DRAWS) and loss.dtype == np.float32
        np.testing.assert_allclose(loss, expected[reading], rtol=1e-4)
        assert reconstruction.shape == (3, 3, 4, 4) and reconstruction.dtype == np.uint16
        assert np.abs(model.decode(reconstruction) - painted[:, :, 2]).max() < 0.51
    # Categories must differ by far more than that, or the test would say little about prompts.
    spread = expected["likelihood"].max(axis=1) / expected["likelihood"].min(axis=1) - 1
    assert spread.min() > 1e-3
    assert (expected["reconstruction"].std(axis=1) > 5e-4).any(axis=1).all()


def test_draws_hide_a_share_of_the_tokens(folders):
    model = load(folders["plain"])
    draws = model.draws(1000, SEED)
    assert np.isnan(draws.time).all() and draws.seed.tolist() == [SEED] * 1000
    np.testing.assert_allclose(draws.alpha + draws.sigma, 1)
    hidden, counts = np.unique(np.round(draws.sigma * 16, 9), return_counts=True)
    assert hidden.tolist() == list(range(1, 17)) and counts.min() > 55  # uniform, as the bound wants it
    for batch in batches(np.ones((3, 3, 5), bool), 4):
        names, noised = batch.noised_images(NAMES, draws)
        found = [row.nonzero()[:, 0].tolist() for row in model._hidden_tokens(names, noised).flatten(1)]
        assert found == [reference_hidden(name, draw) for name, draw in zip(names, noised.number, strict=True)]


def test_hidden_tokens_are_shared_by_the_categories(folders, images, monkeypatch):
    model = load(folders["plain"], batch_size=4)
    seen = []
    predict = model._predict
    monkeypatch.setattr(model, "_predict", lambda tokens, *rest: seen.append(tokens) or predict(tokens, *rest))
    model.evaluate(images, NAMES, model.draws(2, SEED))
    assert [len(tokens) for tokens in seen] == [4, 4, 4, 4, 2]
    shown = torch.cat(seen).reshape(2, 3, 3, 16)  # draw, image, category
    assert (shown == shown[:, :, :1]).all()


@pytest.mark.parametrize("reading", READINGS)
def test_losses_do_not_depend_on_the_batch_size(folders, images, reading):
    found = []
    for batch_size in (1, 7, 64):
        model = load(folders["halving"], reading, batch_size=batch_size)
        found.append(model.evaluate(images, NAMES, model.draws(3, SEED), reconstruct=1))
    for loss, reconstruction in found[1:]:
        np.testing.assert_allclose(loss, found[0][0], rtol=1e-5)
        assert (loss.argmin(axis=1) == found[0][0].argmin(axis=1)).all()
        assert (reconstruction == found[0][1]).all()


@pytest.mark.parametrize("batch_size", [3, 4])
def test_losses_are_reproducible_and_do_not_depend_on_later_draws(folders, images, batch_size):
    model = load(folders["plain"], batch_size=batch_size)
    draws = model.draws(5, SEED)
    whole, _ = model.evaluate(images, NAMES, draws)
    again = load(folders["plain"], batch_size=batch_size)
    assert whole.tobytes() == again.evaluate(images, NAMES, draws)[0].tobytes()
    parts = np.concatenate([model.evaluate(images, NAMES, part)[0] for part in (draws[:2], draws[2:])], axis=2)
    np.testing.assert_allclose(whole, parts, rtol=1e-5)
    if batch_size == 3:  # where no batch crosses from the first draws to the others, they are the same batches
        assert whole.tobytes() == parts.tobytes()
    assert draws.sigma[:2].tolist() == model.draws(2, SEED).sigma.tolist()


def test_reconstructions_come_with_their_distances(folders, images):
    """What figure 8 shows: each category's painting and, as its loss, how far it is from the stimulus."""
    model = load(folders["plain"], "reconstruction")
    draws = model.draws(3, SEED)
    loss, tokens = model.evaluate(images, NAMES, draws, reconstruct=1)
    distance = ((model.decode(tokens) / 127.5 - images[:, None] / 127.5) ** 2).mean(axis=(2, 3, 4))
    np.testing.assert_allclose(loss[:, :, 1], distance, rtol=0.01)
    assert model.evaluate(images, NAMES, draws)[1] is None
    assert model.evaluate(images, NAMES, draws[:1], reconstruct=1)[1] is None


def test_every_draw_counts_alike(folders, images, tmp_path):
    coords = {"name": ("image", NAMES), "category": ("image", ["cat"] * 3), "condition": ("image", ["all"] * 3)}
    stimuli = xr.Dataset({"image": (("image", "y", "x", "channel"), images)}, coords)
    settings = {"observer": "tiny", "dataset": "few", "count": 3, "seed": SEED, "reconstruct": 1, "progress": False}
    compute_evidence(load(folders["plain"]), stimuli, tmp_path / "few.zarr", **settings)
    evidence = xr.open_zarr(tmp_path / "few.zarr")
    assert evidence.attrs["family"] == "masked" and evidence.attrs["reading"] == "likelihood"
    assert evidence.reconstruction_token.shape == (3, 3, 4, 4)
    expected = evidence.loss.values.astype(np.float64).mean(axis=2)
    for weighting in ("exponential", "simple", "uniform"):
        np.testing.assert_allclose(score_categories(evidence, weighting), expected)


def test_the_resolution_can_be_set(folders):
    wide = np.random.default_rng(1).integers(0, 256, (3, 12, 12, 3), dtype=np.uint8)
    model = load(folders["halving"], resolution=12)
    draws = model.draws(4, SEED)
    assert set((draws.sigma * 36).round(9)) <= set(range(1, 37))
    _, painted = model.evaluate(wide, NAMES, draws, reconstruct=0)
    assert painted.shape == (3, 3, 6, 6) and model.decode(painted).shape == (3, 3, 12, 12, 3)
    with pytest.raises(InputError, match="tiny: resolution is 10, expected a multiple of 4"):
        load(folders["halving"], resolution=10)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_limited_to_the_network(folders, images, dtype):
    full, half = load(folders["plain"]), load(folders["plain"], dtype=dtype)
    draws = full.draws(3, SEED)
    expected, found = full.evaluate(images, NAMES, draws)[0], half.evaluate(images, NAMES, draws)[0]
    assert found.dtype == np.float32 and (found != expected).any()
    np.testing.assert_allclose(found, expected, rtol=0.05)


def test_variants_are_computed_in_float32(folders, images, tmp_path):
    folder = tiny_tokens.amused(tmp_path / "half", variant="fp16")
    assert (folder / "transformer/diffusion_pytorch_model.fp16.safetensors").is_file()
    model = load(folder, variant="fp16")
    assert {next(part.parameters()).dtype for part in (model.network, model.vqvae)} == {torch.float32}
    draws = model.draws(3, SEED)
    expected = load(folders["plain"]).evaluate(images, NAMES, draws)[0]
    np.testing.assert_allclose(model.evaluate(images, NAMES, draws)[0], expected, rtol=1e-5)
    with pytest.raises(InputError, match=r"tiny: .*half holds no complete weights of variant 'bf16', only of: fp16"):
        load(folder, variant="bf16")


def test_a_pipeline_saved_again_gives_the_same_bytes(folders, images, tmp_path):
    AmusedPipeline.from_pretrained(folders["plain"]).save_pretrained(tmp_path / "again")
    first, again = load(folders["plain"]), load(tmp_path / "again")
    draws = first.draws(3, SEED)
    found = [model.evaluate(images, NAMES, draws, reconstruct=1) for model in (first, again)]
    assert found[0][0].tobytes() == found[1][0].tobytes() and (found[0][1] == found[1][1]).all()


def test_identity_names_weights_and_settings(folders):
    model = load(folders["plain"], "reconstruction", dtype="bfloat16", batch_size=3)
    identity = model.identity
    assert identity["weights"] == folder_hash(folders["plain"]) and model.provenance["revision"] is None
    assert (identity["family"], identity["reading"]) == ("masked", "reconstruction")
    assert (identity["dtype"], identity["resolution"], model.provenance["batch_size"]) == ("bfloat16", 8, 3)
    json.dumps(identity)
    assert load(folders["plain"]).identity["reading"] == "likelihood"


def test_loading_gives_no_warnings(folders, caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        load(folders["plain"])
    assert not caplog.records


@pytest.fixture
def broken(folders, tmp_path):
    """A copy of a pipeline to spoil."""
    return shutil.copytree(folders["plain"], tmp_path / "broken")


def rewrite(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_parts_that_do_not_fit_each_other_are_an_error(broken):
    rewrite(broken / "vqvae/config.json", lookup_from_codebook=False)
    with pytest.raises(InputError, match="tiny: its VQ model cannot decode tokens"):
        load(broken)
    rewrite(broken / "scheduler/scheduler_config.json", mask_token_id=3)
    with pytest.raises(InputError, match="tiny: its mask is token 3, expected one of 24 to 31"):
        load(broken)
    shutil.rmtree(broken / "vqvae")
    pipeline = tiny_tokens.VQModel(num_vq_embeddings=20, latent_channels=4, norm_num_groups=4, block_out_channels=(8,))
    pipeline.save_pretrained(broken / "vqvae")
    with pytest.raises(InputError, match="tiny: its transformer has 24 tokens, its VQ model 20"):
        load(broken)


def test_another_class_of_pipeline_is_an_error(broken):
    rewrite(broken / "model_index.json", _class_name="StableDiffusionPipeline")
    with pytest.raises(InputError, match=r"tiny: .*broken is a StableDiffusionPipeline, expected AmusedPipeline"):
        load(broken)


def test_a_missing_part_is_an_error(broken):
    shutil.rmtree(broken / "text_encoder")
    with pytest.raises(
        InputError, match=r"tiny: .*index.json names text_encoder, but .*broken has no folder text_encoder"
    ):
        load(broken)


def test_weights_without_safetensors_are_an_error(broken):
    for path in broken.rglob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    with pytest.raises(InputError, match=r"tiny: .*broken/vqvae holds no weights, expected a \*.safetensors file"):
        load(broken)


def test_faulty_settings_are_errors(folders):
    with pytest.raises(InputError, match=f"the registry expects {'0' * 64}"):
        load(folders["plain"], sha256="0" * 64)
    with pytest.raises(InputError, match=r"tiny: .* neither a folder with model_index.json nor a pipeline on the hub"):
        load("nowhere")
    row = observer(family="masked", pipeline=str(folders["plain"]))
    prompts = {"cat": "a photo of a cat", "tac": "A photo of a CAT"}
    with pytest.raises(InputError, match=r"tiny: .*cannot tell the prompts of 'cat' and 'tac' apart"):
        models.load("tiny", row, prompts, device="cpu")


def test_a_pipeline_in_the_hubs_cache_loads_offline(folders, images, tmp_path, monkeypatch):
    commit, cached = "0123456789" * 4, tmp_path / "models--some--amused"
    shutil.copytree(folders["plain"], cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs/main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    model, here = load("some/amused"), load(folders["plain"])
    draws = model.draws(2, SEED)
    assert model.provenance["revision"] == commit
    assert model.evaluate(images, NAMES, draws)[0].tobytes() == here.evaluate(images, NAMES, draws)[0].tobytes()
    with pytest.raises(InputError, match=r"tiny: some/other is neither a folder .*run `hf download some/other` where"):
        load("some/other")
