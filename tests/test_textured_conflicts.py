"""Worlds with other textures: their images, and what their conditions mean."""

import numpy as np
import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study.lab_conditions import frequency_of, texture_of
from typed_rows import dataset, world


@pytest.fixture(scope="module")
def conflicts():
    row = dataset(["c1-p1", "c0.2-p1", "c1-p2"], in_benchmark=False)
    return render("cue-conflict-textures", row, world())


def of(conflicts, condition):
    return conflicts.isel(image=conflicts["condition"].values == condition)


def test_at_the_contrast_and_period_of_cue_conflict_the_images_are_its_images(conflicts):
    expected = render("cue-conflict", dataset(), world())
    found = of(conflicts, "c1-p1")
    for name in ("image", "category", "texture_category"):
        np.testing.assert_array_equal(found[name].values, expected[name].values)


def test_worlds_show_the_same_scenes_under_other_names(conflicts):
    assert conflicts.sizes["image"] == len(set(conflicts["name"].values)) == 3 * 240
    faint, full = (of(conflicts, name)["image"].values.astype(float) for name in ("c0.2-p1", "c1-p1"))
    unchanged = (faint == full).all(axis=3)
    assert unchanged[:, 0, 0].mean() > 0.95  # the ground, which has no texture
    assert (np.abs(faint - full).max(axis=(1, 2, 3)) > 10).mean() > 0.9


def test_a_longer_period_has_lower_frequencies(conflicts):
    def light_of(name):
        return of(conflicts, name)["image"].values.astype(float).mean(axis=-1)

    faint = light_of("c0.2-p1")

    def mean_frequency(name):
        light = light_of(name) - faint  # little but the texture
        power = np.abs(np.fft.rfft2(light - light.mean(axis=(1, 2), keepdims=True))) ** 2
        size = light.shape[1]
        radius = np.hypot(np.fft.fftfreq(size, 1 / size)[:, None], np.fft.rfftfreq(size, 1 / size))
        high = power * (radius > 4)
        return (high * radius).sum() / high.sum()

    long, usual = (mean_frequency(name) for name in ("c1-p2", "c1-p1"))
    assert long < 0.9 * usual


@pytest.mark.parametrize("condition", ["all", "c0-p1", "c1.5-p1", "c1-p0", "c1", "c1-p1-x"])
def test_conditions_that_are_no_world_are_errors(condition):
    with pytest.raises(InputError, match=f"condition '{condition}': expected c<contrast>-p<period>"):
        texture_of(condition)


@pytest.mark.parametrize("condition", ["none", "-1", "1.", "nan"])
def test_conditions_that_are_no_frequency_are_errors(condition):
    with pytest.raises(InputError, match=f"condition '{condition}': expected a frequency"):
        frequency_of(condition)
