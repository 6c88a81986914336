"""The losses of a model for some images: all of them, or only those that pruning asks for."""

from itertools import pairwise

import numpy as np

from generative_classifiers.io.errors import InputError


def score_images(model, images, names, draws, *, reconstruct=None, pruning=None, stored=None, title=""):
    """Evaluate images, in several stages if categories are dropped in between.

    Parameters
    ----------
    model : models.base.Model
    images : numpy.ndarray
        uint8 (image, y, x, channel).
    names : list of str
        (image,).
    draws : Draws
    reconstruct : int, optional
        Number of the draw whose reconstructions are wanted.
    pruning : pruning.PruningTest, optional
        Says when categories are dropped; without it every category gets every draw.
    stored : dict of str to numpy.ndarray, optional
        The arrays that another store has for these images, of fewer or more draws. What it has is not evaluated again.
    title : str
        Beginning of error messages.

    Returns
    -------
    dict of str to numpy.ndarray
        `loss` float32 (image, category, draw), NaN where not evaluated; `reconstruction` if it was asked for.

    Raises
    ------
    InputError
        A loss is not finite.
    """
    stored = stored or {}
    loss = _stored_losses(stored, len(names), len(model.categories), len(draws))
    reconstruction = stored.get("reconstruction")
    candidates = np.ones(loss.shape[:2], bool)
    for stage in _stages(pruning, len(draws), stored):
        known = loss[:, :, stage]  # a view of the losses
        known[~candidates] = np.nan  # the other store may have dropped these categories later
        missing = candidates[..., None] & np.isnan(known)
        if missing.any():
            new, painted = _evaluate(model, images, names, draws[stage], reconstruct, missing, title)
            known[missing] = new[missing]
            reconstruction = reconstruction if painted is None else painted
        if pruning and stage.stop < len(draws):
            survivors = pruning.survivors(loss[:, :, : stage.stop], candidates, draws[: stage.stop], len(draws))
            candidates = survivors & _is_undecided(survivors)
    return {"loss": loss} if reconstruction is None else {"loss": loss, "reconstruction": reconstruction}


def _stored_losses(stored, images, categories, draws):
    """Losses (image, category, draw) as far as they are stored; NaN elsewhere."""
    loss = np.full((images, categories, draws), np.nan, np.float32)
    if stored:
        shared = stored["loss"][:, :, :draws]
        loss[:, :, : shared.shape[2]] = shared
    return loss


def _stages(pruning, count, stored):
    """Slices of the draws that are evaluated one after the other."""
    if pruning:
        stops = pruning.looks(count)
    elif stored:
        stops = [min(stored["loss"].shape[2], count), count]
    else:
        stops = [count]
    return [slice(start, stop) for start, stop in pairwise([0, *stops])]


def _evaluate(model, images, names, draws, reconstruct, missing, title):
    """Losses (image, category, draw) at least where they are missing, and reconstructions or None."""
    if missing.all():
        loss, reconstruction = model.evaluate(images, names, draws, reconstruct)
    else:
        loss, reconstruction = model.evaluate(images, names, draws, reconstruct, wanted=missing)
    _check_finite(loss, missing, names, title)
    return loss, reconstruction


def _check_finite(loss, evaluated, names, title):
    """Raise InputError if a loss overflowed: a NaN in the store would say that it was not evaluated."""
    wrong = (evaluated & ~np.isfinite(loss)).any(axis=(1, 2))
    if wrong.any():
        name = names[wrong.argmax()]
        raise InputError(
            f"{title}: a loss of image {name} is not finite; expected weights and a dtype that keep it finite"
        )


def _is_undecided(candidates):
    """Whether more than one category of an image can still win, bool (image, 1)."""
    return candidates.sum(axis=1, keepdims=True) > 1
