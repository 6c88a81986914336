"""Each distortion against its definition."""

import numpy as np
import pytest
import yaml
from scipy.ndimage import gaussian_filter

from generative_classifiers.distortions import (
    DISTORTIONS,
    colour,
    distort,
    distorted,
    eidolons,
    frequency,
    pixels,
)
from generative_classifiers.errors import InputError
from generative_classifiers.noise import generator

SEED = 3
NAMES = [f"image-{i}.png" for i in range(4)]
CELLS = [(dataset, condition) for dataset, row in DISTORTIONS.items() for condition in row.strengths]
CONTROLS = [(dataset, condition) for dataset, condition in CELLS if DISTORTIONS[dataset].strengths[condition] is None]


def scenes(size=32, count=4):
    """Smooth scenes on the benchmark's grey, the same at every size: float64 (image, y, x) in [0, 1]."""
    y, x = (np.indices((size, size)) + 0.5) / size
    window = (np.sin(np.pi * y) * np.sin(np.pi * x)) ** 4
    waves = generator("scenes").uniform(-1, 1, (count, 8, 3))
    phases = 2 * np.pi * (5 * (waves[..., :1, None] * y + waves[..., 1:2, None] * x) + waves[..., 2:, None])
    return frequency.BACKGROUND + window * 0.4 * np.sin(phases).mean(axis=1)


def photographs(size=32, count=4):
    """Random colour images: uint8 (image, y, x, 3)."""
    noise = generator("photographs", size).uniform(0, 255, (count, size, size, 3))
    return gaussian_filter(noise, (0, 1, 1, 0)).astype(np.uint8)


def halved(images):
    return images.reshape(*images.shape[:-2], images.shape[-2] // 2, 2, -1, 2).mean(axis=(-3, -1))


def generators(count=4):
    return [generator(i) for i in range(count)]


# What all have in common


def test_conditions_are_those_of_the_registry(request):
    datasets = yaml.safe_load((request.config.rootpath / "registry" / "datasets.yaml").read_text())["datasets"]
    parametric = {name: row["conditions"] for name, row in datasets.items() if row["kind"] == "parametric"}
    assert {name: list(row.strengths) for name, row in DISTORTIONS.items()} == parametric


@pytest.mark.parametrize(("dataset", "condition"), CELLS)
def test_same_bytes_whatever_the_batch(dataset, condition):
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
def test_noise_is_of_the_name_the_condition_and_the_seed(dataset):
    image = photographs(count=1)
    *_, weaker, strongest = DISTORTIONS[dataset].strengths
    first = distort(image, dataset, strongest, ["a"], 0)
    for condition, name, seed in ((strongest, "b", 0), (strongest, "a", 1), (weaker, "a", 0)):
        assert (distort(image, dataset, condition, [name], seed) != first).any()


@pytest.mark.parametrize(("dataset", "condition"), CONTROLS)
def test_controls_are_the_image_or_its_grey_version(dataset, condition):
    images = photographs()
    expected = images if DISTORTIONS[dataset].in_colour else distort(images, "colour", "bw", NAMES, SEED)
    np.testing.assert_array_equal(distort(images, dataset, condition, NAMES, SEED), expected)


@pytest.mark.parametrize(("dataset", "condition"), CELLS)
def test_all_but_colours_are_grey(dataset, condition):
    images = distort(photographs(), dataset, condition, NAMES, SEED)
    grey = (images == images[..., :1]).all()
    assert grey == ((dataset, condition) not in {("colour", "cr"), ("false-colour", "true"), ("false-colour", "false")})


@pytest.mark.parametrize(
    ("dataset", "condition", "count", "words"),
    [
        ("fog", "1", 4, "'fog'.*rotation"),
        ("rotation", "45", 4, "rotation.*'45'.*180"),
        ("uniform-noise", "0.1", 4, "uniform-noise.*'0.1'.*0.10"),
        ("rotation", "90", 3, "rotation.*3 for 4"),
    ],
)
def test_mistakes_are_named(dataset, condition, count, words):
    with pytest.raises(InputError, match=words):
        distort(photographs(), dataset, condition, NAMES[:count], SEED)


@pytest.mark.parametrize("images", [scenes(), photographs()[:, :30], photographs().astype(float)])
def test_images_that_do_not_fit_are_refused(images):
    with pytest.raises(InputError, match="expected uint8 images"):
        distort(images, "colour", "bw", NAMES, SEED)


# Colour


def test_grey_is_the_weighted_sum():
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


def test_false_colour_is_an_involution_that_leaves_grey():
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


def test_rotation_moves_the_top_left_pixel():
    image = np.zeros((1, 8, 8))
    image[0, 0, 1] = 1
    for angle, corner in ((90, (6, 0)), (180, (7, 6)), (270, (1, 7))):
        assert pixels.rotation(image, angle)[0][corner] == 1
    photograph = photographs()
    turned = photograph
    for _ in range(4):
        turned = distort(turned, "rotation", "90", NAMES, SEED)
    np.testing.assert_array_equal(turned, distort(photograph, "rotation", "0", NAMES, SEED))


# Frequencies


@pytest.mark.parametrize("sigma", [0.4, 0.7, 3, 40])
def test_low_pass_is_the_benchmarks_filter_at_its_size(sigma):
    images = generator("low-pass").uniform(size=(2, 224, 224))
    expected = gaussian_filter(images, (0, sigma, sigma), mode="constant", cval=frequency.BACKGROUND)
    np.testing.assert_allclose(frequency.low_pass(images, sigma), expected, atol=1e-12)


@pytest.mark.parametrize("size", [32, 224])
def test_low_pass_and_high_pass_add_up_to_the_image(size):
    images = scenes(size)
    high = frequency.high_pass(images, 3)
    remainder = frequency.low_pass(images, 3) + high - images
    np.testing.assert_allclose(remainder, remainder[:, :1, :1] + np.zeros_like(images), atol=1e-12)
    np.testing.assert_allclose(high.mean(axis=(1, 2)), frequency.BACKGROUND, atol=1e-12)


@pytest.mark.parametrize("distortion", [frequency.low_pass, frequency.high_pass])
@pytest.mark.parametrize("sigma", [0.7, 3, 10])
def test_filters_mean_the_same_at_half_the_size(distortion, sigma):
    large, small = scenes(224), scenes(112)
    effect = np.abs(distortion(large, sigma) - large).max()
    difference = halved(distortion(large, sigma)) - distortion(halved(large), sigma)
    assert np.abs(halved(large) - small).max() < 0.002  # else they are not the same scenes
    assert np.abs(difference).max() < 0.01 * effect


def test_phase_noise_is_odd_uniform_and_within_its_width():
    noise = frequency.phase_noise((64, 64), 30, generator("phase"))
    np.testing.assert_array_equal(noise, -np.roll(np.flip(noise), 1, axis=(0, 1)))
    assert np.abs(noise).max() <= np.pi / 6
    assert noise.std() == pytest.approx(np.pi / 6 / np.sqrt(3), rel=0.03)


@pytest.mark.parametrize("size", [31, 32])
@pytest.mark.parametrize("width", [30, 180])
def test_phase_scrambling_leaves_the_amplitude_spectrum(size, width):
    images = scenes(size)
    scrambled = frequency.phase_scrambling(images, width, generators())
    assert np.abs(scrambled - images).max() > 0.01
    np.testing.assert_allclose(np.abs(np.fft.fft2(scrambled)), np.abs(np.fft.fft2(images)), atol=1e-9)
    np.testing.assert_allclose(scrambled.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=1e-12)


def test_power_equalisation_leaves_the_phases_and_makes_amplitudes_the_mean():
    images = colour.luma(photographs() / 255)
    before, after = (np.fft.fft2(values) for values in (images, frequency.power_equalisation(images)))
    mean = np.abs(before).mean(axis=0)
    np.testing.assert_allclose(np.abs(after), np.broadcast_to(mean, after.shape), atol=1e-9)
    np.testing.assert_allclose(after / np.abs(after), before / np.abs(before), atol=1e-6)


def test_power_equalisation_of_one_image_is_the_image():
    images = scenes(count=1)
    np.testing.assert_allclose(frequency.power_equalisation(images), images, atol=1e-12)


# Eidolons


@pytest.mark.parametrize("size", [32, 224])
def test_layers_add_up_to_the_image(size):
    image = scenes(size, count=1)[0]
    layers = eidolons.layers(image)
    assert len(layers) == len(eidolons.LEVELS)
    np.testing.assert_allclose(layers.sum(axis=0), image, atol=1e-12)


def test_layers_blur_as_a_gaussian_with_mirrored_borders():
    image = colour.luma(photographs(224, count=1)[0] / 255)
    for k in (4, 8):
        expected = gaussian_filter(image, eidolons.LEVELS[k], mode="reflect", truncate=6)
        np.testing.assert_allclose(eidolons.layers(image)[k:].sum(axis=0), expected, atol=1e-6)


def test_layers_mean_the_same_at_half_the_size():
    large, small = (eidolons.layers(scenes(size, count=1)[0]) for size in (224, 112))
    np.testing.assert_allclose(halved(large), small, atol=0.003)


@pytest.mark.parametrize("coherence", [0, 0.3, 1])
@pytest.mark.parametrize("size", [64, 224])
def test_displacements_have_their_reach_coherence_and_grain(coherence, size):
    reach, grain, scale = 8, 10, size / 224
    fields = np.stack([eidolons.displacements(5, size, reach, coherence, grain, generator(i, size)) for i in range(16)])
    assert fields.shape == (16, 5, 2, size, size)
    assert fields.std() == pytest.approx(reach * scale, rel=0.05)
    between_layers = np.corrcoef(fields.transpose(1, 0, 2, 3, 4).reshape(5, -1))[np.triu_indices(5, 1)]
    np.testing.assert_allclose(between_layers, coherence, atol=0.1)
    lag = round(2 * grain * scale)
    nearby = np.mean(fields * np.roll(fields, lag, axis=-1)) / np.mean(fields**2)
    assert nearby == pytest.approx(np.exp(-((lag / (2 * grain * scale)) ** 2)), abs=0.06)


def test_warp_takes_pixels_from_where_the_displacement_points():
    image = generator("warp").uniform(size=(16, 16))
    shift = np.stack([np.full((16, 16), 2.0), np.full((16, 16), -3.0)])
    np.testing.assert_allclose(eidolons.warped(image, shift)[:-2, 3:], image[2:, :-3], atol=1e-12)


def error(images, reach, coherence):
    """Root mean square change of images by an eidolon."""
    changed = eidolons.eidolon(images, reach, coherence, 10, generators(len(images)))
    return np.sqrt(np.mean((changed - images) ** 2))


def test_reach_takes_the_eidolon_away_from_the_image():
    images = scenes(64)
    errors = [error(images, reach, 0.3) for reach in (0, 0.01, 1, 4, 16)]
    assert errors[0] == pytest.approx(0, abs=1e-12)
    assert errors[1] < 0.001
    assert errors == sorted(errors)


def test_coherence_keeps_the_contrast_of_what_it_moves():
    """Layers that move together keep their sum's values; layers that part blur each other."""
    images = scenes(112)
    contrasts = [np.std(eidolons.eidolon(images, 16, coherence, 10, generators())) for coherence in (0, 0.3, 1)]
    assert contrasts == sorted(contrasts)
    assert contrasts[2] == pytest.approx(np.std(images), rel=0.1)


@pytest.mark.parametrize("coherence", [0, 1])
def test_eidolons_mean_the_same_at_half_the_size(coherence):
    small, large = (error(scenes(size, count=24), 16, coherence) for size in (56, 112))
    assert small == pytest.approx(large, rel=0.1)
