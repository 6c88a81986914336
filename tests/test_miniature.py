"""The world of the miniature: images depend on their names only, and stimuli show held-out drawings."""

from unittest.mock import Mock

import numpy as np
import pytest
import yaml

from conftest import ROOT
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set, pick_drawings
from generative_classifiers.stimuli.miniature.drawings import SIZE, render_drawing
from generative_classifiers.stimuli.miniature.scenes import sample_scenes
from generative_classifiers.stimuli.miniature.textures import TEXTURES, texture
from generative_classifiers.study.categories import CATEGORIES
from typed_rows import dataset, world

WORLD, NONPARAMETRIC = world(), dataset()


@pytest.fixture(scope="module")
def drawing_sets():
    return {split: drawing_set(split) for split in ("training", "held_out")}


@pytest.fixture(scope="module")
def cue_conflicts():
    return render("cue-conflict", NONPARAMETRIC, WORLD)


def pixels(stimuli):
    """Bytes of each image by its name."""
    return dict(zip(stimuli["name"].values, map(np.ndarray.tobytes, stimuli["image"].values), strict=True))


def test_every_drawing_of_the_registry_is_rendered_with_a_margin(drawing_sets):
    registry = yaml.safe_load((ROOT / "registry/drawings.yaml").read_text())
    assert list(registry) == list(CATEGORIES)
    for split, drawings in drawing_sets.items():
        named = [name for category in CATEGORIES for name in registry[category][split]]
        assert drawings.names.tolist() == named and drawings.planes.shape == (len(named), 2, SIZE, SIZE)
        assert np.bincount(drawings.categories, minlength=16).min() >= 1
        ink = drawings.planes[:, 0].mean(axis=(1, 2))
        assert (ink > 0.03).all() and drawings.planes.min() >= 0 and drawings.planes.max() <= 1.001
        # The margin keeps turned and shifted objects inside.
        assert drawings.planes[:, :, :4].max() == drawings.planes[..., -4:].max() == 0


def test_training_and_held_out_drawings_differ(drawing_sets):
    names = {split: set(drawings.names) for split, drawings in drawing_sets.items()}
    assert not names["training"] & names["held_out"]
    assert all(len(names[split]) == len(drawing_sets[split].names) for split in names)

    def standard(planes):
        flat = planes[:, 0].reshape(len(planes), -1)
        flat = flat - flat.mean(axis=1, keepdims=True)
        return flat / np.linalg.norm(flat, axis=1, keepdims=True)

    # Two fonts may have the same drawing, perhaps mirrored.
    training, held_out = (drawing_sets[split].planes for split in ("training", "held_out"))
    for side in (held_out, held_out[..., ::-1]):
        assert (standard(training) @ standard(side).T).max() < 0.995


@pytest.mark.parametrize("name", ["fa5 no-such-glyph", "comic plane", "drawn oven-9"])
def test_unknown_drawings_are_errors(name):
    with pytest.raises(InputError, match=name):
        render_drawing(name)


def test_textures_are_in_range_and_distinct():
    assert tuple(TEXTURES) == CATEGORIES
    rng = np.random.default_rng(0)
    u, v = rng.uniform(-60, 60, (2, 16, 100, 100)).astype(np.float32)
    values = texture(np.array(CATEGORIES), u, v)
    assert values.dtype == np.float32 and np.isfinite(values).all() and np.abs(values).max() <= 1 + 1e-6
    # No texture is almost constant, and no two textures are similar.
    assert values.std(axis=(1, 2)).min() > 0.3
    same = texture(np.array(CATEGORIES), *np.broadcast_to(np.mgrid[:32, :32][:, None], (2, 16, 32, 32)))
    likeness = np.corrcoef(same.reshape(16, -1))
    assert np.abs(likeness - np.eye(16)).max() < 0.7


@pytest.mark.parametrize("name", ["silhouette", "sketch", "edge", "stylized"])
def test_image_depends_on_its_name_and_the_seed_only(name):
    few = pixels(render(name, NONPARAMETRIC, WORLD))
    more = pixels(render(name, NONPARAMETRIC, world({"nonparametric": 32})))
    assert len(few) == 16 and len(more) == 32 and few.items() <= more.items()
    assert len(set(more.values())) == 32
    others = pixels(render(name, NONPARAMETRIC, world(seed=1)))
    assert others.keys() == few.keys() and all(few[image] != others[image] for image in few)


def test_datasets_have_different_images():
    images = [render(name, NONPARAMETRIC, WORLD)["image"].values for name in ("silhouette", "sketch")]
    assert (images[0] != images[1]).any(axis=(1, 2, 3)).all()


def test_parametric_datasets_distort_images_by_condition():
    both = render("low-pass", dataset(["0", "3"]), WORLD)
    one = render("low-pass", dataset(["0"]), WORLD)
    assert pixels(one).items() <= pixels(both).items()
    conditions = both["condition"].values.tolist()
    assert conditions == ["0"] * 16 + ["3"] * 16 and len(set(both["name"].values)) == 32
    assert both["category"].values.tolist() == 2 * list(CATEGORIES)
    assert both["image"].dims == ("image", "y", "x", "channel") and both["image"].dtype == np.uint8
    assert both["image"].shape == (32, 32, 32, 3) and "texture_category" not in both.coords
    detail = np.abs(np.diff(both["image"].values.astype(float), axis=2)).mean(axis=(1, 2, 3))
    assert detail[16:].mean() < 0.9 * detail[:16].mean()


def test_cue_conflict_has_every_pair_of_categories_once(cue_conflicts):
    pairs = list(zip(cue_conflicts["category"].values, cue_conflicts["texture_category"].values, strict=True))
    assert len(pairs) == len(set(pairs)) == 16 * 15 and all(shape != texture for shape, texture in pairs)
    names = [f"{shape}1-{texture}1.png" for shape, texture in pairs]
    assert cue_conflicts["name"].values.tolist() == names and set(cue_conflicts["condition"].values) == {"all"}
    assert len(set(pixels(cue_conflicts).values())) == 240


def test_more_cue_conflicts_keep_the_first_images(cue_conflicts):
    more = render("cue-conflict", NONPARAMETRIC, world({"cue-conflict": 480}))
    assert pixels(cue_conflicts).items() <= pixels(more).items() and len(set(more["name"].values)) == 480


def test_stimuli_show_held_out_drawings_only(drawing_sets, monkeypatch):
    given = Mock(side_effect=drawing_sets.get)
    monkeypatch.setattr("generative_classifiers.stimuli.miniature.datasets.drawing_set", given)
    render("silhouette", NONPARAMETRIC, WORLD)
    given.assert_called_once_with("held_out")


def test_picked_drawings_are_of_the_category(drawing_sets):
    categories = np.repeat(np.arange(16), 50)
    which = pick_drawings(drawing_sets["training"], categories, generator("a test"))
    np.testing.assert_array_equal(drawing_sets["training"].categories[which], categories)
    assert len(set(which)) > 0.9 * len(drawing_sets["training"].names)


def test_training_batch_depends_on_step_and_seed_only(drawing_sets):
    images, categories = batch(drawing_sets["training"], 7, 12, 0, WORLD)
    batch(drawing_sets["training"], 6, 5, 0, WORLD)
    np.random.default_rng().random(3)
    again, same = batch(drawing_sets["training"], 7, 12, 0, WORLD)
    np.testing.assert_array_equal(again, images)
    np.testing.assert_array_equal(same, categories)
    assert images.shape == (12, 32, 32, 3) and images.dtype == np.uint8
    for step, seed in ((8, 0), (7, 1)):
        assert (batch(drawing_sets["training"], step, 12, seed, WORLD)[0] != images).any(axis=(1, 2, 3)).all()


def test_objects_differ_from_the_ground_in_luminance():
    scene = sample_scenes(generator("a test"), 4000)
    luminance = np.array([0.299, 0.587, 0.114])
    difference = np.abs((scene.ground - scene.object) @ luminance)
    assert difference.min() > 0.24 and difference.max() < 0.46
    assert 0.4 < ((scene.ground - scene.object) @ luminance > 0).mean() < 0.6
