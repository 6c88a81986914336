"""Folders of users' images: which files count, how their pixels are read, and the errors for others."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.folders import read_folder
from generative_classifiers.stimuli.image_names import image_names
from generative_classifiers.stimuli.square_images import read_image
from test_benchmark_archives import bomb

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def folder(tmp_path):
    """A folder with one image, `cat/1.png`."""
    (tmp_path / "photos/cat").mkdir(parents=True)
    Image.new("RGB", (16, 16), RED).save(tmp_path / "photos/cat/1.png")
    return tmp_path / "photos"


def test_files_that_are_no_images_are_skipped_with_one_note(folder, capsys):
    assert read_folder(folder, 16).sizes["image"] == 1 and not capsys.readouterr().err
    for name in (".DS_Store", "Thumbs.db", "cat/notes.txt", "cat/._1.png", "cat/1"):
        (folder / name).write_bytes(b"x")
    (folder / ".cache").mkdir()
    (folder / ".cache/2.png").write_bytes(b"x")
    assert read_folder(folder, 16)["name"].values.tolist() == ["cat/1.png"]
    said = capsys.readouterr().err
    assert said == f"{folder}: skipped 6 files that are hidden or not images, the first is '.DS_Store'\n"
    assert image_names(folder) == ["cat/1.png"] and not capsys.readouterr().err


def test_folders_without_images_are_errors(folder):
    (folder / "cat/1.png").rename(folder / "cat/1.txt")
    with pytest.raises(InputError, match=r"photos: contains no images; expected names that end in \.png, \.jpg"):
        image_names(folder)
    with pytest.raises(InputError, match=r"1\.txt: no such folder of images"):
        image_names(folder / "cat/1.txt")


def whole():
    return np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)


def truncated(path):
    Image.fromarray(whole()).save(path)
    path.write_bytes(path.read_bytes()[:600])


@pytest.mark.parametrize(
    ("name", "write", "reason"),
    [
        ("2.png", lambda path: path.write_bytes(b""), "no image in a known format"),
        ("2.png", lambda path: path.write_text("<html>"), "no image in a known format"),
        ("2.png", lambda path: path.write_bytes(bomb()), "Image size"),
        ("2.png", lambda path: path.write_bytes(bomb(2**31 - 1)), ""),
        ("2.png", truncated, "truncated|broken"),
        ("2.jpg", truncated, "Truncated|truncated"),
        ("2.tif", lambda path: Image.new("F", (16, 16)).save(path), "floating-point numbers of unknown range"),
    ],
)
def test_images_that_cannot_be_read_are_one_line_that_names_them(folder, name, write, reason):
    write(folder / "cat" / name)
    with pytest.raises(InputError, match=rf"photos/cat/{name}: not a readable image \(.*({reason})") as error:
        read_folder(folder, 16)
    assert "\n" not in str(error.value)


def test_links_are_followed_but_loops_are_errors(folder, tmp_path):
    (tmp_path / "dogs").mkdir()
    Image.new("RGB", (16, 16), BLUE).save(tmp_path / "dogs/1.png")
    (folder / "dog").symlink_to(tmp_path / "dogs")
    assert image_names(folder) == ["cat/1.png", "dog/1.png"]
    (tmp_path / "dogs/loop").symlink_to(folder)
    with pytest.raises(InputError, match=r"photos/dog/loop: is a link to a folder that it is in"):
        image_names(folder)


def test_links_that_lead_nowhere_and_pipes_are_errors(folder):
    (folder / "cat/2.png").symlink_to("nowhere.png")
    with pytest.raises(InputError, match=r"cat/2\.png: is not a file, or a link that leads nowhere"):
        image_names(folder)
    (folder / "cat/2.png").unlink()
    os.mkfifo(folder / "cat/2.png")
    with pytest.raises(InputError, match=r"cat/2\.png: is not a file"):
        image_names(folder)


def test_names_that_are_not_utf_8_are_errors(folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/cat/\xff.png")).write_bytes((folder / "cat/1.png").read_bytes())
    with pytest.raises(InputError, match=r"photos: 'cat/\\udcff\.png': expected a name in UTF-8"):
        image_names(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_and_folders_are_errors(folder):
    (folder / "cat/1.png").chmod(0)
    with pytest.raises(InputError, match=r"cat/1\.png: not a readable image \(Permission denied"):
        read_folder(folder, 16)
    (folder / "cat").chmod(0)
    with pytest.raises(InputError, match=r"cat: cannot be read \(Permission denied"):
        read_folder(folder, 16)


def test_the_first_picture_of_an_animation_counts(tmp_path):
    first, second = (Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE))
    first.save(tmp_path / "image.gif", save_all=True, append_images=[second])
    first.save(tmp_path / "image.png", save_all=True, append_images=[second])
    for name in ("image.gif", "image.png"):
        assert (read_image(tmp_path / name, 16) == RED).all()


def test_transparent_parts_of_a_palette_are_white(tmp_path):
    image = Image.new("P", (16, 16), 0)
    image.putpalette([*BLUE, *RED])
    image.paste(1, (0, 0, 8, 16))
    image.save(tmp_path / "image.png", transparency=0)
    assert (read_image(tmp_path / "image.png", 16)[:, :8] == RED).all()
    assert (read_image(tmp_path / "image.png", 16)[:, 8:] == 255).all()


def test_cmyk_is_ink_and_16_bits_are_scaled(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "image.jpg", quality=100)
    assert np.abs(read_image(tmp_path / "image.jpg", 16).astype(int) - RED).max() < 4
    Image.fromarray(np.full((16, 16), 0x8080, np.uint16)).save(tmp_path / "image.png")
    assert (read_image(tmp_path / "image.png", 16) == 0x80).all()
