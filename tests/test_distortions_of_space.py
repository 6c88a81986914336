"""Distortions of the spectrum, and eidolons, against their definitions."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.distortions import colour, eidolons, frequency
from some_images import generators, halved, photographs, scenes

# Frequencies


@pytest.mark.parametrize("sigma", [0.4, 0.7, 3, 40])
def test_low_pass_is_the_benchmarks_filter_at_its_size(sigma):
    images = generator("low-pass").uniform(size=(2, 224, 224))
    expected = gaussian_filter(images, (0, sigma, sigma), mode="constant", cval=frequency.BACKGROUND)
    np.testing.assert_allclose(frequency.low_pass(images, sigma), expected, atol=1e-12)


@pytest.mark.parametrize("sigma", [0.4, 0.7, 3])
def test_high_pass_is_the_rest_of_the_low_pass_around_the_mean_grey(sigma):
    images = generator("high-pass").uniform(size=(2, 224, 224))
    blurred = gaussian_filter(images, (0, sigma, sigma), mode="constant", cval=frequency.BACKGROUND)
    rest = images - blurred
    expected = rest - rest.mean(axis=(1, 2), keepdims=True) + frequency.BACKGROUND
    np.testing.assert_allclose(frequency.high_pass(images, sigma), expected, atol=1e-12)


@pytest.mark.parametrize("size", [32, 224])
def test_low_pass_and_high_pass_add_up_to_the_image(size):
    images = scenes(size)
    high = frequency.high_pass(images, 3)
    remainder = frequency.low_pass(images, 3) + high - images
    np.testing.assert_allclose(remainder, remainder[:, :1, :1] + np.zeros_like(images), atol=1e-12)
    np.testing.assert_allclose(high.mean(axis=(1, 2)), frequency.BACKGROUND, atol=1e-12)


@pytest.mark.parametrize("distortion", [frequency.low_pass, frequency.high_pass])
@pytest.mark.parametrize("sigma", [0.7, 3, 10])
def test_filters_have_the_same_effect_at_half_the_size(distortion, sigma):
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
def test_phase_scrambling_does_not_change_the_amplitude_spectrum(size, width):
    images = scenes(size)
    scrambled = frequency.phase_scrambling(images, width, generators())
    assert np.abs(scrambled - images).max() > 0.01
    np.testing.assert_allclose(np.abs(np.fft.fft2(scrambled)), np.abs(np.fft.fft2(images)), atol=1e-9)
    np.testing.assert_allclose(scrambled.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=1e-12)


def test_power_equalisation_keeps_phases_and_averages_amplitudes():
    images = colour.luma(photographs() / 255)
    before, after = (np.fft.fft2(values) for values in (images, frequency.power_equalisation(images)))
    mean = np.abs(before).mean(axis=0)
    np.testing.assert_allclose(np.abs(after), np.broadcast_to(mean, after.shape), atol=1e-9)
    np.testing.assert_allclose(after / np.abs(after), before / np.abs(before), atol=1e-6)


def test_power_equalisation_in_batches_equals_that_of_all_images():
    images = scenes(count=5)
    amplitude = frequency.mean_amplitude([images[:2], images[2:]])
    batches = [frequency.power_equalisation(batch, amplitude) for batch in (images[:1], images[1:])]
    np.testing.assert_allclose(np.concatenate(batches), frequency.power_equalisation(images), atol=1e-12)


def test_power_equalisation_does_not_change_a_single_image():
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


def test_layers_are_the_same_at_half_the_size():
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


def test_pixels_are_taken_from_where_the_displacement_points():
    image = generator("warp").uniform(size=(16, 16))
    shift = np.stack([np.full((16, 16), 2.0), np.full((16, 16), -3.0)])
    np.testing.assert_allclose(eidolons.warped(image, shift)[:-2, 3:], image[2:, :-3], atol=1e-12)


def error(images, reach, coherence):
    """Root mean square change of images by an eidolon."""
    changed = eidolons.eidolon(images, reach, coherence, 10, generators(len(images)))
    return np.sqrt(np.mean((changed - images) ** 2))


def test_larger_reach_changes_the_image_more():
    images = scenes(64)
    errors = [error(images, reach, 0.3) for reach in (0, 0.01, 1, 4, 16)]
    assert errors[0] == pytest.approx(0, abs=1e-12)
    assert errors[1] < 0.001
    assert errors == sorted(errors)


def test_coherent_displacements_keep_the_contrast():
    """Layers that move together keep their sum's values; layers that part blur each other."""
    images = scenes(112)
    contrasts = [np.std(eidolons.eidolon(images, 16, coherence, 10, generators())) for coherence in (0, 0.3, 1)]
    assert contrasts == sorted(contrasts)
    assert contrasts[2] == pytest.approx(np.std(images), rel=0.1)


@pytest.mark.parametrize("coherence", [0, 1])
def test_eidolons_change_images_by_the_same_at_half_the_size(coherence):
    small, large = (error(scenes(size, count=24), 16, coherence) for size in (56, 112))
    assert small == pytest.approx(large, rel=0.1)
