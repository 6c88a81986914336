"""What models of image tokens share: tokens of images, and what tokens cost."""

from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

# Logits that are float32 at the same time. They take many times the memory of the activations behind them.
MAX_LOGITS = 2**26


def tokenise_singly(images: torch.Tensor, tokenise: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Tokens of images, each image by itself.

    Rounding depends on the other images of a batch, and could turn a token into another one.

    Parameters
    ----------
    images : torch.Tensor
        (image, 3, y, x).
    tokenise : callable
        Of one image (1, 3, y, x); returns its tokens (1, ...).

    Returns
    -------
    torch.Tensor
        (image, ...).
    """
    return torch.cat([tokenise(image) for image in images.split(1)])


def evaluations_at_once(logits_each: int) -> int:
    """How many evaluations have at most `MAX_LOGITS` together; at least one."""
    return max(1, MAX_LOGITS // logits_each)


def negative_log_likelihood(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """What each token costs: -log p(token), in float32 whatever the precision of the logits.

    Parameters
    ----------
    logits : torch.Tensor
        (evaluation, code, ...).
    tokens : torch.Tensor
        (evaluation, ...).

    Returns
    -------
    torch.Tensor
        Of the tokens' shape, in nats.

    Examples
    --------
    >>> negative_log_likelihood(torch.zeros(1, 4), torch.tensor([2])).exp()
    tensor([4.])
    """
    size = evaluations_at_once(logits[0].numel())
    costs = []
    for logits_part, tokens_part in zip(logits.split(size), tokens.split(size), strict=True):
        by_token = logits_part.float().movedim(1, -1).flatten(0, -2)  # a softmax over the last axis is the fastest
        costs.append(cross_entropy(by_token, tokens_part.flatten(), reduction="none").view_as(tokens_part))
    return torch.cat(costs)
