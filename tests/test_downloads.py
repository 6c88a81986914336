"""Downloads: complete files with the right checksum, fetched once even by several processes."""

import hashlib
import os
import subprocess
import sys

import pytest

import preloaded
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli import downloads, transfers
from generative_classifiers.stimuli.downloads import fetch, fetch_all
from generative_classifiers.stimuli.manifests import read_manifest, write_manifest
from generative_classifiers.stimuli.sources import MIRROR, Source, mirror

URL = "https://github.com/someone/something/raw/1/file.bin"
PLACE = URL.removeprefix("https://")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(transfers, "WAITS", ())


@pytest.fixture
def upstream(server):
    """A function that puts content on a server, the address of the server, and the paths requested from it."""
    folder, address, asked = server

    def put(content, place=PLACE):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(content)

    return put, address, asked


def left(folder):
    """All files of a folder except the locks."""
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.suffix != ".lock")


def test_file_is_downloaded_once(upstream, tmp_path):
    put, address, asked = upstream
    put(b"right")
    for _ in range(2):
        path = fetch(URL, sha256(b"right"), tmp_path / "kept", address)
        assert path == tmp_path / "kept" / PLACE and path.read_bytes() == b"right"
    assert asked == [f"/{PLACE}"] and left(tmp_path / "kept") == [PLACE]


def test_wrong_checksum_leaves_nothing(upstream, tmp_path):
    put, address, asked = upstream
    put(b"wrong")
    with pytest.raises(InputError) as error:
        fetch(URL, sha256(b"right"), tmp_path / "kept", address)
    assert all(part in str(error.value) for part in (PLACE, sha256(b"wrong"), sha256(b"right")))
    assert left(tmp_path / "kept") == [] and len(asked) == 1


def test_corrupted_file_is_replaced(upstream, tmp_path):
    put, address, _ = upstream
    put(b"right")
    path = fetch(URL, sha256(b"right"), tmp_path, address)
    path.write_bytes(b"rotten")
    assert fetch(URL, sha256(b"right"), tmp_path, address).read_bytes() == b"right"


def test_unknown_checksum_is_recorded_and_must_match(upstream, tmp_path):
    put, address, asked = upstream
    put(b"first")
    folder = tmp_path / "kept"
    path = fetch(URL, None, folder, address)
    assert path.with_name("file.bin.sha256").read_text() == f"{sha256(b'first')}  file.bin\n"
    subprocess.run(["sha256sum", "--check", "file.bin.sha256"], cwd=path.parent, check=True)
    assert fetch(URL, None, folder, address) == path and len(asked) == 1
    path.unlink()
    put(b"second")
    with pytest.raises(InputError, match=f"{sha256(b'second')}.*expected {sha256(b'first')}"):
        fetch(URL, None, folder, address)
    assert left(folder) == [f"{PLACE}.sha256"]


def test_missing_files_and_refused_connections_are_errors_that_name_the_address(upstream, tmp_path):
    _, address, asked = upstream
    with pytest.raises(InputError, match=f"{URL}.*mirror {address}.*404"):
        fetch(URL, None, tmp_path / "kept", address)
    assert len(asked) == 1
    with pytest.raises(InputError, match=rf"{URL}.*mirror http://127.0.0.1:9.*Connection refused\), tried 1 times"):
        fetch(URL, None, tmp_path / "kept", "http://127.0.0.1:9")
    assert left(tmp_path / "kept") == []


@pytest.mark.parametrize("known", [True, False])
def test_two_processes_download_once(upstream, tmp_path, known):
    put, address, asked = upstream
    content = os.urandom(4_000_000)
    put(content)
    checksum = sha256(content) if known else None
    arguments = (URL, checksum, "kept", address)
    code = f"from generative_classifiers.stimuli.downloads import fetch; fetch(*{arguments})"
    both = [subprocess.Popen([preloaded.python(), "-c", code], cwd=tmp_path, env=environment()) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(asked) == 1 and (tmp_path / "kept" / PLACE).read_bytes() == content


def environment():
    """The environment of a process that finds the library."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def test_leftovers_of_a_killed_process_are_removed(upstream, tmp_path):
    put, address, _ = upstream
    put(b"right")
    folder = tmp_path / "kept"
    (folder / downloads.STAGING / PLACE).mkdir(parents=True)
    (folder / downloads.STAGING / PLACE / "file.bin").write_bytes(b"ri")
    assert fetch(URL, None, folder, address).read_bytes() == b"right"
    assert left(folder) == [PLACE, f"{PLACE}.sha256"]


def test_manifest_of_many_files_is_read_as_written(upstream, tmp_path):
    put, address, _ = upstream
    contents = {f"observer-{i}": str(i).encode() for i in range(20)}
    sources = []
    for observer, content in contents.items():
        put(content, f"github.com/{observer}.bin")
        known = sha256(content) if observer != "observer-3" else None
        sources.append(Source(observer, f"https://github.com/{observer}.bin", known))
    folder = tmp_path / "kept"
    fetched = fetch_all(sources, folder, address)
    assert {one.observer: one.path.read_bytes() for one in fetched} == contents
    assert [one.sha256 for one in fetched] == [sha256(content) for content in contents.values()]
    assert [one.path.is_relative_to(folder) for one in fetched] == [True] * 20
    write_manifest(fetched, tmp_path / "manifest.tsv", folder)
    assert read_manifest(tmp_path / "manifest.tsv", folder) == fetched
    assert str(tmp_path) not in (tmp_path / "manifest.tsv").read_text()


def test_first_error_stops_further_downloads(upstream, tmp_path):
    _, address, asked = upstream
    sources = [Source(str(i), f"https://github.com/{i}.bin", None) for i in range(200)]
    with pytest.raises(InputError, match=r"github\.com/0\.bin"):
        fetch_all(sources, tmp_path / "kept", address)
    assert len(asked) < 100


def test_setting_of_the_mirror_overrides_the_environment(monkeypatch):
    monkeypatch.delenv(MIRROR, raising=False)
    assert mirror() is None and mirror("") is None
    monkeypatch.setenv(MIRROR, "http://environment:80/")
    assert mirror() == "http://environment:80"
    assert mirror("https://setting") == "https://setting"
    with pytest.raises(InputError, match="mirror: 'localhost:80'"):
        mirror("localhost:80")
    monkeypatch.setenv(MIRROR, "ftp://environment")
    with pytest.raises(InputError, match=MIRROR):
        mirror()


@pytest.mark.parametrize("url", ["http://github.com/a", "https://github.com/../a", "https://github.com", "a"])
def test_addresses_without_https_or_with_dots_are_errors(url, tmp_path):
    with pytest.raises(InputError, match="expected the address"):
        fetch(url, None, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_files_of_this_machine_stay_where_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine/cat").mkdir(parents=True)
    (tmp_path / "mine/cat/1.png").write_bytes(b"image")
    (tmp_path / "table.csv").write_bytes(b"table")
    listing = f"{sha256(b'image')}  cat/1.png\n".encode()
    sources = [Source("stimuli", "mine", None), Source("subject-01", "table.csv", sha256(b"table"))]
    found = fetch_all(sources, "kept")
    assert [(one.path.as_posix(), one.sha256) for one in found] == [
        ("mine", sha256(listing)),
        ("table.csv", sha256(b"table")),
    ]
    write_manifest(found, "manifest.tsv", "kept")
    assert read_manifest("manifest.tsv", "kept") == found and not (tmp_path / "kept").exists()
    with pytest.raises(InputError, match=rf"table\.csv: the file has sha256 {sha256(b'table')}, expected {'0' * 64}"):
        fetch_all([Source("subject-01", "table.csv", "0" * 64)], "kept")
    with pytest.raises(InputError, match=r"none\.csv: cannot be read \(No such file or directory\)"):
        fetch_all([Source("subject-01", "none.csv", None)], "kept")
