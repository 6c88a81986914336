"""An independent, slow implementation of the metrics: loops over trials, without the library.

It also has what the tests of the metrics share: the published decisions, read without the library's reader, and small
made-up decisions.
"""

import csv
import os
from itertools import combinations
from math import nan
from pathlib import Path
from statistics import fmean

import numpy as np
import xarray as xr

CATEGORIES = [
    "airplane", "bear", "bicycle", "bird", "boat", "bottle", "car", "cat",
    "chair", "clock", "dog", "elephant", "keyboard", "knife", "oven", "truck",
]  # fmt: skip
NONPARAMETRIC = ("sketch", "stylized", "edge", "silhouette", "cue-conflict")
CONDITIONS = {
    "colour": "cr bw",
    "contrast": "c100 c50 c30 c15 c10 c05 c03 c01",
    "high-pass": "inf 3 1.5 1 0.7 0.55 0.45 0.4",
    "low-pass": "0 1 3 5 7 10 15 40",
    "phase-scrambling": "0 30 60 90 120 150 180",
    "power-equalisation": "0 pow",
    "false-colour": "true false",
    "rotation": "0 90 180 270",
    "eidolonI": "1-10-10 2-10-10 4-10-10 8-10-10 16-10-10 32-10-10 64-10-10 128-10-10",
    "eidolonII": "1-3-10 2-3-10 4-3-10 8-3-10 16-3-10 32-3-10 64-3-10 128-3-10",
    "eidolonIII": "1-0-10 2-0-10 4-0-10 8-0-10 16-0-10 32-0-10 64-0-10 128-0-10",
    "uniform-noise": "0.00 0.03 0.05 0.10 0.20 0.35 0.60 0.90",
    **dict.fromkeys(NONPARAMETRIC, "all"),
}
EXCLUDED = {
    "colour": "cr",
    "contrast": "c100 c03 c01",
    "high-pass": "inf 0.55 0.45 0.4",
    "low-pass": "0 15 40",
    "phase-scrambling": "0 150 180",
    "power-equalisation": "0",
    "false-colour": "true",
    "rotation": "0",
    "eidolonI": "1-10-10 64-10-10 128-10-10",
    "eidolonII": "1-3-10 32-3-10 64-3-10 128-3-10",
    "eidolonIII": "1-0-10 16-0-10 32-0-10 64-0-10 128-0-10",
    "uniform-noise": "0.00 0.60 0.90",
}
CONDITIONS = {dataset: names.split() for dataset, names in CONDITIONS.items()}
EXCLUDED = {dataset: names.split() for dataset, names in EXCLUDED.items()}

MIRROR = (
    Path(os.environ.get("GENERATIVE_CLASSIFIERS_SHARED", Path(__file__).parents[2] / "shared")) / "mirror/github.com"
)
# Folders of texture-vs-shape with the networks of the three datasets that it shares with model-vs-human.
EXPERIMENTS = {
    "cue-conflict": "style-transfer-512-nomask-experiment",
    "edge": "edge-experiment",
    "silhouette": "silhouette-filled-experiment",
}


def published_trials(dataset):
    """Published decisions: observer -> image -> (response, category, condition)."""
    trials = {}
    for owner in ("bethgelab", "TizianThieringer"):
        for path in sorted(MIRROR.glob(f"{owner}/model-vs-human/raw/*/raw-data/{dataset}/*.csv")):
            with path.open(newline="") as file:
                trials[next(csv.DictReader(file))["subj"]] = _read(path, dataset)
    for suffix, ending in {"-geirhos2019": "", "-geirhos2019-pytorch": "-trained-CNNs"}.items():
        experiment = EXPERIMENTS.get(dataset, "none")
        folder = f"rgeirhos/texture-vs-shape/raw/*/raw-data/{experiment}{ending}"
        for path in sorted(MIRROR.glob(f"{folder}/*.csv")):
            name = path.stem.removeprefix(f"{experiment}_").split("_session")[0]
            trials[name + suffix] = _read(path, dataset)
    if dataset == "cue-conflict":
        for path in sorted(MIRROR.glob("paulgavrikov/vlm_shapebias/raw/*/raw-data/**/*.csv")):
            trials[f"{path.stem}-gavrikov2024"] = _read_predictions(path)
    return trials


def _read_predictions(path):
    with path.open(newline="") as file:
        rows = {row["image"]: row["pred_label"] for row in csv.DictReader(file)}
    assert len(rows) == 1280, path
    return {f"{image}.png": (label, image.split("-")[0].rstrip("0123456789"), "all") for image, label in rows.items()}


def _read(path, dataset):
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    trials = {}
    for row in rows:
        parts = row["imagename"].split("_")
        image = "_".join(parts[-2:]) if len(parts) > 1 and parts[-2].startswith("n0") else parts[-1]
        condition = "all" if dataset in NONPARAMETRIC else row["condition"]
        trials[image] = (row["object_response"], row["category"], condition)
    assert len(trials) == len(rows), path
    return trials


def texture(image):
    """Texture category of a cue conflict: airplane1-bicycle2.png has a bicycle's."""
    return "".join(letter for letter in image.split("-")[-1].removesuffix(".png") if not letter.isdigit())


def decisions_of(dataset, trials, is_reference=lambda name: name.startswith("subject-")):
    """Decisions dataset by the contract, from trials as `published_trials` gives them."""
    observers, images = list(trials), sorted(next(iter(trials.values()), {}))
    response = np.full((len(observers), len(images)), -1, np.int8)
    for row, observer in enumerate(observers):
        assert trials[observer].keys() == set(images), (dataset, observer)
        for column, image in enumerate(images):
            answer = trials[observer][image][0]
            response[row, column] = CATEGORIES.index(answer) if answer in CATEGORIES else -1
    of_image = [trials[observers[0]][image] for image in images]
    coords = {
        "observer": np.array(observers, str),
        "category": CATEGORIES,
        "family": ("observer", ["human" if is_reference(name) else "published" for name in observers]),
        "is_reference": ("observer", np.array([is_reference(name) for name in observers], bool)),
        "name": ("image", np.array(images, str)),
        "true_category": ("image", np.array([category for _, category, _ in of_image], str)),
        "condition": ("image", np.array([condition for _, _, condition in of_image], str)),
    }
    if dataset == "cue-conflict":
        coords["texture_category"] = ("image", np.array([texture(image) for image in images], str))
    return xr.Dataset({"response": (("observer", "image"), response)}, coords, {"dataset": dataset})


def right(trials, observer, dataset, condition):
    """Image -> whether the observer is right, or None where it did not see the dataset."""
    if observer not in trials[dataset]:
        return None
    seen = trials[dataset][observer].items()
    return {image: answer == category for image, (answer, category, where) in seen if where == condition}


def naive_accuracy(trials):
    """(observer, dataset, condition) -> (accuracy, n, in_benchmark)."""
    rows = {}
    for dataset, by_observer in trials.items():
        for observer in by_observer:
            for condition in CONDITIONS[dataset]:
                answers = right(trials, observer, dataset, condition)
                kept = condition not in EXCLUDED.get(dataset, [])
                rows[observer, dataset, condition] = (
                    sum(answers.values()) / len(answers),
                    len(answers),
                    kept,
                )
    return rows


def naive_consistency(trials):
    """(two observers, dataset, condition) -> (observed, expected, kappa)."""
    rows = {}
    for dataset, by_observer in trials.items():
        for condition in CONDITIONS[dataset]:
            answers = {name: right(trials, name, dataset, condition) for name in by_observer}
            for a, b in combinations(by_observer, 2):
                both = [(answers[a][image], answers[b][image]) for image in answers[a]]
                observed = sum(x == y for x, y in both) / len(both)
                p, q = (sum(answers[name].values()) / len(both) for name in (a, b))
                expected = p * q + (1 - p) * (1 - q)
                kappa = 1.0 if observed == 1.0 else (observed - expected) / (1 - expected)
                rows[frozenset((a, b)), dataset, condition] = (observed, expected, kappa)
    return rows


def naive_shape_bias(trials, reference):
    """(observer, category) -> (shape, texture, shape_bias)."""
    counts, subjects = {}, [name for name in trials if name.startswith("subject-")]
    for observer in trials:
        for category in [*CATEGORIES, "all"]:
            shape = by_texture = 0
            for image, (answer, truth, _) in trials[observer].items():
                if category in (truth, "all") and texture(image) != truth:
                    shape += answer == truth
                    by_texture += answer == texture(image)
            counts[observer, category] = (shape, by_texture, shape / (shape + by_texture))
    for category in [*CATEGORIES, "all"]:
        rows = [counts[subject, category] for subject in subjects]
        shape, by_texture = sum(row[0] for row in rows), sum(row[1] for row in rows)
        counts[reference, category] = (shape, by_texture, shape / (shape + by_texture))
        counts[f"{reference}-mean", category] = tuple(fmean(column) for column in zip(*rows, strict=True))
    return counts


def naive_benchmark(trials, reference):
    """Observer -> (datasets, OOD accuracy, difference, observed, kappa, mean rank, accuracy rank).

    An observer with one dataset of several has no row.
    """
    accuracies, pairs = naive_accuracy(trials), naive_consistency(trials)
    models = list(dict.fromkeys(n for d in trials for n in trials[d] if not n.startswith("subject-")))
    rows = {}
    for name in [reference, *models]:
        averages = []
        for dataset in trials:
            people = [n for n in trials[dataset] if n.startswith("subject-")]
            if name == reference:
                group, compared = people, list(combinations(people, 2))
            elif name in trials[dataset]:
                group, compared = [name], [(name, human) for human in people]
            else:
                continue
            averages.append(_one_dataset(trials, dataset, group, compared, accuracies, pairs))
        if len(averages) > 1 or len(averages) == len(trials):
            rows[name] = [len(averages), *(fmean(column) for column in zip(*averages, strict=True)), nan, nan]
    ranked = [name for name in rows if name != reference and rows[name][0] == len(trials)]
    for name in ranked:

        def place(column, sign, name=name):
            values = [sign * rows[other][column] for other in ranked]
            return (
                sum(v < sign * rows[name][column] for v in values) + (values.count(sign * rows[name][column]) + 1) / 2
            )

        rows[name][5:] = [fmean([place(2, 1), place(3, -1), place(4, -1)]), place(1, -1)]
    return rows


def _one_dataset(trials, dataset, group, compared, accuracies, pairs):
    kept = [condition for condition in CONDITIONS[dataset] if condition not in EXCLUDED.get(dataset, [])]
    pooled = [x for name in group for c in kept for x in right(trials, name, dataset, c).values()]
    difference, observed, kappa = [], [], []
    for a, b in compared:
        both = [(accuracies[a, dataset, c][0], accuracies[b, dataset, c][0]) for c in kept]
        difference.append(fmean((x - y) ** 2 for x, y in both))
        observed.append(fmean(pairs[frozenset((a, b)), dataset, c][0] for c in kept))
        kappa.append(fmean(pairs[frozenset((a, b)), dataset, c][2] for c in kept))
    return sum(pooled) / len(pooled), fmean(difference), fmean(observed), fmean(kappa)
