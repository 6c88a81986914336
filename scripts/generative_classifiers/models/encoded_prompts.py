"""Prompts, encoded for a network."""

from collections.abc import Mapping

import torch

from generative_classifiers.io.errors import InputError


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
