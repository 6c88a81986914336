"""Models of the Hugging Face hub, loaded from an empty cache."""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest
import torchvision
from huggingface_hub import constants, snapshot_download
from safetensors.torch import save_file

import tiny_contrastive
import tiny_flow_pipelines
import tiny_language
import tiny_pipelines
import tiny_tokens
from fake_hub import commit_of, connect, serving_hub
from generative_classifiers import models
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading import clip_towers
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer

PIPELINES = {
    "stable-diffusion": tiny_pipelines.stable_diffusion,
    "stable-diffusion-xl": tiny_pipelines.stable_diffusion_xl,
    "stable-diffusion-3": tiny_pipelines.stable_diffusion_3,
    "flux": tiny_pipelines.flux,
    "flux2": tiny_flow_pipelines.flux2,
    "sana": tiny_flow_pipelines.sana,
    "lumina2": tiny_flow_pipelines.lumina2,
    "pixart-alpha": tiny_pipelines.pixart,
    "pixart-sigma": partial(tiny_pipelines.pixart, sizes=False),
    "deepfloyd-if": tiny_pipelines.deepfloyd,
    "pixels": tiny_pipelines.pixel_diffusion,
}
# Parts of the real pipelines that losses do not depend on.
UNUSED = {
    "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
    "feature_extractor": ["transformers", "CLIPImageProcessor"],
    "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
    "watermarker": ["deepfloyd_if", "IFWatermarker"],
}
NETWORK = "shufflenet_v2_x0_5"
ROWS = {
    **{name: {"family": "diffusion", "pipeline": f"tiny/{name}", "resolution": 16} for name in PIPELINES},
    "amused": {"family": "masked", "pipeline": "tiny/amused"},
    "janus": {"family": "autoregressive", "pipeline": "tiny/janus"},
    "clip": {
        "family": "contrastive",
        "source": "transformers",
        "pipeline": "tiny/clip",
        "resolution": tiny_contrastive.SIDE,
    },
    "open-clip": {
        "family": "contrastive",
        "source": "open_clip",
        "resolution": tiny_contrastive.SIDE,
        "network": tiny_contrastive.NAME,
        "weights": "tiny",
    },
    "llava": {
        "family": "vision-language",
        "source": "transformers",
        "pipeline": "tiny/llava",
        "resolution": tiny_language.SIDE,
    },
    f"timm/{NETWORK}": {"family": "discriminative", "source": "timm", "library": "torchvision", "network": NETWORK},
}
DECODERS = {name: "vae" for name in PIPELINES if name not in ("deepfloyd-if", "pixels")} | {"amused": "vqvae"}


def add_unused(folder):
    """Give a pipeline the parts of `UNUSED` that its class knows and it lacks, and weights in other files."""
    file = folder / "model_index.json"
    index = json.loads(file.read_text())
    for part, of_class in UNUSED.items():
        if index.get(part) == [None, None]:
            index[part] = of_class
            (folder / part).mkdir()
            (folder / part / "config.json").write_text("{}")
            (folder / part / "model.safetensors").write_bytes(b"never read")
    file.write_text(json.dumps(index))
    for weights in list(folder.rglob("*.safetensors")):
        weights.with_suffix(".fp16.safetensors").write_bytes(b"never read")
        weights.with_suffix(".bin").write_bytes(b"never read")


def make(name, folder):
    """Save a small model of a kind as it is on the hub."""
    if name in PIPELINES:
        add_unused(PIPELINES[name](folder))
    elif name == "amused":
        add_unused(tiny_tokens.amused(folder))
    elif name == "janus":
        tiny_tokens.janus(folder)
    elif name == "clip":
        tiny_contrastive.through_transformers(folder)
    elif name == "open-clip":
        tiny_contrastive.through_open_clip(folder).rename(folder / clip_towers.WEIGHTS)
    elif name == "llava":
        tiny_language.llava(folder)
    else:
        folder.mkdir()
        save_file(torchvision.models.get_model(NETWORK).state_dict(), folder / "model.safetensors")


def repository_of(name):
    return name if "/" in name else f"tiny/{name}"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    """A function that makes a repository when it is first wanted, and returns its folder; their root."""
    root = tmp_path_factory.mktemp("hub")

    def repository(name):
        folder = root / repository_of(name)
        if not folder.is_dir():
            folder.parent.mkdir(exist_ok=True)
            make(name, folder)
        return folder

    return repository, root


@pytest.fixture(scope="module")
def served(repositories):
    with serving_hub(repositories[1]) as found:
        yield found


@pytest.fixture
def hub(served, monkeypatch, tmp_path):
    """The hub, with an empty cache on this machine."""
    found, address = served
    connect(monkeypatch, address, tmp_path / "cache")
    monkeypatch.setattr(clip_towers, "repository", lambda *_: repository_of("open-clip"))
    found.sent.clear()
    return found


def load(name, **changes):
    return models.load("tiny", observer(**ROWS[name] | changes), prompts_of(("cat", "dog")), device="cpu")


def load_decoder(name, **changes):
    row = observer(**ROWS[name] | changes)
    return models.load_decoder(row.family, "tiny", row, device="cpu")


@pytest.mark.parametrize("name", ROWS)
def test_an_empty_cache_fills_once_and_is_enough_offline(name, hub, repositories, monkeypatch):
    repositories[0](name)
    first = load(name)
    assert first.provenance["revision"] == commit_of(repository_of(name))
    assert len(hub.sent) == len(set(hub.sent)) > 0
    assert not {file.partition("/")[0] for file in hub.sent} & {*UNUSED}
    assert not [file for file in hub.sent if file.endswith((".bin", ".fp16.safetensors"))]
    hub.sent.clear()
    assert load(name).identity == first.identity and not hub.sent
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load(name).identity == first.identity


@pytest.mark.parametrize("name", ["stable-diffusion", "amused"])
def test_files_that_are_not_loaded_do_not_change_what_a_model_is(name, hub, repositories):
    repositories[0](name)
    identity = load(name).identity
    whole = Path(snapshot_download(repository_of(name)))
    assert list(whole.rglob("*.fp16.safetensors"))
    assert load(name).identity == identity


@pytest.mark.parametrize("name", DECODERS)
def test_only_the_decoder_is_downloaded(name, hub, repositories):
    repositories[0](name)
    decoder = load_decoder(name)
    assert {file.partition("/")[0] for file in hub.sent} == {"model_index.json", DECODERS[name]}
    assert decoder.hash == load(name).reconstruction_layout.decoder


def test_a_model_is_the_same_after_its_decoder_was_loaded(hub, repositories, tmp_path, monkeypatch):
    repositories[0]("stable-diffusion")
    identity = load("stable-diffusion").identity
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "another"))
    load_decoder("stable-diffusion")
    assert load("stable-diffusion").identity == identity


def test_pixels_have_no_decoder(hub, repositories):
    repositories[0]("pixels")
    with pytest.raises(InputError, match=r"^tiny: .*model_index.json: a PixelDiffusionPipeline has no part vae$"):
        load_decoder("pixels")


@pytest.mark.parametrize(("name", "part"), [("stable-diffusion", "vae"), ("amused", "vqvae")])
def test_a_part_that_the_hub_lacks_is_an_error(name, part, hub, repositories):
    folder = shutil.copytree(repositories[0](name), repositories[1] / f"tiny/broken-{name}")
    shutil.rmtree(folder / part)
    for loader in (load, load_decoder):
        with pytest.raises(InputError, match=rf"^tiny: .*model_index.json names {part}, but .* has no folder {part}$"):
            loader(name, pipeline=f"tiny/broken-{name}")


def test_a_variant_in_several_files_is_downloaded(hub, repositories):
    tiny_tokens.janus(repositories[1] / "tiny/sharded", variant="fp16", max_shard_size="100KB")
    load("janus", pipeline="tiny/sharded", variant="fp16")
    weights = [file for file in hub.sent if file.endswith(".safetensors")]
    assert len(weights) > 1 and all(".fp16" in file for file in weights)
