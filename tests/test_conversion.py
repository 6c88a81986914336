"""Evidence of the format before the cache: its losses are taken over, and it is set aside."""

import numpy as np
import pytest
import zarr

from generative_classifiers.evidence.conversion import _content_hash
from generative_classifiers.io import stores
from generative_classifiers.io.attributes import encode_attributes
from generative_classifiers.io.errors import InputError
from killed_often import stimuli
from test_evidence import FakeModel, compute, files, siblings

IMAGES, SHARD, DRAWS = 10, 4, 3


def earlier(store, images, shards=3, **changed):
    """A store in the earlier format of which some shards are complete, as an earlier version has written it."""
    model = FakeModel()
    draws = model.draws(DRAWS, 0)
    loss, painted = model.evaluate(images["image"].values, images["name"].values, draws, reconstruct=1)
    made_by = {"study": "test", "observer": "fake", "dataset": "random", **model.identity, "batch_size": 64}
    made_by |= {"prompts": model.prompts, "seed": 0, "times": "golden", "reconstruct": 1, "shard": SHARD}
    made_by |= {"stimuli": _content_hash(images), "draws": DRAWS, "fingerprint": "abc"} | changed
    group = zarr.open_group(store, mode="w", zarr_format=3)
    arrays = {"loss": loss.astype(np.float32), "reconstruction": painted}
    arrays["evaluations"] = np.full(IMAGES, loss[0].size, np.int32)
    for name, values in arrays.items():
        chunks = (SHARD, *values.shape[1:])
        array = group.create_array(name, shape=values.shape, chunks=chunks, dtype=values.dtype, fill_value=0)
        array[: shards * SHARD] = values[: shards * SHARD]
    group["evaluations"].attrs.update(encode_attributes(made_by))


@pytest.mark.parametrize(("suffix", "shards", "evaluations"), [("", 3, 0), (".partial", 2, 2 * 3 * 3)])
def test_earlier_evidence_is_not_evaluated_again(tmp_path, suffix, shards, evaluations):
    images = stimuli(IMAGES)
    earlier(tmp_path / f"a.zarr{suffix}", images, shards)
    model = compute(tmp_path / "a.zarr", images=images, reconstruct=1)
    assert model.evaluations == evaluations
    assert siblings(tmp_path / "a.zarr") == ["a.zarr", f"a.zarr{suffix}.converted"]
    compute(tmp_path / "fresh.zarr", images=images, reconstruct=1)
    assert files(tmp_path / "a.zarr") == files(tmp_path / "fresh.zarr")


@pytest.mark.parametrize(
    "changed", [{"seed": 1}, {"times": "uniform"}, {"stimuli": "others"}, {"weights": "abc"}, {"loss_version": None}]
)
def test_earlier_evidence_of_other_settings_is_kept_and_refused(tmp_path, changed):
    images = stimuli(IMAGES)
    asked = {"weights": {"weights": "xyz"}, "loss_version": {"loss_version": 2}}
    model = FakeModel(**asked.get(next(iter(changed)), {}))
    earlier(tmp_path / "a.zarr", images, **changed)
    with pytest.raises(InputError, match=r"a\.zarr: holds evidence of other weights, settings or images"):
        compute(tmp_path / "a.zarr", model, images)
    assert siblings(tmp_path / "a.zarr") == ["a.zarr"] and model.evaluations == 0


def test_readers_say_that_an_earlier_version_made_a_store(tmp_path):
    earlier(tmp_path / "a.zarr", stimuli(IMAGES))
    with pytest.raises(InputError, match=r"a\.zarr: was made by an older version, which kept no checksums"):
        stores.read(tmp_path / "a.zarr")
