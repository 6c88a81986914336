"""Safe reading of `.tar.gz` archives: as a stream, without unpacking anything to the disk."""

import gzip
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from generative_classifiers.io.errors import InputError

CHUNK = 1 << 20


def members(archive):
    """Iterate over the files of a `.tar.gz` archive.

    Parameters
    ----------
    archive : Path

    Yields
    ------
    path : PurePosixPath
        Path inside the archive: relative, without `..`.
    content : bytes

    Raises
    ------
    InputError
        A member is neither a file nor a folder, its path leaves the archive, or the archive is truncated or corrupted.
        The last is known only at the end of the archive.
    """
    archive = Path(archive)
    try:
        with gzip.open(archive) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    path = _safe(archive, member)
                    if member.isfile():
                        yield path, tar.extractfile(member).read()
            # The checksum of gzip comes after the end of the tar archive.
            while stream.read(CHUNK):
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{archive}: expected a complete .tar.gz archive: {error}") from None


def _safe(archive, member):
    """The path of a member. Raise InputError if it could write or point outside the archive."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name:
        raise InputError(f"{archive}: member {member.name!r} leaves the archive; expected a relative path")
    if not (member.isfile() or member.isdir()):
        raise InputError(f"{archive}: member {member.name!r} is a link or a device; expected files and folders")
    return path
