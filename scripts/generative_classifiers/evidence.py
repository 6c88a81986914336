"""Evidence: the loss of every category at every draw, for all images of a dataset."""

import hashlib
import json

import numpy as np
from tqdm import tqdm

from generative_classifiers.errors import InputError
from generative_classifiers.resumable import ResumableStore, alone
from generative_classifiers.stores import versions

PROMPT = "A bad photo of a {category}"  # arXiv 2303.15233
SHARD = 32


def prompts_of(categories, template=PROMPT):
    """Prompt by category, in order.

    Parameters
    ----------
    categories : sequence of str
    template : str
        With {category} in the category's place.

    Returns
    -------
    dict of str to str
    """
    if "{category}" not in template:
        raise InputError(f"prompt {template!r}: expected {{category}} in the category's place")
    if len(set(categories)) < len(categories) or not all(categories):
        raise InputError(f"categories: expected different names, found {', '.join(map(repr, categories))}")
    return {category: template.replace("{category}", category) for category in categories}


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
    shard=SHARD,
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
    shard : int
        Images that are evaluated and written as one: what a kill can cost at most.
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
    check(stimuli, observer, dataset, count, reconstruct, shard)
    draws = model.draws(count, seed, times)
    settings = {
        **model.identity,
        "seed": seed,
        "times": times,
        "reconstruct": reconstruct,
        "shard": shard,
        "stimuli": content_hash(stimuli),
    }
    made_by = {
        "study": study,
        "observer": observer,
        "dataset": dataset,
        **settings,
        "fingerprint": hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest(),
        "versions": versions(*model.packages),
    }
    with alone(store):
        resumable = ResumableStore(store, stimuli.sizes["image"], shard, len(draws), made_by)
        if resumable.finished:
            return
        resumable.create(arrays(model, len(draws), reconstruct))
        fill(resumable, model, stimuli, draws, reconstruct, observer, progress)
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


def fill(store, model, stimuli, draws, reconstruct, observer, progress):
    """Evaluate and write the shards that are not there yet."""
    names = texts(stimuli["name"])
    each = len(model.categories) * len(draws)
    missing = [number for number in range(len(store.shards)) if not store.done(number)]
    left = each * sum(len(names[store.shards[number]]) for number in missing)
    total = each * len(names)
    with tqdm(total=total, initial=total - left, unit=" evaluations", desc=observer, disable=not progress) as bar:
        for number in missing:
            part = store.shards[number]
            known = store.inherited(number)
            found = extend(known, model, stimuli["image"][part].values, names[part], draws, reconstruct)
            check_finite(found["loss"], names[part], observer)
            store.write(number, each, **found)
            bar.update(each * len(names[part]))


def extend(known, model, images, names, draws, reconstruct):
    """Evidence of some images by array name: what is known of it, and new draws."""
    if not known:
        loss, reconstruction = model.evaluate(images, names, draws, reconstruct)
    else:
        loss, reconstruction = known["loss"][:, :, : len(draws)], known.get("reconstruction")
        if loss.shape[2] < len(draws):
            more, _ = model.evaluate(images, names, draws[loss.shape[2] :])
            loss = np.concatenate([loss, more], axis=2)
    return {"loss": loss} if reconstruction is None else {"loss": loss, "reconstruction": reconstruction}


def check_finite(loss, names, observer):
    """Raise InputError naming an image if its loss overflowed: NaN must not be taken for 'not evaluated'."""
    wrong = ~np.isfinite(loss).all(axis=(1, 2))
    if wrong.any():
        name = names[wrong.argmax()]
        raise InputError(
            f"{observer}: a loss of image {name} is not finite; expected weights and dtype that keep it so"
        )


def coordinates(stimuli, categories, draws):
    """Coordinates of the store: `category` are the candidates, so an image's own is `true_category`."""
    kept = {"category": "true_category", "name": "name", "condition": "condition"}
    kept |= {"texture_category": "texture_category"} if "texture_category" in stimuli.coords else {}
    per_image = {new: ("image", stimuli[old].values.astype(object)) for old, new in kept.items()}
    per_draw = {name: ("draw", getattr(draws, name)) for name in ("time", "alpha", "sigma", "seed")}
    return per_image | per_draw | {"category": np.array(categories, dtype=object)}
