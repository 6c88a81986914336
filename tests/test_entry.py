"""Entries of the cache: filled shard by shard, read only if whole, and taken over from."""

import dataclasses
import subprocess
import warnings

import numpy as np
import pytest
import xarray as xr

import preloaded
from generative_classifiers.draws.levels import Draws
from generative_classifiers.evidence.cache import entry_path, related_sources
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.known import KnownEvidence, sources_of
from generative_classifiers.evidence.request import Request
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import check
from generative_classifiers.models.reconstruction_layout import pixel_layout

NAMES = [f"cat{number}.png" for number in range(10)]
SHARD = 4


def draws(count):
    time = np.linspace(0.1, 0.9, count)
    return Draws(np.arange(count), time, 1 - time, time, np.zeros(count, np.int64))


def request(names=NAMES, categories=("cat", "dog", "car"), count=5, reconstruct=0, seed=0):
    coords = {"name": list(names), "image_hash": [f"hash of {name}" for name in names]}
    coords |= {"true_category": ["cat"] * len(names), "condition": ["all"] * len(names)}
    prompts = {category: f"a {category}" for category in categories}
    layout = None if reconstruct is None else pixel_layout(8)
    return Request(
        "painter", "sketch", {"weights": "abc", "seed": seed}, coords, prompts, draws(count), reconstruct, layout, None
    )


def value(name, category, draw):
    """The loss of an image, category and draw: different for all."""
    return float(sum(map(ord, name + category)) + 1000 * draw)


def arrays(asked, part):
    """What a model would give for some images of a request."""
    names, categories, numbers = asked.images["name"][part], list(asked.prompts), asked.draws.number
    loss = np.array([[[value(n, c, d) for d in numbers] for c in categories] for n in names], np.float32)
    painted = np.stack([[np.full((8, 8, 3), (len(c) + int(n[3])) % 256, np.uint8) for c in categories] for n in names])
    return {"loss": loss, "evaluations": np.full(len(names), loss[0].size, np.int32), "reconstruction": painted}


def filled(cache, asked, numbers=None):
    entry = Entry.create(entry_path(cache, asked), asked, SHARD)
    for number in range(len(entry.parts)) if numbers is None else numbers:
        entry.write(number, arrays(asked, entry.images_of(number)), {"batch_size": 8})
    return entry


def known(asked, cache):
    """What the entries of a cache know of all that is asked for."""
    sources = sources_of([*cache.rglob("*.zarr")], asked.identity_digest)
    return KnownEvidence(asked, sources).of(slice(0, None))


def test_an_entry_opens_with_xarray_without_a_warning(tmp_path):
    entry = filled(tmp_path, request())
    check(entry.path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xr.open_zarr(entry.path, chunks=None) as store:
            assert dict(store.sizes) == {"image": 10, "category": 3, "draw": 5, "y": 8, "x": 8, "channel": 3}
            assert store["name"].values.astype(str).tolist() == NAMES and {"time", "prompt"} <= set(store.coords)
            assert store["loss"].sel(category="dog", draw=3)[7] == np.float32(value(NAMES[7], "dog", 3))
            store.drop_vars("reconstruction").to_dataframe()


def test_only_what_is_missing_or_damaged_is_to_be_done(tmp_path):
    entry = filled(tmp_path, request(), [0, 2])
    assert entry.missing() == [1]
    with pytest.raises(InputError, match=r"manifest/shard-000001\.json is missing; "):
        check(entry.path)
    chunk = entry.path / "loss/c/2/0/0"
    content = chunk.read_bytes()
    chunk.write_bytes(content[:-3] + bytes(3))
    assert entry.missing() == [1, 2]
    entry.write(2, arrays(request(), entry.images_of(2)), {})
    assert entry.missing() == [1] and chunk.read_bytes() == content


def test_the_order_of_jobs_changes_no_byte(tmp_path):
    asked = request()
    one, other = filled(tmp_path / "a", asked), filled(tmp_path / "b", asked, [2, 0, 1])
    files = [path.relative_to(one.path) for path in sorted(one.path.rglob("*")) if path.is_file()]
    assert len(files) > 20
    assert all((one.path / file).read_bytes() == (other.path / file).read_bytes() for file in files)


def test_jobs_that_create_an_entry_at_once_share_it(tmp_path):
    script = (
        "import sys; sys.path[:0] = ['tests', 'scripts']; from pathlib import Path; from test_entry import *;"
        "filled(Path(sys.argv[1]), request(), [int(sys.argv[2])])"
    )
    root = __file__.rpartition("/tests/")[0]
    jobs = [
        subprocess.Popen([preloaded.python(), "-c", script, str(tmp_path), str(number)], cwd=root)
        for number in range(3)
    ]
    assert [job.wait() for job in jobs] == [0, 0, 0]
    entry = Entry.create(entry_path(tmp_path, request()), request(), SHARD)
    assert entry.missing() == [] and not list(tmp_path.rglob("*.partial"))


def test_other_requests_do_not_change_an_entry(tmp_path):
    path = tmp_path / "mine.zarr"
    Entry.create(path, request(), SHARD)
    with pytest.raises(InputError, match=r"mine\.zarr: exists and is not replaced, since it is not the evidence"):
        Entry.create(path, request(count=3), SHARD)


def test_labels_and_shards_are_no_part_of_the_identity():
    one, other = request(), dataclasses.replace(request(), observer="another", dataset="another")
    assert one.digest == other.digest and one.identity_digest == other.identity_digest
    assert request(seed=1).identity_digest != one.identity_digest


@pytest.mark.parametrize(
    ("changed", "share"),
    [
        ({"count": 3}, 1.0),  # fewer draws
        ({"names": NAMES[3:7]}, 1.0),  # fewer images
        ({"categories": ("dog", "cat")}, 1.0),  # fewer categories, in another order
        ({"reconstruct": None}, 1.0),
        ({"count": 10}, 0.5),  # more draws
        ({"categories": ("cat", "dog", "car", "bird")}, 0.75),  # more categories
        ({"names": [*NAMES, *(f"bir{n}.png" for n in range(10))]}, 0.5),  # more images
        ({"seed": 1}, 0.0),  # other noise
    ],
)
def test_what_other_entries_have_is_taken_over(tmp_path, changed, share):
    filled(tmp_path, request())
    asked = request(**changed)
    found = known(asked, tmp_path)
    is_known = ~np.isnan(found["loss"])
    assert is_known.mean() == pytest.approx(share)
    expected = arrays(asked, slice(0, None))
    np.testing.assert_array_equal(found["loss"][is_known], expected["loss"][is_known])
    if changed.keys() <= {"count", "names"} and share in (0.5, 1.0) and len(asked.images["name"]) <= 10:
        np.testing.assert_array_equal(found["reconstruction"], expected["reconstruction"])


def test_several_entries_complete_each_other_and_damaged_ones_give_nothing(tmp_path):
    filled(tmp_path, request(count=2, reconstruct=None))
    other = filled(tmp_path, request(names=NAMES[:8], reconstruct=None), [0])
    found = known(request(), tmp_path)["loss"]
    assert np.isnan(found).sum() == 6 * 3 * 3  # four images have all draws, the rest have two
    (other.path / "loss/c/0/0/0").unlink()
    found = known(request(), tmp_path)["loss"]
    assert np.isnan(found).sum() == 10 * 3 * 3


def test_a_share_looks_only_at_shards_with_images_of_its_own(tmp_path, monkeypatch):
    filled(tmp_path, request(count=2))
    filled(tmp_path, request(names=[f"dog{number}.png" for number in range(10)]))
    asked = request()
    entry = Entry.create(entry_path(tmp_path, asked), asked, SHARD)
    looked_at = []
    monkeypatch.setattr(Entry, "complete", lambda self, number: looked_at.append(number) or True)
    part = entry.images_of_share((1, 3))
    assert part == slice(4, 8)
    cats, dogs = sorted(related_sources(tmp_path, asked, part), key=lambda source: not source.images)
    assert [name for name, _ in cats.images] == NAMES[4:8] and not dogs.images
    assert looked_at == [1]
