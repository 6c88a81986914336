"""ImageNet's classes in the 16 categories, and decisions that rest on them."""

import csv
import re

import numpy as np
import pytest
import torch
from timm.data import ImageNetInfo
from torchvision.models._meta import _IMAGENET_CATEGORIES as NAMES

from generative_classifiers.models.classifiers.classifier import category_losses
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.imagenet_classes import members

# By torchvision's names, all but birds and dogs.
CLASSES = {
    "airplane": "airliner",
    "bear": "brown bear, American black bear, ice bear, sloth bear",
    "bicycle": "bicycle-built-for-two, mountain bike",
    "boat": "canoe, fireboat, lifeboat, speedboat, yawl",
    "bottle": "beer bottle, pill bottle, pop bottle, water bottle, water jug, whiskey jug, wine bottle",
    "car": "beach wagon, convertible, sports car",
    "cat": "tabby, tiger cat, Persian cat, Siamese cat, Egyptian cat, cougar",
    "chair": "barber chair, folding chair, rocking chair, throne",
    "clock": "analog clock, digital clock, wall clock",
    "elephant": "Indian elephant, African elephant",
    "keyboard": "computer keyboard, typewriter keyboard",
    "knife": "cleaver",
    "oven": "rotisserie",
    "truck": "fire engine, garbage truck, minivan, moving van, pickup, police van, tow truck, trailer truck",
}
# The first and last of ImageNet's runs of birds and dogs, and those in between that were left out.
RUNS = {
    "bird": (
        [("cock", "great grey owl"), ("black grouse", "black swan"), ("white stork", "albatross")],
        "cock, ostrich, jay, kite, peacock, quail, partridge, drake, crane bird, albatross",
    ),
    "dog": (
        [("Chihuahua", "Mexican hairless")],
        "Chihuahua, cairn, Lhasa, kelpie, boxer, dalmatian, Samoyed, chow, Cardigan",
    ),
}


def numbers(names):
    """Numbers of classes, given by their names in torchvision."""
    return [NAMES.index(name) for name in names.split(", ")]


def test_categories_share_no_class():
    classes = [number for group in members().values() for number in group]
    assert list(members()) == list(CATEGORIES)
    assert len(classes) == len(set(classes)) == 207 and set(classes) < set(range(1000))
    assert all(group == sorted(group) for group in members().values())


@pytest.mark.parametrize("category", CATEGORIES)
def test_classes_have_the_expected_names(category):
    if category in CLASSES:
        expected = numbers(CLASSES[category])
    else:
        runs, without = RUNS[category]
        runs = [range(NAMES.index(first), NAMES.index(last) + 1) for first, last in runs]
        expected = {number for run in runs for number in run} - set(numbers(without))
    assert members()[category] == sorted(expected)


def test_classes_include_those_of_the_images_that_humans_saw(mirror_folder):
    synsets = ImageNetInfo().label_names()
    ours = {(synsets[number], category) for category, group in members().items() for number in group}
    seen = set()
    for path in mirror_folder.rglob("*subject*.csv"):
        with path.open(newline="") as handle:
            rows = csv.DictReader(handle)
            found = ((re.search(r"_(n\d{8})_\d+\.", row["imagename"]), row["category"]) for row in rows)
            seen |= {(name[1], category) for name, category in found if name}
    assert seen <= ours and len(seen) > 200


def test_equal_logits_give_equal_losses():
    answers = category_losses(torch.zeros(2, 1000), members().values())
    np.testing.assert_allclose(answers, np.log(1000), rtol=1e-6)
    assert answers.dtype == torch.float32


@pytest.mark.parametrize("scale", [1, 30])
def test_decisions_are_those_of_mean_probabilities(scale):
    """Compared with probabilities in float64 by numpy. Sums instead of means would give other decisions."""
    logits = np.random.default_rng(0).standard_normal((500, 1000)).astype(np.float32) * scale
    exponentials = np.exp(logits.astype(np.float64))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    means = np.stack([probabilities[:, group].mean(axis=1) for group in members().values()], axis=1)
    answers = category_losses(torch.from_numpy(logits), members().values()).numpy()
    np.testing.assert_allclose(answers, -np.log(means), rtol=1e-5)
    np.testing.assert_array_equal(answers.argmin(axis=1), means.argmax(axis=1))
    sums = np.stack([probabilities[:, group].sum(axis=1) for group in members().values()], axis=1)
    assert (sums.argmax(axis=1) != means.argmax(axis=1)).any()


@pytest.mark.parametrize("category", CATEGORIES)
def test_certain_class_decides_for_its_category(category):
    logits = torch.full((len(members()[category]), 1000), -200.0)
    logits[range(len(logits)), members()[category]] = 200.0
    answers = category_losses(logits, members().values())
    assert (answers.argmin(dim=1) == CATEGORIES.index(category)).all() and answers.isfinite().all()
