"""What models of image tokens share: the families autoregressive and masked."""

import torch
from torch.nn import functional

# Logits in float32 at once: they are many times the activations behind them.
LOGITS = 2**26


def tokens_of(images, tokenise):
    """Tokens (image, ...) of images (image, 3, y, x), each image by itself.

    Rounding differs with an image's company in a batch, and could turn a token into another one.
    """
    return torch.cat([tokenise(image) for image in images.split(1)])


def negative_log_likelihood(logits, tokens):
    """What each token costs, float32 whatever the precision of the logits.

    Parameters
    ----------
    logits : torch.Tensor
        (pair, code, ...)
    tokens : torch.Tensor
        (pair, ...)

    Returns
    -------
    torch.Tensor
        Of the tokens' shape, in nats.
    """
    part = max(1, LOGITS // logits[0].numel())
    parts = zip(logits.split(part), tokens.split(part), strict=True)
    return torch.cat([functional.cross_entropy(some.float(), true, reduction="none") for some, true in parts])
