"""What figures 2, 7 and 8 show: a stimulus and ambiguous images, and whose reconstructions of them."""

from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.figures import load_figures
from generative_classifiers.study.prompts import prompts_of


def reconstructing_observers(study):
    """Observers that decide by the distance of what they paint; a masked model's likelihood is none."""
    if not study.example_images:
        return []
    return [name for name in study.models if _reconstructs(study.observers[name])]


def _reconstructs(row):
    return row["family"] == "diffusion" or row.get("reading") == "reconstruction"


def observers(study, figure):
    """Observers whose reconstructions a figure shows.

    Parameters
    ----------
    study : registry.Study
    figure : str
        Its name in `registry/figures.yaml`.

    Returns
    -------
    list of str
        Empty if the study cannot have the figure, or if it shows no reconstructions.
    """
    wanted = load_figures().figures[figure]
    if wanted.example_image not in study.example_images:
        return []
    found = [name for name in reconstructing_observers(study) if study.observers[name]["family"] in wanted.families]
    return found[:1] if wanted.only_first else found


def prompts(study):
    """The prompt of each category and of each reading."""
    readings = [reading for row in study.ambiguous_images.values() for reading in row["readings"]]
    return prompts_of(list(dict.fromkeys([*CATEGORIES, *readings])), study.settings["prompt"]) if study.models else {}


def sources(study):
    """Images to download: name, url and sha256."""
    return [(name, row["url"], row["sha256"]) for name, row in study.ambiguous_images.items() if "url" in row]


def image(study):
    """The name of the stimulus that is shown; None without one."""
    return study.example_images.get("stimulus", {}).get("image")


def draw(study):
    """At which draw images are reconstructed: its number, and what it is keyed by."""
    if not study.example_images:
        return {}
    return {"draw": study.example_images["draw"], "seed": study.evidence["seed"], "times": study.evidence["times"]}
