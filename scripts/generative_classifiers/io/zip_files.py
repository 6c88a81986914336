"""ZIP archives with checksums: the same bytes for the same content, and read without trusting them."""

import hashlib
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError

SUMS = "SHA256SUMS"
DATE = (1980, 1, 1, 0, 0, 0)  # the first that the format knows
RATIO = 100  # a member of more than so many times its compressed size is refused
LARGEST_LIST = 1 << 28  # bytes of the list of checksums
CHUNK = 1 << 20


def write_zip(path: Path, members: Iterable[tuple[str, Path | bytes]]) -> None:
    """Write an archive, and the checksums of its members as the last of them.

    Members are stored without compression: the arrays of our stores are compressed already, and compression gives
    other bytes with other versions of zlib.

    Parameters
    ----------
    path : Path
        Written completely or not at all.
    members : iterable of tuple
        The name of each, and its file or its content.
    """
    sums = []
    with atomic_write(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, source in members:
            sums.append(f"{_add(archive, name, source)}  {name}\n")
        _add(archive, SUMS, "".join(sorted(sums, key=lambda line: line[66:])).encode())


def _add(archive: zipfile.ZipFile, name: str, source: Path | bytes) -> str:
    """Add a member; returns its SHA-256."""
    member = zipfile.ZipInfo(name, DATE)
    member.create_system, member.external_attr = 3, (stat.S_IFREG | 0o644) << 16  # as on Unix, wherever it is written
    if isinstance(source, bytes):
        archive.writestr(member, source)
        return hashlib.sha256(source).hexdigest()
    member.file_size = source.stat().st_size  # the format needs to know whether it is large
    with source.open("rb") as file, archive.open(member, "w") as target:
        return _copy(file, target)


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy a stream; returns its SHA-256."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


class CheckedZip:
    """An archive whose members' names, kinds and sizes are safe. Their content is checked when it is extracted.

    Attributes
    ----------
    path : Path
    members : dict of str to zipfile.ZipInfo
        By name, without the list of checksums.
    sums : dict of str to str
        SHA-256 of each member.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._archive = path, archive
        files = [member for member in archive.infolist() if not member.is_dir()]
        for member in files:
            self._check(member)
        self.members = {member.filename: member for member in files}
        if len(self.members) < len(files):
            raise InputError(f"{path}: has two members of the same name")
        if SUMS not in self.members:
            raise InputError(f"{path}: has no {SUMS}; expected an archive that `generative-classifiers archive` wrote")
        self.sums = self._read_sums(self.members.pop(SUMS))
        different = self.sums.keys() ^ self.members.keys()
        if different:
            raise InputError(f"{path}: member {min(different)!r} is missing, or its checksum is")

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(member.file_size for member in self.members.values())

    def extract(self, name: str, target: Path) -> None:
        """Write a member to a file, whose folder is made; InputError if it differs from its checksum."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._archive.open(self.members[name]) as source, target.open("xb") as file:
                found = _copy(source, file)
        except OSError as error:  # the disk is full, or the names of two members are in each other's way
            raise InputError(f"{self.path}: member {name!r} cannot be written ({error.strerror})") from None
        if found != self.sums[name]:
            raise InputError(f"{self.path}: {name} differs from its checksum: the archive is damaged")

    def _check(self, member: zipfile.ZipInfo) -> None:
        """Raise InputError if a member could write or point elsewhere, or is larger than a file of ours can be."""
        name, path = member.filename, PurePosixPath(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or path.as_posix() != name or set(name) & set("\\:\0"):
            raise InputError(f"{self.path}: member {name!r} leaves the archive; expected a relative path")
        if kind not in (0, stat.S_IFREG):
            raise InputError(f"{self.path}: member {name!r} is a link or a device; expected files")
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"{self.path}: member {name!r} is encrypted or compressed in a way that is not read")
        if member.file_size > RATIO * member.compress_size or member.compress_size > self.path.stat().st_size:
            raise InputError(f"{self.path}: member {name!r} claims {member.file_size} bytes, far more than it can have")

    def _read_sums(self, member: zipfile.ZipInfo) -> dict[str, str]:
        if member.file_size > LARGEST_LIST:
            raise InputError(f"{self.path}: {SUMS} has {member.file_size} bytes, expected at most {LARGEST_LIST}")
        try:
            lines = self._archive.read(member).decode().splitlines()
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: {SUMS} is not a list of checksums") from None
        return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


@contextmanager
def open_zip(path: Path) -> Iterator[CheckedZip]:
    """Open an archive that `write_zip` wrote.

    Raises
    ------
    InputError
        There is no such archive, it is damaged, or it is not safe to unpack.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such archive")
    try:
        with zipfile.ZipFile(path) as archive:
            yield CheckedZip(path, archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise InputError(f"{path}: is not a complete ZIP archive ({error})") from None


def check_space(folder: Path, size: int) -> None:
    """Raise InputError if a disk has less space than so many bytes."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError(f"{folder}: has {free / 1e9:.1f} GB of free space, expected {size / 1e9:.1f} GB")
