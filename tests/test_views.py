"""Views: what an observer with a view sees and decides, against scipy's and Pillow's own results."""

from copy import deepcopy

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from scipy.ndimage import gaussian_filter

from conftest import ROOT
from generative_classifiers.decisions.from_evidence import responses
from generative_classifiers.draws.levels import single
from generative_classifiers.evidence import job
from generative_classifiers.evidence.cache import entry_path, related_sources
from generative_classifiers.evidence.cost_plan import forecast
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.known import KnownEvidence
from generative_classifiers.evidence.request import request_evidence
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import read
from generative_classifiers.stimuli.views import seen_through
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.load import load
from generative_classifiers.study.views import View
from study_documents import SMALL, content

VIEWS = {"blurred-4": View(low_pass=4), "blurred-16": View(low_pass=16), "small-64": View(resize=64)}
NOTHING = View(low_pass=0)


def pixels(images=12, side=112):
    return np.random.default_rng(1).integers(0, 256, (images, side, side, 3), np.uint8)


def blurred(image, sigma):
    """scipy's blur, channel by channel."""
    channels = [gaussian_filter(image[..., one].astype(float), sigma, mode="reflect", truncate=4.0) for one in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


def resized(image, side):
    """Pillow's resizing, there and back."""
    whole = Image.fromarray(image)
    return np.array(whole.resize((side, side), Image.BICUBIC).resize(whole.size, Image.BICUBIC))


def independent(view, image):
    return resized(image, view.resize) if view.resize else blurred(image, view.low_pass * len(image) / 224)


class Prototypes:
    """A model whose loss is the distance of an image to one that stands for the category. It counts its evaluations."""

    family, batch_size, reconstructs, packages, reconstruction_layout = "discriminative", 64, False, (), None

    def __init__(self, side=112):
        self.identity, self.provenance = {"family": self.family}, {}
        self.categories = CATEGORIES
        self.prompts = {name: name for name in CATEGORIES}
        noise = np.random.default_rng(2).normal(size=(len(CATEGORIES), side, side, 3))
        both = noise + 4 * gaussian_filter(noise, (0, 2, 2, 0))
        self.prototype, self.evaluations = both - both.mean(axis=(1, 2, 3), keepdims=True), 0

    def draws(self, count, seed, rule="golden"):
        return single(seed)

    def evaluate(self, images, names, draws, reconstruct=None, wanted=None):
        self.evaluations += len(images)
        return -np.einsum("iyxc,kyxc->ik", images / 255 - 0.5, self.prototype)[..., None].astype(np.float32), None


def stimuli(images):
    names = np.array([f"{number:02}.png" for number in range(len(images))])
    coords = {"name": ("image", names), "condition": ("image", ["all"] * len(images))}
    return xr.Dataset(
        {"image": (("image", "y", "x", "channel"), images)}, coords | {"category": ("image", ["cat"] * len(images))}
    )


def decide(cache, model, images, view=None):
    """The evidence of a model with a view, and its decisions."""
    request = request_evidence(model, stimuli(images), observer="prototypes", dataset="edge", view=view)
    entry = Entry.create(entry_path(cache, request), request, 5)
    job.fill(
        entry,
        model,
        stimuli(images),
        request,
        KnownEvidence(request, related_sources(cache, request)),
        progress=False,
    )
    evidence = read(entry.path)
    return evidence, responses(evidence)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("side", [112, 224])
def test_views_are_scipys_blur_and_pillows_resizing(name, side):
    images, view = pixels(3, side), VIEWS[name]
    np.testing.assert_array_equal(seen_through(view, images), [independent(view, image) for image in images])


@pytest.mark.parametrize("name", VIEWS)
def test_decisions_with_a_view_are_those_on_images_that_were_changed_beforehand(name, tmp_path):
    images = pixels()
    _, found = decide(tmp_path, Prototypes(), images, VIEWS[name])
    changed = np.stack([independent(VIEWS[name], image) for image in images])
    _, expected = decide(tmp_path, Prototypes(), changed)
    np.testing.assert_array_equal(found, expected)
    assert (found != decide(tmp_path, Prototypes(), images)[1]).any()


def test_evidence_with_a_view_has_an_identity_of_its_own_and_names_the_unchanged_images(tmp_path):
    images = pixels()
    plain, viewed = (decide(tmp_path, Prototypes(), images, view)[0] for view in (None, VIEWS["blurred-4"]))
    assert viewed.attrs["identity"] != plain.attrs["identity"]
    assert "low_pass" in str(viewed.attrs["view"]) and "view" not in plain.attrs
    np.testing.assert_array_equal(viewed["image_hash"], plain["image_hash"])


def test_a_view_that_changes_nothing_evaluates_nothing_again(tmp_path):
    model, images = Prototypes(), pixels()
    first, _ = decide(tmp_path, model, images)
    evaluations = model.evaluations
    again, _ = decide(tmp_path, model, images, NOTHING)
    assert model.evaluations == evaluations
    xr.testing.assert_identical(first, again)


def test_a_size_that_is_not_smaller_is_an_error_before_anything_is_evaluated(tmp_path):
    model = Prototypes(64)
    with pytest.raises(InputError, match="on edge: the view resizes to 64 pixels; expected less than the images' 64"):
        decide(tmp_path, model, pixels(2, 64), VIEWS["small-64"])
    assert model.evaluations == 0


def test_every_model_with_every_view_is_an_observer(documents, load_small):
    documents[SMALL]["views"] = {"blurred-4": {"low_pass": 4}, "small-16": {"resize": 16}}
    documents[SMALL]["evidence"] |= {"exhaustive": {"cue-conflict": 8}}
    study = load_small()
    plain = ["miniature-diffusion", "miniature-cnn", "miniature-cnn-noise"]
    assert study.models == [*plain, *(f"{name}@{view}" for view in ("blurred-4", "small-16") for name in plain)]
    assert study.observers["miniature-cnn@blurred-4"].label == "CNN, blur 4"
    assert study.without_noise["miniature-cnn-noise@small-16"] == "miniature-cnn@small-16"
    assert study.made_weights("miniature-cnn@small-16") == study.made_weights("miniature-cnn")
    settings = {name: study.evidence_settings(name, "cue-conflict") for name in study.models}
    assert settings["miniature-cnn@blurred-4"]["observer"] == study.decisive("miniature-cnn") | {
        "view": {"low_pass": 4.0}
    }
    assert [settings[f"miniature-diffusion{view}"]["draws"] for view in ("", "@small-16")] == [8, 2]
    planned = forecast(study).set_index(["observer", "dataset"])["draws"]
    assert planned["miniature-diffusion"].to_dict() == {"colour": 2, "edge": 2, "cue-conflict": 8}
    assert set(planned["miniature-diffusion@small-16"]) == {2}


@pytest.mark.parametrize(
    ("views", "message"),
    [
        ({"blurred": {}}, "views.blurred.low_pass: expected either this key or resize"),
        ({"blurred": {"low_pass": 4, "resize": 8}}, "views.blurred.low_pass: expected either this key or resize"),
        ({"blurred": {"low_pass": -1}}, "views.blurred.low_pass: expected at least 0, found -1"),
        ({"Blurred": {"low_pass": 4}}, "views.Blurred: expected a name of lower-case letters"),
    ],
)
def test_faults_of_views_are_named(documents, load_small, views, message):
    documents[SMALL]["views"] = views
    with pytest.raises(InputError, match=message):
        load_small()


def test_lab_has_the_world_and_the_simulated_observers_of_the_miniature():
    lab, miniature = (deepcopy(content(f"studies/{name}.yaml")) for name in ("lab", "miniature"))
    numbers = [study["world"].pop("images") for study in (lab, miniature)]
    assert (lab["world"], lab["simulated"]) == (miniature["world"], miniature["simulated"])
    assert numbers[0] | {"parametric": 16} == numbers[1]  # more images in the bands of noise


def test_low_pass_has_eight_views():
    study = load({"study": "low-pass"}, ROOT)
    assert len(study.settings.views) == 8 and len(study.models) == 3 * 9
