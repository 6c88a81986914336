"""`registry/levels.yaml`: how much the losses of diffusion models differ between categories at each noise level."""

from functools import cache
from typing import Annotated, Any

from pydantic import Field

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import REGISTRY
from generative_classifiers.study.draws import draws_of, times_of
from generative_classifiers.study.validation import Count, Items, Name, Positive, Strict, read
from generative_classifiers.study.views import base_of

Number = Annotated[float, Field(ge=0)]


class Measured(Strict):
    """The images that a row was measured on."""

    study: Name
    images: Count = Field(description="The first of all datasets' images, in a random order.")


class LevelRow(Strict):
    """A table as `generative-classifiers levels` prints it; `draws.level_table.LevelTable` explains the numbers."""

    measured_on: Measured
    log_snr: Annotated[Items[float], Field(min_length=2)] = Field(description="Noise levels, ascending.")
    spread: Annotated[Items[Positive], Field(min_length=2)] = Field(
        description="Standard deviation of a difference of losses, from one noise sample to the next."
    )
    variance: Positive = Field(description="Scale of the variances of differences, over spread squared.")
    freedom: Positive = Field(description="Degrees of freedom of their distribution.")
    trend: Number = Field(description="Variance of expected differences, over spread squared.")
    reach: Positive = Field(description="Distance in log-SNR over which expected differences stay alike.")

    def table(self) -> dict[str, Any]:
        """The numbers, as arguments of `draws.level_table.LevelTable`."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "measured_on"}


Levels = dict[Name, LevelRow]


@cache
def load_levels() -> dict[str, LevelRow]:
    """The rows by observer."""
    return read(REGISTRY / "levels.yaml", REGISTRY.parent, Levels)


def level_row(study, observer: str, dataset: str) -> LevelRow | None:
    """The row of an observer; None if its evidence on a dataset does not depend on it. Views have the row of the model.

    Parameters
    ----------
    study : study.study.Study
    observer, dataset : str

    Raises
    ------
    InputError
        The study's settings need a row that is not there, or a test that its family cannot have.
    """
    draws, family, rows = draws_of(study, observer, dataset), study.observers[observer].family, load_levels()
    moderated = not isinstance(draws, int) and draws.test == "moderated"
    if family != "diffusion":
        if moderated and study.observers[observer].kind.has_levels:
            raise InputError(
                f"studies/{study.name}.yaml: evidence: the test moderated knows the noise levels of diffusion models; "
                f"expected another test or a number in draws_of for {observer}"
            )
        return None
    if not (moderated or times_of(study, observer, dataset) == "weighted"):
        return None
    model = base_of(observer)
    if model not in rows:
        raise InputError(
            f"registry/levels.yaml: {model}: expected a row, since the study has times: weighted or the test "
            f"moderated; `generative-classifiers levels {model} --study {study.name}` measures it"
        )
    return rows[model]


def plain(weighting) -> str | dict[str, object]:
    """The setting of a weighting as plain data."""
    return weighting if isinstance(weighting, str) else weighting.as_params()


def level_settings(study, observer: str, dataset: str) -> dict[str, object]:
    """What the evidence of an observer on a dataset depends on, beyond times and draws, for parameters of rules."""
    row, pruned = level_row(study, observer, dataset), not isinstance(draws_of(study, observer, dataset), int)
    weighting = {"weighting": plain(study.evidence.weighting)} if pruned else {}  # what pruning goes by
    return weighting | ({"levels": row.table()} if row else {})
