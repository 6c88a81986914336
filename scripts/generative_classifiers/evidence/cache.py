"""The cache of evidence, which studies, clones of the project and colleagues share.

`<cache>/<observer>-<identity>/<dataset>-<request>.zarr`. An entry holds exactly what one request asks for. It takes
over what other entries of the same identity have of it. So more draws, images, categories or reconstructions cost only
what is new, and fewer cost nothing. Nothing in the cache is ever replaced.
"""

from pathlib import Path

from generative_classifiers.evidence.known import Source, sources_of
from generative_classifiers.evidence.request import Request

DIGITS = 12  # of a digest, in names


def entry_path(cache: Path, request: Request) -> Path:
    """Where the entry of a request is, or will be.

    Parameters
    ----------
    cache : Path
    request : Request

    Returns
    -------
    Path
        Of an existing entry, whatever its labels are; otherwise with the request's own.
    """
    existing = entries_like(cache, request.identity_digest, request.digest)
    new = Path(cache) / entry_name(request)
    return new if new in existing or not existing else existing[0]


def entry_name(request: Request) -> str:
    """The place of a new entry in a cache."""
    identity, content = request.identity_digest[:DIGITS], request.digest[:DIGITS]
    return f"{request.observer}-{identity}/{request.dataset}-{content}.zarr"


def entries_like(cache: Path, identity: str, request: str) -> list[Path]:
    """Entries with the digests of a request, whatever their labels are."""
    return sorted(Path(cache).glob(f"*-{identity[:DIGITS]}/*-{request[:DIGITS]}.zarr"))


def related_sources(cache: Path, request: Request, part: slice = slice(None)) -> list[Source]:
    """What the other entries with the identity of a request know of its images, or of a part of them."""
    own = entry_path(cache, request)
    entries = Path(cache).glob(f"*-{request.identity_digest[:DIGITS]}/*.zarr")
    wanted = set(zip(request.images["name"][part], request.images["image_hash"][part], strict=True))
    return sources_of((entry for entry in entries if entry != own), request.identity_digest, wanted)
