"""Networks of discriminative models, built by the libraries that the registry names, with random weights."""

from importlib import import_module

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.observers import IMAGENET_CLASSES

OWN = {
    "small_cnn": "small_cnn.SmallCNN",
    "wide_resnet50": "wide_resnet.WideResNet50",
    "diffusion_classifier": "diffusion_classifier.DiffusionClassifier",
}


def build(observer, row, classes=None):
    """The network of a row, with random weights.

    Parameters
    ----------
    observer : str
        For messages.
    row : study.observers.DiscriminativeObserver
    classes : int, optional
        Number of classes, instead of the row's.

    Returns
    -------
    torch.nn.Module
        Maps images (image, 3, y, x) to logits (image, class).

    Raises
    ------
    InputError
        The library has no such network, or the network no such settings.
    """
    settings = row.settings.model_dump(exclude_none=True)
    try:
        return LIBRARIES[row.library](row.network, classes or row.classes or IMAGENET_CLASSES, settings)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:  # each library has its own
        raise InputError(f"{observer}: {row.library} cannot build {row.network!r} ({error})") from error


def packages(row):
    """Distributions whose versions the logits of a row's network depend on."""
    return ("torch",) if row.library == "own" else ("torch", row.library)


def _torchvision(name, classes, settings):
    return import_module("torchvision.models").get_model(name, weights=None, num_classes=classes, **settings)


def _timm(name, classes, settings):
    return import_module("timm").create_model(name, pretrained=False, num_classes=classes, **settings)


def _efficientnet_lite_pytorch(name, classes, settings):
    network = import_module("efficientnet_lite_pytorch").EfficientNet
    return network.from_name(name, num_classes=classes, **settings)


def _own(name, classes, settings):
    module, class_name = OWN[name].split(".")
    network = getattr(import_module(f"generative_classifiers.models.classifiers.{module}"), class_name)
    return network(classes, **settings)


# By the names of their distributions. Libraries are imported late, since no job needs all of them.
LIBRARIES = {
    "torchvision": _torchvision,
    "timm": _timm,
    "efficientnet_lite_pytorch": _efficientnet_lite_pytorch,
    "own": _own,
}
