"""ImageNet's classes by the 16 categories that they belong to."""

from functools import cache

import yaml

from generative_classifiers.io.paths import REGISTRY

MAPPING = REGISTRY / "imagenet.yaml"


@cache
def members():
    """ImageNet's classes of each category (Geirhos et al. 2018).

    Returns
    -------
    dict of str to list of int
        Numbers of classes, from 0 to 999. Most classes belong to no category.
    """
    return yaml.safe_load(MAPPING.read_text())
