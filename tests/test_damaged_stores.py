"""Damaged stores: each missing, truncated or changed file of any store is refused, however the store is read."""

import json
import random
import shutil

import numpy as np
import pytest
import xarray as xr

import small_stores
from generative_classifiers.__main__ import main
from generative_classifiers.io import manifest, stores
from generative_classifiers.io.errors import InputError

FAULTS = 80  # of each kind of store
READERS = {"read": stores.read, "open_store": lambda store: stores.open_store(store).load()}


@pytest.fixture(params=small_stores.KINDS)
def store(request, tmp_path):
    stores.write(small_stores.KINDS[request.param](), tmp_path / "a.zarr")
    return tmp_path / "a.zarr"


def damage(path, chance):
    """Delete or truncate a file, or flip one of its bits; gives what was done."""
    content = path.read_bytes()
    kind = chance.choice(["deleted", "truncated", "flipped"])
    if kind == "deleted":
        path.unlink()
    elif kind == "truncated":
        path.write_bytes(content[: chance.randrange(len(content))])
    else:
        bit = chance.randrange(8 * len(content))
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
    return f"{path.name} {kind}"


def refusals(store):
    """What each reader says of a store; None if it is read."""
    for reader in READERS.values():
        try:
            reader(store)
            yield None
        except InputError as error:
            yield str(error)


def test_random_damage_is_refused(store):
    chance, whole = random.Random(1), small_stores.files(store)
    for _ in range(FAULTS):
        file = chance.choice(sorted(whole))
        done = damage(store / file, chance)
        for message in refusals(store):
            assert message and message.startswith(str(store)) and "\n" not in message, (file, done)
        (store / file).write_bytes(whole[file])
    assert [*refusals(store)] == [None, None]


def test_a_flipped_bit_names_array_and_chunk(store):
    for file in small_stores.files(store):
        array, is_chunk, place = file.partition("/c/")
        if is_chunk:
            content = (store / file).read_bytes()
            (store / file).write_bytes(bytes([content[0] ^ 1]) + content[1:])
            assert all(f"a.zarr: chunk {place} of {array} was changed; " in message for message in refusals(store))
            (store / file).write_bytes(content)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"3", b"null", "{}".encode("utf-16"), b"[" * 100_000])
@pytest.mark.parametrize("file", ["zarr.json", "manifest/static.json"])
def test_metadata_that_cannot_be_read_is_refused(tmp_path, file, content):
    store = tmp_path / "a.zarr"
    stores.write(small_stores.decisions(), store)
    (store / file).write_bytes(content)
    for message in refusals(store):
        assert message.startswith(f"{store}: {file} ") and "\n" not in message


def test_a_chunk_that_is_lost_between_opening_and_reading_is_refused(tmp_path):
    stores.write(small_stores.stimuli(), tmp_path / "a.zarr")
    dataset = stores.open_store(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/image/c/0/0/0/0").unlink()
    with pytest.raises(InputError, match="chunk 0/0/0/0 of image is missing"):
        dataset["image"][0].values  # noqa: B018


def test_a_changed_chunk_of_a_shard_is_refused(tmp_path):
    whole = small_stores.stimuli().drop_vars(["name", "condition"])
    whole["image"].encoding = {"chunks": (1, 8, 8, 3), "shards": (3, 8, 8, 3), "compressors": stores.CODECS}
    whole.to_zarr(tmp_path / "a.zarr", zarr_format=3, consolidated=False, write_empty_chunks=True)
    stores.consolidate(tmp_path / "a.zarr")
    manifest.write_manifest(tmp_path / "a.zarr")
    path = tmp_path / "a.zarr/image/c/0/0/0/0"
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(InputError, match="chunk 0/0/0/0 of image was changed"):
        stores.open_store(tmp_path / "a.zarr")["image"][2].values  # noqa: B018


def test_a_manifest_that_lacks_a_chunk_is_refused(tmp_path):
    store = tmp_path / "a.zarr"
    stores.write(small_stores.decisions(), store)
    (store / "response/c/0/0").unlink()
    manifest.write_manifest(store)
    with pytest.raises(InputError, match=r"a\.zarr: chunk 0/0 of response is not in the manifest; "):
        stores.read(store)


def test_stores_of_other_versions_are_refused(tmp_path):
    store = tmp_path / "a.zarr"
    stores.write(small_stores.decisions(), store)
    path = manifest.part_path(store, manifest.STATIC)
    part = json.loads(path.read_text())
    path.write_text(json.dumps(part | {"format": 2}))
    for message in refusals(store):
        assert "manifest/static.json has format 2, expected 1: another version made the store; " in message
    shutil.rmtree(path.parent)
    for message in refusals(store):
        assert message.startswith(f"{store}: was made by an older version, which kept no checksums; ")


def test_what_is_no_store_is_refused(tmp_path):
    for message in (*refusals(tmp_path / "a.zarr"), *refusals(tmp_path)):
        assert "no complete store; expected a folder with zarr.json" in message


def test_other_readers_find_no_category_in_place_of_a_missing_chunk(tmp_path):
    stores.write(small_stores.decisions(), tmp_path / "a.zarr")
    (tmp_path / "a.zarr/response/c/0/0").unlink()
    assert (xr.open_zarr(tmp_path / "a.zarr")["response"] == np.iinfo(np.int8).min).all()


def test_every_array_has_a_checksum_as_its_last_codec(store):
    arrays = json.loads((store / "zarr.json").read_text())["consolidated_metadata"]["metadata"]
    assert arrays and all(array["codecs"][-1]["name"] == "crc32c" for array in arrays.values())


def verify(capsys, *paths):
    status = main(["verify", *map(str, paths)])
    return status, capsys.readouterr().out.splitlines()


def test_verify_checks_all_stores_of_a_folder_and_follows_links(tmp_path, capsys):
    study, cache = tmp_path / "study", tmp_path / "cache"
    for name, make in small_stores.KINDS.items():
        place = cache if name == "evidence" else study / name
        place.mkdir(parents=True)
        stores.write(make(), place / "a.zarr")
    (study / "evidence").mkdir()
    (study / "evidence/b.zarr").symlink_to(cache / "a.zarr")
    (study / "evidence/study").symlink_to(study)
    assert verify(capsys, study) == (0, ["5 stores are complete and unchanged"])
    (cache / "a.zarr/category/c/0").unlink()
    (study / "decisions/a.zarr/response/c/0/0").write_bytes(b"")
    (study / "decisions/a.zarr/name/zarr.json").unlink()
    status, lines = verify(capsys, study)
    assert status == 1 and lines == [
        f"{study}/decisions/a.zarr: name/zarr.json is missing",
        f"{study}/decisions/a.zarr: chunk 0/0 of response has 0 bytes, expected "
        f"{manifest.listing(study / 'decisions/a.zarr')['response/c/0/0']['size']}",
        f"{study}/decisions/a.zarr: delete it and run the command that made it again",
        f"{study}/evidence/b.zarr: chunk 0 of category is missing",
        f"{study}/evidence/b.zarr: run the job or command that made it again: it evaluates only what is damaged",
        "2 of 5 stores are damaged",
    ]


def test_verify_names_a_link_that_leads_nowhere(tmp_path, capsys):
    (tmp_path / "b.zarr").symlink_to(tmp_path / "nothing")
    assert verify(capsys, tmp_path)[1][0].startswith(f"{tmp_path}/b.zarr: no complete store")


def test_verify_expects_stores(tmp_path, capsys):
    for path, message in ((tmp_path, "has no stores"), (tmp_path / "a.zarr", "no such folder")):
        assert main(["verify", str(path)]) == 2
        assert f"error: {path}: {message}" in capsys.readouterr().err
