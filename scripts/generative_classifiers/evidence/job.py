"""One evidence job: for every shard that is still missing, score it and write it."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import xarray as xr
from tqdm import tqdm

from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.known import KnownEvidence
from generative_classifiers.evidence.request import Request, as_strings
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.io.locks import claim
from generative_classifiers.io.stores import versions
from generative_classifiers.models.base import Model
from generative_classifiers.models.memory import within_memory
from generative_classifiers.stimuli.views import PACKAGES, seen_through

SHARD = 32
PAUSE = 1  # seconds, until shards that other jobs have claimed are looked at again


def fill(
    entry: Entry,
    model: Model,
    stimuli: xr.Dataset,
    request: Request,
    known: KnownEvidence | None = None,
    *,
    together: Sequence["Work"] = (),
    share: tuple[int, int] = (0, 1),
    workers: int = 1,
    progress: bool = True,
) -> None:
    """Evaluate what an entry lacks, or a share of it.

    Several jobs can fill an entry at the same time, whether their shares overlap or not. An interruption costs at most
    the shards that are being evaluated.

    Parameters
    ----------
    entry : Entry
        Of the request.
    model : models.base.Model
    stimuli : xarray.Dataset
        As `stimuli/<dataset>.zarr`.
    request : Request
        Made by `request_evidence` from the model and the stimuli.
    known : KnownEvidence, optional
        What need not be evaluated again.
    together : sequence of Work
        The same for other entries: other readings of the model, on the same stimuli. A shard that the entry lacks is
        completed in all of them, one after the other, so that they can share forward passes.
    share : tuple of int
        Which share of the shards, counted from 0, and how many shares there are.
    workers : int
        Number of threads, each of which scores a shard. More than one is useful on CPUs only, and only if the model
        itself uses one thread. The evidence is the same bytes for any number.
    progress : bool
        Whether to show progress on stderr.

    Raises
    ------
    InputError
        A loss is not finite, or there is no memory for a single evaluation.
    """
    own = Work(entry, model, request, known or KnownEvidence(request))
    # The same order in all jobs: then the first claim decides who completes a shard in all entries.
    works = sorted([own, *together], key=lambda work: work.request.identity_digest)
    missing = entry.missing(share)
    with _progress_bar(entry, share, missing, request.title, progress) as bar:
        while missing:
            claimed = []
            for shard, images in _in_threads(partial(_claim_and_score, works, stimuli), missing, workers):
                bar.update(images)
                if not images:
                    claimed.append(shard)
            missing = [shard for shard in sorted(claimed) if not entry.complete(shard)]
            bar.update(_images(entry, set(claimed) - set(missing)))
            time.sleep(PAUSE if missing else 0)


@dataclass(frozen=True)
class Work:
    """An entry, and what it takes to fill it: the arguments of `fill`."""

    entry: Entry
    model: Model
    request: Request
    known: KnownEvidence

    def complete(self, shard: int, images: np.ndarray, names: list[str]) -> None:
        """Score a shard's images and write it, unless another job has done so in the meantime."""
        if not self.entry.complete(shard):
            self.entry.sweep(shard)
            self._score_and_write(shard, images, names)

    def _score_and_write(self, shard: int, images: np.ndarray, names: list[str]) -> None:
        model, request = self.model, self.request
        known = self.known.of(self.entry.images_of(shard))
        score = partial(
            score_images,
            model,
            images,
            names,
            request.draws,
            known,
            reconstruct=request.reconstruct,
            kept=request.kept,
            pruning=request.pruning,
            title=request.title,
        )
        arrays = within_memory(model, score, request.title)
        if request.reconstruction_layout:
            arrays[request.reconstruction_layout.name] = arrays.pop("reconstruction")
        # What a run with these settings spends, whether or not some of it was known.
        arrays["evaluations"] = np.count_nonzero(~np.isnan(arrays["loss"]), axis=(1, 2)).astype(np.int32)
        new = int(np.count_nonzero(np.isnan(known["loss"]) & ~np.isnan(arrays["loss"])))
        packages = (*model.packages, *(PACKAGES if request.view else ()))
        provenance = model.provenance | {"batch_size": model.batch_size, "versions": versions(*packages)}
        provenance["new_losses"] = new  # the others were taken over
        self.entry.write(shard, arrays, provenance)


def _claim_and_score(works: Sequence[Work], stimuli: xr.Dataset, shard: int) -> tuple[int, int]:
    """Complete a shard of all entries. Returns its number and that of its images, or 0 if another job works on it."""
    part = stimuli.isel(image=works[0].entry.images_of(shard))
    images, names = seen_through(works[0].request.view, part["image"].values), as_strings(part["name"])
    with ExitStack() as claims:
        for work in works:
            if not claims.enter_context(claim(work.entry.path, work.entry.parts[shard])):
                return shard, 0
        for work in works:
            # Passes are shared by batches of the same evaluations, and memory may have run out in one of the models.
            work.model.batch_size = min(other.model.batch_size for other in works)
            work.complete(shard, images, names)
    return shard, len(names)


def _images(entry: Entry, shards: set[int] | list[int]) -> int:
    """Number of images of some shards."""
    return sum(part.stop - part.start for part in map(entry.images_of, shards))


def _progress_bar(entry, share, missing, title, shown):
    """A progress bar that counts the images of a share."""
    total = _images(entry, entry.shards_of(share))
    return tqdm(desc=title, total=total, initial=total - _images(entry, missing), unit=" images", disable=not shown)


def _in_threads(work, items, workers) -> Iterator:
    """Results of work on items, in the order in which they are ready. After an error no further item is begun."""
    waiting = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(work, item) for item in islice(waiting, workers)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
            running |= {pool.submit(work, item) for item in islice(waiting, len(done))}
