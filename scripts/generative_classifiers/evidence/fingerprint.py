"""What evidence depends on, and its fingerprint."""

import hashlib
import json

import numpy as np

from generative_classifiers.evidence.layout import as_strings

BATCH = 32  # images that are hashed at once


def content_hash(stimuli):
    """SHA-256 of everything that stimuli contain: pixels and coordinates.

    Parameters
    ----------
    stimuli : xarray.Dataset

    Returns
    -------
    str
        Hexadecimal.
    """
    # xarray counts the images among the coordinates, because the variable has the name of its dimension.
    coords = {name: as_strings(stimuli[name]) for name in sorted(stimuli.variables) if name != "image"}
    digest = hashlib.sha256(json.dumps([coords, dict(stimuli["image"].sizes)]).encode())
    for start in range(0, stimuli.sizes["image"], BATCH):
        digest.update(np.ascontiguousarray(stimuli["image"][start : start + BATCH].values))
    return digest.hexdigest()


def decisive_settings(model, stimuli, *, seed, times, reconstruct, shard, pruning):
    """Everything that the losses depend on.

    Parameters
    ----------
    model : models.base.Model
    stimuli : xarray.Dataset
    seed, times, reconstruct, shard, pruning
        As for `job.compute_evidence`.

    Returns
    -------
    dict
        Plain data.
    """
    settings = {
        **model.identity,
        "seed": seed,
        "times": times,
        "reconstruct": reconstruct,
        "shard": shard,
        "stimuli": content_hash(stimuli),
    }
    return settings | ({"pruning": pruning.identity} if pruning else {})


def fingerprint(settings):
    """SHA-256 of settings. A store is continued or used again only if its fingerprint is the same.

    Parameters
    ----------
    settings : dict
        Plain data.

    Returns
    -------
    str
        Hexadecimal.

    Examples
    --------
    >>> fingerprint({"seed": 0, "times": "golden"}) == fingerprint({"times": "golden", "seed": 0})
    True
    """
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
