# Inputs whose dates count for nothing, since parameters say what they contain; and these parameters.
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


def depends_on(observer, *datasets):
    """What evidence depends on, as far as it is known: images and weights can appear during a run."""
    return {
        "settings": {dataset: settings_of(observer, dataset) for dataset in datasets},
        "stimuli": {
            dataset: recorded_content(f"{DATA}/stimuli/{dataset}.zarr")
            for dataset in datasets
        },
        "weights": recorded_weights(STUDY, observer),
    }


def families_on(dataset):
    """Families of those who decide on a dataset: an observer that is new in a study concerns no other dataset."""
    deciding = {*STUDY.answers_on(dataset), *STUDY.files("decisions", dataset)}
    deciding |= {*STUDY.simulated, *coverage.models_on(STUDY, dataset)}
    return {
        "reference": STUDY.reference_family,
        **{
            name: row.family
            for name, row in STUDY.observers.items()
            if name in deciding
        },
    }
