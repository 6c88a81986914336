"""Archives that others made: read as a stream, never unpacked, trusted in nothing."""

import gzip
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from generative_classifiers.io.errors import InputError

CHUNK = 1 << 20


def members(archive):
    """Go through the files of a `.tar.gz` archive.

    Parameters
    ----------
    archive : Path

    Yields
    ------
    path : PurePosixPath
        Inside the archive: relative, without `..`.
    content : bytes

    Raises
    ------
    InputError
        At a member that is neither file nor folder or whose path leaves the archive, and at the end of an
        archive that is truncated or corrupted.
    """
    archive = Path(archive)
    try:
        with gzip.open(archive) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    path = _safe(archive, member)
                    if member.isfile():
                        yield path, tar.extractfile(member).read()
            # The checksum of gzip stands behind the end of the tar archive.
            while stream.read(CHUNK):
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{archive}: expected a whole .tar.gz archive: {error}") from None


def _safe(archive, member):
    """The path of a member that cannot write, or point, outside the archive."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name:
        raise InputError(f"{archive}: member {member.name!r} leaves the archive; expected a relative path")
    if not (member.isfile() or member.isdir()):
        raise InputError(f"{archive}: member {member.name!r} is a link or a device; expected files and folders")
    return path
