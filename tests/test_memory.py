"""Batches that do not fit into memory are halved, and the shard is evaluated again."""

import numpy as np
import pytest
import torch

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import read
from generative_classifiers.study.prompts import prompts_of
from killed_often import stimuli
from typed_rows import observer

DRAWS, CATEGORIES = 2, ("cat", "dog", "truck")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_pipelines.pixel_diffusion(tmp_path_factory.mktemp("pipeline"))


def limited(folder, batch_size, most=None, from_call=0):
    """A model whose network has no memory for more evaluations than that, and what it evaluated at once."""
    row, asked = observer(family="diffusion", pipeline=str(folder)), []
    model = models.load("tiny", row, prompts_of(CATEGORIES), device="cpu", batch_size=batch_size)

    def before(_, args):
        asked.append(len(args[0]))
        if most is not None and len(asked) > from_call and len(args[0]) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    model.network.register_forward_pre_hook(before)
    return model, asked


def compute(model, store):
    settings = {"observer": "tiny", "dataset": "random", "count": DRAWS, "reconstruct": 1, "progress": False}
    compute_evidence(model, stimuli(12), store, shard=4, **settings)
    return read(store)


def batch_sizes(store):
    return [note["batch_size"] for note in Entry(store).provenance()]


def test_batches_are_halved_for_good(folder, tmp_path, capsys):
    model, asked = limited(folder, 20, most=6)
    found = compute(model, tmp_path / "limited.zarr")
    # 4 images, 3 categories, 2 draws a shard: twice what was too much, then one shard after the other.
    assert asked == [20, 10] + [5, 5, 5, 5, 4] * 3
    assert model.batch_size == 5
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if "memory" in line] == [
        f"tiny on random: out of memory, continuing with batches of {size}" for size in (10, 5)
    ]
    expected = compute(limited(folder, 5)[0], tmp_path / "asked.zarr")
    assert found["loss"].values.tobytes() == expected["loss"].values.tobytes()
    assert found["reconstruction"].values.tobytes() == expected["reconstruction"].values.tobytes()
    assert batch_sizes(tmp_path / "limited.zarr") == batch_sizes(tmp_path / "asked.zarr") == [5, 5, 5]
    compute(model, tmp_path / "next.zarr")  # the next dataset of a job
    assert batch_sizes(tmp_path / "next.zarr") == [5, 5, 5]
    np.testing.assert_allclose(
        found["loss"], compute(limited(folder, 20)[0], tmp_path / "free.zarr")["loss"], rtol=1e-4
    )


def test_a_shard_is_redone_as_a_whole(folder, tmp_path):
    model, asked = limited(folder, 8, most=7, from_call=4)
    found = compute(model, tmp_path / "later.zarr")
    assert asked == [8] * 3 + [8, 8] + [4] * 6 + [4] * 6
    free = compute(limited(folder, 8)[0], tmp_path / "free.zarr")["loss"].values
    small = compute(limited(folder, 4)[0], tmp_path / "small.zarr")["loss"].values
    assert found["loss"].values[:4].tobytes() == free[:4].tobytes()
    assert found["loss"].values[4:].tobytes() == small[4:].tobytes()


def test_too_little_memory_for_one_evaluation_is_an_error(folder, tmp_path):
    model, asked = limited(folder, 3, most=0)
    with pytest.raises(InputError, match="tiny on random: cpu has too little memory for a single evaluation"):
        compute(model, tmp_path / "none.zarr")
    assert asked == [3, 1]


def test_other_errors_are_left_alone(folder, tmp_path):
    model, _ = limited(folder, 8)
    model.network.register_forward_pre_hook(lambda *_: (_ for _ in ()).throw(RuntimeError("broken")))
    with pytest.raises(RuntimeError, match="broken"):
        compute(model, tmp_path / "broken.zarr")
    assert model.batch_size == 8
