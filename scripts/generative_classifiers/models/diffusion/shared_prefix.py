"""The part of a U-Net before its first use of the prompt, computed once for all categories of a noised image.

Hooks on the modules of that part do the sharing, so that diffusers' own code runs unchanged.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import torch
from diffusers import Transformer2DModel, UNet2DConditionModel


class _Rows(NamedTuple):
    """Which rows of a batch are computed, and which of these results each row of the batch gets."""

    first: torch.Tensor
    noised: torch.Tensor


# A context variable, since threads share a network.
_ROWS: ContextVar[_Rows | None] = ContextVar("rows", default=None)


def prefix(network):
    """Modules before the first cross-attention.

    Parameters
    ----------
    network : torch.nn.Module

    Returns
    -------
    list of torch.nn.Module
        In their order. Empty if the prompt enters earlier: with the embedding of the time or class, or as a part of
        the sequence that the network sees.
    """
    if not isinstance(network, UNet2DConditionModel):
        return []
    config = network.config
    if config.addition_embed_type or config.class_embed_type or config.num_class_embeds:
        return []
    modules = [network.conv_in]
    for block in filter(None, (*network.down_blocks, network.mid_block, *network.up_blocks)):
        if getattr(block, "has_cross_attention", False):
            return [*modules, block.resnets[0], *_before_prompt(block.attentions[0])]
        modules.append(block)
    return modules


def _before_prompt(attention):
    """Modules of a transformer before its first cross-attention."""
    if not isinstance(attention, Transformer2DModel):
        return []
    layer = attention.transformer_blocks[0]
    self_attention = [] if layer.only_cross_attention else [layer.norm1, layer.attn1]
    return [attention.norm, attention.proj_in, *self_attention]


def share(network):
    """Make a network compute its prefix once per noised image, within the context of `noised_images`.

    Parameters
    ----------
    network : torch.nn.Module
    """
    for module in prefix(network):
        module.register_forward_pre_hook(_select, with_kwargs=True)
        module.register_forward_hook(_repeat)


@contextmanager
def noised_images(first, noised):
    """Say which rows of a batch are the same noised image, under different prompts.

    Parameters
    ----------
    first, noised : torch.Tensor
        The indices of `models.batches.Batch`.
    """
    token = _ROWS.set(_Rows(first, noised) if len(first) < len(noised) else None)
    try:
        yield
    finally:
        _ROWS.reset(token)


@torch.compiler.disable
def _select(module, args, kwargs):
    """Leave one row per noised image in a module's input."""
    if rows := _ROWS.get():
        return _index(args, rows.first), {name: _index(value, rows.first) for name, value in kwargs.items()}
    return None


@torch.compiler.disable
def _repeat(module, args, output):
    """Give each row of the batch the output of its noised image."""
    rows = _ROWS.get()
    return _index(output, rows.noised) if rows else None


def _index(value, rows):
    """Rows of a tensor, or of each tensor of a tuple; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(_index(part, rows) for part in value)
    return value[rows] if isinstance(value, torch.Tensor) else value
