"""Discriminative models: networks trained to classify images."""

from generative_classifiers.models.classifiers.classifier import Classifier, check_categories, classes_of
from generative_classifiers.models.classifiers.preprocessing import Preprocessing
from generative_classifiers.models.loading import networks
from generative_classifiers.models.loading.network_weights import load_network
from generative_classifiers.study.observers import IMAGENET_CLASSES


class DiscriminativeModel(Classifier):
    """A network trained to classify images."""

    family = "discriminative"


def load(observer, row, prompts, runtime, *, path=None, mirror=None):
    """Load a discriminative observer.

    Parameters
    ----------
    observer, prompts, path, mirror
        As for `models.load`. The categories are some of the 16.
    row : study.observers.DiscriminativeObserver
    runtime : models.base.Runtime

    Returns
    -------
    DiscriminativeModel
    """
    check_categories(observer, prompts)
    classes = classes_of(observer, row.classes or IMAGENET_CLASSES, prompts)
    network, weights = load_network(observer, row, path, mirror)
    preprocessing, packages = Preprocessing.of(row), networks.packages(row)
    return DiscriminativeModel(observer, network, classes, preprocessing, runtime, weights, packages, row.noise)
