"""What the names of the benchmark's images and files mean."""

import re
from pathlib import Path

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES

# The part after the last `_`, or the last two parts when the one before starts with `n0` (a WordNet id).
IMAGE = re.compile(r"(?:^|_)(n0[^_]*_[^_]*|[^_]*)$")
# The part after the last `-`, without digits and the file's ending: `cat` of `bird3-cat2.png`.
TEXTURE = re.compile(r"[^-]*$")

# The columns of a file of decisions (Geirhos et al. 2021, github.com/bethgelab/model-vs-human).
COLUMNS = ("subj", "session", "trial", "rt", "object_response", "category", "condition", "imagename")

# Datasets whose images have the texture of another category than that of their shape: the benchmark's, and the lab's.
CUE_CONFLICT, TEXTURED_CONFLICTS = "cue-conflict", "cue-conflict-textures"
CUE_CONFLICTS = (CUE_CONFLICT, TEXTURED_CONFLICTS)


def image_name(imagename):
    """The image that a trial's `imagename` shows.

    Parameters
    ----------
    imagename : str
        For example `0001_cl_s01_bw_boat_40_n02951358_5952.png`.

    Returns
    -------
    str
        For example `n02951358_5952.png`.
    """
    return IMAGE.search(imagename)[1]


def texture_category(image):
    """The category whose texture a cue-conflict image has.

    Parameters
    ----------
    image : str
        For example `bird3-cat2.png`.

    Returns
    -------
    str
        For example `cat`.

    Raises
    ------
    InputError
        If the name says no category.
    """
    texture = re.sub(r"\d|\..*", "", TEXTURE.search(image)[0])
    if "-" not in image or texture not in CATEGORIES:
        raise InputError(f"image {image}: expected <shape><n>-<texture><n>.png, texture one of the categories")
    return texture


def texture_coords(dataset, images):
    """The coordinate that only cue conflicts have, as keywords of `assign_coords`.

    Parameters
    ----------
    dataset : str
    images : iterable of str
        Names of images.

    Returns
    -------
    dict
        `texture_category`, on dim image; empty for the other datasets.
    """
    if dataset not in CUE_CONFLICTS:
        return {}
    return {"texture_category": ("image", [texture_category(image) for image in images])}


def answers_file(folder, dataset, observer):
    """Where model-vs-human's folder has the answers of one observer: a model's name has no _ there.

    Parameters
    ----------
    folder : Path
    dataset, observer : str

    Returns
    -------
    Path
    """
    return Path(folder) / dataset / f"{dataset}_{observer.replace('_', '-')}_session-1.csv"


def subjects_files(folder, dataset):
    """The files of all subjects in a folder such as model-vs-human's.

    Parameters
    ----------
    folder : Path
    dataset : str

    Returns
    -------
    dict of str to Path
        By subject, in the order of the names.
    """
    pattern = re.compile(rf"{re.escape(dataset)}_([^_]+)_session[-_]1\.csv")
    names = {path: pattern.fullmatch(path.name) for path in sorted((Path(folder) / dataset).glob("*.csv"))}
    return {name[1]: path for path, name in names.items() if name}
