"""Claims of parts of a place by jobs that run side by side."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from generative_classifiers.io.locks import LOCKS, claim


def test_a_part_is_claimed_once_and_leaves_nothing(tmp_path):
    place = tmp_path / "a.zarr"
    with claim(place, "1") as first, claim(place, "1") as second, claim(place, "2") as other:
        assert (first, second, other) == (True, False, True)
    assert not list(tmp_path.iterdir())


def test_claims_that_end_do_not_disturb_those_that_begin(tmp_path):
    """The last claim to end removes the folder of locks, which another one may be about to use."""

    def claims_granted(part):
        granted = 0
        while granted < 100:
            with claim(tmp_path / "a.zarr", str(part)) as mine:
                granted += mine
        return granted

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(claims_granted, range(4))) == [100] * 4
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / LOCKS).touch()
    with pytest.raises(FileExistsError), claim(tmp_path / "a.zarr", "1"):
        pass
