"""Reading of `.tar.gz` archives, and the errors for damaged or malicious ones."""

import gzip
import io
import subprocess
import sys
import tarfile
import zipfile

import pytest

from conftest import ROOT
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli import archives
from generative_classifiers.stimuli.archives import members


@pytest.fixture
def pack(tmp_path):
    """Make an archive of members: a name with its content, or a ready tarfile.TarInfo."""

    def make(*entries):
        path = tmp_path / "some.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for entry in entries:
                if isinstance(entry, tarfile.TarInfo):
                    tar.addfile(entry)
                else:
                    info = tarfile.TarInfo(entry[0])
                    info.size = len(entry[1])
                    tar.addfile(info, io.BytesIO(entry[1]))
        return path

    return make


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_members_are_the_files_in_order_without_folders(pack):
    archive = pack(special("a", tarfile.DIRTYPE), ("a/2.png", b"two"), ("./a/1.png", b"one"))
    assert [(str(path), content) for path, content in members(archive)] == [
        ("a/2.png", b"two"),
        ("a/1.png", b"one"),
    ]


@pytest.mark.parametrize(
    "evil",
    [
        ("../evil", b""),
        ("a/../../evil", b""),
        ("/evil", b""),
        ("a\\..\\evil", b""),
        special("../evil", tarfile.DIRTYPE),
        special("a/evil", tarfile.SYMTYPE, "/etc/passwd"),
        special("a/evil", tarfile.LNKTYPE, "a/good"),
        special("a/evil", tarfile.CHRTYPE),
        special("a/evil", tarfile.FIFOTYPE),
        special("a/evil", tarfile.GNUTYPE_SPARSE),
        ("C:/evil", b""),
        ("a/good", b"evil"),
        ("a/./good", b"evil"),
        ("a/evil.tar.gz", b""),
        ("a/evil.zip", b""),
        ("a/evil\udcff.png", b""),
        ("a/evil\n.png", b""),
        ("a/evil\x1b[31m.png", b""),
    ],
    ids=lambda evil: f"{evil[0]}" if isinstance(evil, tuple) else f"{evil.name}-type{evil.type.decode()}",
)
def test_members_that_could_do_harm_are_errors_that_name_them(pack, evil):
    archive = pack(("a/good", b"good"), evil)
    with pytest.raises(InputError, match=r"some\.tar\.gz: member '.*(evil|good).*'") as error:
        list(members(archive))
    assert str(error.value).isprintable()


BOUNDED = """
import resource, sys, pathlib
from generative_classifiers.stimuli.archives import members
from generative_classifiers.io.errors import InputError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    count = sum(1 for _ in members(pathlib.Path(sys.argv[1])))
    print("no error", count)
except InputError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, file=sys.stderr)
"""


def read_apart(archive):
    """What reading an archive in a process of its own says, and the megabytes that it takes."""
    command = [sys.executable, "-c", BOUNDED, archive]
    done = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, check=True)
    return done.stdout, int(done.stderr.split()[-1])


def zeros(path, size, kind=tarfile.REGTYPE):
    """An archive with one member of many zeros, which is small."""
    info = tarfile.TarInfo("a/huge.png")
    info.size, info.type = size, kind
    megabyte = gzip.compress(bytes(1 << 20))
    path.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT)) + megabyte * (size >> 20))
    return path


def test_huge_members_and_headers_take_little_memory(tmp_path):
    size = 1536 << 20
    said, megabytes = read_apart(zeros(tmp_path / "member.tar.gz", size))
    assert said.endswith(f"member 'a/huge.png' has {size:,} bytes; expected at most {archives.MEMBER:,}\n")
    assert megabytes < 100
    said, megabytes = read_apart(zeros(tmp_path / "name.tar.gz", size, tarfile.GNUTYPE_LONGNAME))
    assert "name.tar.gz: " in said and "expected" in said and said.count("\n") == 1
    assert megabytes < 300


def test_archives_beyond_the_limits_are_errors(pack, monkeypatch):
    archive = pack(*((f"a/{i}.png", bytes(1000)) for i in range(50)))
    assert len(list(members(archive))) == 50
    monkeypatch.setattr(archives, "MEMBERS", 49)
    with pytest.raises(InputError, match=r"some\.tar\.gz: expected at most 49 members, found more"):
        list(members(archive))
    monkeypatch.undo()
    monkeypatch.setattr(archives, "MEMBER", 999)
    with pytest.raises(InputError, match=r"member 'a/0\.png' has 1,000 bytes; expected at most 999"):
        list(members(archive))
    monkeypatch.undo()
    monkeypatch.setattr(archives, "TOTAL", 50_000)
    with pytest.raises(InputError, match="expected at most 50,000 bytes unpacked"):
        list(members(archive))
    monkeypatch.undo()
    monkeypatch.setattr(archives, "HARMLESS", 1000)
    with pytest.raises(InputError, match="unpacks to more than 100 times its"):
        list(members(archive))


def test_chains_of_headers_are_an_error(tmp_path):
    info = tarfile.TarInfo("a")
    info.size, info.type = 512, tarfile.XHDTYPE
    block = info.tobuf(tarfile.USTAR_FORMAT) + b"12 path=abc\n".ljust(512, b"\0")
    path = tmp_path / "chain.tar.gz"
    path.write_bytes(gzip.compress(block * 5000))
    with pytest.raises(InputError, match=r"chain\.tar\.gz: "):
        list(members(path))


def test_other_kinds_of_archives_are_named(tmp_path):
    path = tmp_path / "some.tar.gz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.png", b"content")
    content = bytearray(path.read_bytes())
    content[6] |= 1  # encrypted
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"some\.tar\.gz: is a ZIP archive; expected a \.tar\.gz archive"):
        list(members(path))
    with pytest.raises(InputError, match=r"expected a complete \.tar\.gz archive: Is a directory"):
        list(members(tmp_path))


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.99])
def test_truncated_archives_are_errors(pack, keep, rng_bytes=bytes(range(256)) * 40):
    archive = pack(*((f"a/{i}", gzip.compress(rng_bytes[i:])) for i in range(40)))
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(InputError, match=r"some\.tar\.gz: expected a complete"):
        list(members(archive))


def test_wrong_checksums_and_other_formats_are_errors(pack):
    archive = pack(("a", bytes(100_000)))
    whole = bytearray(archive.read_bytes())
    whole[-6] ^= 1  # in the checksum
    archive.write_bytes(whole)
    with pytest.raises(InputError, match="expected a complete"):
        list(members(archive))
    for content in (b"", b"<html>Not found</html>", gzip.compress(b"no tar")):
        archive.write_bytes(content)
        with pytest.raises(InputError, match="expected a complete"):
            list(members(archive))
