"""Classification of any folder of images by any categories, without a study."""

from pathlib import Path

from generative_classifiers import models
from generative_classifiers.decisions.from_evidence import decision_table
from generative_classifiers.draws.weighting import RATE
from generative_classifiers.evidence.job import compute_evidence
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import ROOT
from generative_classifiers.stimuli.downloads import mirror
from generative_classifiers.stimuli.folders import image_names, read_folder
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.observers import DiffusionObserver
from generative_classifiers.study.prompts import PROMPT, prompts_of
from generative_classifiers.study.validation import unknown


def classify_folder(
    observer,
    images,
    out,
    categories,
    *,
    prompt=PROMPT,
    draws=16,
    seed=0,
    times="golden",
    weighting="exponential",
    rate=RATE,
    reconstruct=None,
    batch_size=None,
    device="auto",
    dtype=None,
):
    """Classify the images of a folder.

    Parameters
    ----------
    observer : str
        The folder of a diffusers pipeline, an observer in the registry, or a hub id.
    images : Path
        Folder of images.
    out : Path
        Where to write the evidence, `<name>.zarr`. If an earlier run with the same settings was interrupted, it is
        continued.
    categories : sequence of str
    prompt : str
        Template with {category} in the place of the category.
    draws : int
        Number of draws.
    seed, times, reconstruct
        As for `evidence.job.compute_evidence`.
    weighting, rate
        As for `draws.weighting.level_weighting`.
    batch_size, device, dtype
        Instead of those in the registry: evaluations at once, where the model runs, precision of the network.

    Returns
    -------
    pandas.DataFrame
        Columns `image`, `decision` and `margin`, as `decisions.from_evidence.decision_table` has them.

    Raises
    ------
    InputError
        An argument is wrong, or the folder contains something else than images.
    """
    out = Path(out)
    if out.suffix != ".zarr":
        raise InputError(f"{out}: expected a store's name, which ends in .zarr")
    image_names(images)  # so that a wrong folder is an error before large weights are loaded
    row, path = find_observer(observer)
    row = row.model_copy(update={"dtype": dtype}) if dtype else row
    prompts = prompts_of(categories, prompt)
    model = models.load(observer, row, prompts, path=path, device=device, batch_size=batch_size, mirror=mirror())
    stimuli = read_folder(images, model.resolution, categories)
    settings = {"count": draws, "seed": seed, "times": times, "reconstruct": reconstruct}
    compute_evidence(model, stimuli, out, observer=observer, dataset=str(images), **settings)
    table = decision_table(stores.read(out, drop=["reconstruction"]), weighting, rate)
    return table[["image", "decision", "margin"]]


def find_observer(name):
    """Find an observer by the folder of a pipeline, a name in the registry, or a hub id.

    Parameters
    ----------
    name : str

    Returns
    -------
    row : study.observers.Observer
    path : Path or None
        Where its weights are, if they are on this machine.

    Raises
    ------
    InputError
        The name is none of the three.
    """
    if Path(name).is_dir():
        return _unregistered(name), Path(name)
    rows = load_observers(ROOT)
    if name in rows:
        return rows[name], _local_weights(name, rows[name])
    if "/" in name:
        return _unregistered(name), None
    models = [name for name, row in rows.items() if row.kind.needs_evidence and row.enabled]
    raise InputError(f"observer {unknown(name, models)}; or the folder of a pipeline, or a hub id")


def _unregistered(pipeline):
    return DiffusionObserver(label=pipeline, family="diffusion", pipeline=pipeline)


def _local_weights(name, row):
    """Where the project has the weights of an observer, or where a study has trained them; None if nowhere."""
    pipeline = getattr(row, "pipeline", None)
    if pipeline is not None:
        return ROOT / pipeline if (ROOT / pipeline).is_dir() else None
    trained = sorted(ROOT.glob(f"data/*/weights/{name}/model.safetensors"))
    return trained[0] if trained else None
