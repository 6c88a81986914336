"""Prompts, encoded for a network."""

from collections.abc import Mapping
from typing import Any

import torch

from generative_classifiers.io.errors import InputError


def check_length(observer: str, tokenizer: Any, encoder: Any) -> None:
    """Check that prompts are cut and padded to a length that CLIP's text encoder takes.

    Parameters
    ----------
    observer : str
        For messages.
    tokenizer : transformers.PreTrainedTokenizerBase
    encoder : transformers.PreTrainedModel

    Raises
    ------
    InputError
        Also if the tokenizer's configuration has no length, since it is enormous then.
    """
    length, most = tokenizer.model_max_length, encoder.config.max_position_embeddings
    if not 3 <= length <= most:  # with the tokens for beginning and end
        raise InputError(f"{observer}: model_max_length of its tokenizer is {length:.4g}, expected 3 to {most} tokens")


def check_distinct(observer: str, prompts: Mapping[str, str], conditioning: Mapping[str, torch.Tensor]) -> None:
    """Check that the categories' prompts remain different when they are encoded.

    Parameters
    ----------
    observer : str
        For messages.
    prompts : dict of str to str
        By category.
    conditioning : dict of str to torch.Tensor
        The encoded prompts, (category, ...), by name.

    Raises
    ------
    InputError
        Two prompts are encoded as the same, so that no loss could tell their categories apart.
    """
    categories: dict[tuple[bytes, ...], str] = {}
    for index, category in enumerate(prompts):
        encoded = tuple(tensor[index].float().cpu().numpy().tobytes() for tensor in conditioning.values())
        other = categories.setdefault(encoded, category)
        if other != category:
            raise InputError(
                f"{observer}: its text encoder cannot tell the prompts of {other!r} and {category!r} apart: "
                f"{prompts[other]!r}, {prompts[category]!r}"
            )
