"""Receipts: small files that say where the cache has a study's evidence.

Snakemake deletes the outputs of a rule before a job and after a failure. So evidence, which is expensive, is never an
output. The output is its receipt, and next to it stands a link that opens like any other store.
"""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from generative_classifiers.io.atomic import atomic_write
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.manifest import check
from generative_classifiers.io.repair import repair


@dataclass(frozen=True)
class Receipt:
    """What a receipt says.

    Attributes
    ----------
    store : str
        Path of the entry in the cache.
    identity, request : str
        Digests of what its losses depend on and of what it contains: `request.Request`.
    stimuli : str
        `stimuli.content.content_hash` of the stimuli.
    shares : int
        Number of jobs that filled it.
    settings : str
        Digest of the study's settings that it was filled for: `Study.evidence_settings`.
    restored : bool
        Whether it comes from an archive. Then no job of this checkout has filled it.
    """

    store: str
    identity: str
    request: str
    stimuli: str
    shares: int
    settings: str
    restored: bool = False

    def write(self, path: Path) -> None:
        """Write it."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def publish(self, path: Path) -> None:
        """Set the link to the store, and write the receipt next to it."""
        set_link(link_of(path), Path(self.store))
        self.write(path)

    @classmethod
    def read(cls, path: Path) -> "Receipt":
        """Read it; InputError if it is not a receipt."""
        try:
            content: dict[str, Any] = json.loads(Path(path).read_text())
            receipt = cls(**content)
            if not all(type(getattr(receipt, field.name)) is field.type for field in fields(cls)):
                raise ValueError("a value is of another type")
            return receipt
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{path}: is not a receipt of evidence ({error}); {repair(link_of(path))}") from None

    @classmethod
    def find(cls, path: Path) -> "Receipt | None":
        """Read it; None if there is none that can be read, so that a job has to write it."""
        try:
            return cls.read(path)
        except InputError:
            return None


def join(receipts: list[Path]) -> Receipt:
    """The receipt of evidence that several jobs have filled.

    Parameters
    ----------
    receipts : list of Path
        Of the shares.

    Raises
    ------
    InputError
        The shares belong to different stores, or the store is not complete.
    """
    first, *others = map(Receipt.read, receipts)
    for receipt, path in zip(others, receipts[1:], strict=True):
        if receipt != first:
            raise InputError(f"{path}: is a share of other evidence than {receipts[0]}; delete both and run again")
    check(Path(first.store), content=False)
    return first


def link_of(receipt: Path) -> Path:
    """The link next to a receipt: `<dataset>.zarr` next to `<dataset>.json`.

    Examples
    --------
    >>> link_of(Path("evidence/cnn/edge.json")).as_posix()
    'evidence/cnn/edge.zarr'
    """
    return Path(receipt).with_suffix(".zarr")


def set_link(link: Path, store: Path) -> None:
    """Let a link point to a store, instead of where it pointed before; relative, so that the folders can be moved."""
    target = os.path.relpath(store.resolve(), link.parent.resolve())
    partial = link.with_name(f"{link.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    partial.symlink_to(target, target_is_directory=True)
    partial.replace(link)
