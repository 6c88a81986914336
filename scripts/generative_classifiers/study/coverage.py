"""Which models see which datasets: through views, only those of the benchmark."""

from generative_classifiers.study.views import has_view


def benchmark_stimuli(study) -> list[str]:
    """The benchmark's datasets whose images a study needs. Only on these, weightings are learned and views are seen.

    Parameters
    ----------
    study : study.study.Study
    """
    return [name for name in study.stimuli if study.datasets[name].in_benchmark]


def datasets_of(study, observer: str) -> list[str]:
    """Datasets on which a model gives evidence."""
    return benchmark_stimuli(study) if has_view(observer) else list(study.stimuli)


def models_on(study, dataset: str) -> list[str]:
    """Models that give evidence on a dataset."""
    return [name for name in study.models if dataset in datasets_of(study, name)]
