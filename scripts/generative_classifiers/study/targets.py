"""Which files a study is made of, and which of them rules may make."""

import re

from generative_classifiers.io.errors import InputError
from generative_classifiers.study import example_images
from generative_classifiers.study.coverage import benchmark_stimuli
from generative_classifiers.study.draws import has_all_losses
from generative_classifiers.study.figures import LAB, load_figures
from generative_classifiers.study.validation import unknown
from generative_classifiers.study.views import WIDTH, without_views

CUE_CONFLICT = "cue-conflict"


def either(names):
    """A wildcard constraint: one of the names; none of them where there are no names."""
    return "|".join(map(re.escape, names)) or "(?!)"


def store(path):
    """The file that stands for a Zarr store in rules: see `stores.store_of`."""
    return f"{path}.zarr/zarr.json"


def stimuli(study):
    """Stimuli of the study."""
    return [store(f"data/{study.folder}/stimuli/{dataset}") for dataset in study.stimuli]


def receipt(study, observer, dataset):
    """The file that says where the cache has the evidence of an observer on a dataset: `evidence.receipt`."""
    return f"data/{study.folder}/evidence/{observer}/{dataset}.json"


def example_store(study, example_image):
    """The store that an example_image of the study is in; none without it."""
    examples = study.settings.example_images
    if examples is None or getattr(examples, example_image) is None:
        return []
    dataset = "ambiguous_images" if example_image == "ambiguous_images" else examples.stimulus.dataset
    return [store(f"data/{study.folder}/stimuli/{dataset}")]


def examples(study, observer):
    """The observer's reconstructions of example images, without an ending."""
    return f"data/{study.folder}/examples/{observer}"


def decisions(study):
    """Decisions of the study."""
    return [store(f"data/{study.folder}/decisions/{dataset}") for dataset in study.datasets]


def metrics(study):
    """Tables of metrics; shape bias needs cue conflicts."""
    names = ["accuracy", "consistency", "conditions", "benchmark", "comparisons", "ranking"]
    names += ["shape_bias"] if "cue-conflict" in study.datasets else []
    names += [load_figures().figures[name].metrics for name in _names_of_figures(study) if _is_of_lab(name)]
    return [f"data/{study.folder}/metrics/{name}.csv" for name in names]


def figures(study):
    """Figures of the study, for print and for the screen: those that it names, or all that it can draw.

    Raises
    ------
    InputError
        The study names an unknown figure, or one that it lacks the data for.
    """
    return [f"figures/{study.folder}/{name}.{kind}" for name in _names_of_figures(study) for kind in ("pdf", "png")]


def _names_of_figures(study):
    """Those that the study names, or all that it can draw, but for those of the lab."""
    known = load_figures().figures
    if study.settings.figures is None:
        return [name for name in known if can_draw(study, name) and not _is_of_lab(name)]
    for name in study.settings.figures:
        if name not in known:
            raise InputError(f"studies/{study.name}.yaml: figures: {unknown(name, known)}")
        if not can_draw(study, name):
            raise InputError(f"studies/{study.name}.yaml: figures: {name} needs {known[name].needs}")
    return study.settings.figures


def _is_of_lab(figure):
    return load_figures().figures[figure].lab is not None


def can_draw(study, figure):
    """Whether the study has what a figure needs."""
    wanted = load_figures().figures[figure]
    if wanted.example_image:
        return bool(example_images.observers(study, figure))
    if wanted.lab and not _has_for_lab(study, wanted):
        return False
    return bool(figure_datasets(study, figure)) or not wanted.needs


def _has_for_lab(study, figure):
    """Whether the study has what a figure of the lab needs in addition to a dataset."""
    settings = study.settings
    has = {
        "losses": lambda: with_all_losses(study),
        "views": lambda: settings.views,
        "compared": lambda: settings.compared is not None and set(settings.compared) <= set(study.observers),
        "datasets": lambda: set(figure.datasets) <= set(study.datasets),
        "trainings": lambda: settings.trained_by or any(group.compared_with for group in settings.trainings.values()),
        "matched": lambda: settings.trained_by or settings.matched,
    }
    return bool(has[figure.lab]())


def figure_datasets(study, figure):
    """How a figure labels those datasets of the study that it shows.

    Returns
    -------
    dict of str to dict
        By dataset: `label`, `axis`, and `ticks`, the names of its conditions on the axis.
    """
    wanted = load_figures().figures[figure]
    shown = {name: row for name, row in study.datasets.items() if wanted.shows(name, row)}
    return {
        name: {"label": row.label, "axis": row.axis, "ticks": row.ticks or row.conditions}
        for name, row in shown.items()
    }


def figure_inputs(study, figure):
    """Stores that a figure shows: metrics, or the ambiguous images if it has them, then the reconstructions.

    Raises
    ------
    InputError
        The study lacks what the figure needs.
    """
    wanted = load_figures().figures[figure]
    if not can_draw(study, figure):
        raise InputError(f"studies/{study.name}.yaml: {figure} needs {wanted.needs}")
    if wanted.metrics:
        return [store(f"data/{study.folder}/metrics/{wanted.metrics}")]
    images = ["stimuli/ambiguous_images"] if wanted.example_image == "ambiguous_images" else []
    reconstructions = [f"examples/{observer}" for observer in example_images.observers(study, figure)]
    return [store(f"data/{study.folder}/{path}") for path in (*images, *reconstructions)]


def image_size(study):
    """Pixels along a side of the study's images: those of the world, or the benchmark's."""
    return study.world.size if study.world else WIDTH


def tables(study):
    """Tables of the study, its leaderboard, and the comparison of its numbers with the paper's."""
    names = [f"{table}.{kind}" for table in load_figures().tables for kind in ("csv", "md", "tex")]
    names += ["leaderboard.csv", "leaderboard.html"]
    names += ["reproduction.csv"] if study.published else []
    return [f"figures/{study.folder}/{name}" for name in names]


def fitted_on(study, dataset):
    """The datasets that a learned weighting is fitted to where a dataset is scored; none for other weightings."""
    learns = isinstance(study.weighting, dict) and study.weighting["rule"] == "learned"
    return [other for other in benchmark_stimuli(study) if other != dataset] if learns else []


def with_noise_levels(study):
    """The study's diffusion models, whose noise levels a weighting is about."""
    return [name for name in study.models if study.observers[name].family == "diffusion"]


def with_all_losses(study):
    """The study's diffusion models without a view whose losses on cue conflicts can answer for any weighting."""
    if CUE_CONFLICT not in study.stimuli:
        return []
    return [name for name in without_views(with_noise_levels(study)) if has_all_losses(study, name, CUE_CONFLICT)]


def losses(study):
    """Receipts of these models' evidence on cue conflicts.

    Raises
    ------
    InputError
        There is no such model.
    """
    if not with_all_losses(study):
        raise InputError(f"studies/{study.name}.yaml: expected {CUE_CONFLICT} and {LAB['losses']}")
    return [receipt(study, name, CUE_CONFLICT) for name in with_all_losses(study)]


def other_losses(study):
    """Receipts of their evidence on all other datasets on which it has all losses, to fit a weighting to."""
    others = [dataset for dataset in benchmark_stimuli(study) if dataset != CUE_CONFLICT]
    pairs = [(name, dataset) for name in with_all_losses(study) for dataset in others]
    return [receipt(study, *pair) for pair in pairs if has_all_losses(study, *pair)]


def trainings(study):
    """Weights and records of all networks that the study trains."""
    return list(dict.fromkeys(path for name in study.models for path in study.made_weights(name)))


def trained_models(study):
    """What stands for the decisions of the networks that figures S6 and S7 show, for inputs of rules."""
    if study.settings.trained_by:
        return [f"data/{study.folder}/trained_models.json"]
    return decisions(study)


def losses_of_matched(study):
    """Receipts of the evidence on cue conflicts of those matched models that can answer for any weighting."""
    matched = [name for name in with_all_losses(study) if name in study.settings.matched]
    return [receipt(study, name, CUE_CONFLICT) for name in matched]
