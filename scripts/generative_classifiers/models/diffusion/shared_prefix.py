"""What a U-Net does before it first asks for the prompt: once for all categories of a noised image."""

from contextlib import contextmanager
from contextvars import ContextVar

import torch
from diffusers import Transformer2DModel, UNet2DConditionModel

# Which rows of a batch are computed, and which of these each row of the batch is; for threads share a network.
_ROWS = ContextVar("rows", default=None)


def prefix(network):
    """Modules before the first cross-attention.

    Parameters
    ----------
    network : torch.nn.Module

    Returns
    -------
    list of torch.nn.Module
        In their order; empty where the prompt is in the embedding of time or class, or from the start beside the
        image.
    """
    if not isinstance(network, UNet2DConditionModel):
        return []
    config = network.config
    if config.addition_embed_type or config.class_embed_type or config.num_class_embeds:
        return []
    found = [network.conv_in]
    for block in network.down_blocks:
        if getattr(block, "has_cross_attention", False):
            return [*found, block.resnets[0], *_before_prompt(block.attentions[0])]
        found.append(block)
    return found


def _before_prompt(attention):
    """Modules of a transformer before its first cross-attention."""
    if not isinstance(attention, Transformer2DModel):
        return []
    layer = attention.transformer_blocks[0]
    alone = [] if layer.only_cross_attention else [layer.norm1, layer.attn1]
    return [attention.norm, attention.proj_in, *alone]


def share(network):
    """Make a network compute its prefix once for what `samples` says is the same; without that nothing changes.

    Parameters
    ----------
    network : torch.nn.Module
    """
    for module in prefix(network):
        module.register_forward_pre_hook(_reduce, with_kwargs=True)
        module.register_forward_hook(_repeat)


@contextmanager
def samples(sample, first):
    """Say which rows of a batch are the same but for their prompts.

    Parameters
    ----------
    sample, first : torch.Tensor
        As of `batches.Batch`.
    """
    token = _ROWS.set((first, sample) if len(first) < len(sample) else None)
    try:
        yield
    finally:
        _ROWS.reset(token)


@torch.compiler.disable
def _reduce(module, args, kwargs):
    if rows := _ROWS.get():
        return _take(args, rows[0]), {name: _take(value, rows[0]) for name, value in kwargs.items()}
    return None


@torch.compiler.disable
def _repeat(module, args, output):
    rows = _ROWS.get()
    return _take(output, rows[1]) if rows else None


def _take(value, rows):
    """Rows of a tensor, or of each tensor of a tuple."""
    if isinstance(value, tuple):
        return tuple(_take(part, rows) for part in value)
    return value[rows] if isinstance(value, torch.Tensor) else value
