"""What figures 2, 7 and 8 show: a stimulus and ambiguous images, and whose reconstructions of them."""

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.prompts import prompts_of

# By figure: which of a study's exhibits, of which families, and whether of one observer only, the first.
FIGURES = {
    "figure_02": ("stimulus", ("diffusion",), True),
    "figure_07": ("illusions", ("diffusion", "masked"), False),
    "figure_08": ("stimulus", ("masked",), True),
}


def painters(study):
    """Observers that decide by the distance of what they paint; a masked model's likelihood is none."""
    if not study.exhibits:
        return []
    return [name for name in study.models if _paints(study.observers[name])]


def _paints(row):
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
    exhibit, families, single = FIGURES[figure]
    found = [name for name in painters(study) if study.observers[name]["family"] in families]
    return found[: 1 if single else None] if exhibit in study.exhibits else []


def needs(figure):
    """What a study must have for a figure, in words; '' for a figure that shows no exhibits."""
    if figure not in FIGURES:
        return ""
    exhibit, families, _ = FIGURES[figure]
    return f"exhibits.{exhibit} and a {' or '.join(families)} model that paints"


def prompts(study):
    """The prompt of each category and of each reading."""
    readings = [reading for row in study.illusions.values() for reading in row["readings"]]
    return prompts_of(list(dict.fromkeys([*CATEGORIES, *readings])), study.settings["prompt"]) if study.models else {}


def sources(study):
    """Images to download: name, url and sha256."""
    return [(name, row["url"], row["sha256"]) for name, row in study.illusions.items() if "url" in row]


def image(study):
    """The name of the stimulus that is shown; None without one."""
    return study.exhibits.get("stimulus", {}).get("image")


def draw(study):
    """At which draw images are reconstructed: its number, and what it is keyed by."""
    if not study.exhibits:
        return {}
    return {"draw": study.exhibits["draw"], "seed": study.evidence["seed"], "times": study.evidence["times"]}
