"""Reading of `.tar.gz` archives, and the errors for damaged or malicious ones."""

import gzip
import io
import tarfile

import pytest

from generative_classifiers.io.errors import InputError
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
    ],
    ids=lambda evil: f"{evil[0]}" if isinstance(evil, tuple) else f"{evil.name}-type{evil.type.decode()}",
)
def test_members_that_leave_the_archive_or_are_no_files_are_errors(pack, evil):
    archive = pack(("a/good", b"good"), evil)
    with pytest.raises(InputError, match=r"some\.tar\.gz: member '.*evil'"):
        list(members(archive))


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
