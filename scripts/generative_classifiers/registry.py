"""What a run consists of: a study with its datasets and observers, read from YAML and checked as a whole."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.errors import InputError
from generative_classifiers.schema import check

ROOT = Path(__file__).parents[2]

# These families answer by themselves: their decisions are read, not computed from evidence.
ANSWERING = ("human", "simulated", "published")

# Keys of an observer's row that say nothing of what it does.
SHOWN = ("label", "enabled", "licence", "mem_mb")


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
    observers : dict of str to dict
        Rows of `registry/observers.yaml` that are enabled, in the study's order.
    families : dict of str to dict
        How figures show a family, in drawing order.
    retrain : bool
    """

    name: str
    settings: dict
    datasets: dict
    repositories: dict
    observers: dict
    families: dict
    retrain: bool

    @property
    def reference(self):
        """Whom models are compared with: "humans" or "simulated"."""
        return self.settings["reference"]

    @property
    def evidence(self):
        """Settings of the evidence."""
        return self.settings.get("evidence", {})

    @property
    def prompts(self):
        """The prompt of each category."""
        template = self.settings.get("prompt", "{category}")
        return {category: template.format(category=category) for category in CATEGORIES}

    @property
    def models(self):
        """Observers that give evidence."""
        return [name for name, row in self.observers.items() if row["family"] not in ANSWERING]

    @property
    def stimuli(self):
        """Datasets whose images are wanted."""
        return list(self.datasets) if self.models else self.settings.get("stimuli", [])

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

    def matter(self, observer):
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
        name = "model_index.json" if "pipeline" in row else "model.safetensors"
        return [f"data/{self.name}/weights/{observer}/{name}"]

    def weights(self, observer):
        """Where the observer's weights are if this run makes them: a pipeline's folder or a file."""
        made = self.made_weights(observer)
        return made[0].removesuffix("/model_index.json") if made else None

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
    where = f"studies/{name}.yaml"
    rows = _rows(settings["observers"], observers["observers"], f"{where}: observers")
    study = Study(
        name=name,
        settings=settings,
        datasets=_rows(settings["datasets"], datasets["datasets"], f"{where}: datasets"),
        repositories=datasets["repositories"],
        observers={observer: row for observer, row in rows.items() if row.get("enabled", True)},
        families=observers["families"],
        retrain=config.get("retrain", False),
    )
    _check(study, where)
    return study


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
    _rows((row["family"] for row in study.observers.values()), study.families, "registry/observers.yaml: families")
    for dataset, row in study.datasets.items():
        wrong = [condition for condition in row["excluded"] if condition not in row["conditions"]]
        if wrong:
            raise InputError(f"registry/datasets.yaml: {dataset} excludes {wrong[0]!r}, which it does not have")
        for _, file in (*row["decisions"]["humans"].items(), *row["decisions"]["networks"].items()):
            _rows([file["repository"]], study.repositories, f"registry/datasets.yaml: {dataset}: repository")
    if study.reference not in study.observers:
        raise InputError(f"{where}: reference {study.reference!r} is none of the study's observers")
    if study.reference == "simulated" and "simulated" not in study.settings:
        raise InputError(f"{where}: missing key 'simulated', the parameters of the simulated observers")
    if study.models and "prompt" not in study.settings:
        raise InputError(f"{where}: missing keys 'prompt' and 'evidence', for models take part: {study.models[0]}")
    kept = study.evidence.get("reconstruct_draw")
    if kept is not None and kept >= study.evidence["draws"]:
        raise InputError(f"{where}: reconstruct_draw is {kept}, expected less than draws, {study.evidence['draws']}")
