"""Distortions: what they have in common, and colours and pixels against their definitions."""

import re

import numpy as np
import pytest
import yaml

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.distortions import DISTORTIONS, colour, distort, distorted, pixels
from some_images import generators, photographs, scenes

SEED = 3
NAMES = [f"image-{i}.png" for i in range(4)]
SIZE = 32
CELLS = [(dataset, condition) for dataset, row in DISTORTIONS.items() for condition in row.conditions_at(SIZE)]
CONTROLS = [(dataset, condition) for dataset, condition in CELLS if DISTORTIONS[dataset].strengths[condition] is None]


# What all have in common


def test_conditions_are_those_of_the_registry(request):
    datasets = yaml.safe_load((request.config.rootpath / "registry" / "datasets.yaml").read_text())["datasets"]
    for name, row in DISTORTIONS.items():
        assert list(row.strengths) == datasets[name]["conditions"]
        assert row.in_benchmark == datasets[name].get("in_benchmark", True)
    parametric = [name for name, row in datasets.items() if row["kind"] == "parametric"]
    assert set(parametric) - {"cue-conflict-textures"} == DISTORTIONS.keys()


def numbers_in(dataset, condition):
    """The numbers in the name of a condition."""
    numbers = [float(number) for number in re.findall(r"[0-9.]+", condition)]
    if dataset == "contrast":
        return [numbers[0] / 100]
    return [numbers[0], numbers[1] / 10, numbers[2]] if dataset.startswith("eidolon") else numbers


@pytest.mark.parametrize(("dataset", "condition"), CELLS)
def test_strengths_are_the_numbers_in_the_names_of_conditions(dataset, condition):
    strength = DISTORTIONS[dataset].strengths[condition]
    assert list(strength or ()) == ([] if strength is None else numbers_in(dataset, condition))


@pytest.mark.parametrize(("dataset", "condition"), CELLS)
def test_bytes_do_not_depend_on_the_other_images(dataset, condition):
    images = photographs()
    batch = distort(images, dataset, condition, NAMES, SEED)
    assert batch.dtype == np.uint8
    assert batch.shape == images.shape
    np.testing.assert_array_equal(batch, distort(images, dataset, condition, NAMES, SEED))
    if dataset != "power-equalisation":
        backwards = distort(images[::-1], dataset, condition, NAMES[::-1], SEED)[::-1]
        alone = distort(images[1:2], dataset, condition, NAMES[1:2], SEED)
        np.testing.assert_array_equal(batch, backwards)
        np.testing.assert_array_equal(batch[1:2], alone)


@pytest.mark.parametrize("dataset", [dataset for dataset, row in DISTORTIONS.items() if row.random])
def test_noise_depends_on_name_condition_and_seed(dataset):
    image = photographs(count=1)
    *_, weaker, strongest = DISTORTIONS[dataset].conditions_at(SIZE)
    first = distort(image, dataset, strongest, ["a"], 0)
    for condition, name, seed in ((strongest, "b", 0), (strongest, "a", 1), (weaker, "a", 0)):
        assert (distort(image, dataset, condition, [name], seed) != first).any()


@pytest.mark.parametrize(("dataset", "condition"), CONTROLS)
def test_conditions_without_distortion_are_the_image_or_its_grey_version(dataset, condition):
    images = photographs()
    expected = images if DISTORTIONS[dataset].in_colour else distort(images, "colour", "bw", NAMES, SEED)
    np.testing.assert_array_equal(distort(images, dataset, condition, NAMES, SEED), expected)


@pytest.mark.parametrize(("dataset", "condition"), CELLS)
def test_only_colours_and_false_colours_are_not_grey(dataset, condition):
    images = distort(photographs(), dataset, condition, NAMES, SEED)
    grey = (images == images[..., :1]).all()
    assert grey == ((dataset, condition) not in {("colour", "cr"), ("false-colour", "true"), ("false-colour", "false")})


@pytest.mark.parametrize(
    ("dataset", "condition", "count", "words"),
    [
        ("fog", "1", 4, "'fog'.*rotation"),
        ("rotation", "45", 4, "rotation.*'45'.*180"),
        ("uniform-noise", "0.1", 4, "uniform-noise.*'0.1'.*0.10"),
        ("rotation", "90", 3, "rotation.*each of 4 images, found 3"),
    ],
)
def test_unknown_datasets_conditions_and_missing_names_are_errors(dataset, condition, count, words):
    with pytest.raises(InputError, match=words):
        distort(photographs(), dataset, condition, NAMES[:count], SEED)


@pytest.mark.parametrize("images", [scenes(), photographs()[:, :30], photographs().astype(float)])
def test_images_of_other_types_and_shapes_are_errors(images):
    with pytest.raises(InputError, match="expected square uint8 images"):
        distort(images, "colour", "bw", NAMES, SEED)


# Colour


def test_grey_is_the_weighted_sum_of_the_channels():
    np.testing.assert_allclose(colour.luma(np.eye(3)), [0.2125, 0.7154, 0.0721])
    assert colour.LUMA.sum() == pytest.approx(1)


def test_linear_light_is_inverted_exactly():
    values = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(colour.from_linear(colour.to_linear(values)), values, atol=1e-7)
    assert colour.to_linear(np.array(0.5)) == pytest.approx(0.21404, abs=1e-5)


def test_false_colour_keeps_luminance_of_all_colours():
    images = np.concatenate([generator("rgb").uniform(size=(1000, 3)), np.indices((2, 2, 2)).reshape(3, 8).T])
    false = colour.false_colour(images)
    assert false.min() >= 0
    assert false.max() <= 1
    before, after = (colour.to_linear(rgb) @ colour.LUMINANCE for rgb in (images, false))
    np.testing.assert_allclose(after, before, atol=1e-9)


def test_false_colour_is_its_own_inverse_and_leaves_grey():
    muted = generator("muted").uniform(0.45, 0.55, (1000, 3))
    np.testing.assert_allclose(colour.false_colour(colour.false_colour(muted)), muted, atol=1e-7)
    grey = np.repeat(np.linspace(0, 1, 11), 3).reshape(-1, 3)
    np.testing.assert_allclose(colour.false_colour(grey), grey, atol=1e-7)


def test_false_colour_negates_both_chromatic_axes_of_dkl_space():
    # Any cones whose L + M is luminance: Stockman and Sharpe's, roughly.
    long, short = np.array([0.16, 0.46, 0.02]), np.array([0.02, 0.09, 0.7])
    cones = np.stack([long, colour.LUMINANCE - long, short])
    white = cones.sum(axis=1)
    opponent = np.array([[1, 1, 0], [1 / white[0], -1 / white[1], 0], [-1, -1, white[:2].sum() / white[2]]])
    to_dkl = opponent @ cones
    muted = generator("muted").uniform(0.45, 0.55, (1000, 3))
    before, after = (colour.to_linear(rgb) @ to_dkl.T for rgb in (muted, colour.false_colour(muted)))
    np.testing.assert_allclose(after, before * [1, -1, -1], atol=1e-9)


# Pixels


@pytest.mark.parametrize(("condition", "level"), [("c100", 1), ("c30", 0.3), ("c05", 0.05), ("c01", 0.01)])
def test_contrast_scales_the_deviation_from_mid_grey(condition, level):
    images = photographs()
    grey = distorted(images, "colour", "bw", NAMES, SEED)
    result = distorted(images, "contrast", condition, NAMES, SEED)
    np.testing.assert_allclose(result - 0.5, level * (grey - 0.5), atol=1e-12)


def test_uniform_noise_has_its_range_moments_and_no_structure():
    width, images = 0.35, scenes(size=128)
    noise = pixels.uniform_noise(images, width, generators()) - pixels.contrast(images, 0.3)
    assert -width <= noise.min() < -0.99 * width
    assert 0.99 * width < noise.max() <= width
    assert noise.mean() == pytest.approx(0, abs=4 * width / np.sqrt(3 * noise.size))
    assert noise.std() == pytest.approx(width / np.sqrt(3), rel=0.01)
    assert np.corrcoef(noise[:, :, 1:].ravel(), noise[:, :, :-1].ravel())[0, 1] == pytest.approx(0, abs=0.02)
    assert np.corrcoef(noise.reshape(4, -1))[0, 1:] == pytest.approx(0, abs=0.04)


def test_uniform_noise_is_clipped():
    noisy = distort(photographs(), "uniform-noise", "0.90", NAMES, SEED)
    assert {0, 255} <= set(noisy.ravel())


def test_rotation_is_counter_clockwise_and_exact():
    image = np.zeros((1, 8, 8))
    image[0, 0, 1] = 1
    for angle, corner in ((90, (6, 0)), (180, (7, 6)), (270, (1, 7))):
        assert pixels.rotation(image, angle)[0][corner] == 1
    photograph = photographs()
    turned = photograph
    for _ in range(4):
        turned = distort(turned, "rotation", "90", NAMES, SEED)
    np.testing.assert_array_equal(turned, distort(photograph, "rotation", "0", NAMES, SEED))
