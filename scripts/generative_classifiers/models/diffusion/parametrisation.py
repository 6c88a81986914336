"""Parametrisations: the denoised image x̂ from the noised image, alpha x + sigma eps, and the network's prediction."""

from generative_classifiers.io.errors import InputError


def from_epsilon(prediction, noised, alpha, sigma):
    """The network predicts eps."""
    return (noised - sigma * prediction) / alpha


def from_v(prediction, noised, alpha, sigma):
    """The network predicts v = alpha eps - sigma x, with alpha² + sigma² = 1 (arXiv 2202.00512)."""
    return alpha * noised - sigma * prediction


def from_sample(prediction, noised, alpha, sigma):
    """The network predicts x."""
    return prediction


def from_flow(prediction, noised, alpha, sigma):
    """The network predicts eps - x, with alpha = 1 - t and sigma = t (arXiv 2210.02747)."""
    return noised - sigma * prediction


# By their names in the schedulers of diffusers.
PARAMETRISATIONS = {
    "epsilon": from_epsilon,
    "v_prediction": from_v,
    "sample": from_sample,
    "flow_prediction": from_flow,
}


def parametrisation(prediction_type, observer):
    """The denoising function of a scheduler's `prediction_type`.

    Parameters
    ----------
    prediction_type : str
    observer : str
        For messages.

    Returns
    -------
    callable
        Of prediction, noised, alpha and sigma; returns x̂.

    Raises
    ------
    InputError
        The type is unknown.
    """
    if prediction_type not in PARAMETRISATIONS:
        expected = ", ".join(PARAMETRISATIONS)
        raise InputError(
            f"{observer}: its scheduler's prediction_type is {prediction_type!r}, expected one of {expected}"
        )
    return PARAMETRISATIONS[prediction_type]
