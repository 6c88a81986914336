"""`registry/datasets.yaml`: the image sets, their conditions, their stimuli and the decisions published for them.

Stimuli and decisions have an address on the internet, or a path on this machine.
"""

from itertools import compress
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from generative_classifiers.study.validation import (
    Commit,
    Count,
    Items,
    Name,
    Sha256,
    Strict,
    Text,
    Url,
    form,
    missing,
    union_of,
    unknown,
    wrong,
)

DatasetName = form(r"^[A-Za-z0-9][A-Za-z0-9-]*$", "a name of letters, digits and hyphens")
Condition = form(r"^[A-Za-z0-9.-]+$", "a condition of letters, digits, dots and hyphens")
DecisionFormat = Literal["model-vs-human", "vlm-shapebias"]
CsvPath = form(r"^[A-Za-z0-9][^/]*(/[A-Za-z0-9][^/]*)*\.csv$", "the path of a CSV file, folder/file.csv")
CsvPattern = form(
    r"^[^{}]*(\{dataset\}[^{}]*)+\{observer\}[^{}]*\.csv$", "a path with {dataset} and then {observer} in it, ….csv"
)
AddressOfCommit = form(r"^https://[^{}]+/\{commit\}(/[^{}]+)?$", "an address with {commit} in it, https://…/{commit}/…")
OwnPath = form(r"^[^\s:]([^:]*[^\s:])?$", "a path on this machine, without colons")
ArchiveUrl = form(r"^https://[^/\s]+/\S+\.tar\.gz$", "the address of an archive, https://….tar.gz")


class Repository(Strict):
    """A repository with files of decisions, at one commit."""

    url: AddressOfCommit = Field(description="What stands before a file's path; {commit} stands for the commit.")
    commit: Commit
    label: Text = Field(description="Whose decisions they are, as the leaderboard names them.")
    reference: Url | None = Field(None, description="Where they are described.")
    licence: Text | None = Field(None, description="Of the files; null if none is stated.")
    format: DecisionFormat = Field("model-vs-human", description="Of the files.")
    checksums: Text | None = Field(
        None, description="A list of checksums in registry/checksums/, in place of a row for each file."
    )
    path: CsvPattern | None = Field(None, description="The path of each file in that list.")

    @model_validator(mode="after")
    def _list_and_pattern_belong_together(self) -> Self:
        if (self.checksums is None) != (self.path is None):
            absent, present = ("path", "checksums") if self.path is None else ("checksums", "path")
            raise missing(absent, f"{present} needs it")
        return self


class Archive(Strict):
    """The archive of a dataset's stimuli."""

    url: ArchiveUrl
    sha256: Sha256 | None = Field(description="null where no checksum is known; the first download records it.")


class OwnFile(Strict):
    """A file or a folder on this machine, which is used where it is."""

    path: OwnPath = Field(description="Absolute, or relative to the project's root.")
    sha256: Sha256 | None = Field(None, description="Of a file: its checksum, if it is to be checked.")


class DecisionFile(Strict):
    """One observer's decisions on one dataset, in a repository."""

    repository: Name
    path: CsvPath
    sha256: Sha256


Stimuli = union_of({"url": Archive, "path": OwnFile}, lambda row: _which(row, Archive, "url", "path"))
Decisions = union_of(
    {"repository": DecisionFile, "path": OwnFile}, lambda row: _which(row, DecisionFile, "repository", "path")
)


def _which(row, published, key, other):
    """The key of a row's type in the unions above."""
    return f"<{key if isinstance(row, published) or (isinstance(row, dict) and key in row) else other}>"


class DecisionFiles(Strict):
    """The files of decisions of a dataset, by observer."""

    humans: dict[Name, Decisions]
    networks: dict[Name, Decisions]

    @property
    def by_observer(self) -> dict[str, DecisionFile | OwnFile]:
        """Those of humans, and then those of models."""
        return self.humans | self.networks


class Dataset(Strict):
    """A dataset of the benchmark."""

    label: Text = Field(description="Its name in figures.")
    kind: Literal["parametric", "nonparametric"]
    axis: Text = Field(description="What the conditions vary; the label of an axis.")
    conditions: Annotated[Items[Condition], Field(min_length=1)] = Field(
        description="In the order of the plots, spelled as in the files of decisions: texts, in quotes."
    )
    ticks: Items[Text] | None = Field(None, description="What figures call the conditions, one by one.")
    excluded: Items[Condition] = Field(description="The conditions that the benchmark leaves out.")
    in_benchmark: bool = Field(
        True,
        description="Whether the dataset is part of the benchmark, over which averages are taken. The others answer "
        "questions of the lab alone: no average, no learned weighting and no view has them.",
    )
    least_size: dict[Condition, Count] = Field(
        {},
        description="Pixels along a side that images of a condition need at least. A world with smaller images does "
        "without the condition.",
    )
    images: Count | None = Field(description="How many images the dataset has; null for images that are only rendered.")
    stimuli: Stimuli | None = Field(description="Where the images are; null for images that are only rendered.")
    decisions: DecisionFiles

    @model_validator(mode="after")
    def _conditions_agree(self) -> Self:
        if self.kind == "nonparametric" and (self.conditions, self.excluded) != (("all",), ()):
            raise wrong("conditions", "a nonparametric dataset has conditions [all] and excluded []")
        for name in ("conditions", "excluded"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise wrong(name, f"expected each condition once, found {', '.join(values)}")
        for name, listed in {"excluded": self.excluded, "least_size": self.least_size}.items():
            for condition in listed:
                if condition not in self.conditions:
                    raise wrong(name, unknown(condition, self.conditions))
        if self.ticks is not None and len(self.ticks) != len(self.conditions):
            raise wrong("ticks", f"expected one for each of the conditions {', '.join(self.conditions)}")
        return self

    @model_validator(mode="after")
    def _images_are_counted(self) -> Self:
        if self.images is None and self.stimuli is not None:
            raise wrong("images", "expected the number of images, since stimuli says where they are")
        return self

    @property
    def not_averaged(self) -> tuple[str, ...]:
        """The conditions that the benchmark's averages leave out."""
        return self.excluded if self.in_benchmark else self.conditions

    def at_size(self, size: int) -> Self:
        """The dataset with those conditions that images of a size can show.

        Parameters
        ----------
        size : int
            Pixels along a side.
        """
        shown = [self.least_size.get(condition, 0) <= size for condition in self.conditions]
        listed = {name: getattr(self, name) for name in ("conditions", "ticks") if getattr(self, name)}
        kept = {name: tuple(compress(values, shown)) for name, values in listed.items()}
        excluded = tuple(condition for condition in self.excluded if condition in kept["conditions"])
        return self.model_copy(update=kept | {"excluded": excluded})


class Datasets(Strict):
    """The content of `registry/datasets.yaml`."""

    repositories: Annotated[dict[Name, Repository], Field(min_length=1)] = Field(
        description="Where the files of decisions are."
    )
    datasets: Annotated[dict[DatasetName, Dataset], Field(min_length=1)] = Field(
        description="In the order of every table and figure."
    )

    @model_validator(mode="after")
    def _repositories_are_known(self) -> Self:
        for name, dataset in self.datasets.items():
            for group, files in (("humans", dataset.decisions.humans), ("networks", dataset.decisions.networks)):
                for observer, file in files.items():
                    if isinstance(file, DecisionFile) and file.repository not in self.repositories:
                        place = ("datasets", name, "decisions", group, observer, "repository")
                        raise wrong(place, unknown(file.repository, self.repositories))
        return self

    def place(self, file: DecisionFile | Archive | OwnFile) -> str:
        """Where a file is: its address, in one commit of a repository if it has decisions, or its path here."""
        if isinstance(file, OwnFile):
            return file.path
        if isinstance(file, Archive):
            return file.url
        repository = self.repositories[file.repository]
        return f"{repository.url.format(commit=repository.commit)}/{file.path}"
