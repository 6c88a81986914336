"""Contrastive models, zero-shot: small ones of the real classes, against a reference in float64."""

import json

import numpy as np
import open_clip
import pytest
import torch
from transformers import CLIPModel, CLIPTokenizer

import tiny_contrastive
from generative_classifiers import models
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import read
from generative_classifiers.models.classifiers import contrastive
from generative_classifiers.models.loading.weight_hashes import file_hash
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.imagenet_classes import members
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.prompts import prompts_of
from killed_often import stimuli
from small_studies import content
from typed_rows import observer

torch.set_num_threads(1)
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
NAMES = [f"{number}.png" for number in range(len(IMAGES))]
MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.3, 0.25]
ROW = {"family": "contrastive", "resolution": 16, "mean": MEAN, "std": STD}
SOURCES = {
    "open_clip": {"network": tiny_contrastive.NAME, "weights": "a file"},
    "transformers": {"pipeline": "a folder"},
}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Where the weights of each source are."""
    folder = tmp_path_factory.mktemp("clip")
    return {
        "open_clip": tiny_contrastive.through_open_clip(folder / "open_clip"),
        "transformers": tiny_contrastive.through_transformers(folder / "transformers"),
    }


def load(places, source, categories=CATEGORIES, batch_size=None, **settings):
    row = observer(**ROW | {"source": source} | SOURCES[source] | settings)
    path, prompts = places[source], prompts_of(categories, "a photo of a {category}")
    return models.load("tiny", row, prompts, path=path, device="cpu", batch_size=batch_size)


def evaluate(model):
    loss, reconstruction = model.evaluate(IMAGES, NAMES, model.draws(4, 0))
    assert reconstruction is None and loss.shape[::2] == (len(IMAGES), 1) and loss.dtype == np.float32
    return loss[:, :, 0]


def encoders(places, source):
    """Embeddings of images and of one text by the libraries' own ways, in float64."""
    if source == "open_clip":
        network = open_clip.create_model(tiny_contrastive.NAME, pretrained=str(places[source]), precision="fp64")
        network, tokens = network.double().eval(), open_clip.get_tokenizer(tiny_contrastive.NAME)
        return network, network.encode_image, lambda text: network.encode_text(tokens([text]))
    network = CLIPModel.from_pretrained(places[source], dtype=torch.float64).eval()
    tokens = CLIPTokenizer.from_pretrained(places[source])

    def embed(text):
        padded = tokens(text, padding="max_length", max_length=12, truncation=True, return_tensors="pt")
        return network.get_text_features(**padded).pooler_output

    return network, lambda images: network.get_image_features(images).pooler_output, embed


def reference(places, source, texts):
    """Probabilities of classes (image, class), text by text and image by image, in float64."""
    with torch.no_grad():
        network, of_image, of_text = encoders(places, source)
        scale = np.exp(network.logit_scale.item())
        directions = []
        for some in texts:
            each = [of_text(text)[0].numpy() for text in some]
            mean = np.mean([one / np.linalg.norm(one) for one in each], axis=0)
            directions.append(mean / np.linalg.norm(mean))
        found = []
        for image in IMAGES:
            scaled = (image / 255 - np.array(MEAN)) / np.array(STD)
            seen = of_image(torch.from_numpy(scaled.transpose(2, 0, 1)[None]))[0].numpy()
            similar = scale * np.array(directions) @ (seen / np.linalg.norm(seen))
            found.append(np.exp(similar - similar.max()) / np.exp(similar - similar.max()).sum())
    return np.array(found)


@pytest.mark.parametrize("source", SOURCES)
def test_losses_with_prompts_agree_with_a_float64_reference(places, source):
    model = load(places, source, batch_size=2)
    loss = evaluate(model)
    expected = reference(places, source, [[f"a photo of a {category}"] for category in CATEGORIES])
    np.testing.assert_allclose(loss, -np.log(expected), rtol=1e-4, atol=1e-5)
    assert np.ptp(loss, axis=0).max() > 0.1 and np.ptp(loss, axis=1).min() > 1  # images and texts lie apart
    assert (model.categories, model.resolution, model.reconstructs) == (CATEGORIES, 16, False)


@pytest.mark.parametrize("source", SOURCES)
def test_another_resolution_than_that_of_the_network_is_an_error(places, source):
    with pytest.raises(InputError, match="tiny: resolution: the network sees 16 pixels along a side, found 224"):
        load(places, source, resolution=224)


@pytest.mark.parametrize("source", SOURCES)
def test_losses_with_templates_agree_with_a_float64_reference(places, source):
    templates = content("registry/templates.yaml")["imagenet-80"]
    loss = evaluate(load(places, source, ("cat", "teapot"), templates="imagenet-80"))
    texts = [[template.replace("{category}", name) for template in templates] for name in ("cat", "teapot")]
    np.testing.assert_allclose(loss, -np.log(reference(places, source, texts)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("source", SOURCES)
def test_losses_with_classes_of_imagenet_agree_with_a_float64_reference(places, source):
    loss = evaluate(load(places, source, ("dog", "airplane"), templates="imagenet-1", classes=1000))
    probability = reference(places, source, [[f"a photo of a {name}."] for name in open_clip.IMAGENET_CLASSNAMES])
    expected = [probability[:, members()[category]].mean(axis=1) for category in ("dog", "airplane")]
    np.testing.assert_allclose(loss, -np.log(np.stack(expected, 1)), rtol=1e-4, atol=1e-5)


def test_templates_are_those_of_clips_authors():
    templates = content("registry/templates.yaml")
    assert [one.replace("{category}", "#") for one in templates["imagenet-80"]] == [
        template("#") for template in open_clip.OPENAI_IMAGENET_TEMPLATES
    ]
    assert len(templates["imagenet-80"]) == 80 and templates["imagenet-1"] == ["a photo of a {category}."]


@pytest.mark.parametrize("source", SOURCES)
def test_half_precision_and_batch_size_change_losses_little(places, source):
    whole = evaluate(load(places, source))
    np.testing.assert_allclose(evaluate(load(places, source, batch_size=1)), whole, rtol=1e-4, atol=1e-5)
    model = load(places, source, dtype="bfloat16")
    assert {weight.dtype for weight in model.network.parameters()} == {torch.bfloat16}
    assert model.network.texts.dtype == torch.float32
    halved = evaluate(model)
    assert (halved != whole).any() and np.abs(halved - whole).max() < 0.5


def test_texts_are_encoded_once(places, monkeypatch):
    asked = []
    embed = contrastive.embed

    def counting(encode, texts, batch_size):
        return embed(lambda some: asked.append(len(some)) or encode(some), texts, batch_size)

    monkeypatch.setattr(contrastive, "embed", counting)
    model = load(places, "open_clip", templates="imagenet-80", batch_size=500)
    assert asked == [500, 500, 280]
    evaluate(model)
    assert len(asked) == 3 and not any("text" in name for name, _ in model.network.named_parameters())


@pytest.mark.parametrize("source", SOURCES)
def test_identity_depends_on_all_settings(places, source, tmp_path):
    def identity(**settings):
        return json.dumps(load(places, source, **settings).identity)

    before = identity()
    assert identity(label="Tiny") == identity(batch_size=3) == before
    changes = {"templates": "imagenet-1"}, {"dtype": "bfloat16"}, {"mean": [0.4] * 3}, {"categories": ("cat", "dog")}
    assert len({before, *(identity(**change) for change in changes)}) == 1 + len(changes)
    what = {"observer": "tiny", "dataset": "random", "progress": False}
    compute_evidence(load(places, source), stimuli(6), tmp_path / "0.zarr", shard=4, **what)
    store = read(tmp_path / "0.zarr")
    assert store.attrs["family"] == "contrastive" and store.attrs["weights"]
    assert {"open_clip": "open_clip_torch"}.get(source, source) in Entry(tmp_path / "0.zarr").provenance()[0][
        "versions"
    ]
    np.testing.assert_allclose(np.exp(-store["loss"]).sum("category"), 1, rtol=1e-5)


def test_a_row_can_name_a_file(places):
    named = evaluate(load({"open_clip": None}, "open_clip", weights=str(places["open_clip"])))
    np.testing.assert_array_equal(named, evaluate(load(places, "open_clip")))


def test_faulty_rows_and_weights_are_errors(places, tmp_path):
    with pytest.raises(InputError, match="tiny: templates: 'none' is unknown, expected one of imagenet-80, imagenet-1"):
        load(places, "open_clip", templates="none")
    with pytest.raises(InputError, match=r"tiny: knows airplane, .*; not teapot"):
        load(places, "open_clip", ("cat", "teapot"), classes=1000, templates="imagenet-1")
    with pytest.raises(InputError, match="tiny: open_clip has no network 'no-clip'"):
        load(places, "open_clip", network="no-clip")
    with pytest.raises(InputError, match="tiny: open_clip knows of no weights 'mine' of 'tiny-clip' on the hub"):
        load({"open_clip": None}, "open_clip", weights="mine")
    with pytest.raises(
        InputError, match=r"'openai' need another activation function than 'ViT-B-32' has, see ViT-B-32-quick"
    ):
        load({"open_clip": None}, "open_clip", network="ViT-B-32", weights="openai", resolution=224)
    file = places["open_clip"]
    with pytest.raises(InputError, match=f"tiny: .*sha256 {file_hash(file)}, the registry expects {'f' * 64}"):
        load(places, "open_clip", sha256="f" * 64)
    (tmp_path / "torn.safetensors").write_bytes(file.read_bytes()[:500])
    with pytest.raises(InputError, match=r"tiny: .*torn.safetensors is not a whole safetensors file"):
        load({"open_clip": tmp_path / "torn.safetensors"}, "open_clip")
    (places["transformers"] / "config.json").rename(tmp_path / "config.json")
    with pytest.raises(InputError, match=r"tiny: .* is neither a folder with config.json nor a model on the hub"):
        load(places, "transformers")


def test_rows_of_the_registry_agree_with_open_clip():
    rows = {name: row for name, row in load_observers().items() if row.family == "contrastive" and row.needs_evidence}
    assert rows.keys() == {"clip-vit-b-1-prompt", "clip-vit-b-80-prompts"}
    for name, row in rows.items():
        known = open_clip.get_pretrained_cfg(row.network, row.weights)
        assert row.mean == known["mean"] and row.std == known["std"]
        assert known["quick_gelu"] and open_clip.get_model_config(row.network)["quick_gelu"]
        texts, classes = contrastive.texts_of(name, row, prompts_of())
        assert len(texts) == 16 and len(texts[0]) == int(name.split("-")[3])
        assert classes == {category: [number] for number, category in enumerate(CATEGORIES)}
