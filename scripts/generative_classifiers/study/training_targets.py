"""Which networks a study trains, on what, and what their weights depend on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generative_classifiers.io.folders import files_in
from generative_classifiers.study.observer import Observer
from generative_classifiers.study.observers import TrainedObserver
from generative_classifiers.study.views import base_of, without_views

# Keys of an observer's row that its training reads. Other keys may change without a new training.
READ = ("library", "network", "settings", "classes", "resolution", "mean", "std", "noise", "training")


def trained_on(observers: Mapping[str, Observer], data: str) -> list[str]:
    """Observers that a study trains on "world" or "imagenet". Those with a view have the weights of those without."""
    return [name for name in without_views(observers) if _data(observers[name]) == data]


def settings(row: Observer) -> dict[str, Any]:
    """The part of an observer's row that its weights depend on, for parameters of rules."""
    return {key: value for key, value in row.as_params().items() if key in READ}


def gpus(row: TrainedObserver) -> str:
    """The GPUs that a training asks Slurm for: one for each of the recipe's devices."""
    return f"gpu:{row.training.devices}"


def built_from(row: TrainedObserver) -> list[str]:
    """Files of the pipeline whose network a training begins with; empty without one."""
    folder = row.settings.pipeline
    return [str(path) for path in sorted(files_in(Path(folder)))] if folder and Path(folder).is_dir() else []


def weights(study: str, observer: str) -> str:
    """Where a study, given by its name, has the weights of a network that it trains."""
    return f"data/{study}/weights/{base_of(observer)}/model.safetensors"


def pipeline(study: str, observer: str) -> str:
    """The folder of a pipeline that a study, given by its name, trains."""
    return f"data/{study}/weights/{base_of(observer)}"


def record(study: str, observer: str) -> str:
    """Where a study, given by its name, has the record of a pipeline that it trains; the pipeline lies next to it."""
    return f"{pipeline(study, observer)}/training.json"


def left_out(study: str, observers: Mapping[str, Observer], root: Path, imagenet: str | None) -> dict[str, str]:
    """Observers that cannot take part: they would be trained on ImageNet, and neither it nor their weights are there.

    Parameters
    ----------
    study : str
    observers : dict of str to Observer
    root : Path
        The project's.
    imagenet : str or None
        The setting of `config.yaml`.

    Returns
    -------
    dict of str to str
        The reason, by observer.
    """
    if imagenet:
        return {}
    trained = [name for name, row in observers.items() if _data(row) == "imagenet" and row.made_by_run]
    places = {name: weights(study, name) for name in trained}
    reason = "config.yaml does not name a folder of ImageNet to train it on, and its weights are not at {}"
    return {name: reason.format(place) for name, place in places.items() if not (root / place).exists()}


def _data(row: Observer) -> str | None:
    return row.training.data if isinstance(row, TrainedObserver) else None
