"""What figures 2, 7 and 8 show: a stimulus and ambiguous images, and whose reconstructions of them."""

from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import prompts_of

# By figure: which of a study's example_images, of which families, and whether of one observer only, the first.
FIGURES = {
    "figure_02": ("stimulus", ("diffusion",), True),
    "figure_07": ("ambiguous_images", ("diffusion", "masked"), False),
    "figure_08": ("stimulus", ("masked",), True),
}


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
        Key of `FIGURES`.

    Returns
    -------
    list of str
        Empty if the study cannot have the figure.
    """
    example_image, families, single = FIGURES[figure]
    found = [name for name in reconstructing_observers(study) if study.observers[name]["family"] in families]
    return found[: 1 if single else None] if example_image in study.example_images else []


def needs(figure):
    """What a study must have for a figure, in words; '' for a figure that shows no example_images."""
    if figure not in FIGURES:
        return ""
    example_image, families, _ = FIGURES[figure]
    return f"example_images.{example_image} and a {' or '.join(families)} model that paints"


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
