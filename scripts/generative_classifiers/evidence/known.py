"""What is known already of the losses that are asked for, from other stores of the same identity."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.request import Request
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError


@dataclass(frozen=True)
class Source:
    """Losses that a store has.

    Attributes
    ----------
    group : zarr.Group
    images : dict of tuple to int
        Place along the images, by name and hash, of those whose losses are complete.
    prompts : list of str
        Of the categories, in their order.
    draws : list of int
        Numbers of the draws, in their order.
    reconstruct : int or None
        Number of the draw whose reconstructions it has.
    """

    group: Any
    images: dict[tuple[str, str], int]
    prompts: list[str]
    draws: list[int]
    reconstruct: int | None

    @classmethod
    def of(cls, entry: Entry, wanted: Collection[tuple[str, str]] | None = None) -> "Source":
        """The complete shards of an entry.

        Parameters
        ----------
        entry : Entry
        wanted : collection of tuple, optional
            Names and hashes of images. Shards without any of them are not looked at.
        """
        group: Any = zarr.open_group(entry.path, mode="r")
        names, hashes, prompts = (group[name][:].astype(str).tolist() for name in ("name", "image_hash", "prompt"))
        images = list(zip(names, hashes, strict=True))
        places: list[int] = []
        for number in range(len(entry.parts)):
            part = entry.images_of(number)
            if (wanted is None or any(image in wanted for image in images[part])) and entry.complete(number):
                places.extend(range(part.start, part.stop))
        return cls(
            group,
            {images[place]: place for place in places},
            prompts,
            group["draw"][:].tolist(),
            decode_attributes(group.attrs)["reconstruct"],
        )


class KnownEvidence:
    """Losses and reconstructions that need not be evaluated again.

    Parameters
    ----------
    request : Request
        What is asked for.
    sources : iterable of Source
        Of the same identity. If several know a loss, the first of them is asked.
    """

    def __init__(self, request: Request, sources: Iterable[Source] = ()) -> None:
        self.request, self.sources = request, list(sources)

    def of(self, part: slice) -> dict[str, np.ndarray]:
        """What is known of some of the request's images.

        Parameters
        ----------
        part : slice
            Over the images.

        Returns
        -------
        dict of str to numpy.ndarray
            `loss` float32 (image, category, draw), NaN where nothing is known; and `reconstruction` (image, category,
            …) if it is known of all these images.
        """
        images = list(zip(self.request.images["name"][part], self.request.images["image_hash"][part], strict=True))
        loss = np.full((len(images), *self.request.shape[1:]), np.nan, np.float32)
        for source in self.sources:
            self._add_losses(loss, images, source)
        reconstruction = self._reconstruction(images)
        return {"loss": loss} if reconstruction is None else {"loss": loss, "reconstruction": reconstruction}

    def _add_losses(self, loss: np.ndarray, images: Sequence[tuple[str, str]], source: Source) -> None:
        """Fill in what a source knows and the sources before it did not."""
        here = [
            _shared(images, source.images),
            _shared(self.request.prompts.values(), _places(source.prompts)),
            _shared(self.request.draws.number.tolist(), _places(source.draws)),
        ]
        if not all(here):
            return
        wanted = np.ix_(*map(list, here))
        image, category, draw = (list(part.values()) for part in here)
        values = source.group["loss"].oindex[image][:, category][:, :, draw]
        loss[wanted] = np.where(np.isnan(loss[wanted]), values, loss[wanted])

    def _reconstruction(self, images: Sequence[tuple[str, str]]) -> np.ndarray | None:
        """Reconstructions of all images, if the sources have them."""
        layout = self.request.reconstruction_layout
        if layout is None:
            return None
        found: dict[int, np.ndarray] = {}
        for source in self.sources:
            categories = _shared(self.request.prompts.values(), _places(source.prompts))
            painted = source.reconstruct == self.request.reconstruct and layout.name in source.group
            if painted and len(categories) == len(self.request.prompts):
                for image, place in _shared(images, source.images).items():
                    if image not in found:
                        found[image] = source.group[layout.name][place][list(categories.values())]
        return np.stack([found[image] for image in range(len(images))]) if len(found) == len(images) else None


def sources_of(
    stores: Iterable[Path], identity: str, wanted: Collection[tuple[str, str]] | None = None
) -> list[Source]:
    """What stores know, of those that have an identity.

    Parameters
    ----------
    stores : iterable of Path
        Entries. Those that cannot be read are passed over: what they knew is evaluated again.
    identity : str
        `Request.identity_digest`.
    wanted
        As for `Source.of`.
    """
    sources = []
    for store in sorted(stores):
        try:
            entry = Entry(store)
            if entry.identity == identity:
                sources.append(Source.of(entry, wanted))
        except (InputError, OSError, ValueError, KeyError):
            continue
    return sources


def _places(values: Sequence) -> dict:
    """The place of each value."""
    return {value: place for place, value in enumerate(values)}


def _shared(wanted: Iterable, stored: dict) -> dict[int, int]:
    """Of values that are wanted, the numbers of those that are stored, with their places there."""
    return {number: stored[value] for number, value in enumerate(wanted) if value in stored}
