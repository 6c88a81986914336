"""The same losses on a card as on the CPU, and the same bytes again, also after memory ran out."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

import card
import golden_losses
from generative_classifiers.models.memory import within_memory
from speeds import some_images

ALLOWED = {"float32": 1e-4, "bfloat16": 2e-2}  # relative, by docs/reliability.md
DRAWS = 8


def losses(bench, budget):
    """Losses of the small model of every kind, in both precisions: how far the device is from the CPU."""
    found = {}
    for kind in golden_losses.KINDS:
        for dtype, allowed in ALLOWED.items():
            if budget.left() <= 0:
                return found | {"stopped": f"the time was spent before {kind}, {dtype}"}
            try:
                found[f"{kind}, {dtype}"] = _compared(kind, dtype, allowed, bench.device)
            except Exception as error:  # whatever is wrong with one kind, the others are measured
                found[f"{kind}, {dtype}"] = {"error": f"{type(error).__name__}: {error}"}
    return found


def _compared(kind, dtype, allowed, device):
    on_cpu, on_device, again = (_losses(kind, dtype, place) for place in ("cpu", device, device))
    difference = float(np.abs(on_device / on_cpu - 1).max())
    same = on_device.tobytes() == again.tobytes()
    return {"difference": difference, "agrees": difference <= allowed, "same_bytes_again": same}


def _losses(kind, dtype, device):
    with tempfile.TemporaryDirectory() as root:
        return golden_losses.evaluated(golden_losses.load(kind, Path(root), str(device), dtype))


def memory(bench, name):
    """Whether a run that ran out of memory gives the bytes of a run that began with half its batch size."""
    model, size = bench.load(name), bench.sizes(name)[-1]
    images, names = some_images(model, 1)
    draws = model.draws(DRAWS if bench.small else 2 * size // len(model.categories), 0)

    def scored(batch_size):
        model.batch_size = batch_size
        card.forget_peak(bench.device)
        return model.evaluate(images, names, draws)[0], card.peak_memory(bench.device, reserved=True)

    model.encode(images)
    (expected, least), (_, most) = scored(size // 2), scored(size)
    model.batch_size = size
    card.forget_peak(bench.device)
    with limited(model, size, bench.device, least, most):
        found = within_memory(model, lambda: model.evaluate(images, names, draws)[0], name)
    return {
        "batch_size": size,
        "batch_size_afterwards": model.batch_size,
        "same_bytes": model.batch_size == size // 2 and found.tobytes() == expected.tobytes(),
        "reserved": {"half": least, "full": most},
    }


@contextmanager
def limited(model, size, device, least, most):
    """Memory for half a batch only: a limit between what the two batch sizes took, on a CPU an error in its place."""
    if device.type == "cuda":
        share = (least + most) / 2 / torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(share, device)
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0, device)
        return

    def refuse(_, args):
        if len(args[0]) >= size:
            raise torch.OutOfMemoryError("no memory for so many evaluations")

    hook = model.network.register_forward_pre_hook(refuse)
    try:
        yield
    finally:
        hook.remove()
