"""What a run consists of: a study with its datasets and observers, read from YAML and checked as a whole."""

from dataclasses import dataclass

import yaml

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import ROOT
from generative_classifiers.study import training_targets
from generative_classifiers.study.benchmark_names import answers_file
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.study.schema import check

# These families answer by themselves: their decisions are read, not computed from evidence.
ANSWERING = ("human", "simulated", "published")

# What the paper prints of the benchmark.
BENCHMARK = ("ood_accuracy", "accuracy_difference", "observed_consistency", "error_consistency")

# Keys of an observer's row that say nothing of what it does.
SHOWN: tuple[str, ...] = ("label", "enabled", "licence", "trained_on", "size_mb", "verified", "mem_mb")
SHOWN += ("published", "highlight", "without_noise", "evaluations_per_second")


@dataclass(frozen=True)
class Study:
    """A study, with the rows of the registries that it draws on.

    Attributes
    ----------
    name : str
    settings : dict
        The content of `studies/<name>.yaml`.
    datasets : dict of str to dict
        Rows of `registry/datasets.yaml`, in the study's order.
    repositories : dict of str to dict
        Where the files of published decisions are.
    named : dict of str to dict
        Rows of `registry/observers.yaml` that the study names.
    observers : dict of str to dict
        Those of them that take part: enabled, not left out, and with answers if these are the user's to give.
    left_out : dict of str to str
        Why networks that would have to be trained take no part.
    families : dict of str to dict
        How figures show a family, in drawing order.
    paper : dict
        The content of `registry/published.yaml`: what the paper prints.
    ambiguous_images : dict of str to dict
        Rows of `registry/ambiguous_images.yaml` that the study shows.
    retrain : bool
    answers : dict of str to dict of str to str
        Files of the user's by observer and dataset: decisions that are published nowhere.
    """

    name: str
    settings: dict
    datasets: dict
    repositories: dict
    named: dict
    observers: dict
    left_out: dict
    families: dict
    paper: dict
    ambiguous_images: dict
    retrain: bool
    answers: dict

    @property
    def reference(self):
        """Whom models are compared with: "humans" or "simulated"."""
        return self.settings["reference"]

    @property
    def evidence(self):
        """Settings of the evidence."""
        return self.settings.get("evidence", {})

    def evidence_of(self, observer):
        """Settings of an observer's evidence: where `draws_of` has draws for it, these are its draws."""
        settings = {key: value for key, value in self.evidence.items() if key != "draws_of"}
        return settings | {"draws": self.evidence.get("draws_of", {}).get(observer, settings["draws"])}

    @property
    def example_images(self):
        """What is shown of single images."""
        return self.settings.get("example_images", {})

    @property
    def prompts(self):
        """The prompt of each category; none where no model is asked."""
        return prompts_of(template=self.settings["prompt"]) if self.models else {}

    @property
    def models(self):
        """Observers that give evidence."""
        return [name for name, row in self.observers.items() if row["family"] not in ANSWERING]

    @property
    def together(self):
        """Whether one job gives an observer's evidence on all datasets."""
        return self.evidence.get("together", False)

    @property
    def stimuli(self):
        """Datasets whose images are wanted; models look at these."""
        return self.settings.get("stimuli", list(self.datasets) if self.models else [])

    @property
    def rendered(self):
        """Datasets whose images are rendered; those of the other studies are downloaded."""
        return self.stimuli if "world" in self.settings else []

    @property
    def released(self):
        """Datasets whose images are downloaded."""
        return [] if "world" in self.settings else self.stimuli

    @property
    def simulated(self):
        """Parameters of the simulated observers, by name."""
        return self.settings["simulated"] if "simulated" in self.observers else {}

    @property
    def reference_family(self):
        """The family of the observers of the reference group."""
        return "human" if self.reference == "humans" else "simulated"

    @property
    def published(self):
        """What the paper prints, by its names for the observers, with those of the study that they are.

        Nothing where people are not the reference; the benchmark's averages only over the paper's datasets.
        """
        if self.reference != "humans":
            return {}
        shown = ["label", "family", "shape_bias", "without_noise"]
        shown += BENCHMARK if set(self.datasets) == set(self.paper["datasets"]) else []
        rows = {name: {key: row[key] for key in shown if key in row} for name, row in self.paper["observers"].items()}
        return {name: row | {"observers": self._observers_of(name)} for name, row in rows.items()}

    def _observers_of(self, published):
        return [name for name, row in self.observers.items() if row.get("published") == published]

    @property
    def without_noise(self):
        """For observers and rows of the paper that were trained with diffusion noise, who is the same without."""
        pairs = {name: row.get("without_noise") for name, row in self.observers.items()}
        pairs = {name: other for name, other in pairs.items() if other in self.observers}
        for name, row in self.published.items():
            if "without_noise" in row and not row["observers"]:
                pairs[name] = next(iter(self._observers_of(row["without_noise"])), row["without_noise"])
        return pairs

    @property
    def labels(self):
        """What figures call observers, those of the study and those of the paper, in drawing order."""
        others = {name: row for name, row in self.published.items() if name not in self.observers}
        return {name: row["label"] for name, row in (self.observers | others).items()}

    @property
    def highlights(self):
        """Observers that stand out of a family of many."""
        return [name for name, row in self.observers.items() if row.get("highlight")]

    def drawn(self, kind):
        """How figures show the datasets of a kind: label, axis, and ticks where conditions have other names there."""
        rows = {name: row for name, row in self.datasets.items() if row["kind"] == kind}
        shown = ("label", "axis", "ticks")
        return {name: {key: row[key] for key in shown if key in row} for name, row in rows.items()}

    def answers_on(self, dataset):
        """The user's own files with decisions on a dataset, by observer."""
        return {name: self.answers[name][dataset] for name in self.observers if dataset in self.answers.get(name, {})}

    def evidence_settings(self, observer):
        """The part of an observer's row that its evidence can depend on."""
        row = self.observers[observer]
        # The checksum is that of the weights that ship, not of those that this run makes.
        left_out = (*SHOWN, "sha256") if self.made_weights(observer) else SHOWN
        return {key: value for key, value in row.items() if key not in left_out}

    def levels(self, dataset):
        """The part of a dataset's row that its images and answers depend on."""
        return {key: self.datasets[dataset][key] for key in ("kind", "conditions")}

    def made_weights(self, observer):
        """Files in which a rule of this run leaves the observer's weights; none if it has its own."""
        row = self.observers[observer]
        if "training" not in row or ("pipeline" in row and not self.retrain):
            return []
        if "pipeline" in row:
            return [f"data/{self.name}/weights/{observer}/training.json"]
        return [training_targets.weights(self.name, observer)]

    def weights(self, observer):
        """Where the observer's weights are if this run makes them: a pipeline's folder or a file."""
        made = self.made_weights(observer)
        return made[0].removesuffix("/training.json") if made else None

    def sources(self, content, dataset):
        """Files to download for a dataset.

        Parameters
        ----------
        content : {"decisions", "stimuli"}
            Answers of the study's observers; or the archive of images, then the humans' answers it is checked against.
        dataset : str

        Returns
        -------
        list of tuple
            Whose or what, url and sha256 of each file.
        """
        row = self.datasets[dataset]
        humans, networks = row["decisions"]["humans"], row["decisions"]["networks"]
        archive = []
        if content == "stimuli":
            archive, files = [("stimuli", row["stimuli"]["url"], row["stimuli"]["sha256"])], humans
        else:
            files = humans if "humans" in self.observers else {}
            files = files | {name: file for name, file in networks.items() if name in self.observers}
        return archive + [(name, file_url(file, self.repositories), file["sha256"]) for name, file in files.items()]


def file_url(file, repositories):
    """Where a file of published decisions is: its path in one commit of a repository."""
    repository = repositories[file["repository"]]
    return f"{repository['url'].format(commit=repository['commit'])}/{file['path']}"


def load(config, root=ROOT):
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
        That names the file, the key, and what was expected.
    """
    check(config, "config", "config.yaml or --config")
    name, studies = config["study"], sorted(path.stem for path in (root / "studies").glob("*.yaml"))
    if name not in studies:
        raise InputError(f"study {name!r}: no file studies/{name}.yaml, expected one of {', '.join(studies)}")
    settings = _read(root / "studies" / f"{name}.yaml", "study")
    datasets = _read(root / "registry" / "datasets.yaml", "datasets")
    observers = _read(root / "registry" / "observers.yaml", "observers")
    ambiguous_images = _read(root / "registry" / "ambiguous_images.yaml", "ambiguous_images")
    where = f"studies/{name}.yaml"
    rows = _rows(settings["observers"], observers["observers"], f"{where}: observers")
    _rows(settings.get("evidence", {}).get("draws_of", {}), observers["observers"], f"{where}: evidence.draws_of")
    known = _rows(settings["datasets"], datasets["datasets"], f"{where}: datasets")
    answers = {observer: _answers(observer, row, known, root) for observer, row in rows.items() if "answers" in row}
    left_out = training_targets.left_out(name, rows, root, config.get("imagenet"))
    present = {name: row for name, row in rows.items() if row.get("enabled", True) and name not in left_out}
    study = Study(
        name=name,
        settings=settings,
        datasets=known,
        repositories=datasets["repositories"],
        named=rows,
        observers={observer: row for observer, row in present.items() if answers.get(observer, True)},
        left_out=left_out,
        families=observers["families"],
        paper=_read(root / "registry" / "published.yaml", "published"),
        ambiguous_images=_rows(
            settings.get("example_images", {}).get("ambiguous_images", []),
            ambiguous_images,
            f"{where}: example_images.ambiguous_images",
        ),
        retrain=config.get("retrain", False),
        answers=answers,
    )
    _check(study, where)
    return study


def _answers(observer, row, datasets, root):
    """Files that there are of decisions of the user's own, by dataset."""
    files = {dataset: answers_file(row["answers"], dataset, observer) for dataset in datasets}
    return {dataset: str(file) for dataset, file in files.items() if (root / file).is_file()}


def _read(path, schema):
    source = f"{path.parent.name}/{path.name}"
    try:
        document = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise InputError(f"{source}: no valid YAML: {' '.join(str(error).split())}") from None
    check(document, schema, source)
    return document


def _rows(names, table, where):
    unknown = [name for name in names if name not in table]
    if unknown:
        raise InputError(f"{where}: {unknown[0]!r} is unknown, expected names of the registry: {', '.join(table)}")
    return {name: table[name] for name in names}


def _check(study, where):
    """What only the whole can tell."""
    _rows(study.settings.get("stimuli", []), study.datasets, f"{where}: stimuli")
    if "stimulus" in study.example_images:
        _rows(
            [study.example_images["stimulus"]["dataset"]], study.datasets, f"{where}: example_images.stimulus.dataset"
        )
    _rows((row["family"] for row in study.observers.values()), study.families, "registry/observers.yaml: families")
    named = [row["published"] for row in study.observers.values() if "published" in row]
    _rows(named, study.paper["observers"], "registry/observers.yaml: published")
    of_the_paper = (row["family"] for row in study.paper["observers"].values())
    _rows(of_the_paper, study.families, "registry/published.yaml: families")
    for dataset, row in study.datasets.items():
        wrong = [condition for condition in row["excluded"] if condition not in row["conditions"]]
        if wrong:
            raise InputError(f"registry/datasets.yaml: {dataset} excludes {wrong[0]!r}, which it does not have")
        if len(row.get("ticks", row["conditions"])) != len(row["conditions"]):
            raise InputError(f"registry/datasets.yaml: {dataset}: ticks: expected one for each of {row['conditions']}")
        for _, file in (*row["decisions"]["humans"].items(), *row["decisions"]["networks"].items()):
            _rows([file["repository"]], study.repositories, f"registry/datasets.yaml: {dataset}: repository")
    if study.reference not in study.observers:
        raise InputError(f"{where}: reference {study.reference!r} is none of the study's observers")
    if study.reference == "simulated" and "simulated" not in study.settings:
        raise InputError(f"{where}: missing key 'simulated', the parameters of the simulated observers")
    if study.models and "prompt" not in study.settings:
        raise InputError(f"{where}: missing keys 'prompt' and 'evidence', for models take part: {study.models[0]}")
    drawn = [name for name, row in study.ambiguous_images.items() if "drawings" in row]
    if drawn and "world" not in study.settings:
        raise InputError(
            f"{where}: missing key 'world', in which {drawn[0]} of example_images.ambiguous_images is drawn"
        )
    own = study.evidence.get("draws_of", {})
    for key, draws in {"draws": study.evidence.get("draws"), **{f"draws_of.{name}": own[name] for name in own}}.items():
        _check_draws(key, draws, study.evidence.get("reconstruct_draw"), where)


def _check_draws(key, draws, kept, where):
    pruned = isinstance(draws, dict)
    if pruned and draws["min"] > draws["max"]:
        raise InputError(f"{where}: {key}.min is {draws['min']}, expected at most {key}.max, {draws['max']}")
    certain = draws["min"] if pruned else draws
    if kept is not None and kept >= certain:
        name = f"{key}.min" if pruned else key
        raise InputError(f"{where}: reconstruct_draw is {kept}, expected less than {name}, {certain}")
