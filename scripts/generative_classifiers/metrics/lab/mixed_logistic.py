"""A mixed logistic model with two crossed random effects, by Laplace's approximation.

Given the two standard deviations, the coefficients and random effects have a mode, around which their posterior
distribution is nearly normal. This gives the likelihood of the standard deviations, too (Tierney & Kadane 1986). They
are integrated over a grid, so that the intervals of the coefficients allow for what is not known of the spread between
models (Rue et al. 2009).

BinomialBayesMixedGLM of statsmodels has the same model. Its variational approximation treats coefficients and random
effects as independent of each other. So its intervals of coefficients ignore most of the spread between models.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit

from generative_classifiers.io.random_numbers import generator

# Standard deviations of the priors: normal for coefficients, half-normal for the random effects' standard deviations.
COEFFICIENT, SPREAD = 3.0, 1.0
DRAWS = 4000
MODEL_GRID = np.log(np.geomspace(0.02, 2.0, 14))  # of the models' standard deviation
IMAGE_GRID = np.linspace(-0.2, 0.2, 5)  # around the mode of the images', in logarithms
STEPS, TOLERANCE = 50, 1e-6


class Posterior(NamedTuple):
    """Draws from the posterior distribution.

    Attributes
    ----------
    coefficients : numpy.ndarray
        (draw, coefficient).
    spread : numpy.ndarray
        Standard deviations of the models' and of the images' effects, (draw, 2).
    """

    coefficients: np.ndarray
    spread: np.ndarray


def fit(follows: np.ndarray, design: np.ndarray, model: np.ndarray, image: np.ndarray) -> Posterior:
    """Fit logit P(follows) = design[model] · coefficients + effect of the model + effect of the image.

    Parameters
    ----------
    follows : numpy.ndarray
        0 or 1, (decision,).
    design : numpy.ndarray
        (model, coefficient).
    model, image : numpy.ndarray
        int (decision,): which model decided on which image.

    Returns
    -------
    Posterior
    """
    conditional = _Conditional(follows, design, model, image)
    found = minimize(
        lambda place: -conditional.at(place).log_density,
        np.log([0.3, 1.0]),
        method="Nelder-Mead",
        options={"xatol": 0.05, "fatol": 0.02, "initial_simplex": np.log([[0.3, 1.0], [0.6, 1.0], [0.3, 1.5]])},
    )
    places = [np.array([one, found.x[1] + other]) for one in MODEL_GRID for other in IMAGE_GRID]
    nodes = [conditional.at(place) for place in places]
    log_density = np.array([node.log_density for node in nodes])
    share = np.exp(log_density - log_density.max())
    rng = generator("mixed logistic")
    chosen = rng.choice(len(nodes), DRAWS, p=share / share.sum())
    coefficients = np.empty((DRAWS, design.shape[1]))
    for number in np.unique(chosen):
        here = np.flatnonzero(chosen == number)
        standard = rng.standard_normal((len(here), design.shape[1]))
        root = np.linalg.cholesky(nodes[number].covariance)
        coefficients[here] = nodes[number].coefficients + standard @ root.T
    return Posterior(coefficients, np.exp(np.array(places))[chosen])


class _Node(NamedTuple):
    """The posterior distribution given the standard deviations, and how likely these are."""

    log_density: float
    coefficients: np.ndarray
    covariance: np.ndarray


class _Conditional:
    """The model as a function of the logarithms of its two standard deviations."""

    def __init__(self, follows, design, model, image):
        rows, self.follows = np.arange(len(follows)), follows
        self.sizes = design.shape[1], len(design), image.max() + 1
        indicators = [
            csr_matrix((np.ones(len(rows)), (rows, column)), shape=(len(rows), size))
            for column, size in ((model, self.sizes[1]), (image, self.sizes[2]))
        ]
        self.design = hstack([csr_matrix(design[model]), *indicators]).tocsr()
        self.last = np.zeros(sum(self.sizes))  # where the next search begins

    def at(self, place):
        spread = np.exp(place)
        precision = np.repeat([COEFFICIENT**-2, *spread**-2.0], self.sizes)
        mode, factor = self._mode(precision)
        predictor = self.design @ mode
        likelihood = self.follows @ predictor - np.logaddexp(0, predictor).sum()
        laplace = np.log(precision).sum() / 2 - np.log(np.diag(factor[0])).sum()
        prior = place.sum() - np.square(spread / SPREAD).sum() / 2  # of the logarithms
        count = self.sizes[0]
        covariance = cho_solve(factor, np.eye(len(mode))[:, :count])[:count]
        return _Node(likelihood - precision @ mode**2 / 2 + laplace + prior, mode[:count], covariance)

    def _mode(self, precision):
        """The most likely coefficients and effects, by Newton's method, and the factor of the Hessian there."""
        mode = self.last
        for _ in range(STEPS):
            expected = expit(self.design @ mode)
            gradient = self.design.T @ (self.follows - expected) - precision * mode
            weighted = self.design.multiply((expected * (1 - expected))[:, None]).tocsr()
            factor = cho_factor((self.design.T @ weighted).toarray() + np.diag(precision))
            step = cho_solve(factor, gradient)
            mode = mode + step
            if np.abs(step).max() < TOLERANCE:
                break
        self.last = mode
        return mode, factor
