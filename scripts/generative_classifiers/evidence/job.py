"""One evidence job: it scores every shard of a dataset that is still missing, and writes it."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import xarray as xr
from tqdm import tqdm

from generative_classifiers.draws.levels import Draws
from generative_classifiers.evidence.fingerprint import decisive_settings, fingerprint
from generative_classifiers.evidence.layout import array_layouts, as_strings, coordinates
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.evidence.store import ResumableStore
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.locks import exclusive_lock
from generative_classifiers.io.stores import versions
from generative_classifiers.models.base import Model
from generative_classifiers.models.memory import within_memory

SHARD = 32


def compute_evidence(
    model,
    stimuli,
    store,
    *,
    observer,
    dataset,
    study="",
    count=1,
    seed=0,
    times="golden",
    reconstruct=None,
    pruning=None,
    shard=SHARD,
    workers=1,
    progress=True,
):
    """Fill an evidence store, or continue one that an interrupted job left unfinished.

    Parameters
    ----------
    model : models.base.Model
    stimuli : xarray.Dataset
        As `stimuli/<dataset>.zarr`.
    store : Path
        Where the complete store will be. Until then it is `<store>.partial`.
    observer, dataset, study : str
        For attributes and messages.
    count : int
        Number of draws. If a store with the same settings has fewer, only the new ones are evaluated.
    seed : int
        Seed of the noise.
    times : {"golden", "uniform"}
        How noise levels are chosen: `draws.levels.times`.
    reconstruct : int, optional
        Number of the draw whose reconstructions are kept. Families that do not reconstruct images keep none.
    pruning : pruning.PruningTest, optional
        Says when categories get no more draws; without it every category gets all draws.
    shard : int
        Number of images that are scored and written at once. An interruption costs at most this work.
    workers : int
        Number of threads, each of which scores a shard. More than one is useful on CPUs only, and only if the model
        itself uses one thread. The evidence is the same bytes for any number.
    progress : bool
        Whether to show progress on stderr.

    Raises
    ------
    InputError
        Before the first evaluation if the stimuli, the draws or the place of the store are not as expected; later if a
        loss is not finite.
    """
    title = f"{observer} on {dataset}"
    reconstruct = reconstruct if model.reconstructs else None
    _check_stimuli(stimuli, title)
    _check_numbers(count, shard, reconstruct, pruning, title)
    draws = model.draws(count, seed, times)
    settings = decisive_settings(
        model, stimuli, seed=seed, times=times, reconstruct=reconstruct, shard=shard, pruning=pruning
    )
    made_by = {
        "study": study,
        "observer": observer,
        "dataset": dataset,
        **settings,
        "fingerprint": fingerprint(settings),
        "versions": versions(*model.packages),
    }
    with exclusive_lock(store):
        resumable = ResumableStore(store, stimuli.sizes["image"], shard, len(draws), made_by)
        if resumable.finished:
            return
        side = None if reconstruct is None else model.resolution
        resumable.create(array_layouts(len(model.categories), len(draws), side))
        work = _Work(model, stimuli, draws, resumable, {"reconstruct": reconstruct, "pruning": pruning, "title": title})
        with _progress_bar(resumable, title, progress) as bar:
            for images in _in_threads(work.score_and_write, resumable.missing, workers):
                bar.update(images)
        resumable.finish(coordinates(stimuli, model.categories, draws))


def _check_stimuli(stimuli, title):
    """Raise InputError unless stimuli have distinct names and images as models take them."""
    image = stimuli["image"]
    if image.dims != ("image", "y", "x", "channel") or image.dtype != np.uint8 or not image.size:
        raise InputError(
            f"{title}: expected stimuli with at least one image and images uint8 (image, y, x, channel), "
            f"found {image.dtype} {dict(image.sizes)}"
        )
    if image.sizes["channel"] != 3:
        raise InputError(f"{title}: expected images of 3 channels, found {image.sizes['channel']}")
    names, repeats = np.unique(as_strings(stimuli["name"]), return_counts=True)
    if repeats.max() > 1:
        raise InputError(f"{title}: expected each image once, found {names[repeats.argmax()]} {repeats.max()} times")


def _check_numbers(count, shard, reconstruct, pruning, title):
    """Raise InputError unless there is something to do, and the reconstructed draw is one that no category misses."""
    if count < 1 or shard < 1:
        raise InputError(
            f"{title}: expected at least 1 draw and at least 1 image in a shard, found {count} draws and {shard} images"
        )
    certain = pruning.minimum if pruning else count
    if reconstruct is not None and not 0 <= reconstruct < certain:
        raise InputError(
            f"{title}: expected a draw from 0 to {certain - 1} to reconstruct, which every category gets, "
            f"found {reconstruct}"
        )


@dataclass(frozen=True)
class _Work:
    """What the shards of a job have in common."""

    model: Model
    stimuli: xr.Dataset
    draws: Draws
    store: ResumableStore
    settings: dict

    def score_and_write(self, shard):
        """Score a shard, write it, and return its number of images."""
        model, store, part = self.model, self.store, self.store.shards[shard]
        images, names = self.stimuli["image"][part].values, as_strings(self.stimuli["name"][part])
        score = partial(score_images, model, images, names, self.draws, stored=store.inherited(shard), **self.settings)
        arrays = within_memory(model, score, self.settings["title"])
        if model.batch_size < store.made_by["batch_size"]:
            store.note(batch_size_that_fits=model.batch_size)
        evaluations = np.count_nonzero(~np.isnan(arrays["loss"]), axis=(1, 2))
        store.write(shard, evaluations, **arrays)
        return len(names)


def _progress_bar(store, title, shown):
    """A progress bar that counts images."""
    missing = sum(store.shards[shard].stop - store.shards[shard].start for shard in store.missing)
    return tqdm(desc=title, total=store.images, initial=store.images - missing, unit=" images", disable=not shown)


def _in_threads(work, items, workers):
    """Results of work on items, in the order in which they are ready. After an error no further item is begun."""
    waiting = iter(items)
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(work, item) for item in islice(waiting, workers)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
            running |= {pool.submit(work, item) for item in islice(waiting, len(done))}
