"""Networks that a study trains: variants of rows of `registry/observers.yaml`, each with several seeds."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

from pydantic import Field, model_validator

from generative_classifiers.io.errors import InputError
from generative_classifiers.study import training_targets
from generative_classifiers.study.observer import Observer
from generative_classifiers.study.observers import AnyObserver
from generative_classifiers.study.validation import Count, Name, Positive, Strict, validated, wrong

# What an observer's row says of weights that were trained before.
OF_WEIGHTS = ("weights", "sha256")


class Trainings(Strict):
    """Variants of an observer. Each takes part in the study once for each seed."""

    of: Name = Field(description="The observer in registry/observers.yaml that they are variants of.")
    seeds: Count = Field(1, description="How many times each variant is trained, with the seeds 0, 1, ….")
    change: dict[str, Any] = Field({}, description="Keys of its row that all of them change.")
    variants: dict[Name, dict[str, Any]] = Field(
        min_length=1,
        description="Keys that each of them changes, by the variant's name. Keys inside training are merged.",
    )
    compared_with: Name | None = Field(
        None, description="The model whose shape bias theirs are compared with: question S6 of docs/lab.md."
    )
    seconds_per_step: Positive | None = Field(
        None, description="Of a training on one thread, as measured, for the forecast."
    )

    @model_validator(mode="after")
    def _recipes_are_merged(self) -> Self:
        for variant, change in (("change", self.change), *self.variants.items()):
            if not isinstance(change.get("training", {}), dict):
                raise wrong(variant, "expected training to be a mapping of the keys that change")
        return self


class Replicate(NamedTuple):
    """One training of a variant.

    Attributes
    ----------
    group, variant : str
    seed : int
    """

    group: str
    variant: str
    seed: int


def replicates(trainings: Mapping[str, Trainings]) -> dict[str, Replicate]:
    """All trainings of a study, by the observer's name.

    Examples
    --------
    >>> groups = {"cnn": Trainings(of="miniature-cnn", seeds=2, variants={"plain": {}})}
    >>> list(replicates(groups))
    ['cnn-plain-0', 'cnn-plain-1']
    """
    return {
        f"{group}-{variant}" + (f"-{seed}" if wanted.seeds > 1 else ""): Replicate(group, variant, seed)
        for group, wanted in trainings.items()
        for variant in wanted.variants
        for seed in range(wanted.seeds)
    }


def trained_rows(
    trainings: Mapping[str, Trainings], rows: Mapping[str, Observer], study: str, where: Callable[..., str]
) -> dict[str, Observer]:
    """The row of every training, by the observer's name.

    Parameters
    ----------
    trainings : dict of str to Trainings
    rows : dict of str to Observer
        Of the registry; those that the trainings vary are among them.
    study : str
        The study's name.
    where : callable
        From keys of the study's file to a place in it, for messages.

    Raises
    ------
    InputError
        A variant changes a key that its observer does not have, or to a value that is not allowed; or its name is
        taken.
    """
    found = replicates(trainings)
    names = [name for name in found if name in rows]
    if names:
        raise InputError(f"{where('trainings')}: {names[0]} is also an observer of the registry; expected another name")
    asked = {name: _row(name, one, trainings[one.group], rows, study) for name, one in found.items()}

    def place(observer: str, *keys: str | int) -> str:
        return where("trainings", found[observer].group, "variants", found[observer].variant, *keys)

    named: dict[str, Observer] = validated(dict[str, AnyObserver], asked, place) if asked else {}
    return named


def _row(observer: str, one: Replicate, wanted: Trainings, rows: Mapping[str, Observer], study: str) -> dict[str, Any]:
    """The row of a training, as plain data."""
    row = {key: value for key, value in rows[wanted.of].as_params().items() if key not in OF_WEIGHTS}
    for change in ({"training": {"seed": one.seed}}, wanted.change, wanted.variants[one.variant]):
        row |= change | {"training": row["training"] | change.get("training", {})}
    row["label"] += f", {one.variant.replace('-', ' ')}" + (f" ({one.seed})" if wanted.seeds > 1 else "")
    return row | ({"pipeline": training_targets.pipeline(study, observer)} if "pipeline" in row else {})
