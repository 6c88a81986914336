"""The decisions of all observers on the same images, side by side."""

from collections import defaultdict

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.benchmark_names import texture_coords
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.families import FAMILIES

SAID = ["category", "condition"]  # of an image


def gather_decisions(dataset, answers, families):
    """Lay the decisions of all observers side by side.

    Parameters
    ----------
    dataset : str
    answers : dict of str to Answers
        By observer.
    families : dict of str to str
        By observer.

    Returns
    -------
    xarray.Dataset
        `response` (observer, image): index into `category`, -1 for no answer. For each image `name`, `condition`,
        `true_category`, and `texture_category` for cue-conflict. For each observer `family` and `is_reference`.

    Raises
    ------
    InputError
        The observers did not see the same images: as `images_seen`.
    """
    images = images_seen(answers.values())
    responses = np.stack([one.in_order_of(images.index) for one in answers.values()])
    family = np.array([families[observer] for observer in answers])
    return xr.Dataset(
        {"response": (("observer", "image"), responses)},
        coords={
            "observer": np.array(list(answers)),
            "family": ("observer", family),
            "is_reference": ("observer", [FAMILIES[name].is_reference for name in family]),
            "name": ("image", images.index.to_numpy(str)),
            "condition": ("image", images["condition"].to_numpy(str)),
            "true_category": ("image", images["category"].to_numpy(str)),
            "category": np.array(CATEGORIES),
            **texture_coords(dataset, images.index),
        },
        attrs={"dataset": dataset},
    )


def evidence_of(decisions):
    """The evidence that decisions rest on, for the attributes of what is computed from them.

    Parameters
    ----------
    decisions : iterable of xarray.Dataset
        Stores of decisions.

    Returns
    -------
    dict of str to str
        By observer, the identities of its evidence: one, unless it differs between datasets.
    """
    identities = defaultdict(set)
    for one in decisions:
        for observer, identity in decode_attributes(one.attrs).get("evidence", {}).items():
            identities[observer].add(identity)
    return {observer: " ".join(sorted(found)) for observer, found in sorted(identities.items())}


def images_seen(answers):
    """The images that observers saw, which must be the same for all of them.

    Parameters
    ----------
    answers : iterable of Answers

    Returns
    -------
    pandas.DataFrame
        Category and condition (str) by the name of the image, sorted by name.

    Raises
    ------
    InputError
        An observer did not see the images that most observers saw, or saw one with another category or in another
        condition. The message names the file and the image.
    """
    answers = list(answers)
    usual = _usual_images(answers)
    for one in answers:
        _check_images(one, usual)
    return usual


def _usual_images(answers):
    """Category and condition of the images that at least half of the observers saw, as most of them saw each."""
    seen = pd.concat([one.images[SAID] for one in answers]).rename_axis("name").reset_index()
    versions = seen.groupby(["name", *SAID], sort=False).size()
    usual = versions[versions.groupby("name").transform("sum") >= len(answers) / 2]
    usual = usual.sort_values(ascending=False, kind="stable").index.to_frame(index=False)
    return usual.drop_duplicates("name").set_index("name").rename_axis(None).sort_index()


def _check_images(answers, usual):
    """Raise InputError unless an observer saw the usual images."""
    expected = usual.reindex(answers.images.index)  # missing where the image is not a usual one
    is_other = (expected != answers.images[SAID]).to_numpy().any(axis=1)
    if is_other.any():
        trial = int(is_other.argmax())
        name, found = answers.images.index[trial], answers.images[SAID].iloc[trial]
        where = f"{answers.place(trial)}: image {name}"
        if name not in usual.index:
            raise InputError(f"{where} is unexpected: other observers did not see it")
        raise InputError(f"{where} is {', '.join(found)}; with other observers it is {', '.join(usual.loc[name])}")
    missing = ~usual.index.isin(answers.images.index)
    if missing.any():
        name = usual.index[missing.argmax()]
        raise InputError(f"{answers.source}: image {name} is missing; expected it as {', '.join(usual.loc[name])}")
