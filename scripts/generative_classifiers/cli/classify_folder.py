"""Classify any folder of images by any categories, without a study."""

from pathlib import Path

from generative_classifiers import models
from generative_classifiers.decisions.from_evidence import tabulate
from generative_classifiers.evidence.scoring import compute_evidence
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import ROOT
from generative_classifiers.stimuli.downloads import mirror
from generative_classifiers.stimuli.images import image_names, read_folder
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.observers import DiffusionObserver
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.study.validation import unknown


def find_observer(name):
    """Row and folder of an observer given as a pipeline's folder, a name of the registry or a hub id.

    Parameters
    ----------
    name : str

    Returns
    -------
    row : study.observers.ModelObserver
    path : Path or None
        Where its weights are, if they are on this machine.

    Raises
    ------
    InputError
        It is none of the three.
    """
    if Path(name).is_dir():
        return _unregistered(name), Path(name)
    rows = load_observers(ROOT)
    if name in rows:
        row = rows[name]
        place = getattr(row, "pipeline", None) or f"data/*/weights/{name}/model.safetensors"
        weights = sorted(ROOT.glob(place))  # the project's own, or those that a study of it has trained
        return row, weights[0] if weights else None
    if "/" in name:
        return _unregistered(name), None
    models = [name for name, row in rows.items() if row.kind.needs_evidence and row.enabled]
    raise InputError(f"observer {unknown(name, models)}; a pipeline's folder or a hub id will do, too")


def _unregistered(pipeline):
    return DiffusionObserver(label=pipeline, family="diffusion", pipeline=pipeline)


def classify(
    observer,
    images,
    out,
    categories,
    *,
    prompt,
    draws,
    seed=0,
    times="golden",
    weighting="exponential",
    rate=7.0,
    reconstruct=None,
    batch_size=None,
    device="auto",
    dtype=None,
):
    """Fill an evidence store with a folder's images, and decide.

    Parameters
    ----------
    observer : str
        Folder of a pipeline, name of the registry, or hub id.
    images : Path
        Folder.
    out : Path
        The evidence store, `<name>.zarr`. Gone on with if a run of the same settings was killed.
    categories : sequence of str
    prompt : str
        With {category} in the category's place.
    draws, seed, times, reconstruct
        As in `evidence.compute_evidence`.
    weighting, rate
        As in `draws.level_weighting`.
    batch_size, device, dtype
        Instead of the registry's.

    Returns
    -------
    pandas.DataFrame
        image, decision, margin: as `decisions.tabulate` has them.
    """
    out = Path(out)
    if out.suffix != ".zarr":
        raise InputError(f"{out}: expected a store's name, which ends in .zarr")
    image_names(images)  # wrong folders are told before large weights are loaded
    row, path = find_observer(observer)
    row = row.model_copy(update={"dtype": dtype}) if dtype else row
    prompts = prompts_of(categories, prompt)
    model = models.load(observer, row, prompts, path=path, device=device, batch_size=batch_size, mirror=mirror())
    stimuli = read_folder(images, model.resolution, categories)
    settings = {"count": draws, "seed": seed, "times": times, "reconstruct": reconstruct}
    compute_evidence(model, stimuli, out, observer=observer, dataset=str(images), **settings)
    table = tabulate(stores.read(out, drop=["reconstruction"]), weighting, rate)
    return table[["image", "decision", "margin"]]
