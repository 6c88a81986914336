"""`registry/published.yaml`: what the paper prints about the observers that it measured."""

from typing import Self

from pydantic import Field, model_validator

from generative_classifiers.study.datasets import DatasetName
from generative_classifiers.study.families import FAMILIES
from generative_classifiers.study.measures import MEASURES
from generative_classifiers.study.validation import Items, Pair, Share, Strict, Text, Url, missing, unknown, wrong


class PublishedRow(Strict):
    """What the paper prints about one observer."""

    label: Text = Field(description="Its name in figures.")
    family: str
    accuracy_difference: Share | None = None
    observed_consistency: Share | None = None
    error_consistency: float | None = Field(None, ge=-1, le=1)
    ood_accuracy: Share | None = None
    shape_bias: Share | None = None
    without_noise: Text | None = Field(
        None, description="The row of the same network, trained and evaluated without noise."
    )
    shape_bias_range: Pair[Share] | None = Field(
        None, description="From the smallest to the largest value of a group's members."
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.family not in FAMILIES:
            raise wrong("family", unknown(self.family, FAMILIES))
        lacking = [measure for measure in MEASURES if getattr(self, measure) is None]
        if 0 < len(lacking) < len(MEASURES):
            raise missing(lacking[0], f"a row of the paper's tables has {', '.join(MEASURES)}")
        return self


class PublishedResults(Strict):
    """The content of `registry/published.yaml`."""

    label: Text = Field(description="Whose numbers they are, as the leaderboard names them.")
    reference: Url = Field(description="Where they are printed.")
    licence: Text | None = Field(description="Of the paper; null if unknown.")
    datasets: Items[DatasetName] = Field(description="The datasets that the benchmark's measures are averaged over.")
    observers: dict[str, PublishedRow] = Field(description="By the name that the paper prints.")
