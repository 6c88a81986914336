"""Networks of the registry: every row builds one, and loads the weights of its source."""

import re
from functools import cache
from types import SimpleNamespace

import huggingface_hub.errors
import numpy as np
import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from generative_classifiers import models
from generative_classifiers.io import paths
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.classifiers.classifier import category_losses
from generative_classifiers.models.classifiers.preprocessing import Preprocessing
from generative_classifiers.models.classifiers.wide_resnet import WideResNet50
from generative_classifiers.models.loading import hub, network_weights, networks
from generative_classifiers.models.loading.weight_hashes import file_hash
from generative_classifiers.study.imagenet_classes import members
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.observers import IMAGENET_CLASSES, NetworkSettings
from generative_classifiers.study.prompts import prompts_of
from image_folders import ROW
from typed_rows import observer

torch.set_num_threads(1)
ROWS = {
    name: row
    for name, row in load_observers().items()
    if row.family == "discriminative" and row.classes in (None, IMAGENET_CLASSES)
}
FROM = {source: [name for name, row in ROWS.items() if row.source == source] for source in network_weights.SOURCES}
CHECKPOINT = {
    "family": "discriminative", "source": "checkpoint", "library": "torchvision", "network": "resnet18",
    "files": [{"url": "https://example.org/a.pth", "sha256": None}],
}  # fmt: skip
SMALL = ("shufflenet_v2_x0_5", "squeezezenet1_1", "mnasnet0_5")  # less than 3 million weights


@pytest.fixture(autouse=True)
def _downloads(monkeypatch, tmp_path):
    monkeypatch.setattr(network_weights, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setattr("generative_classifiers.stimuli.transfers.WAITS", ())


@cache
def small(name="shufflenet_v2_x0_5"):
    """A small network of torchvision with random weights."""
    torch.manual_seed(0)
    return torchvision.models.get_model(name, weights=None)


def same(one, other):
    """Whether two networks have the same weights."""
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_builds_a_network_of_the_size_it_says(name):
    """Without memory for the weights: shapes alone."""
    row = ROWS[name]
    with torch.device("meta"):
        network = networks.build(name, row).eval()
        side = Preprocessing.of(row).resolution
        logits = network(torch.zeros(2, 3, side, side))
    assert logits.shape == (2, 1000) and category_losses(logits, members().values()).shape == (2, 16)
    size = sum(tensor.nbytes for tensor in network.state_dict().values()) / 1e6
    assert size == pytest.approx(row.size_mb or size, rel=0.03, abs=0.6)


@pytest.mark.parametrize("name", SMALL)
def test_losses_of_random_weights_agree_with_the_library(name, tmp_path):
    torch.save(small(ROWS[name].network).state_dict(), tmp_path / "random.pth")
    model = models.load(name, ROWS[name], prompts_of(), path=tmp_path / "random.pth", device="cpu")
    images = np.random.default_rng(0).integers(0, 256, (3, 240, 224, 3), dtype=np.uint8)
    loss, _ = model.evaluate(images, ["a", "b", "c"], model.draws(1, 0))
    seen = images[:, 8:232] / 255  # the central square
    seen = (seen - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        logits = small(ROWS[name].network).eval()(torch.from_numpy(seen.transpose(0, 3, 1, 2)).float())
    probabilities = logits.double().softmax(1).numpy()
    expected = [-np.log(probabilities[:, group].mean(axis=1)) for group in members().values()]
    np.testing.assert_allclose(loss[:, :, 0], np.transpose(expected), rtol=1e-4)
    assert model.packages == ("torch", "torchvision")


def test_images_are_resized_cropped_and_scaled():
    images = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)
    seen = Preprocessing(resize=40, resolution=30, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))(images)
    expected = (images[:, 5:35, 5:35] / 255 - [0.1, 0.2, 0.3]) / [0.4, 0.5, 0.6]
    np.testing.assert_allclose(seen, expected.transpose(0, 3, 1, 2), atol=1e-6)
    assert Preprocessing(resolution=24)(images).shape == (2, 3, 24, 24)
    sides = [Preprocessing(*sizes).side for sizes in ((), (30,), (30, 40))]
    assert sides == [224, 30, 40]
    row = observer(**CHECKPOINT, resize=40, resolution=30, mean=[0.1, 0.2, 0.3], std=[0.4, 0.5, 0.6])
    assert Preprocessing.of(row) == Preprocessing(30, 40, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))


def test_channels_of_wide_networks():
    torch.manual_seed(0)
    network, usual = WideResNet50().eval(), torchvision.models.resnet50().eval()
    usual.load_state_dict(network.state_dict())
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network(images), usual(images))
    with torch.device("meta"):
        wide = WideResNet50(width=4).state_dict()
    for name, tensor in network.state_dict().items():
        outer = 3 if name == "conv1.weight" else None  # colours stay three, classes 1000
        shape = [size if place and outer else 4 * size for place, size in enumerate(tensor.shape[:2])]
        if name.startswith("fc."):
            shape[0] = 1000
        assert list(wide[name].shape[:2]) == shape


@pytest.mark.parametrize("name", FROM["torchvision"])
def test_torchvision_has_the_weights(name):
    url = network_weights.torchvision_weights(name, ROWS[name]).url
    assert re.fullmatch(r"https://download.pytorch.org/models/[\w.-]+-[0-9a-f]{8,10}\.pth", url)


@pytest.mark.parametrize("name", FROM["timm"])
def test_timm_has_the_weights(name):
    found = timm.get_pretrained_cfg(ROWS[name].network)
    assert found.hf_hub_id in (f"timm/{ROWS[name].network}", "timm/")
    assert found.num_classes == 1000


@pytest.mark.parametrize("name", FROM["checkpoint"])
def test_tensors_of_a_checkpoint_are_renamed(name, server, tmp_path):
    """Files as their authors made them, of a smaller network."""
    folder, address, _ = server
    small_one = {"library": "torchvision", "network": "shufflenet_v2_x0_5", "settings": NetworkSettings()}
    row, network = ROWS[name].model_copy(update=small_one), small()
    state = network.state_dict()
    for file in row.files:
        kept = state
        if file.place:
            kept = {key: value for key, value in state.items() if key.startswith("fc.")}
        elif len(row.files) == 2:
            kept = {key: value for key, value in state.items() if not key.startswith("fc.")}
        prefixes = {"(module\\.)?encoder\\.": "module.encoder.", "module\\.model\\.": "module.model."}
        prefix = prefixes.get(file.prefix, "")
        saved = {prefix + key.removeprefix(file.place or ""): value for key, value in kept.items()}
        if prefix:
            saved["module.head.weight"] = torch.zeros(2)
        place = folder / file.url.removeprefix("https://").partition("?")[0]
        place.parent.mkdir(parents=True, exist_ok=True)
        torch.save({file.key: saved, "epoch": 90}, place)
    found, identity = network_weights.load_network(name, row, mirror=address)
    assert same(found, network)
    hashes = identity["weights"] if len(row.files) > 1 else [identity["weights"]]
    assert len(hashes) == len(row.files) and all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes)
    place.unlink()
    assert same(network_weights.load_network(name, row, mirror=address)[0], network)  # it is kept


def test_weights_of_torchvision_are_checked_by_their_name(server, tmp_path, monkeypatch):
    folder, address, _ = server
    torch.save(small().state_dict(), tmp_path / "file")
    digest = file_hash(tmp_path / "file")
    (folder / "download.pytorch.org").mkdir()
    row = ROWS["shufflenet_v2_x0_5"]
    for begin in (digest[:8], 8 * "f"):
        url = f"https://download.pytorch.org/network-{begin}.pth"
        monkeypatch.setattr(network_weights, "torchvision_weights", lambda *_, url=url: SimpleNamespace(url=url))
        (folder / url.removeprefix("https://")).write_bytes((tmp_path / "file").read_bytes())
        if begin == digest[:8]:
            found, identity = network_weights.load_network("tiny", row, mirror=address)
            assert same(found, small()) and identity["weights"] == digest
        else:
            with pytest.raises(InputError, match=f"tiny: weights .* have sha256 {digest[:8]}, .* expects {begin}"):
                network_weights.load_network("tiny", row, mirror=address)


def test_weights_of_timm_come_from_the_hub(tmp_path, monkeypatch):
    commit = tmp_path / "snapshots" / ("a" * 40)
    commit.mkdir(parents=True)
    save_file(small().state_dict(), commit / "model.safetensors")
    asked = []

    def download(*source, revision):
        asked.append((*source, revision))
        return str(commit / "model.safetensors")

    monkeypatch.setattr(hub, "hf_hub_download", download)
    row = observer(
        family="discriminative", source="timm", library="torchvision", network="shufflenet_v2_x0_5", revision="main"
    )
    found, identity = network_weights.load_network("tiny", row)
    assert same(found, small()) and identity["revision"] == "a" * 40
    assert asked == [("timm/shufflenet_v2_x0_5", "model.safetensors", "main")]


def test_unavailable_weights_are_an_error(server, monkeypatch):
    _, address, _ = server
    with pytest.raises(InputError, match=r"^resnet18: https://download.pytorch.org/.*: the server says 404"):
        network_weights.load_network("resnet18", ROWS["resnet18"], mirror=address)
    with pytest.raises(InputError, match=r"^pirl-resnet-50: https://www.dropbox.com/.*: the server says 404"):
        network_weights.load_network("pirl-resnet-50", ROWS["pirl-resnet-50"], mirror=address)

    def nothing(*_, **__):
        raise huggingface_hub.errors.LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(hub, "hf_hub_download", nothing)
    with pytest.raises(InputError, match=r"^vit-s: timm/vit_small_patch16_224.augreg_in1k is not available"):
        network_weights.load_network("vit-s", ROWS["vit-s"])


TORCHVISION = {
    "family": "discriminative", "source": "torchvision", "network": "resnet18", "weights": "IMAGENET1K_V1",
}  # fmt: skip


def packaged(package):
    """A row whose weights are a file of a package."""
    return CHECKPOINT | {"source": "package", "files": [{"package": package, "file": "a.pth", "sha256": None}]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (TORCHVISION | {"network": "resnet51"}, "torchvision cannot build 'resnet51'"),
        (TORCHVISION | {"settings": {"width": 2}}, "torchvision cannot build 'resnet18'"),
        (TORCHVISION | {"weights": "V9"}, "torchvision has no weights 'V9' of 'resnet18'"),
        (ROW, "no file is given as its weights"),
        (packaged("no_such_package"), "package no_such_package, which has its weights, is not installed"),
        (packaged("timm"), r"weights .*a.pth cannot be read .No such file"),
    ],
)
def test_faulty_rows_are_errors(row, message):
    with pytest.raises(InputError, match=f"^tiny: {message}"):
        network_weights.load_network("tiny", observer(**row))


LOCAL = {"family": "discriminative", "library": "torchvision", "network": "shufflenet_v2_x0_5"}


@pytest.mark.parametrize(
    "row",
    [
        {"source": "checkpoint", "files": [{"path": "mine.pth"}]},
        {"source": "torchvision", "weights": "mine.pth"},
        {"source": "timm", "weights": "mine.pth"},
    ],
)
def test_weights_may_be_a_file_relative_to_the_projects_root(row, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    torch.save(small().state_dict(), tmp_path / "mine.pth")
    digest = file_hash(tmp_path / "mine.pth")
    found, identity = network_weights.load_network("tiny", observer(**LOCAL | row))
    assert same(found, small()) and identity["weights"] == digest
    sha256 = {"sha256": "0" * 64}
    checked = {"files": [row["files"][0] | sha256]} if "files" in row else sha256
    with pytest.raises(InputError, match=f"^tiny: weights .*mine.pth have sha256 {digest}, the registry expects 000"):
        network_weights.load_network("tiny", observer(**LOCAL | row | checked))


def test_files_that_do_not_exist_are_errors():
    for row in ({"source": "checkpoint", "files": [{"path": "no.pth"}]}, {"source": "timm", "weights": "no.pth"}):
        with pytest.raises(InputError, match=r"^tiny: there is no file .*/no.pth, which the row names as weights"):
            network_weights.load_network("tiny", observer(**LOCAL | row))
    with pytest.raises(
        InputError, match=r"^tiny: torchvision has no weights 'no.pth' of .*, and there is no such file"
    ):
        network_weights.load_network("tiny", observer(**LOCAL, source="torchvision", weights="no.pth"))
