"""Reading a study and the registries, and checking them against each other."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import REGISTRY, ROOT
from generative_classifiers.study import training_targets
from generative_classifiers.study.ambiguous_images import AmbiguousImages, SuperimposedImage
from generative_classifiers.study.benchmark_names import answers_file, subjects_files
from generative_classifiers.study.checksum_lists import with_listed_files
from generative_classifiers.study.datasets import Datasets, OwnFile
from generative_classifiers.study.folders import check_name
from generative_classifiers.study.observer import Observer, PublishedObserver, ReferenceObserver
from generative_classifiers.study.observers import ContrastiveObserver, Observers
from generative_classifiers.study.published_results import PublishedResults
from generative_classifiers.study.settings import StudySettings
from generative_classifiers.study.site import load_site
from generative_classifiers.study.study import Study
from generative_classifiers.study.templates import load_templates
from generative_classifiers.study.trainings import trained_rows
from generative_classifiers.study.validation import unknown, validated
from generative_classifiers.study.views import add_views
from generative_classifiers.study.yaml_files import YamlFile

Row = TypeVar("Row")


class Document:
    """A YAML file and the typed object that it holds."""

    def __init__(self, root: Path, path: str, kind: Any) -> None:
        self.file = YamlFile(root / path, root)
        self.content = validated(kind, self.file.content, self.file.where)

    def rows(self, names: Iterable[str], table: Mapping[str, Row], *keys: str) -> dict[str, Row]:
        """Rows of a registry by their names; `keys` say where this file gives the names.

        Raises
        ------
        InputError
            A name is unknown.
        """
        names = list(names)
        for number, name in enumerate(names):
            if name not in table:
                place = self.file.where(*keys, number) if len(names) > 1 else self.file.where(*keys)
                raise InputError(f"{place}: {unknown(name, table)}")
        return {name: table[name] for name in names}


def load(config: dict[str, Any], root: Path = ROOT) -> Study:
    """Load the study that a configuration names.

    Parameters
    ----------
    config : dict
        The content of `config.yaml`, as the command line has changed it.
    root : Path, optional
        The project's root.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        That names the file, the line, the key, and what was expected.
    """
    site = load_site(config, root)
    studies = sorted(path.stem for path in (root / "studies").glob("*.yaml"))
    if site.study not in studies:
        raise InputError(f"config.yaml or --config: study: {unknown(site.study, studies)}")
    check_name(site.study)
    study = Document(root, f"studies/{site.study}.yaml", StudySettings)
    observers = Document(root, "registry/observers.yaml", Observers)
    datasets_registry = Document(root, "registry/datasets.yaml", Datasets)
    registry = with_listed_files(datasets_registry.content, root)
    ambiguous = Document(root, "registry/ambiguous_images.yaml", AmbiguousImages).content
    paper = Document(root, "registry/published.yaml", PublishedResults).content

    settings = study.content
    named = study.rows(settings.observers, observers.content.observers, "observers")
    if settings.trained_by:
        study.rows([settings.trained_by], dict.fromkeys(studies), "trained_by")
    known = observers.content.observers
    for group, wanted in settings.trainings.items():
        _check_trained(
            study.rows([wanted.of], known, "trainings", group, "of"), study.file.where("trainings", group, "of")
        )
    named |= trained_rows(settings.trainings, known, site.study, study.file.where)
    for key, names in _models_of_the_lab(settings):
        study.rows(names, named, *key)
    named = add_views(named, settings.views)
    datasets = study.rows(settings.datasets, registry.datasets, "datasets")
    if settings.world:
        datasets = {name: row.at_size(settings.world.size) for name, row in datasets.items()}
    examples = settings.example_images
    shown = (examples.ambiguous_images if examples else None) or ()
    for name, row in observers.content.observers.items():
        if row.published_as is not None:
            observers.rows([row.published_as], paper.observers, "observers", name, "published_as")
    answers = {name: _answers(name, row, datasets, root) for name, row in named.items() if _is_users(row)}
    left_out = training_targets.left_out(site.study, named, root, site.imagenet)
    found = Study(
        name=site.study,
        site=site,
        settings=settings,
        registry=registry,
        datasets=datasets,
        named=named,
        observers={
            name: row for name, row in named.items() if row.enabled and name not in left_out and answers.get(name, True)
        },
        left_out=left_out,
        paper=paper,
        ambiguous_images=study.rows(shown, ambiguous, "example_images", "ambiguous_images"),
        answers=answers,
        members=_members(named, datasets, root),
    )
    _check(found, study, observers)
    _check_own_files(found, datasets_registry.file, root)
    return found


def load_observers(root: Path = REGISTRY.parent) -> dict[str, Observer]:
    """All observers of `registry/observers.yaml`, by name."""
    return Document(root, "registry/observers.yaml", Observers).content.observers


def _check_trained(rows: Mapping[str, Observer], where: str) -> None:
    """Raise InputError for an observer without a recipe."""
    for name, row in rows.items():
        if getattr(row, "training", None) is None:
            raise InputError(f"{where}: {name} has no recipe; expected an observer with training")


def _models_of_the_lab(settings: StudySettings) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The models that questions S6 and S7 name, with the keys that name them."""
    for group, wanted in settings.trainings.items():
        if wanted.compared_with:
            yield ("trainings", group, "compared_with"), [wanted.compared_with]
    for name in settings.matched:
        yield ("matched", name), [name]


def _is_users(row: Observer) -> bool:
    return isinstance(row, PublishedObserver) and row.answers is not None


def _answers(observer: str, row: Any, datasets: Iterable[str], root: Path) -> dict[str, str]:
    """The user's files of decisions that exist, by dataset."""
    if (root / row.answers).is_file():
        raise InputError(f"{row.answers}: is a file; expected a folder with the decisions of {observer}")
    files = {dataset: answers_file(row.answers, dataset, observer) for dataset in datasets}
    for file in files.values():
        if (root / file).is_dir():
            raise InputError(f"{file}: is a folder; expected a CSV file with the decisions of {observer}")
    return {dataset: str(file) for dataset, file in files.items() if (root / file).is_file()}


def _members(named: Mapping[str, Observer], datasets: Iterable[str], root: Path) -> dict[str, dict[str, str]]:
    """The files of decisions of the members of the user's own groups, by member and dataset.

    Raises
    ------
    InputError
        A group has no files on a dataset.
    """
    members: dict[str, dict[str, str]] = {}
    for group, row in named.items():
        if not isinstance(row, ReferenceObserver) or row.answers is None:
            continue
        for dataset in datasets:
            files = subjects_files(root / row.answers, dataset)
            if not files:
                place = f"{row.answers}/{dataset}/{dataset}_<subject>_session-1.csv"
                raise InputError(f"{place}: no such file; the group {group} needs some for each dataset of the study")
            for subject, path in files.items():
                members.setdefault(subject, {})[dataset] = str(path.relative_to(root))
    return members


def _check(study: Study, document: Document, observers: Document) -> None:
    """Check what only the whole can tell.

    Raises
    ------
    InputError
    """
    settings, where = study.settings, document.file.where
    document.rows(settings.stimuli or (), study.datasets, "stimuli")
    document.rows(settings.highlights, observers.content.observers, "highlights")
    document.rows(settings.compared or (), study.named, "compared")
    if settings.evidence:
        for dataset in settings.evidence.exhaustive:
            document.rows([dataset], study.datasets, "evidence", "exhaustive", dataset)
        for name in settings.evidence.draws_of:
            known = observers.content.observers | study.named
            (row,) = document.rows([name], known, "evidence", "draws_of", name).values()
            if not row.kind.has_levels:
                place = where("evidence", "draws_of", name)
                raise InputError(f"{place}: expected a diffusion or masked model, found one of family {row.family}")
    if settings.example_images and settings.example_images.stimulus:
        document.rows(
            [settings.example_images.stimulus.dataset], study.datasets, "example_images", "stimulus", "dataset"
        )
    if study.reference not in study.observers:
        raise InputError(f"{where('reference')}: {study.reference!r} is not among the study's observers")
    for name, observer in study.observers.items():
        if observer.kind.is_reference and name != study.reference:
            raise InputError(
                f"{where('reference')}: {name} is another group of observers, expected only one in a study"
            )
    if not study.observers[study.reference].kind.is_reference:
        raise InputError(f"{where('reference')}: {study.reference} is a model, expected humans or another group")
    if study.reference == "simulated" and settings.simulated is None:
        raise InputError(f"{where('simulated')}: this key is missing; it has the parameters of the simulated observers")
    names = _names_of_members(study)
    for number, name in enumerate(settings.observers):
        if name in names:
            raise InputError(f"{where('observers', number)}: {name} is also the name of a member of {study.reference}")
    for key in ("prompt", "evidence"):
        if study.models and getattr(settings, key) is None:
            raise InputError(f"{where(key)}: this key is missing; the model {study.models[0]} needs it")
    for name, observer in study.observers.items():
        if isinstance(observer, ContrastiveObserver) and observer.templates:
            observers.rows([observer.templates], load_templates(), "observers", name, "templates")
    for name, row in study.ambiguous_images.items():
        if isinstance(row, SuperimposedImage) and study.world is None:
            raise InputError(f"{where('world')}: this key is missing; the ambiguous image {name} is drawn in the world")


def _names_of_members(study: Study) -> set[str]:
    """The members of the study's reference group."""
    published = [] if study.world else [name for row in study.datasets.values() for name in row.decisions.humans]
    return {*study.simulated, *study.members, *published}


def _check_own_files(study: Study, file: YamlFile, root: Path) -> None:
    """Check that what datasets have on this machine is there.

    Raises
    ------
    InputError
    """
    for dataset, found in study.datasets.items():
        if found.stimuli is None and dataset in study.stimuli and not study.world:
            where = file.where("datasets", dataset, "stimuli")
            raise InputError(f"{where}: expected where its images are, since only a study with a world renders them")
        used = study.files("decisions", dataset)
        used |= study.files("stimuli", dataset) if dataset in study.stimuli and not study.world else {}
        for name, row in used.items():
            if isinstance(row, OwnFile):
                keys = ("stimuli",) if name == "stimuli" else ("decisions", _group(study, dataset, name), name)
                where = file.where("datasets", dataset, *keys, "path")
                _check_own_file(root / row.path, row, where, is_stimuli=name == "stimuli")


def _group(study: Study, dataset: str, observer: str) -> str:
    return "humans" if observer in study.datasets[dataset].decisions.humans else "networks"


def _check_own_file(path: Path, row: OwnFile, where: str, is_stimuli: bool) -> None:
    if is_stimuli and path.is_dir():
        if row.sha256:
            raise InputError(f"{where}: {row.path} is a folder; expected no key sha256, since only files have one")
    elif not path.is_file():
        expected = "a folder of images or a .tar.gz archive" if is_stimuli else "a CSV file"
        raise InputError(
            f"{where}: expected {expected}, found {'a folder' if path.is_dir() else 'nothing'} at {row.path}"
        )
