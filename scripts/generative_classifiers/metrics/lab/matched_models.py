"""S7: which factor makes the difference?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from generative_classifiers.decisions.same_losses import decisions_under
from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.io.errors import InputError
from generative_classifiers.metrics.lab.dose_response import CLEAN, LEAST_ACCURACY, UNDISTORTED
from generative_classifiers.metrics.lab.mixed_logistic import fit
from generative_classifiers.metrics.lab.variants import next_to_reference
from generative_classifiers.metrics.resampling import BOUND, LEVEL, interval
from generative_classifiers.metrics.shape_bias import resampled_bias

WEIGHTING, PLAIN, SIMPLE = "weighting", "the study's", "simple"
RANDOM = ("model", "image")
COMPARED = "noise", "objective"
QUANTILES = (1 - LEVEL) / 2, (1 + LEVEL) / 2


def matched_models(
    decisions: xr.Dataset,
    clean: xr.Dataset,
    losses: Mapping[str, xr.Dataset],
    levels: Mapping[str, Mapping[str, str]],
    reference: str,
) -> xr.Dataset:
    """What part of the variance of decisions for the shape each factor of a model's training explains.

    Parameters
    ----------
    decisions, clean : xarray.Dataset
        On cue conflicts, and on the dataset that has undistorted images.
    losses : dict of str to xarray.Dataset
        Evidence of diffusion models on cue conflicts that has all losses. Each of the matched models among them takes
        part a second time under the weighting `simple`.
    levels : dict of str to dict of str to str
        The level of each factor, by model. Effects are those of a level instead of the first model's.
    reference : str
        Name of the reference group.

    Returns
    -------
    xarray.Dataset
        Dimension observer: `shape_bias` with its interval by resampling images, `accuracy_clean`, and `tested`, whether
        this is at least .30; only such models are in what follows. Dimension term: `effect` in log-odds of a decision
        for the shape, with its interval. Dimension factor: `share` of the variance of the linear predictor, with its
        interval; the last two are the random effects of the model and of the image. Without dimension: `difference`,
        the share of noise minus that of the objective. Each is the median of the posterior distribution.

    Notes
    -----
    The share of a factor is the variance over models of what its levels add, divided by the variance of the whole
    linear predictor. Factors that go together, as noise and diffusion do, share variance, so that the shares need not
    add up to 1. No share is negative; so the interval of a factor without any effect begins a little above 0.

    Raises
    ------
    InputError
        No more than one model has enough accuracy.
    """
    levels = {name: {**row, WEIGHTING: PLAIN} for name, row in levels.items()}
    joined = decisions.sel(observer=decisions["is_reference"].values | np.isin(decisions["observer"], list(levels)))
    accuracy = _accuracy(clean, list(levels))
    for name in [name for name in levels if name in losses]:
        again = f"{name}-{SIMPLE}"
        joined = xr.concat([joined, _under_simple(decisions, losses[name], again)], dim="observer")
        levels[again], accuracy[again] = {**levels[name], WEIGHTING: SIMPLE}, accuracy[name]
    tested = {name: accuracy[name] >= LEAST_ACCURACY for name in levels}
    kept = [name for name, enough in tested.items() if enough]
    if len(kept) < 2:
        raise InputError(f"expected several matched models with an accuracy of at least {LEAST_ACCURACY} on {CLEAN}")
    bias = resampled_bias(joined, reference).sel(observer=list(levels))
    found = xr.Dataset(
        {
            "shape_bias": ("observer", bias.values[0]),
            "shape_bias_interval": (("observer", "bound"), interval(bias.values)),
            "accuracy_clean": ("observer", [accuracy[name] for name in levels]),
            "tested": ("observer", [tested[name] for name in levels]),
        },
        {
            "observer": list(levels),
            "family": ("observer", joined["family"].sel(observer=list(levels)).values),
            "is_reference": ("observer", [False] * len(levels)),
            **BOUND,
        },
        {"reference": reference},
    )
    return found.merge(_explained(joined, {name: levels[name] for name in kept}))


def _accuracy(clean, names):
    """Accuracy on undistorted images, by observer."""
    cell = clean.isel(image=clean["condition"].values == UNDISTORTED).sel(observer=names)
    right = cell["response"].values == cell.indexes["category"].get_indexer(cell["true_category"].values)
    return dict(zip(names, right.mean(axis=1).tolist(), strict=True))


def _under_simple(decisions, evidence, name):
    """Decisions from the same losses under the weighting `simple`."""
    arrays = [evidence[key].values for key in ("time", "alpha", "sigma")]
    response = decisions_under(evidence, level_weighting(*arrays, SIMPLE)[None])
    return next_to_reference(decisions, evidence, response, [name]).sel(observer=[name])


def _explained(decisions, levels):
    """Effects and shares of variance of the factors of some models."""
    terms, design = design_of(levels)
    model, image, follows = _cues(decisions.sel(observer=list(levels)))
    posterior = fit(follows, design, model, image)
    by_factor = {
        factor: [number for number, (one, _) in enumerate(terms) if one == factor] for factor in dict(terms) if factor
    }
    parts = {factor: np.var(_part(design, posterior, numbers), axis=1) for factor, numbers in by_factor.items()}
    parts |= dict(zip(RANDOM, np.square(posterior.spread).T, strict=True))
    fixed = np.var(_part(design, posterior, range(1, len(terms))), axis=1)
    shares = {factor: part / (fixed + np.square(posterior.spread).sum(axis=1)) for factor, part in parts.items()}
    first, second = (shares.get(factor, np.full(len(fixed), np.nan)) for factor in COMPARED)
    effects = posterior.coefficients[:, 1:].T
    return xr.Dataset(
        {
            **_summary("effect", ("term",), effects),
            **_summary("share", ("factor",), np.stack(list(shares.values()))),
            **_summary("difference", (), first - second),
        },
        {
            "term": [f"{factor}: {level}" for factor, level in terms[1:]],
            "factor": list(shares),
            **BOUND,
        },
    )


def design_of(levels: Mapping[str, Mapping[str, str]]) -> tuple[list[tuple[str, str]], np.ndarray]:
    """The columns of a design, an intercept and indicators of all levels that are not the first model's.

    Examples
    --------
    >>> design_of({"cnn": {"noise": "none"}, "unet": {"noise": "diffusion"}})
    ([('', ''), ('noise', 'diffusion')], array([[1., 0.],
           [1., 1.]]))

    Raises
    ------
    InputError
        A level always goes together with others, so that no effect is its own.
    """
    table = pd.DataFrame(levels).T
    columns = {("", ""): np.ones(len(table))}
    for factor in table:
        for level in dict.fromkeys(table[factor]):
            if level != table[factor].iloc[0]:
                columns[factor, level] = (table[factor] == level).to_numpy(float)
                if np.linalg.matrix_rank(np.stack(list(columns.values()), axis=1)) < len(columns):
                    models = ", ".join(levels)
                    raise InputError(f"{factor}: {level}: goes together with other levels among the models {models}")
    return list(columns), np.stack(list(columns.values()), axis=1)


def _cues(decisions):
    """Decisions for either cue: numbers of the model and image, and whether each follows the shape."""
    shape, texture = (
        decisions.indexes["category"].get_indexer(decisions[cue].values)
        for cue in ("true_category", "texture_category")
    )
    response = decisions["response"].values
    follows = (response == shape) & (shape != texture)
    model, image = np.nonzero(follows | ((response == texture) & (shape != texture)))
    return model, np.unique(image, return_inverse=True)[1], follows[model, image].astype(float)


def _part(design, posterior, numbers):
    """What some columns add to the linear predictor, (draw, model)."""
    numbers = list(numbers)
    return posterior.coefficients[:, numbers] @ design[:, numbers].T


def _summary(name, dims, draws):
    """The median and the interval of draws (…, draw), as variables."""
    bounds = np.moveaxis(np.quantile(draws, QUANTILES, axis=-1), 0, -1)
    return {name: (dims, np.median(draws, axis=-1)), f"{name}_interval": ((*dims, "bound"), bounds)}
