"""How reconstructions are kept: as pixels, or as the latents or tokens that a decoder turns into pixels."""

from typing import NamedTuple


class ReconstructionLayout(NamedTuple):
    """How the reconstruction of one image under one category is kept.

    Attributes
    ----------
    name : {"reconstruction", "reconstruction_latent", "reconstruction_token"}
        Of the array in stores of evidence.
    dtype : str
    dims : dict of str to int
        Lengths of its dimensions.
    decoder : str or None
        SHA-256 of the decoder that turns it into pixels; None if it is pixels.
    """

    name: str
    dtype: str
    dims: dict[str, int]
    decoder: str | None = None


def pixel_layout(side: int) -> ReconstructionLayout:
    """Pixels of a square image.

    Examples
    --------
    >>> pixel_layout(64).dims
    {'y': 64, 'x': 64, 'channel': 3}
    """
    return ReconstructionLayout("reconstruction", "uint8", {"y": side, "x": side, "channel": 3})


def latent_layout(channels: int, side: int, decoder: str | None = None) -> ReconstructionLayout:
    """Latents of a VAE, so many channels and so many values along a side."""
    dims = {"latent_channel": channels, "latent_y": side, "latent_x": side}
    return ReconstructionLayout("reconstruction_latent", "float16", dims, decoder)


def token_layout(side: int, decoder: str | None = None) -> ReconstructionLayout:
    """Tokens of a VQ model, so many along a side."""
    return ReconstructionLayout("reconstruction_token", "uint16", {"token_y": side, "token_x": side}, decoder)
