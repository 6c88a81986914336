"""What networks predict, as one denoised image x̂: each from x_t = alpha x + sigma eps and the prediction."""

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


# By the names that diffusers' schedulers have for them.
PARAMETRISATIONS = {
    "epsilon": from_epsilon,
    "v_prediction": from_v,
    "sample": from_sample,
    "flow_prediction": from_flow,
}


def parametrisation(prediction_type, source):
    """The function (prediction, noised, alpha, sigma) -> x̂ for a scheduler's `prediction_type`."""
    if prediction_type not in PARAMETRISATIONS:
        known = ", ".join(PARAMETRISATIONS)
        raise InputError(f"{source}: its scheduler's prediction_type is {prediction_type!r}, expected one of {known}")
    return PARAMETRISATIONS[prediction_type]
