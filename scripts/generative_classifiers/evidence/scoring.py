"""Evidence: the loss of every category at every draw, for all images of a dataset."""

import hashlib
import json
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice

import numpy as np
from tqdm import tqdm

from generative_classifiers.evidence.store import ResumableStore
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.locks import exclusive_lock
from generative_classifiers.io.stores import versions

SHARD = 32


def texts(coordinate):
    """Values of a coordinate as a list of str, whichever of numpy's types for text they have."""
    return [str(value) for value in coordinate.values]


def content_hash(stimuli):
    """SHA-256 of all that stimuli are: their pixels and coordinates.

    Parameters
    ----------
    stimuli : xarray.Dataset

    Returns
    -------
    str
        Hexadecimal.
    """
    # The images are among the coordinates: xarray makes one of whatever is named like its dim.
    coords = {name: texts(stimuli[name]) for name in sorted(stimuli.variables) if name != "image"}
    digest = hashlib.sha256(json.dumps([coords, dict(stimuli["image"].sizes)]).encode())
    for start in range(0, stimuli.sizes["image"], SHARD):
        digest.update(np.ascontiguousarray(stimuli["image"][start : start + SHARD].values))
    return digest.hexdigest()


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
    """Fill an evidence store, going on where a killed job left off.

    Parameters
    ----------
    model : models.base.Model
    stimuli : xarray.Dataset
        As `stimuli/<dataset>.zarr`.
    store : Path
        Where the store will be, complete. Until then it is `<store>.partial`.
    observer, dataset, study : str
        For the attributes and for messages.
    count, seed : int
        Number of draws, and what their noise is keyed by. With more draws than a store of the same settings
        has, only the new ones are evaluated.
    times : {"golden", "uniform"}
        Noise levels: `draws.times`.
    reconstruct : int, optional
        Number of the draw whose denoised images are kept. Families that paint nothing keep none.
    pruning : Pruning, optional
        When categories get no more draws; without it every category gets all.
    shard : int
        Images that are evaluated and written as one: what a kill can cost at most.
    workers : int
        Shards that are evaluated at the same time, each by a thread of its own: on CPUs only, where it should
        be all that runs in parallel. The evidence is the same bytes for any number.
    progress : bool
        Show it on stderr.

    Raises
    ------
    InputError
        Before the first evaluation: stimuli, draws or place are not what they must be. Later: a loss is not
        finite.
    """
    if not model.reconstructs:
        reconstruct = None
    check(stimuli, observer, dataset, pruning.minimum if pruning else count, reconstruct, shard)
    draws = model.draws(count, seed, times)
    settings = {
        **model.identity,
        "seed": seed,
        "times": times,
        "reconstruct": reconstruct,
        "shard": shard,
        "stimuli": content_hash(stimuli),
        **({"pruning": pruning.identity} if pruning else {}),
    }
    made_by = {
        "study": study,
        "observer": observer,
        "dataset": dataset,
        **settings,
        "fingerprint": hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest(),
        "versions": versions(*model.packages),
    }
    with exclusive_lock(store):
        resumable = ResumableStore(store, stimuli.sizes["image"], shard, len(draws), made_by)
        if resumable.finished:
            return
        resumable.create(arrays(model, len(draws), reconstruct))
        wanted = {"reconstruct": reconstruct, "pruning": pruning, "what": f"{observer} on {dataset}"}
        fill(resumable, model, stimuli, draws, wanted, workers, progress)
        resumable.finish(coordinates(stimuli, model.categories, draws))


def check(stimuli, observer, dataset, count, reconstruct, shard):
    """Raise InputError for what can be known to be wrong before any long work."""
    where = f"{observer} on {dataset}"
    image = stimuli.get("image")
    if image is None or image.dims != ("image", "y", "x", "channel") or image.dtype != np.uint8 or not image.size:
        raise InputError(f"{where}: expected stimuli with images uint8 (image, y, x, channel)")
    if image.sizes["channel"] != 3:
        raise InputError(f"{where}: expected images of 3 channels, found {image.sizes['channel']}")
    names, repeats = np.unique(texts(stimuli["name"]), return_counts=True)
    if repeats.max() > 1:
        raise InputError(f"{where}: image {names[repeats.argmax()]} is there {repeats.max()} times, expected once")
    if count < 1 or shard < 1:
        raise InputError(f"{where}: {count} draws in shards of {shard} images, expected at least 1 of each")
    if reconstruct is not None and not 0 <= reconstruct < count:
        raise InputError(f"{where}: draw {reconstruct} is to be reconstructed, expected one of 0 to {count - 1}")


def arrays(model, draws, reconstruct):
    """What the store is to hold, as `ResumableStore.create` takes it."""
    categories = {"category": len(model.categories)}
    wanted = {"loss": ("float32", float("nan"), categories | {"draw": draws}, False)}
    if reconstruct is not None:
        pixels = {"y": model.resolution, "x": model.resolution, "channel": 3}
        wanted["reconstruction"] = ("uint8", 0, categories | pixels, True)
    return wanted


def fill(store, model, stimuli, draws, wanted, workers, progress):
    """Evaluate and write the shards that are not there yet; `wanted` are arguments of `evaluate`."""
    from generative_classifiers.models.memory import within_memory  # imports torch: who forecasts evidence has none

    names = texts(stimuli["name"])
    each = len(model.categories) * len(draws)
    missing = [number for number in range(len(store.shards)) if not store.done(number)]
    sizes = {number: each * len(names[store.shards[number]]) for number in missing}
    total = each * len(names)

    def shard(number):
        part = store.shards[number]
        images, known = stimuli["image"][part].values, store.inherited(number)
        work = partial(evaluate, model, images, names[part], draws, known=known, **wanted)
        found = within_memory(model, work, wanted["what"])
        if model.batch_size < store.made_by["batch_size"]:
            store.note(batch_size_that_fits=model.batch_size)
        spent = np.count_nonzero(~np.isnan(found["loss"]), axis=(1, 2))
        store.write(number, spent, **found)
        return number, spent.sum()

    settings = {"unit": " evaluations", "desc": wanted["what"], "disable": not progress}
    with ThreadPoolExecutor(workers) as pool, tqdm(total=total, initial=total - sum(sizes.values()), **settings) as bar:
        for number, spent in _as_done(pool, workers, shard, missing):
            bar.total -= sizes[number] - spent  # what was pruned will not be done
            bar.update(spent)


def _as_done(pool, workers, work, items):
    """Results as they come; after an error nothing new begins."""
    waiting = iter(items)
    running = {pool.submit(work, item) for item in islice(waiting, workers)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()
        running |= {pool.submit(work, item) for item in islice(waiting, len(done))}


def evaluate(model, images, names, draws, reconstruct=None, pruning=None, known=None, what=""):
    """Evidence of some images, stage by stage where categories are dropped on the way.

    Parameters
    ----------
    model : models.base.Model
    images : numpy.ndarray
        uint8 (image, y, x, channel).
    names : list of str
    draws : Draws
    reconstruct : int, optional
    pruning : Pruning, optional
        Without it every category gets every draw.
    known : dict, optional
        Arrays by name that another store has for these images, of fewer or more draws.
    what : str
        For messages.

    Returns
    -------
    dict of str to numpy.ndarray
        `loss` float32 (image, category, draw), NaN where not evaluated, and `reconstruction` if it is asked for.
    """
    known, count = known or {}, len(draws)
    loss = np.full((len(names), len(model.categories), count), np.nan, np.float32)
    before = min(count, known["loss"].shape[2]) if known else 0
    loss[:, :, :before] = known["loss"][:, :, :before] if known else 0
    looks = pruning.looks(count) if pruning else [before, count]
    reconstruction, alive, start = known.get("reconstruction"), np.ones(loss.shape[:2], bool), 0
    for stop in looks:
        part = slice(start, stop)
        loss[:, :, part][~alive] = np.nan  # another store may have gone on with it
        wanted = alive[..., None] & np.isnan(loss[:, :, part])
        if wanted.any():
            some = {} if wanted.all() else {"wanted": wanted}
            more, painted = model.evaluate(images, names, draws[part], reconstruct, **some)
            check_finite(more, wanted, names, what)
            loss[:, :, part] = np.where(wanted, more, loss[:, :, part])
            reconstruction = reconstruction if painted is None else painted
        if pruning and stop < count:
            alive = pruning.survivors(loss[:, :, :stop], alive, draws[:stop], count)
            alive &= alive.sum(axis=1, keepdims=True) > 1  # decided
        start = stop
    return {"loss": loss} if reconstruction is None else {"loss": loss, "reconstruction": reconstruction}


def check_finite(loss, wanted, names, what):
    """Raise InputError naming an image if its loss overflowed: NaN must not be taken for 'not evaluated'."""
    wrong = (wanted & ~np.isfinite(loss)).any(axis=(1, 2))
    if wrong.any():
        name = names[wrong.argmax()]
        raise InputError(f"{what}: a loss of image {name} is not finite; expected weights and dtype that keep it so")


def coordinates(stimuli, categories, draws):
    """Coordinates of the store: `category` are the candidates, so an image's own is `true_category`."""
    kept = {"category": "true_category", "name": "name", "condition": "condition"}
    kept |= {"texture_category": "texture_category"} if "texture_category" in stimuli.coords else {}
    per_image = {new: ("image", stimuli[old].values.astype(object)) for old, new in kept.items()}
    per_draw = {name: ("draw", getattr(draws, name)) for name in ("time", "alpha", "sigma", "seed")}
    return per_image | per_draw | {"category": np.array(categories, dtype=object)}
