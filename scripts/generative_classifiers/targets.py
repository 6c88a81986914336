"""Which files a study is made of, and which of them rules may make."""

import re


def either(names):
    """A wildcard constraint: one of the names; none of them where there are no names."""
    return "|".join(map(re.escape, names)) or "(?!)"


def store(path):
    """The file that stands for a Zarr store in rules: see `stores.store_of`."""
    return f"{path}.zarr/zarr.json"


def stimuli(study):
    """Stimuli of the study."""
    return [store(f"data/{study.name}/stimuli/{dataset}") for dataset in study.stimuli]


def decisions(study):
    """Decisions of the study."""
    return [store(f"data/{study.name}/decisions/{dataset}") for dataset in study.datasets]


def metrics(study):
    """Tables of metrics; shape bias needs cue conflicts."""
    names = ["accuracy", "consistency", "benchmark"]
    names += ["shape_bias"] if "cue-conflict" in study.datasets else []
    return [f"data/{study.name}/metrics/{name}.csv" for name in names]


def figures(study):
    """Figures of the study, for print and for the screen."""
    return [f"figures/{study.name}/{name}.{kind}" for name in study.settings["figures"] for kind in ("pdf", "png")]
