"""A small trial: `limit` restricts a study to the first images of each condition and category."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any


def first_images(names: Sequence[str], groups: Iterable[object], limit: int, example: str | None = None) -> list[int]:
    """Numbers of the first images of each group.

    Parameters
    ----------
    names : sequence of str
        Of the images; they decide which are the first.
    groups : iterable
        To which group each image belongs.
    limit : int
        How many images of each group to take, if it has so many.
    example : str, optional
        The name of an image that comes before all others.

    Returns
    -------
    list of int
        In rising order.

    Examples
    --------
    >>> first_images(["cat2.png", "cat1.png", "cat3.png", "dog1.png"], ["cat", "cat", "cat", "dog"], 1)
    [1, 3]
    """
    members = defaultdict(list)
    for number, group in enumerate(groups):
        members[group].append(number)
    ranked = [sorted(group, key=lambda number: (names[number] != example, names[number])) for group in members.values()]
    return sorted(number for group in ranked for number in group[:limit])


def taking_part(study, dataset: str, names: Iterable[object], images: Any) -> list[int]:
    """Numbers of a dataset's images that take part in a study: all, or the first of each condition and category.

    The category of a cue conflict is its shape. The stimulus of the example images is the first of its category.

    Parameters
    ----------
    study : study.study.Study
    dataset : str
    names : iterable of str
        Of all images.
    images : pandas.DataFrame or xarray.Dataset
        `condition` and `category` of each image.

    Returns
    -------
    list of int
        In rising order.
    """
    texts = [str(name) for name in names]
    if study.limit is None:
        return list(range(len(texts)))
    conditions, categories = (map(str, images[key].values) for key in ("condition", "category"))
    groups = zip(conditions, categories, strict=True)
    return first_images(texts, groups, study.limit, study.example_of(dataset))
