"""What figures 2, 7 and 8 show: a stimulus and ambiguous images, and whose reconstructions of them."""

from generative_classifiers.study.ambiguous_images import DownloadedImage
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.figures import load_figures
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.study.views import without_views


def reconstructing_observers(study):
    """Observers that decide by the distance between the stimulus itself and their reconstructions of it."""
    if study.settings.example_images is None:
        return []
    return [name for name in without_views(study.models) if _decides_by_reconstruction(study.observers[name])]


def _decides_by_reconstruction(observer):
    """A masked model may decide by the likelihood of its tokens instead."""
    return observer.kind.reconstructs and getattr(observer, "reading", "reconstruction") == "reconstruction"


def observers(study, figure):
    """Observers whose reconstructions a figure shows.

    Parameters
    ----------
    study : Study
    figure : str
        Its name in `registry/figures.yaml`.

    Returns
    -------
    list of str
        Empty if the study cannot have the figure, or if it shows no reconstructions.
    """
    wanted = load_figures().figures[figure]
    examples = study.settings.example_images
    if examples is None or wanted.example_image is None or getattr(examples, wanted.example_image) is None:
        return []
    found = [name for name in reconstructing_observers(study) if study.observers[name].family in wanted.families]
    return found[:1] if wanted.only_first else found


def prompts(study):
    """The prompt of each category and of each reading."""
    readings = [reading for row in study.ambiguous_images.values() for reading in row.readings]
    return prompts_of(list(dict.fromkeys([*CATEGORIES, *readings])), study.settings.prompt) if study.models else {}


def sources(study):
    """Images to download: name, url and sha256."""
    images = study.ambiguous_images.items()
    return [(name, row.url, row.sha256) for name, row in images if isinstance(row, DownloadedImage)]


def image(study):
    """The name of the stimulus that is shown; None without one."""
    examples = study.settings.example_images
    return examples.stimulus.image if examples and examples.stimulus else None


def draw(study):
    """At which draw images are reconstructed: its number, and what it is keyed by."""
    if study.settings.example_images is None:
        return {}
    return {
        "draw": study.settings.example_images.draw,
        "seed": study.evidence.seed,
        # Where levels are weighted, a reconstruction still has the level of a golden draw.
        "times": "golden" if study.evidence.times == "weighted" else study.evidence.times,
    }
