"""Where the weights or published decisions of a study's observers come from. Nothing is downloaded to find out."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from generative_classifiers.io.paths import ROOT, project_file
from generative_classifiers.models.loading import clip_towers, network_weights
from generative_classifiers.models.loading.model_folders import MODEL_CONFIG, PIPELINE_INDEX
from generative_classifiers.study.datasets import DecisionFile, OwnFile
from generative_classifiers.study.observer import Observer, PipelineObserver, PublishedObserver, ReferenceObserver
from generative_classifiers.study.observers import (
    CheckpointObserver,
    OpenClipObserver,
    TimmObserver,
    TorchvisionObserver,
    TrainedObserver,
    TransformersClipObserver,
)
from generative_classifiers.study.study import Study
from generative_classifiers.study.trainings import replicates
from generative_classifiers.study.weight_files import DownloadedFile, LocalFile, PackagedFile


class HubFile(NamedTuple):
    """A file of a repository on the Hugging Face hub."""

    repository: str
    file: str
    revision: str | None


class WeightSource(NamedTuple):
    """Where an observer's weights or decisions come from.

    Attributes
    ----------
    kind : str
        The row's `source`, or: study, decisions, answers, training, file, folder, hub.
    places : list of HubFile, str or Path
        Files of the hub, addresses, and files of this machine. A pipeline is represented by its index.
    checksums : list of str or None
        Those in the registry; None where one is unknown.
    """

    kind: str
    places: list[HubFile | str | Path]
    checksums: list[str | None]


def weight_source(study: Study, observer: str) -> WeightSource:
    """Where an observer's weights or decisions come from.

    Parameters
    ----------
    study : study.study.Study
    observer : str
        One that the study names.

    Returns
    -------
    WeightSource
    """
    row = study.named[observer]
    if isinstance(row, PublishedObserver) and row.answers:
        return WeightSource("answers", [Path(file) for file in study.answers[observer].values()], [])
    if isinstance(row, ReferenceObserver) and row.answers:
        files = [file for by_dataset in study.members.values() for file in by_dataset.values()]
        return WeightSource("answers", [Path(file) for file in files], [])
    if isinstance(row, PublishedObserver) or row.family == "human":
        files = list(_published_files(study, observer))
        places = [_place_of_decisions(study, file) for file in files]
        return WeightSource("decisions", places, [file.sha256 for file in files])
    if row.family == "simulated":
        return WeightSource("study", [], [])
    if observer in replicates(study.settings.trainings):
        return WeightSource("training", [], [])
    return _model_source(observer, row)


def _published_files(study: Study, observer: str) -> Iterator[DecisionFile | OwnFile]:
    """The published decisions of a model, or of all humans, on the study's datasets."""
    for dataset in study.datasets.values():
        if study.named[observer].family == "human":
            yield from dataset.decisions.humans.values()
        elif observer in dataset.decisions.networks:
            yield dataset.decisions.networks[observer]


def _place_of_decisions(study: Study, file: DecisionFile | OwnFile) -> str | Path:
    place = study.registry.place(file)
    return ROOT / place if isinstance(file, OwnFile) else place


def _model_source(observer: str, row: Observer) -> WeightSource:
    """Where the weights of a model come from."""
    if isinstance(row, PipelineObserver):
        of_transformers = row.family in ("autoregressive", "vision-language")
        return _folder_or_hub(row, MODEL_CONFIG if of_transformers else PIPELINE_INDEX)
    if isinstance(row, TransformersClipObserver):
        return _folder_or_hub(row, MODEL_CONFIG)
    if isinstance(row, OpenClipObserver):
        place = project_file(row.weights) or HubFile(
            clip_towers.repository(observer, row), clip_towers.WEIGHTS, row.revision
        )
        return WeightSource(row.source, [place], [row.sha256])
    if isinstance(row, TimmObserver):
        if row.weights:
            return WeightSource(row.source, [ROOT / row.weights], [row.sha256])
        repository = network_weights.timm_repository(row)
        return WeightSource(row.source, [HubFile(repository, network_weights.WEIGHTS, row.revision)], [None])
    if isinstance(row, TorchvisionObserver):
        place = project_file(row.weights) or network_weights.torchvision_weights(observer, row).url
        return WeightSource(row.source, [place], [row.sha256])
    if isinstance(row, CheckpointObserver):
        return WeightSource(row.source, [_place(file) for file in row.files], [file.sha256 for file in row.files])
    if isinstance(row, TrainedObserver) and row.weights:
        return WeightSource("file", [ROOT / row.weights], [row.sha256])
    return WeightSource("training", [], [])


def _folder_or_hub(row: PipelineObserver | TransformersClipObserver, index: str) -> WeightSource:
    """A folder of the project, or a repository of the hub."""
    folder = ROOT / row.pipeline
    if folder.is_dir():
        return WeightSource("folder", [folder / index], [row.sha256])
    return WeightSource("hub", [HubFile(row.pipeline, index, row.revision)], [row.sha256])


def _place(file: DownloadedFile | LocalFile | PackagedFile) -> str | Path:
    """The address of a file, or where it is on this machine, perhaps among the installed packages."""
    if isinstance(file, DownloadedFile):
        return file.url
    if isinstance(file, LocalFile):
        return ROOT / file.path
    package = find_spec(file.package)
    return Path(package.origin).parent / file.file if package else Path(file.package, file.file)
