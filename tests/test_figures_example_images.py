"""Figures 2, 7 and 8: example images, what a draw leaves of them, and the nearest reconstruction."""

import io

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from PIL import Image

import tiny_pipelines
import tiny_tokens
from generative_classifiers import models
from generative_classifiers.draws.noise import gaussian
from generative_classifiers.evidence.example_images import reconstruct, select
from generative_classifiers.figures.reconstruction_grid import FARTHER, NEAREST
from generative_classifiers.figures.reconstructions import ambiguous_images as plot_ambiguous_images
from generative_classifiers.figures.reconstructions import reconstructions
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import read, write
from generative_classifiers.stimuli.ambiguous_images import SIZE, ambiguous_images
from generative_classifiers.stimuli.downloads import fetch_all
from generative_classifiers.stimuli.miniature.superimposed import superimpose
from generative_classifiers.stimuli.sources import Source
from generative_classifiers.stimuli.square_images import squares
from generative_classifiers.study.ambiguous_images import SuperimposedImage
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer, world

SEED = 3
READINGS = {"cat-dog": ("cat", "dog"), "bear-or-boat": ("boat", "bear")}
WORLD = world(size=16)
HALVES = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">'
    '<rect x="50" width="50" height="100" fill="red"/><rect x="100" width="50" height="100" fill="blue"/></svg>'
)


def stimuli(names, size, seed=0):
    images = np.random.default_rng(seed).integers(0, 256, (len(names), size, size, 3), dtype=np.uint8)
    return xr.Dataset({"image": (("image", "y", "x", "channel"), images)}, {"name": ("image", names)})


STIMULUS, IMAGES = stimuli(["bottle1-bear1.png"], 24), stimuli(list(READINGS), 16, seed=1)


@pytest.fixture(scope="module")
def reconstructing_observers(tmp_path_factory):
    """A model with random weights of each family that reconstructs images."""
    root = tmp_path_factory.mktemp("reconstructing_observers")
    rows = {
        "pixels": observer(family="diffusion", pipeline=str(tiny_pipelines.pixel_diffusion(root / "pixels"))),
        "latents": observer(family="diffusion", pipeline=str(tiny_pipelines.stable_diffusion(root / "latents"))),
        "tokens": observer(
            family="masked", pipeline=str(tiny_tokens.amused(root / "tokens")), reading="reconstruction"
        ),
    }
    return {name: models.load(name, row, prompts_of(), device="cpu", batch_size=9) for name, row in rows.items()}


@pytest.fixture(scope="module")
def stores(reconstructing_observers, tmp_path_factory):
    """Reconstructions of the example images, as figures read them."""
    root = tmp_path_factory.mktemp("example_images")
    for name, model in reconstructing_observers.items():
        write(reconstruct(model, [STIMULUS, IMAGES], draw=1, seed=SEED, times="golden"), root / f"{name}.zarr")
    return {name: read(root / f"{name}.zarr") for name in reconstructing_observers}


def marked(figure):
    """Category and distance of each reconstruction in a figure, and of those that are framed and green."""
    panels = [ax for ax in figure.axes if ax.xaxis.label.get_color() in (NEAREST, FARTHER)]
    written = {id(ax): (ax.get_title(), ax.get_xlabel()) for ax in panels}
    green = [ax for ax in panels if ax.xaxis.label.get_color() == NEAREST]
    framed = [ax for ax in panels if to_hex(ax.spines["left"].get_edgecolor()).upper() == NEAREST]
    assert green == framed
    return list(written.values()), [written[id(ax)] for ax in green]


@pytest.mark.parametrize("name", ["pixels", "latents", "tokens"])
def test_the_nearest_reconstruction_is_marked(stores, name):
    store = stores[name]
    figure = reconstructions(store, "bottle1-bear1.png", CATEGORIES, "A model")
    panels, nearest = marked(figure)
    distances = store["distance"].values[0]
    assert panels == [(c, f"{d:#.4g}") for c, d in zip(CATEGORIES, distances, strict=True)]
    assert nearest == [panels[int(distances.argmin())]]
    shown = [np.asarray(ax.images[0].get_array()) for ax in figure.axes]
    expected = [store["stimulus"].values[0], store["noised"].values[0], *store["reconstruction"].values[0]]
    assert all(np.array_equal(*pair) for pair in zip(shown, expected, strict=True))


def test_the_nearer_of_two_readings_is_marked(stores):
    figure = plot_ambiguous_images(IMAGES, READINGS, stores, {name: name.title() for name in stores})
    panels, nearest = marked(figure)
    pairs = [
        store.isel(image=1 + place)["distance"].sel(category=list(pair))
        for place, pair in enumerate(READINGS.values())
        for store in stores.values()
    ]
    assert panels == [(str(one.category.item()), f"{one.item():#.4g}") for pair in pairs for one in pair]
    smaller = [pair.isel(category=pair.argmin("category").item()) for pair in pairs]
    assert nearest == [(str(one.category.item()), f"{one.item():#.4g}") for one in smaller]
    titles = [ax.get_title() for ax in figure.axes]
    assert "cat or dog?" in titles and "boat or bear?" in titles
    assert [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()] == ["Pixels", "Latents", "Tokens"]


def test_distances_are_the_losses_of_the_evidence(reconstructing_observers, stores):
    for name, model in reconstructing_observers.items():
        draws = model.draws(2, SEED, "golden")
        loss, _ = model.evaluate(STIMULUS["image"].values, ["bottle1-bear1.png"], draws)
        np.testing.assert_allclose(stores[name]["distance"][0], loss[0, :, 1], rtol=1e-4)
        assert stores[name]["sigma"].item() == draws.sigma[1]
    # A masked model's distance is between the images themselves.
    one = stores["tokens"].isel(image=0)
    difference = (one["reconstruction"].astype(float) - one["stimulus"]) / 127.5
    np.testing.assert_allclose(one["distance"], (difference**2).mean(("y", "x", "channel")), atol=0.01)


def test_noised_image_is_what_the_draw_leaves(reconstructing_observers, stores):
    pixels, tokens = stores["pixels"].isel(image=1), stores["tokens"].isel(image=0)
    draw = reconstructing_observers["pixels"].draws(2, SEED, "golden")[1:]
    clean = IMAGES["image"].values[0].transpose(2, 0, 1) / 127.5 - 1
    # The network sees blocks of 2 x 2 pixels as channels, and so the noise.
    noise = gaussian("cat-dog", 1, SEED, (12, 8, 8)).reshape(3, 2, 2, 8, 8).transpose(0, 3, 1, 4, 2)
    noised = draw.alpha.item() * clean + draw.sigma.item() * noise.reshape(clean.shape)
    expected = np.round((np.clip(noised, -1, 1) + 1) * 127.5).transpose(1, 2, 0)
    assert np.abs(pixels["noised"].values - expected).max() <= 1
    seen = squares(STIMULUS["image"].values, 8)[0]
    kept = (tokens["noised"].values == seen).all(-1)
    assert np.array_equal(tokens["stimulus"], seen) and (tokens["noised"].values[~kept] == 128).all()
    hidden = ~kept.reshape(4, 2, 4, 2)
    assert (hidden.all((1, 3)) == hidden.any((1, 3))).all() and hidden.mean() == tokens["sigma"].item()


def test_errors_name_missing_images_and_observers(stores):
    with pytest.raises(InputError, match=r"cue-conflict: has no image 'cat1-dog1.png', expected one of bottle1"):
        select(STIMULUS, "cat1-dog1.png", "cue-conflict")
    with pytest.raises(
        InputError, match=r"no image 'cat1-dog1.png' among the example images, bottle1-bear1.png, cat-dog"
    ):
        reconstructions(stores["pixels"], "cat1-dog1.png", CATEGORIES, "A model")
    with pytest.raises(InputError, match="no observer to show"):
        plot_ambiguous_images(IMAGES, READINGS, {}, {})


def encoded(image, kind):
    content = io.BytesIO()
    Image.fromarray(image).save(content, kind)
    return content.getvalue()


def test_downloads_become_stimuli(server, tmp_path):
    folder, address, asked = server
    tall = np.repeat(np.repeat(np.arange(0, 240, 30, dtype=np.uint8)[:, None, None], 4, 1), 3, 2)
    files = {"a/A.png": encoded(tall, "PNG"), "b/B.jpg": encoded(tall, "JPEG"), "c/C_%28D%29.svg": HALVES.encode()}
    (folder / "upload.wikimedia.org").mkdir()
    for place, content in files.items():
        path = folder / "upload.wikimedia.org" / place.replace("%28", "(").replace("%29", ")")
        path.parent.mkdir()
        path.write_bytes(content)
    sources = [Source(place[2], f"https://upload.wikimedia.org/{place}", None) for place in files]
    found = {one.observer: one.path for one in fetch_all(sources, tmp_path / "kept", address)}
    assert sorted(asked) == sorted(f"/upload.wikimedia.org/{place}" for place in files)
    made = ambiguous_images({name: {} for name in "ABC"}, found)
    assert made["name"].values.tolist() == list("ABC") and made["image"].shape == (3, SIZE, SIZE, 3)
    png, jpeg, svg = made["image"].values.astype(int)
    # The central square, rows 2 to 5 of 8.
    assert abs(png[0, 0, 0] - 60) < 8 and abs(png[-1, -1, 0] - 150) < 8 and np.abs(png - jpeg).max() < 16
    assert (svg[:, : SIZE // 2] == (255, 0, 0)).all() and (svg[:, SIZE // 2 :] == (0, 0, 255)).all()


def test_error_names_a_file_that_is_not_an_image(tmp_path):
    for name in ("A.png", "A.svg"):
        (tmp_path / name).write_text("<html>Too many requests</html>")
        with pytest.raises(InputError, match=rf"{name}: not a readable image"):
            ambiguous_images({"A": {}}, {"A": tmp_path / name})


def test_superimposed_drawings_are_half_as_strong_each():
    first, second = "ph bicycle-fill", "fa5 car-alt"
    both, swapped = (superimpose("a", pair, WORLD).astype(int) for pair in ((first, second), (second, first)))
    assert both.shape == (16, 16, 3) and np.array_equal(both, swapped)
    alone = [superimpose("a", (one, one), WORLD).astype(int) for one in (first, second)]
    unclipped = np.all([(one > 0) & (one < 255) for one in alone], axis=(0, 1, 2))  # channels
    assert unclipped.any() and np.abs(both - (alone[0] + alone[1]) / 2)[..., unclipped].max() <= 1
    assert np.abs(alone[0] - alone[1]).max() > 40
    assert not np.array_equal(both, superimpose("b", (first, second), WORLD))  # other colours


def test_superimposed_and_downloaded_images_are_one_store(tmp_path):
    (tmp_path / "C.svg").write_text(HALVES)
    both = SuperimposedImage(readings=("bicycle", "car"), drawings=("ph bicycle-fill", "fa5 car-alt"))
    rows = {"C": None, "both": both}  # of a downloaded image only the file counts
    svg, drawn = ambiguous_images(rows, {"C": tmp_path / "C.svg"}, WORLD)["image"].values
    assert svg.shape == (16, 16, 3) and svg[0].tolist() == [[255, 0, 0]] * 8 + [[0, 0, 255]] * 8
    assert np.array_equal(drawn, superimpose("both", both.drawings, WORLD))
