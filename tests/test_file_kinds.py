"""Files without a published checksum: recorded only if their content is what their address promises."""

import gzip
import io
import json
import tarfile
import zipfile

import pytest
from PIL import Image

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.downloads import fetch
from generative_classifiers.study.benchmark_names import COLUMNS


def image(kind):
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 10, 10)).save(file, kind)
    return file.getvalue()


def archive():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        info = tarfile.TarInfo("edge/cat/1.png")
        info.size = len(image("png"))
        tar.addfile(info, io.BytesIO(image("png")))
    return file.getvalue()


def torch_file():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("data.pkl", bytes(1000))
    return file.getvalue()


def safetensors():
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(8)


GOOD = {
    "a.tar.gz": archive(),
    "a.png": image("png"),
    "a.jpg": image("jpeg"),
    "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>',
    "a.csv": ",".join(COLUMNS).encode() + b"\n",
    "a.pth": torch_file(),
    "a.safetensors": safetensors(),
    "download?id=3": b"anything",
}
LOGIN = b"\n <!DOCTYPE html><html><body>Please log in</body></html>"


@pytest.fixture
def offer(server, tmp_path):
    """Fetch a file of some name and content from a server."""
    upstream, address, _ = server
    (upstream / "example.org").mkdir()

    def get(name, content):
        (upstream / "example.org" / name.partition("?")[0]).write_bytes(content)
        return fetch(f"https://example.org/{name}", None, tmp_path / "kept", address)

    return get


def refused(offer, tmp_path, name, content):
    """The error for a file, of which nothing is left."""
    with pytest.raises(InputError, match=rf"^https://example\.org/{name.replace('?', '.')}: not kept: ") as error:
        offer(name, content)
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file() and path.suffix != ".lock"] == []
    assert "\n" not in str(error.value) and ".staging" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", GOOD)
def test_good_files_are_kept_and_recorded(offer, name):
    path = offer(name, GOOD[name])
    assert path.read_bytes() == GOOD[name] and path.with_name(f"{path.name}.sha256").is_file()


@pytest.mark.parametrize("name", GOOD)
def test_pages_and_empty_files_are_refused(offer, tmp_path, name):
    assert "a page of HTML, perhaps of a login or an error" in refused(offer, tmp_path, name, LOGIN)
    assert "the file is empty" in refused(offer, tmp_path, name, b"")


@pytest.mark.parametrize("name", [name for name in GOOD if name not in ("download?id=3", "a.csv")])
def test_halves_are_refused(offer, tmp_path, name):
    refused(offer, tmp_path, name, GOOD[name][: len(GOOD[name]) // 2])


@pytest.mark.parametrize("name", [name for name in GOOD if name not in ("download?id=3", "a.pth")])
def test_other_files_are_refused(offer, tmp_path, name):
    refused(offer, tmp_path, name, b"something else")
    refused(offer, tmp_path, name, gzip.compress(b"something else"))


def test_missing_columns_are_named(offer, tmp_path):
    assert "column 'rt', found the columns subj, session, trial" in refused(
        offer, tmp_path, "a.csv", b"subj,session,trial\n1,2,3\n"
    )


def test_checksums_that_differ_from_a_published_one_tell_of_a_page(server, tmp_path):
    upstream, address, _ = server
    (upstream / "example.org").mkdir()
    (upstream / "example.org/a.png").write_bytes(LOGIN)
    with pytest.raises(InputError, match=rf"has sha256 \w{{64}}, expected {'0' * 64}; the server sent a page of HTML"):
        fetch("https://example.org/a.png", "0" * 64, tmp_path / "kept", address)
