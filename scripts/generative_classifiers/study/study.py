"""A study: its datasets and observers, with the rows of the registries that it draws on."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from generative_classifiers.io.folders import files_in
from generative_classifiers.study import training_targets
from generative_classifiers.study.ambiguous_images import AmbiguousImage
from generative_classifiers.study.datasets import Archive, Dataset, Datasets, DecisionFile, DecisionFormat, OwnFile
from generative_classifiers.study.draws import draws_of, times_of
from generative_classifiers.study.folders import folder_of
from generative_classifiers.study.levels import level_settings, plain
from generative_classifiers.study.measures import MEASURES
from generative_classifiers.study.observer import ModelObserver, Observer, PublishedObserver
from generative_classifiers.study.observers import TrainedObserver
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.study.published_results import PublishedResults
from generative_classifiers.study.settings import Evidence, SimulatedObserver, StudySettings, World
from generative_classifiers.study.site import Site
from generative_classifiers.study.trainings import replicates
from generative_classifiers.study.views import base_of


@dataclass(frozen=True)
class Study:
    """A study, checked as a whole.

    Attributes
    ----------
    name : str
    site : Site
    settings : StudySettings
        The content of `studies/<name>.yaml`.
    registry : Datasets
        The content of `registry/datasets.yaml`.
    datasets : dict of str to Dataset
        The study's datasets, in its order.
    named : dict of str to Observer
        All observers that the study names.
    observers : dict of str to Observer
        Those that take part: enabled, not left out, and with files of answers if their answers are the user's to give.
    left_out : dict of str to str
        Why networks that would have to be trained take no part.
    paper : PublishedResults
        The content of `registry/published.yaml`.
    ambiguous_images : dict of str to AmbiguousImage
        Those that the study shows.
    answers : dict of str to dict of str to str
        The user's own files of decisions, by observer and dataset.
    members : dict of str to dict of str to str
        The same of the members of the user's own group of people.
    """

    name: str
    site: Site
    settings: StudySettings
    registry: Datasets
    datasets: dict[str, Dataset]
    named: dict[str, Observer]
    observers: dict[str, Observer]
    left_out: dict[str, str]
    paper: PublishedResults
    ambiguous_images: dict[str, AmbiguousImage]
    answers: dict[str, dict[str, str]]
    members: dict[str, dict[str, str]]

    @property
    def limit(self) -> int | None:
        """Images of each condition and category that take part; None if all do. See `study.limit`."""
        return self.site.limit or self.settings.limit

    @property
    def folder(self) -> str:
        """The folder of the study in `data/` and `figures/`. A limited study has one of its own."""
        return folder_of(self.name, self.limit)

    @property
    def reference(self) -> str:
        """The group that models are compared with: "humans", "simulated" or one of the user's own."""
        return self.settings.reference

    @property
    def reference_family(self) -> str:
        """The family of the reference group's members."""
        return self.observers[self.reference].family

    @cached_property
    def models(self) -> list[str]:
        """Observers that give evidence."""
        return [name for name, observer in self.observers.items() if observer.needs_evidence]

    @cached_property
    def prompts(self) -> dict[str, str]:
        """The prompt of each category; empty if no model takes part."""
        return prompts_of(template=self.settings.prompt) if self.models and self.settings.prompt else {}

    @property
    def evidence(self) -> Evidence:
        """Settings of the evidence.

        Raises
        ------
        LookupError
            The study has none, since no model takes part.
        """
        if self.settings.evidence is None:
            raise LookupError(f"study {self.name}: no settings of evidence")
        return self.settings.evidence

    @property
    def weighting(self) -> str | dict[str, object] | None:
        """What noise levels count for, as plain data; None if no model takes part."""
        return plain(self.settings.evidence.weighting) if self.settings.evidence else None

    @property
    def together(self) -> bool:
        """Whether one job gives an observer's evidence on all datasets."""
        return self.settings.evidence is not None and self.settings.evidence.together

    @property
    def world(self) -> World | None:
        """Settings of the world whose images are rendered; None if images are downloaded."""
        return self.settings.world

    @property
    def stimuli(self) -> list[str]:
        """Datasets whose images are needed."""
        if self.settings.stimuli is not None:
            return list(self.settings.stimuli)
        return list(self.datasets) if self.models else []

    @property
    def rendered(self) -> list[str]:
        """Datasets whose images are rendered; those of the others are downloaded."""
        return self.stimuli if self.world else []

    @property
    def simulated(self) -> dict[str, SimulatedObserver]:
        """Parameters of the simulated observers, by name."""
        return (self.settings.simulated or {}) if "simulated" in self.observers else {}

    def answers_on(self, dataset: str) -> dict[str, str]:
        """The user's own files with decisions on a dataset, by observer or member of a group."""
        files = self.members | {name: self.answers[name] for name in self.observers if name in self.answers}
        return {name: by_dataset[dataset] for name, by_dataset in files.items() if dataset in by_dataset}

    def format_of(self, observer: str, dataset: str) -> DecisionFormat:
        """The format of an observer's file of decisions on a dataset."""
        if observer in self.answers_on(dataset):
            row = self.observers.get(observer)
            return row.format if isinstance(row, PublishedObserver) else "model-vs-human"
        file = self.datasets[dataset].decisions.by_observer.get(observer)
        if isinstance(file, DecisionFile):
            return self.registry.repositories[file.repository].format
        return "model-vs-human"

    def sources(self, content: str, dataset: str) -> list[tuple[str, str, str | None]]:
        """Files of a dataset, to download or on this machine.

        Parameters
        ----------
        content : {"decisions", "stimuli"}
            Decisions of the study's observers; or the archive of images, and the humans' decisions to check it against.
        dataset : str

        Returns
        -------
        list of tuple
            The observer (or "stimuli"), the address or path, and the sha256 of each file.
        """
        return [(name, self.registry.place(file), file.sha256) for name, file in self.files(content, dataset).items()]

    def files(self, content: str, dataset: str) -> dict[str, Archive | DecisionFile | OwnFile]:
        """Files of a dataset, as in `sources`: rows of the registry, by observer or "stimuli"."""
        row = self.datasets[dataset]
        if content == "stimuli":
            return ({"stimuli": row.stimuli} if row.stimuli else {}) | row.decisions.humans
        humans = row.decisions.humans if "humans" in self.observers else {}
        return humans | {name: file for name, file in row.decisions.networks.items() if name in self.observers}

    def local_files(self, content: str, dataset: str) -> list[str]:
        """Those of a dataset's files that are not downloaded, with all images of a folder: inputs of rules."""
        own = [Path(file.path) for file in self.files(content, dataset).values() if isinstance(file, OwnFile)]
        return [str(path) for place in own for path in (sorted(files_in(place)) if place.is_dir() else [place])]

    def levels(self, dataset: str) -> dict[str, object]:
        """The part of a dataset's row that its images and decisions depend on, for parameters of rules."""
        row = self.datasets[dataset].as_params()
        limits = {"limit": self.limit, "example": self.example_of(dataset)} if self.limit else {}
        return {key: row[key] for key in ("kind", "conditions")} | limits

    def example_of(self, dataset: str) -> str | None:
        """The name of the stimulus that example images show, if it belongs to a dataset."""
        examples = self.settings.example_images
        stimulus = examples.stimulus if examples else None
        return stimulus.image if stimulus and stimulus.dataset == dataset else None

    def decisive(self, observer: str) -> dict[str, object]:
        """The part of an observer's row that its evidence depends on, for parameters of rules."""
        row = self.observers[observer].decisive()
        # The checksum is that of the weights in weights/, not of those that this run trains.
        return {key: value for key, value in row.items() if not (key == "sha256" and self.made_weights(observer))}

    def evidence_settings(self, observer: str, dataset: str) -> dict[str, object]:
        """Everything in the configuration that an observer's evidence on a dataset depends on.

        For parameters of rules: if it changes, evidence jobs run again and evaluate what is new.
        """
        settings, draws, kind = self.evidence, draws_of(self, observer, dataset), self.observers[observer].kind
        found: dict[str, object] = {
            "observer": self.decisive(observer),
            "prompts": self.prompts,
            "stimuli": self.stimuli_settings(dataset),
            "seed": settings.seed,
        }
        if kind.reconstructs:
            found["reconstruct_draw"] = settings.reconstruct_draw
        if kind.has_levels:
            times = times_of(self, observer, dataset)
            found |= {"times": times, "draws": draws if isinstance(draws, int) else draws.as_params()}
            found |= level_settings(self, observer, dataset)
        return found

    def stimuli_settings(self, dataset: str) -> dict[str, object]:
        """Everything in the configuration that the images of a dataset depend on, for parameters of rules."""
        if self.world:
            return {"world": self.world.as_params(), **self.levels(dataset)}
        source = self.datasets[dataset].stimuli
        return {"source": source.as_params() if source else None, **self.levels(dataset)}

    @property
    def cache(self) -> Path:
        """The folder of the cache of evidence."""
        return self.site.cache

    def made_weights(self, observer: str) -> list[str]:
        """Files in which a rule of this run leaves the observer's weights; empty if it has weights of its own."""
        row = self.observers[observer]
        is_replicate = base_of(observer) in replicates(self.settings.trainings)
        if not (row.made_by_run or is_replicate or (self.site.retrain and getattr(row, "training", None))):
            return []
        made = training_targets.weights if isinstance(row, TrainedObserver) else training_targets.record
        return [made(self.name, observer)]

    def weights(self, observer: str) -> str | None:
        """Where the observer's weights are if this run makes them: a pipeline's folder or a file."""
        made = self.made_weights(observer)
        return made[0].removesuffix("/training.json") if made else None

    def memory(self, observer: str) -> int:
        """Megabytes that a job of an observer asks the cluster for."""
        row = self.observers[observer]
        assert isinstance(row, ModelObserver)
        return row.mem_mb

    @property
    def published(self) -> dict[str, dict[str, object]]:
        """What the paper prints, by its names for the observers, each with the study's observers that it stands for.

        Empty if humans are not the reference group. The benchmark's averages are only given for the paper's datasets.
        """
        if self.reference != "humans":
            return {}
        shown = ["label", "family", "shape_bias", "without_noise"]
        averaged = {name for name, row in self.datasets.items() if row.in_benchmark}
        shown += MEASURES if averaged == set(self.paper.datasets) else []
        rows = {}
        for name, row in self.paper.observers.items():
            values = {key: getattr(row, key) for key in shown if getattr(row, key) is not None}
            rows[name] = values | {"observers": list(self._measured_as(name))}
        return rows

    def _measured_as(self, published: str) -> Iterator[str]:
        """The study's observers that are one of the paper's."""
        return (name for name, row in self.observers.items() if row.published_as == published)

    @property
    def without_noise(self) -> dict[str, str]:
        """For each observer trained with diffusion noise, measured or published, the same one trained without."""
        asked = ((name, getattr(row, "without_noise", "")) for name, row in self.observers.items())
        pairs = {name: other for name, other in asked if other in self.observers}
        for name, published in self.published.items():
            if "without_noise" in published and not published["observers"]:
                other = str(published["without_noise"])
                pairs[name] = next(self._measured_as(other), other)
        return pairs

    @property
    def labels(self) -> dict[str, str]:
        """Names in figures, of the study's observers and of the paper's, in the order of figures."""
        labels = {name: row.label for name, row in self.observers.items()}
        return labels | {name: str(row["label"]) for name, row in self.published.items() if name not in labels}

    @property
    def highlights(self) -> list[str]:
        """Observers that stand out of a family of many."""
        return [name for name in self.settings.highlights if name in self.observers]
