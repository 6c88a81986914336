"""Which files a study is made of, and which of them rules may make."""

import re

from generative_classifiers.io.errors import InputError
from generative_classifiers.study import example_images

# Datasets, or a kind of them, of which a figure needs one at least; none: whatever the study has.
FIGURES = {
    "figure_01": ("cue-conflict",),
    "figure_02": (),
    "figure_03": (),
    "figure_04": ("parametric",),
    "figure_05": (),
    "figure_06": ("cue-conflict",),
    "figure_07": (),
    "figure_08": (),
    "figure_09": (),
    "figure_10": ("parametric",),
    "figure_11": ("sketch", "stylized", "edge", "silhouette"),
    "figure_12": ("cue-conflict",),
    "figure_13": ("cue-conflict",),
    "figure_14": ("sketch",),
    "figure_15": ("stylized",),
    "figure_16": ("edge",),
    "figure_17": ("silhouette",),
}


def either(names):
    """A wildcard constraint: one of the names; none of them where there are no names."""
    return "|".join(map(re.escape, names)) or "(?!)"


def store(path):
    """The file that stands for a Zarr store in rules: see `stores.store_of`."""
    return f"{path}.zarr/zarr.json"


def stimuli(study):
    """Stimuli of the study."""
    return [store(f"data/{study.name}/stimuli/{dataset}") for dataset in study.stimuli]


def example_store(study, example_image):
    """The store that an example_image of the study is in; none without it."""
    examples = study.settings.example_images
    if examples is None or getattr(examples, example_image) is None:
        return []
    dataset = "ambiguous_images" if example_image == "ambiguous_images" else examples.stimulus.dataset
    return [store(f"data/{study.name}/stimuli/{dataset}")]


def reconstructions(study, figure):
    """Reconstructions that a figure shows.

    Raises
    ------
    InputError
        The study has nothing to show.
    """
    observers = example_images.observers(study, figure)
    if not observers:
        raise InputError(f"studies/{study.name}.yaml: {figure} needs {example_images.needs(figure)}")
    return [store(f"data/{study.name}/examples/{observer}") for observer in observers]


def decisions(study):
    """Decisions of the study."""
    return [store(f"data/{study.name}/decisions/{dataset}") for dataset in study.datasets]


def metrics(study):
    """Tables of metrics; shape bias needs cue conflicts."""
    names = ["accuracy", "consistency", "conditions", "benchmark", "comparisons", "ranking"]
    names += ["shape_bias"] if "cue-conflict" in study.datasets else []
    return [f"data/{study.name}/metrics/{name}.csv" for name in names]


def figures(study):
    """Figures of the study, for print and for the screen: those that it names, or all that its datasets allow.

    Raises
    ------
    InputError
        The study names a figure that there is not, or that it has no dataset for.
    """
    drawable = [name for name in FIGURES if _drawable(study, name)]
    for name in study.settings.figures or ():
        if name not in drawable:
            sources = example_images.needs(name) or " or ".join(FIGURES.get(name, ())) or "the name of a figure"
            raise InputError(f"studies/{study.name}.yaml: figures: {name} needs {sources}")
    names = study.settings.figures or drawable
    return [f"figures/{study.name}/{name}.{kind}" for name in names for kind in ("pdf", "png")]


def _drawable(study, name):
    if name in example_images.FIGURES:
        return bool(example_images.observers(study, name))
    sources = FIGURES[name]
    return not sources or any(name in sources or row.kind in sources for name, row in study.datasets.items())


def tables(study):
    """Tables of the study, and what it reproduces of the paper's."""
    names = [f"{table}.{kind}" for table in ("table_2", "table_3") for kind in ("csv", "md", "tex")]
    names += ["reproduction.csv"] if study.published else []
    return [f"figures/{study.name}/{name}" for name in names]
