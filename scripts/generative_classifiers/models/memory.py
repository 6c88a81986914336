"""As many evaluations at once as there is memory for."""

import sys

import torch
from tqdm import tqdm

from generative_classifiers.io.errors import InputError


def within_memory(model, work, what):
    """Do work of a model; where memory runs out halve its batches, for good, and begin the work anew.

    So whatever the work gives is made with batches of one size. Where another size is asked for, the same memory ends
    with the same size, and other losses than those of the size that was asked for by 1e-4 at most.

    Parameters
    ----------
    model : models.base.Model
    work : callable
        Of nothing.
    what : str
        Observer and dataset, for messages.

    Returns
    -------
    object
        What the work gives.

    Raises
    ------
    InputError
        There is no memory for one evaluation.
    """
    while True:
        try:
            return work()
        except torch.OutOfMemoryError:
            pass  # what the error holds on to is only free when it is gone
        if model.batch_size == 1:
            raise InputError(f"{what}: {model.device} has no memory for a single evaluation at a time")
        model.batch_size //= 2
        torch.cuda.empty_cache()
        tqdm.write(f"{what}: out of memory, so from here on in batches of {model.batch_size}", file=sys.stderr)
