"""The losses of a model for some images: all of them, or only those that pruning asks for."""

from itertools import pairwise

import numpy as np

from generative_classifiers.io.errors import InputError


def score_images(model, images, names, draws, known=None, *, reconstruct=None, kept=None, pruning=None, title=""):
    """Evaluate images, in several stages if categories are dropped in between.

    Parameters
    ----------
    model : models.base.Model or None
        Not needed if all losses are known.
    images : numpy.ndarray
        uint8 (image, y, x, channel).
    names : list of str
        (image,).
    draws : Draws
    known : dict of str to numpy.ndarray, optional
        What need not be evaluated: `loss` (image, category, draw), NaN where it is not known, and `reconstruction`.
    reconstruct : int, optional
        Number of the draw whose reconstructions are wanted.
    kept : Draws, optional
        That draw, if it is not one of `draws`.
    pruning : pruning.PruningTest, optional
        Says when categories are dropped; without it every category gets every draw.
    title : str
        Beginning of error messages.

    Returns
    -------
    dict of str to numpy.ndarray
        `loss` float32 (image, category, draw), NaN where these settings spare the evaluation, even if it is known;
        `reconstruction` if it was asked for.

    Raises
    ------
    InputError
        A loss is not finite.
    """
    known = known or {}
    loss = np.array(known["loss"]) if "loss" in known else _unknown(len(names), len(model.categories), len(draws))
    reconstruction = known.get("reconstruction")
    candidates = np.ones(loss.shape[:2], bool)
    for stage in _stages(pruning, len(draws)):
        losses = loss[:, :, stage]  # a view
        losses[~candidates] = np.nan
        missing = candidates[..., None] & np.isnan(losses)
        unpainted = reconstruction is None and reconstruct in draws.number[stage]
        if missing.any() or unpainted:
            new, painted = _evaluate(
                model, images, names, draws[stage], reconstruct if unpainted else None, missing, title
            )
            losses[missing] = new[missing]
            reconstruction = painted if unpainted else reconstruction
        if pruning and stage.stop < len(draws):
            survivors = pruning.survivors(loss[:, :, : stage.stop], candidates, draws, len(draws))
            candidates = survivors & _is_undecided(survivors)
    if kept is not None and reconstruction is None:
        nothing = np.zeros((*loss.shape[:2], 1), bool)
        _, reconstruction = model.evaluate(images, names, kept, reconstruct, nothing)
    return {"loss": loss} if reconstruction is None else {"loss": loss, "reconstruction": reconstruction}


def _unknown(*shape):
    return np.full(shape, np.nan, np.float32)


def _stages(pruning, count):
    """Slices of the draws that are evaluated one after the other."""
    stops = pruning.looks(count) if pruning else [count]
    return [slice(start, stop) for start, stop in pairwise([0, *stops])]


def _evaluate(model, images, names, draws, reconstruct, missing, title):
    """Losses (image, category, draw) at least where they are missing, and reconstructions or None."""
    wanted = None if missing.all() else missing
    loss, reconstruction = model.evaluate(images, names, draws, reconstruct, wanted)
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
