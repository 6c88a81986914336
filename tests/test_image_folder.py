"""Training data in folders of images: the check of a folder, and the images of a step."""

import shutil

import pytest
import torch
from torchvision.transforms import v2

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.classifiers.diffusion_noise import DiffusionNoise, diffusion_noise
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.training import jobs
from generative_classifiers.training.data import loader, seeded
from generative_classifiers.training.image_folder import check, read
from generative_classifiers.training.image_folder import image_folder as images_of
from image_folders import image_folder, learner

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("images"))


@pytest.fixture
def spoilt(folder, tmp_path):
    """A copy to be spoilt."""
    return shutil.copytree(folder, tmp_path / "images")


def test_a_complete_folder_passes_the_check(folder):
    check(folder, list(CATEGORIES))
    jobs.check("tiny", learner(), str(folder))


def test_faults_of_a_folder_are_errors(spoilt):
    def complaint(match):
        with pytest.raises(InputError, match=match):
            check(spoilt, list(CATEGORIES))

    for image in (spoilt / "val/truck").iterdir():
        image.rename(image.with_suffix(".txt"))
    complaint(r"val/truck: no images, expected \.jpg, \.jpeg, ")
    (spoilt / "val/truck").rename(spoilt / "val/lorry")
    complaint(
        r"val: expected the folders of 16 classes, airplane to truck; it lacks 1 of them, such as truck and has 1 oth"
    )
    shutil.rmtree(spoilt / "val")
    complaint(r"val: no such folder, expected val/<class>/… of 16 classes")
    for image in (spoilt / "train/airplane").iterdir():
        image.write_bytes(b"no image")
    complaint(r"train/airplane/airplane_\d\.\w+: cannot be read as an image")


def test_jobs_check_the_images_that_they_need(folder):
    with pytest.raises(
        InputError, match=r"config\.yaml: imagenet is not set, the folder of images that tiny is trained on"
    ):
        jobs.check("tiny", learner(), None)
    with pytest.raises(
        InputError, match="expected the folders of 1000 classes, n01440764 to n15075141; it lacks 1000 "
    ):
        jobs.check("tiny", learner(classes=1000), folder)
    jobs.check("tiny", learner({"data": "world"}), None)


def test_fewer_images_than_a_step_needs_are_an_error(folder):
    with pytest.raises(InputError, match="96 training images, expected 200 a step"):
        images_of(folder, learner({"batch_size": 100}))


def test_each_epoch_has_every_image_once_in_a_new_order(folder):
    crops = images_of(folder, learner()).training
    epochs = [crops._order(epoch) for epoch in (0, 1)]
    assert all(sorted(order) == list(range(96)) for order in epochs) and (epochs[0] != epochs[1]).any()
    labels = [crops[step, share][1] for step in range(12) for share in (0, 1)]
    for epoch, order in enumerate(epochs):
        assert torch.cat(labels[12 * epoch :][:12]).tolist() == crops.labels[order].tolist()


def test_crops_depend_on_seed_epoch_and_name(folder):
    def seen(epoch, number, seed=0):
        crops = images_of(folder, learner({"seed": seed}, noise="sqrt_alphas")).training
        return crops.load([number], "epoch", epoch)[0]

    first = seen(3, 5)
    torch.rand(7)
    assert first.shape == (1, 3, 16, 16) and torch.equal(seen(3, 5), first)
    assert all(not torch.equal(other, first) for other in (seen(4, 5), seen(3, 6), seen(3, 5, seed=1)))
    # The same in any company.
    crops = images_of(folder, learner(noise="sqrt_alphas")).training
    assert torch.equal(crops.load([9, 5], "epoch", 3)[0][1], first[0])


def test_batches_do_not_depend_on_the_number_of_workers(folder):
    crops, places = (
        images_of(folder, learner(noise="alphas")).training,
        [(step, 1) for step in (7, 2, 11)],
    )
    alone, ahead = ([*loader(crops, places, workers)] for workers in (0, 2))
    assert all(
        torch.equal(a, b) for one, other in zip(alone, ahead, strict=True) for a, b in zip(one, other, strict=True)
    )


def test_validation_images_are_central_crops(folder):
    source = images_of(folder, learner())
    images, labels = (torch.cat(parts) for parts in zip(*source.validation, strict=True))
    assert len(source.validation) == 4 and labels.tolist() == [k for k in range(16) for _ in range(2)]
    path = next(path for path in (folder / "val/cat").iterdir() if path.name == "cat_1.png")
    shown = v2.functional.center_crop(v2.functional.resize(read(path), 18), 16)
    expected = v2.functional.pil_to_tensor(shown) / 255 - torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    expected /= torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    torch.testing.assert_close(images[2 * CATEGORIES.index("cat") + 1], expected)


@pytest.mark.parametrize("variant", ["sqrt_alphas", "alphas"])
def test_diffusion_noise_as_a_transform(variant):
    images = torch.full((4000, 1, 2, 2), 3.0)
    with seeded("a test"):
        noised = DiffusionNoise(variant)(images)
    with seeded("a test"):
        level = torch.rand(4000)
        expected = diffusion_noise(images, level, torch.randn_like(images), variant)
    assert torch.equal(noised, expected)
    # Alpha's mean is that of the square root of a uniform number, or of the number.
    assert noised.mean() / 3 == pytest.approx({"sqrt_alphas": 2 / 3, "alphas": 1 / 2}[variant], abs=0.02)
    # Images keep a variance of one: alpha² of theirs and the rest of noise.
    assert DiffusionNoise(variant)(torch.randn(4000, 1, 2, 2)).var() == pytest.approx(1, abs=0.05)
    assert DiffusionNoise(variant)(torch.zeros(3, 8, 8)).shape == (3, 8, 8)


def test_an_unknown_variant_of_noise_is_an_error():
    with pytest.raises(ValueError, match="variant is 'loud', expected one of sqrt_alphas, alphas"):
        DiffusionNoise("loud")
