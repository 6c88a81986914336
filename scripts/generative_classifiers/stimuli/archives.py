"""Safe reading of `.tar.gz` archives: as a stream, within limits, without unpacking anything to the disk."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from generative_classifiers.io.errors import InputError

CHUNK = 1 << 20  # bytes
# The largest archive of the benchmark has 1,280 members of at most 0.2 MB.
MEMBERS = 200_000
MEMBER = 64 << 20  # bytes of one member, all of which are in memory
HEADERS = 1 << 20  # bytes before a member: its name and the like
TOTAL = 8 << 30  # bytes of all that is unpacked
# Images, which are compressed already, unpack to about their packed size. A small archive cannot do harm.
RATIO, HARMLESS = 100, 64 << 20
SIGNATURES = {b"PK\x03\x04": "ZIP", b"7z\xbc\xaf": "7z", b"Rar!": "RAR", b"\xfd7zX": "xz", b"BZh": "bzip2"}
ARCHIVES = (".tar", ".gz", ".tgz", ".zip", ".7z", ".rar", ".xz", ".bz2", ".zst")


def members(archive: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Iterate over the files of a `.tar.gz` archive.

    Parameters
    ----------
    archive : Path

    Yields
    ------
    path : PurePosixPath
        Path inside the archive: relative, without `..`, each once.
    content : bytes

    Raises
    ------
    InputError
        A member is neither a file nor a folder, occurs twice, is an archive itself, or has a path that leaves the
        archive or is no readable text; the archive is too large, truncated or corrupted. The last is known only at its
        end.
    """
    archive = Path(archive)
    try:
        _check_signature(archive)
        with gzip.open(archive) as packed:
            stream = _Bounded(packed, archive.stat().st_size)
            yield from _files(archive, stream)
            # The checksum of gzip comes after the end of the tar archive.
            while stream.read(CHUNK):
                pass
    except _TooLarge as error:
        raise InputError(f"{archive}: {error}") from None
    # A chain of many headers lets tarfile recurse, one that is wrong lets it convert what is not a number.
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise InputError(f"{archive}: expected a complete .tar.gz archive: {reason}") from None


def _files(archive, stream):
    """Path and content of every member that is a file."""
    seen = set()
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        while member := _next(tar, stream):
            path = _checked(archive, member)
            if path in seen:
                raise InputError(f"{archive}: member {_shown(path)} occurs twice; expected once")
            seen.add(path)
            if len(seen) > MEMBERS:
                raise InputError(f"{archive}: expected at most {MEMBERS:,} members, found more")
            if member.isfile():
                yield path, tar.extractfile(member).read()


def _next(tar, stream):
    """The next member. tarfile reads all of its headers into memory, so that they are limited as it is itself."""
    stream.allowed = MEMBER + HEADERS
    tar.members.clear()  # tarfile would keep all headers in memory
    return tar.next()


class _TooLarge(Exception):
    """More would be unpacked than the limits allow."""


class _Bounded(io.RawIOBase):
    """A stream that ends in an error when more is read than the limits allow."""

    def __init__(self, stream, packed):
        self._stream, self._packed = stream, packed
        self._unpacked = 0
        self.allowed = MEMBER + HEADERS

    def readable(self):
        return True

    def read(self, size=-1):
        chunk = self._stream.read(size)
        self._unpacked += len(chunk)
        self.allowed -= len(chunk)
        if self.allowed < 0:
            raise _TooLarge(f"expected at most {MEMBER + HEADERS:,} bytes for a member with its name, found more")
        if self._unpacked > TOTAL:
            raise _TooLarge(f"expected at most {TOTAL:,} bytes unpacked, found more")
        if self._unpacked > max(HARMLESS, RATIO * self._packed):
            raise _TooLarge(f"unpacks to more than {RATIO} times its {self._packed:,} bytes; expected images")
        return chunk


def _check_signature(archive):
    """Name other kinds of archives, some of which cannot be read without a password."""
    with archive.open("rb") as file:
        head = file.read(4)
    for signature, name in SIGNATURES.items():
        if head.startswith(signature):
            raise InputError(f"{archive}: is a {name} archive; expected a .tar.gz archive")


def _checked(archive, member):
    """The path of a member that is harmless; any other is an InputError."""
    name, path = member.name, PurePosixPath(member.name)
    where = f"{archive}: member {_shown(name)}"
    if not name.isprintable():  # nor are the bytes of other encodings, which tarfile reads as surrogates
        raise InputError(f"{where} has a name that is not readable text in UTF-8")
    if path.is_absolute() or ".." in path.parts or "\\" in name or PureWindowsPath(name).drive:
        raise InputError(f"{where} leaves the archive; expected a relative path")
    if not (member.isreg() or member.isdir()) or member.issparse():
        raise InputError(f"{where} is a link, a device or sparse; expected files and folders")
    if not 0 <= member.size <= MEMBER:
        raise InputError(f"{where} has {member.size:,} bytes; expected at most {MEMBER:,}")
    if member.isreg() and name.lower().endswith(ARCHIVES):
        raise InputError(f"{where} is an archive itself; expected images in folders")
    return path


def _shown(name):
    """A name for messages, in one line and not too long."""
    text = ascii(str(name)) if not str(name).isprintable() else repr(str(name))
    return text if len(text) <= 200 else f"{text[:200]}…"
