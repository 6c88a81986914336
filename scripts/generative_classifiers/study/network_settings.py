"""What rows of the registry of observers say about a network."""

from pydantic import Field

from generative_classifiers.study.validation import Count, Strict


class NetworkSettings(Strict):
    """Arguments that a network is built with."""

    width: Count | None = Field(None, description="Of wide_resnet50.")
    transform_input: bool | None = Field(None, description="Of inception_v3.")
    init_weights: bool | None = Field(None, description="Of inception_v3.")


class Latents(Strict):
    """The latents of a model."""

    channels: Count
    factor: Count = Field(description="Pixels of the image along a side of each.")
