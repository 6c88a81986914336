"""Archives with checksums: their bytes, and what is refused."""

import contextlib
import hashlib
import stat
import zipfile

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.zip_files import SUMS, open_zip, write_zip

CONTENT = {"a.txt": b"one", "deep/b.bin": bytes(range(256)) * 40}


def written(path, **more):
    """An archive by hand, with the right checksums of members that may be anything."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**CONTENT, **more}.items():
            archive.writestr(name, text)
        lines = [f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in {**CONTENT, **more}.items()]
        archive.writestr(SUMS, "".join(lines))
    return path


def extracted(path, folder):
    with open_zip(path) as archive:
        for name in archive.members:
            archive.extract(name, folder / name)
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_members_come_back_and_the_bytes_are_the_same_every_time(tmp_path):
    (tmp_path / "b.bin").write_bytes(CONTENT["deep/b.bin"])
    for name in ("one.zip", "two.zip"):
        write_zip(tmp_path / name, [("a.txt", b"one"), ("deep/b.bin", tmp_path / "b.bin")])
        (tmp_path / "b.bin").touch()
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert extracted(tmp_path / "one.zip", tmp_path / "out") == CONTENT
    sums = zipfile.ZipFile(tmp_path / "one.zip").read(SUMS).decode().splitlines()
    assert sums == [f"{hashlib.sha256(text).hexdigest()}  {name}" for name, text in CONTENT.items()]


def test_failure_leaves_no_archive(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_zip(tmp_path / "a.zip", [("a.txt", b"one"), ("b", tmp_path / "missing")])
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/etc/a", "leaves the archive"),
        ("../a", "leaves the archive"),
        ("a/../../b", "leaves the archive"),
        ("a\\b", "leaves the archive"),
        ("a//b", "leaves the archive"),
        ("c:a", "leaves the archive"),
        ("a.txt/b", "cannot be written"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path, name, said):
    with pytest.raises(InputError, match=said):
        extracted(written(tmp_path / "a.zip", **{name: b"x"}), tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} <= {"a.zip", "out"}


def test_links_are_refused(tmp_path):
    with zipfile.ZipFile(written(tmp_path / "a.zip"), "a") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match=r"member 'link' is a link or a device"):
        extracted(tmp_path / "a.zip", tmp_path / "out")


def test_bombs_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"member 'bomb' claims 30000000 bytes, far more than it can have"):
        extracted(written(tmp_path / "a.zip", bomb=bytes(30_000_000)), tmp_path / "out")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_and_checksums_must_be_the_same(tmp_path):
    with zipfile.ZipFile(written(tmp_path / "more.zip"), "a") as archive:
        archive.writestr("unlisted.txt", b"x")
    with zipfile.ZipFile(written(tmp_path / "twice.zip"), "a") as archive:
        archive.writestr("a.txt", b"two")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("a.txt", b"x")
    for name, said in {
        "more": "'unlisted.txt' is missing, or",
        "twice": "two members of the",
        "none": "has no SHA",
    }.items():
        with pytest.raises(InputError, match=said):
            extracted(tmp_path / f"{name}.zip", tmp_path / "out")


def test_every_changed_byte_and_every_cut_is_noticed(tmp_path):
    write_zip(tmp_path / "a.zip", CONTENT.items())
    whole = (tmp_path / "a.zip").read_bytes()
    for number, place in enumerate(range(0, len(whole), 397)):
        (tmp_path / "b.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with contextlib.suppress(InputError):  # unless it is a byte of a date or the like
            assert extracted(tmp_path / "b.zip", tmp_path / f"out{number}") == CONTENT
        (tmp_path / "b.zip").write_bytes(whole[:place])
        with pytest.raises(InputError):
            extracted(tmp_path / "b.zip", tmp_path / f"cut{number}")


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "a.zip").write_text("<html>")
    for path, said in {tmp_path / "a.zip": "not a complete ZIP", tmp_path: "no such archive"}.items():
        with pytest.raises(InputError, match=said):
            extracted(path, tmp_path / "out")
