"""From evidence to decisions: the smallest weighted loss, and all observers side by side."""

import csv

import numpy as np
import pytest
import xarray as xr

from generative_classifiers.decisions.csv_files import COLUMNS, read_answers, write_table
from generative_classifiers.decisions.from_evidence import answers_from_evidence, responses
from generative_classifiers.decisions.side_by_side import gather_decisions
from generative_classifiers.draws.weighting import level_weighting
from generative_classifiers.io.errors import InputError
from generative_classifiers.study.categories import CATEGORIES

NAMES = ("bird1-cat2.png", "cat3-dog1.png", "dog2-bird1.png")
OWN = {"bird1-cat2.png": "bird", "cat3-dog1.png": "cat", "dog2-bird1.png": "dog"}
BEAR, CAT, DOG = (CATEGORIES.index(category) for category in ("bear", "cat", "dog"))


def evidence(loss, categories=CATEGORIES, time=None, names=NAMES, **coords):
    """An evidence store of losses (image, category, draw)."""
    loss = np.asarray(loss, np.float32)
    time = np.linspace(0.1, 0.9, loss.shape[2]) if time is None else np.asarray(time)
    return xr.Dataset(
        {"loss": (("image", "category", "draw"), loss)},
        coords={
            "category": list(categories),
            "name": ("image", list(names)),
            "true_category": ("image", [OWN[name] for name in names]),
            "condition": ("image", ["all"] * len(names)),
            "time": ("draw", time),
            "alpha": ("draw", np.sqrt(1 - time)),
            "sigma": ("draw", np.sqrt(time)),
            **coords,
        },
    )


def random_losses(draws=4, seed=0):
    return np.random.default_rng(seed).random((3, 16, draws)).astype(np.float32)


@pytest.mark.parametrize("weighting", ["exponential", "simple", "uniform"])
def test_decision_has_the_smallest_weighted_loss(weighting):
    loss = random_losses()
    store = evidence(loss)
    time = store["time"].values
    weight = {"exponential": np.exp(-7 * time), "simple": (1 - time) / time, "uniform": np.ones(4)}[weighting]
    found = responses(store, weighting)
    assert found.dtype == np.int8
    for image in range(3):
        sums = [sum(w * x for w, x in zip(weight, row, strict=True)) for row in loss[image].astype(float)]
        assert found[image] == sums.index(min(sums))


def test_decision_depends_on_the_weighting():
    # The bear is better where there is little noise, the cat where there is much.
    loss = np.full((1, 16, 2), 9.0)
    loss[0, BEAR], loss[0, CAT] = (1.0, 3.0), (1.5, 0.0)
    store = evidence(loss, time=[0.1, 0.9], names=NAMES[:1])
    assert responses(store, "exponential").tolist() == [BEAR] and responses(store, "uniform").tolist() == [CAT]


def test_draws_that_were_not_evaluated_do_not_count():
    loss = np.full((3, 16, 2), np.nan)
    loss[0, [BEAR, CAT]] = [(2, 2), (1, np.nan)]  # the mean over the draws that there are
    loss[1, DOG, 1] = 5  # the only one that is left
    store = evidence(loss, time=[0.5, 0.5])
    assert responses(store, "uniform").tolist() == [CAT, DOG, -1]
    assert responses(store, "exponential").tolist() == [CAT, DOG, -1]


def test_losses_without_a_time_are_not_weighted():
    loss = random_losses(draws=1)
    assert responses(evidence(loss, time=[np.nan]), "exponential").tolist() == loss[:, :, 0].argmin(axis=1).tolist()
    assert level_weighting([np.nan], [np.nan], [np.nan]).tolist() == [1]


def test_decisions_do_not_depend_on_the_order_of_categories():
    loss, order = random_losses(), np.random.default_rng(1).permutation(16)
    shuffled = evidence(loss[:, order], np.array(CATEGORIES)[order])
    np.testing.assert_array_equal(responses(shuffled, "uniform"), responses(evidence(loss), "uniform"))
    some = evidence(loss[:, [DOG, CAT]], ["dog", "cat"])
    cheaper = np.where(loss[:, DOG].sum(axis=1) < loss[:, CAT].sum(axis=1), DOG, CAT)
    np.testing.assert_array_equal(responses(some, "uniform"), cheaper)


@pytest.fixture
def answers(tmp_path):
    """Files of two simulated observers with different orders of trials."""

    def write(observer, responses):
        path = tmp_path / f"{observer}.csv"
        with path.open("w", newline="") as handle:
            table = csv.writer(handle)
            table.writerow(COLUMNS)
            for trial, (name, response) in enumerate(responses.items(), start=1):
                table.writerow((observer, 1, trial, "NaN", response, OWN[name], "0", f"0001_cc_s01_0_x_00_{name}"))
        return path

    first = dict(zip(NAMES, ("bird", "na", "cat"), strict=True))
    second = dict(zip(NAMES[::-1], ("dog", "cat", "truck"), strict=True))
    return {"simulated-01": write("simulated-01", first), "simulated-02": write("simulated-02", second)}


def gathered(files, stores, weighting="exponential"):
    families = dict.fromkeys(files, "simulated") | dict.fromkeys(stores, "diffusion")
    answers = {name: read_answers(path, name, "nonparametric", ["all"]) for name, path in files.items()}
    answers |= {name: answers_from_evidence(store, weighting, f"{name}.zarr") for name, store in stores.items()}
    return gather_decisions("cue-conflict", answers, families)


def test_files_and_evidence_stand_side_by_side(answers):
    store = evidence(random_losses())
    found = gathered(answers, {"model": store})
    assert found["response"].dims == ("observer", "image") and found["response"].dtype == np.int8
    assert found["name"].values.tolist() == list(NAMES)
    expected = {"simulated-01": ["bird", None, "cat"], "simulated-02": ["truck", "cat", "dog"]}
    for observer, names in expected.items():
        index = [CATEGORIES.index(name) if name else -1 for name in names]
        assert found["response"].sel(observer=observer).values.tolist() == index
    np.testing.assert_array_equal(found["response"].sel(observer="model"), responses(store, "exponential"))
    assert found["family"].values.tolist() == ["simulated", "simulated", "diffusion"]
    assert found["is_reference"].values.tolist() == [True, True, False]
    assert found["true_category"].values.tolist() == ["bird", "cat", "dog"]
    assert found["texture_category"].values.tolist() == ["cat", "dog", "bird"]
    assert found["category"].values.tolist() == list(CATEGORIES) and found.attrs["dataset"] == "cue-conflict"


def test_images_are_matched_by_name(answers):
    store = evidence(random_losses())
    for order in ([2, 0, 1], [1, 2, 0]):
        turned = store.isel(image=order)
        xr.testing.assert_identical(gathered(answers, {"model": turned}), gathered(answers, {"model": store}))
        alone = gathered({}, {"model": turned})
        np.testing.assert_array_equal(alone["response"][0], responses(store, "exponential"))
        assert alone["name"].values.tolist() == list(NAMES)


def test_evidence_on_other_images_is_an_error_that_names_the_image(answers):
    store = evidence(random_losses())
    with pytest.raises(InputError, match=r"model\.zarr: image dog2-bird1\.png is missing; expected it as dog, all"):
        gathered(answers, {"model": store.isel(image=[0, 1])})
    with pytest.raises(InputError, match=r"model\.zarr: image cat3-dog1\.png is bear, all; .* it is cat, all"):
        gathered(answers, {"model": store.assign_coords(true_category=("image", ["bird", "bear", "dog"]))})
    with pytest.raises(InputError, match=r"second\.zarr: image dog2-bird1\.png is missing"):
        gathered({}, {"first": store, "second": store.isel(image=[1, 0])})


def test_table_has_a_row_per_observer_and_image(answers, tmp_path):
    loss = random_losses()
    loss[1] = np.nan
    found = gathered(answers, {"model": evidence(loss)})
    write_table(found, tmp_path / "table.csv")
    rows = [line.split(",") for line in (tmp_path / "table.csv").read_text().splitlines()]
    assert rows[0] == ["observer", "image", "condition", "true_category", "response"]
    assert rows[1:4] == [
        ["simulated-01", "bird1-cat2.png", "all", "bird", "bird"],
        ["simulated-01", "cat3-dog1.png", "all", "cat", "na"],
        ["simulated-01", "dog2-bird1.png", "all", "dog", "cat"],
    ]
    assert rows[8] == ["model", "cat3-dog1.png", "all", "cat", "na"] and len(rows) == 10
    assert not (tmp_path / "table.csv.partial").exists()
