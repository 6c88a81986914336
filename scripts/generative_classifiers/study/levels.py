"""`registry/levels.yaml`: how much the losses of diffusion models differ between categories at each noise level."""

from functools import cache
from typing import Annotated, Any, Literal

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
    stands_for: Literal["pixels", "latents"] | None = Field(
        None, description="Diffusion models without a row that denoise these take their noise levels from this one."
    )
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
        return self.model_dump(exclude={"measured_on", "stands_for"})


Levels = dict[Name, LevelRow]


@cache
def load_levels() -> dict[str, LevelRow]:
    """The rows by observer."""
    return read(REGISTRY / "levels.yaml", REGISTRY.parent, Levels)


def level_row(study, observer: str, dataset: str) -> LevelRow | None:
    """The row of an observer; None if its evidence on a dataset does not depend on it. Views have the row of the model.

    An observer without a row takes the levels of `times: weighted` from the row that stands for what its network
    denoises. Signal-to-noise ratios mean the same in every schedule. How large the differences are does not follow
    from another model, so the test moderated needs the observer's own row.

    Parameters
    ----------
    study : study.study.Study
    observer, dataset : str

    Raises
    ------
    InputError
        The study's settings need a row that is not there, or a test that its family cannot have.
    """
    draws, row, rows = draws_of(study, observer, dataset), study.observers[observer], load_levels()
    moderated = not isinstance(draws, int) and draws.test == "moderated"
    if row.family != "diffusion":
        if moderated:
            raise InputError(
                f"studies/{study.name}.yaml: evidence: the test moderated knows the noise levels of diffusion models; "
                f"expected another test or a number in draws_of for {observer}"
            )
        return None
    if not (moderated or times_of(study, observer, dataset) == "weighted"):
        return None
    model = base_of(observer)
    found = rows.get(model) or (None if moderated else _stand_in(row, rows))
    if found is None:
        need = "the test moderated" if moderated else "times: weighted"
        raise InputError(
            f"registry/levels.yaml: {model}: expected a row, since the study has {need}; "
            f"`generative-classifiers levels {model} --study {study.name}` measures it"
        )
    return found


def _stand_in(row, rows: dict[str, LevelRow]) -> LevelRow | None:
    """The row for models without one; None where losses are not the error of what the network sees."""
    if row.distance != "latent":
        return None
    return next((one for one in rows.values() if one.stands_for == row.denoises), None)


def plain(weighting) -> str | dict[str, object]:
    """The setting of a weighting as plain data."""
    return weighting if isinstance(weighting, str) else weighting.as_params()


def level_settings(study, observer: str, dataset: str) -> dict[str, object]:
    """What the evidence of an observer on a dataset depends on, beyond times and draws, for parameters of rules."""
    row, pruned = level_row(study, observer, dataset), not isinstance(draws_of(study, observer, dataset), int)
    weighting = {"weighting": plain(study.evidence.weighting)} if pruned else {}  # what pruning goes by
    return weighting | ({"levels": row.table()} if row else {})
