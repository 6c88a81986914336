# Inputs whose dates count for nothing, since parameters say what they contain.
#
# What the shares of an observer on a dataset have in common is found out once: a study can have thousands of them.
from functools import cache


def flagged(inputs):
    """Inputs whose dates count for nothing, if so."""
    return inputs.files if inputs.dates_count else list(map(ancient, inputs.files))


def weights_of(observer):
    """Weights that this run makes, as inputs. A change of their content is a change of a parameter."""
    return ancient(STUDY.made_weights(observer))


@cache
def stimuli_of(observer, *datasets):
    """The stimuli of an evidence job, as inputs."""
    return flagged(evidence_inputs(STUDY, observer, *datasets))


@cache
def settings_of(observer, dataset):
    """Everything in the configuration that an observer's evidence on a dataset depends on."""
    return STUDY.evidence_settings(observer, dataset)


def content_of(dataset):
    """The hash of a dataset's images, if there are any yet. They can appear while a run goes on."""
    return recorded_content(f"{DATA}/stimuli/{dataset}.zarr")
