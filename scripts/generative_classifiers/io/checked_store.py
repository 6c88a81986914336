"""Zarr's local store, with the files of each chunk compared with the manifest before they are read."""

import asyncio
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import LocalStore

from generative_classifiers.io import manifest


class CheckedStore(LocalStore):
    """A store of ours that gives no value of a chunk that is missing or was changed.

    Parameters
    ----------
    root : Path or str
    read_only : bool

    Raises
    ------
    InputError
        On reading: names the chunk.
    """

    @cached_property
    def _unchecked(self) -> dict[str, manifest.File]:
        """Files that have not been read yet, as the manifest lists them."""
        return manifest.listing(self.root)

    def _check(self, key: str) -> None:
        expected = self._unchecked.get(key)
        if expected is not None:
            manifest.check_file(self.root, key, expected)
            self._unchecked.pop(key, None)

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a file, or a range of it."""
        await asyncio.to_thread(self._check, key)
        return await super().get(key, prototype, byte_range)

    def get_sync(self, key: str, **how: Any) -> Buffer | None:
        """Read a file, or a range of it, without an event loop."""
        self._check(key)
        return super().get_sync(key, **how)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Read ranges of files."""
        wanted = list(key_ranges)
        for key, _ in wanted:
            await asyncio.to_thread(self._check, key)
        return await super().get_partial_values(prototype, wanted)
