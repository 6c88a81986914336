"""Smaller batches where memory runs out."""

import sys

import torch
from tqdm import tqdm

from generative_classifiers.io.errors import InputError


def within_memory(model, work, what):
    """Do some work with a model. Each time memory runs out, halve its batch size and start the work again.

    The batch size stays halved afterwards. A result is always computed with batches of one size, which moves losses
    by 1e-4 at most.

    Parameters
    ----------
    model : models.base.Model
    work : callable
        Without arguments.
    what : str
        Observer and dataset, for messages.

    Returns
    -------
    object
        What the work returns.

    Raises
    ------
    InputError
        There is no memory for a single evaluation.
    """
    while True:
        try:
            return work()
        except torch.OutOfMemoryError:
            pass  # the error keeps tensors alive, so memory is freed only after this block
        if model.batch_size == 1:
            raise InputError(f"{what}: {model.device} has too little memory for a single evaluation")
        model.batch_size //= 2
        torch.cuda.empty_cache()
        tqdm.write(f"{what}: out of memory, continuing with batches of {model.batch_size}", file=sys.stderr)
