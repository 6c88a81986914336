"""Noise in bands of frequencies: against its spectrum, in folders of images and in the miniature."""

import numpy as np
import pytest
from PIL import Image

from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.distort_folder import distort as distort_folder
from generative_classifiers.stimuli.distortions import BANDS, DISTORTIONS, OF_BENCHMARK, distort, distorted
from generative_classifiers.stimuli.distortions.bands import NOISE_SD, band_noise
from generative_classifiers.stimuli.miniature.datasets import render
from some_images import photographs
from typed_rows import dataset, world

NAMES = [f"{number}.png" for number in range(4)]


@pytest.mark.parametrize("size", [32, 64, 100, 224])
@pytest.mark.parametrize("frequency", [1, 4, 16])
def test_noise_has_one_octave_and_a_fixed_strength(size, frequency):
    noise = band_noise(size, frequency, generator("a band"))
    power = np.abs(np.fft.fft2(noise)) ** 2
    cycles = np.fft.fftfreq(size, 1 / size)
    radius = np.hypot(cycles[:, None], cycles)
    outside = (radius < frequency / np.sqrt(2) - 1e-9) | (radius > frequency * np.sqrt(2) + 1e-9)
    assert power[outside].sum() < 1e-20 * power.sum()
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, 1], atol=1e-12)


def test_the_bands_share_no_frequency_and_leave_none_between_them():
    spectra = [np.abs(np.fft.fft2(band_noise(128, frequency, generator("tiles")))) > 1e-6 for frequency in BANDS]
    count = np.sum(spectra, axis=0)
    cycles = np.fft.fftfreq(128, 1 / 128)
    radius = np.hypot(cycles[:, None], cycles)
    assert count[0, 0] == 0 and (count[(radius > 0.8) & (radius < 64 * np.sqrt(2) - 1e-9)] == 1).all()


def test_noise_is_added_to_a_grey_image_of_reduced_contrast():
    images = photographs(64)
    without = distorted(images, "frequency-bands", "0", NAMES, 0)
    np.testing.assert_allclose(
        without[..., 0], 0.5 + 0.3 * (distorted(images, "contrast", "c100", NAMES, 0)[..., 0] - 0.5)
    )
    for condition in ("2", "32"):
        noise = distorted(images, "frequency-bands", condition, NAMES, 0) - without
        np.testing.assert_allclose(noise.std(axis=(1, 2, 3)), NOISE_SD)
        assert (noise[0] != noise[1]).any()


def test_images_that_are_too_small_for_a_band_are_an_error():
    with pytest.raises(InputError, match="frequency-bands: condition '32' needs 64 pixels along a side, found 32"):
        distort(photographs(32), "frequency-bands", "32", NAMES, 0)


def test_a_folder_gets_the_bands_that_its_size_allows_and_only_if_they_are_named(tmp_path, capsys):
    (tmp_path / "images/cat").mkdir(parents=True)
    for number, pixels in enumerate(photographs(32, 2)):
        Image.fromarray(pixels).save(tmp_path / f"images/cat/{number}.png")
    made = distort_folder(tmp_path / "images", tmp_path / "out", ["frequency-bands"], size=32)
    found = stores.read(made["frequency-bands"])
    assert list(dict.fromkeys(found["condition"].values.tolist())) == ["0", "1", "2", "4", "8", "16"]
    assert "frequency-bands: without 32, 64, which need more than 32 pixels along a side" in capsys.readouterr().err
    again = distort_folder(tmp_path / "images", tmp_path / "again", ["frequency-bands"], size=32)
    np.testing.assert_array_equal(found["image"], stores.read(again["frequency-bands"])["image"])
    assert "frequency-bands" not in OF_BENCHMARK and len(OF_BENCHMARK) == 12


def test_the_registry_knows_the_sizes_that_bands_need(datasets):
    row, distortion = datasets["datasets"]["frequency-bands"], DISTORTIONS["frequency-bands"]
    assert row["least_size"] == distortion.least_size
    shown = dataset(row["conditions"], least_size=row["least_size"], ticks=row["ticks"]).at_size(64)
    assert list(shown.conditions) == distortion.conditions_at(64) == ["0", "1", "2", "4", "8", "16", "32"]
    assert shown.ticks[0] == "none" and len(shown.ticks) == 7


def test_the_miniature_shows_the_same_scenes_in_all_bands():
    row = dataset(["0", "4"], in_benchmark=False)
    found = render("frequency-bands", row, world({"parametric": 32}))
    assert len(set(found["name"].values)) == 64
    plain, masked = np.split(found["image"].values.astype(float), 2)
    noise = (masked - plain) / 255
    np.testing.assert_allclose(noise.std(axis=(1, 2, 3)), NOISE_SD, rtol=0.05)
    spectrum = np.abs(np.fft.fft2(noise[..., 0])).mean(axis=0)
    assert spectrum[0, 4] > 20 * spectrum[0, 1] and spectrum[0, 4] > 20 * spectrum[0, 12]
