"""Agreement with the decisions of 512 draws, over the evaluations spent, for every rule that says where draws go.

For each diffusion model of a study: the losses (computed, or taken from the cache of evidence, so that a run that was
stopped goes on where it was), a table of the rules, a table of what the proposed rule spends from look to look (both
CSV) and a figure. What it will cost is printed before, with the speed of scoring beside that of the bare network.

The decisions of reference come from draws 64 to 575 of the golden rule. So they have no noise in common with the first
64 draws. Only categories that may still win by a test at the level 1e-3 get the later draws. The interval of a rule's
difference from 64 golden draws is the 95 % interval of Agresti and Min (2005, doi:10.1002/sim.1781) for paired
proportions: Wald's, with half an image more in each cell of the table of both rules' agreement.

Usage: python tests/benchmarks/yardstick.py --out yardstick [--study miniature] [--images 300] [--seed 0]
    [--observers miniature-diffusion miniature-latent] [--cache data/evidence] [--exhaustive]
The study's stimuli must be there already, and rows of the models in registry/levels.yaml.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from generative_classifiers import models
from generative_classifiers.decisions.from_evidence import score_categories
from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.evidence import job
from generative_classifiers.evidence.cache import entry_path, related_sources
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.known import KnownEvidence
from generative_classifiers.evidence.layout import stored_draws
from generative_classifiers.evidence.level_measurement import some_images
from generative_classifiers.evidence.pruning import ModeratedTest, PairedTest, SequentialTest
from generative_classifiers.evidence.pruning_base import PruningTest
from generative_classifiers.evidence.request import request_evidence
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.io.stores import read
from generative_classifiers.study.levels import load_levels
from generative_classifiers.study.load import load
from simulated_losses import Recorded
from throughput import IMAGES, bare, scoring, speed

FIRST, MORE = 64, 512  # draws of the rule that others are compared with, and draws of the reference
MOST = 128  # weighted draws of the categories that may still win
NEAR = 1.3  # evaluations, by those of the first draws: some images have categories that are nearly as good
REFERENCE = SequentialTest(FIRST, 1e-3)
NORMAL = 1.96  # quantile of a 95 % interval


@dataclass(frozen=True)
class AdaptiveStages(PruningTest):
    """Li et al.'s stages (arXiv 2303.16203): after so many draws, only so many of the best categories are kept."""

    kept: tuple[tuple[int, int], ...] = ()

    test = "stages"

    def looks(self, count):
        return [*(draws for draws, _ in self.kept if draws < count), count]

    def _is_worse(self, difference, candidates, draws, count):
        mean = np.where(candidates, difference.mean(axis=2), np.inf)
        return mean.argsort(axis=1).argsort(axis=1) >= dict(self.kept)[difference.shape[2]]

    def _level_at(self, look, count):
        raise NotImplementedError


def rules(table):
    """Each rule by name: its levels, its number of draws and its test, None for all draws of all categories.

    From the sequential test on, each rule adds a part to the one before: levels, known variances, early looks, draws.
    """
    exhaustive = {f"{levels}, exhaustive": [(levels, n, None) for n in (4, 8, 16, 32, 64)] for levels in LEVELS}
    stages = [((4, 5), (16, 1)), ((8, 5), (32, 1)), ((16, 5), (64, 1))]

    def moderated(first, levels, most, some=(0.3, 0.6, 0.9)):
        return [(levels, count, ModeratedTest(first, level, table=table)) for count in most for level in some]

    return exhaustive | {
        "Li et al.": [("golden", kept[-1][0], AdaptiveStages(2, 0.5, kept=kept)) for kept in stages],
        "Clark & Jaini": [("golden", FIRST, PairedTest(20, 2e-3))],
        "sequential": [("golden", FIRST, SequentialTest(4, level)) for level in (0.05, 0.2)],
        "+ weighted levels": [("weighted", FIRST, SequentialTest(4, level)) for level in (0.05, 0.2)],
        "+ known variances": moderated(4, "weighted", [FIRST]),
        "+ looks from the first draw on": moderated(1, "weighted", [FIRST]),
        "+ more or fewer draws at most": moderated(1, "weighted", [8, 16, 32, 48, 80, 96, MOST]),
        "the last, golden levels": moderated(1, "golden", [FIRST]),
    }


LEVELS = ("golden", "weighted")


def proposed(table):
    """The rule that docs/method.md proposes."""
    return "weighted", 80, ModeratedTest(1, 0.9, table=table)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="folder for the tables and figures")
    options.add_argument("--study", default="miniature")
    options.add_argument("--observers", nargs="+")
    options.add_argument("--images", type=int, default=300)
    options.add_argument("--cache", type=Path, default=ROOT / "data/evidence")
    options.add_argument("--seed", type=int, default=0, help="of the noise, and of the choice of images")
    options.add_argument("--exhaustive", action="store_true", help="let all categories have all draws of the reference")
    given = options.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    study = load({"study": given.study})
    observers = given.observers or [name for name in study.models if study.observers[name].family == "diffusion"]
    for observer in observers:
        table = LevelTable(**load_levels()[observer].table())
        evidence = gather(study, observer, table, given)
        found = compare(evidence, reference(evidence["golden"]), rules(table))
        looks = by_look(evidence, proposed(table))
        found.to_csv(given.out / f"{observer}.csv", index=False)
        looks.to_csv(given.out / f"{observer}-looks.csv", index=False)
        draw(found, f"{study.observers[observer].label}, {given.images} images", given.out / f"{observer}.png")
        print(observer, found.to_string(index=False), looks.to_string(index=False), sep="\n", flush=True)


def gather(study, observer, table, given):
    """The evidence by the rule of its levels: what the cache lacks is evaluated."""
    made = study.weights(observer)
    model = models.load(observer, study.observers[observer], study.prompts, path=ROOT / made if made else None)
    stimuli = some_images(study, given.images, salt=f"yardstick {given.seed}")
    announce(model, given.images)
    pruning = None if given.exhaustive else REFERENCE
    asked = {
        "golden": {"count": FIRST + MORE, "pruning": pruning},
        "weighted": {"count": MOST, "pruning": pruning, "times": model.density(table)},
    }
    return {name: _evidence(model, stimuli, observer, given, name, **one) for name, one in asked.items()}


def announce(model, images):
    """Print the speed and the expected cost in hours of one CPU."""
    evaluations = 2 * FIRST * len(model.categories) * NEAR * images
    size = model.batch_size
    network = speed(bare(model, size), size, "cpu")
    everything = speed(scoring(model, draws=16), IMAGES * 16 * len(model.categories), "cpu")
    print(
        f"{model.observer}: {everything:.0f} evaluations/s, {everything / network:.2f} of the bare network; about "
        f"{evaluations:.0f} evaluations without what is known, {evaluations / everything / 3600:.1f} hours of a CPU",
        flush=True,
    )


def _evidence(model, stimuli, observer, given, name, **asked):
    dataset = f"yardstick-{name}"
    request = request_evidence(model, stimuli, observer=observer, dataset=dataset, seed=given.seed, **asked)
    entry = Entry.create(entry_path(given.cache, request), request, 2)
    job.fill(entry, model, stimuli, request, KnownEvidence(request, related_sources(given.cache, request)))
    return read(entry.path).load()


def reference(golden):
    """Decisions of the later draws of the categories that were not dropped before them, int (image,).

    Images of which only one category was left before have no later draws.
    """
    score = score_categories(golden.isel(draw=slice(FIRST, None)))
    later = np.where(np.isnan(score), np.inf, score).argmin(axis=1)
    return np.where(np.isnan(score).all(axis=1), score_categories(golden).argmin(axis=1), later)


def compare(evidence, expected, asked):
    """A row per rule and setting: evaluations, agreement with the reference, and its difference from golden draws."""
    rows, baseline = [], None
    for name, settings in asked.items():
        for levels, count, test in settings:
            spent, decision = apply(evidence[levels].isel(draw=slice(count)), test)
            right = decision == expected
            if (levels, count, test) == ("golden", FIRST, None):
                baseline = right
            share = spent.sum() / (FIRST * evidence[levels].sizes["category"])
            rows.append(
                {"rule": name, "draws": count, "level": getattr(test, "level", np.nan), "evaluations": share}
                | {"agreement": right.mean(), "right": right}
            )
    for row in rows:
        row |= paired_difference(row.pop("right"), baseline)
    return pd.DataFrame(rows)


def paired_difference(right, baseline):
    """By how much more images a rule is right on, with the interval of Agresti and Min."""
    images = len(right) + 2
    more, fewer = (right & ~baseline).sum() + 0.5, (baseline & ~right).sum() + 0.5
    difference = (more - fewer) / images
    error = np.sqrt((more + fewer) - (more - fewer) ** 2 / images) / images
    ends = {"lower": difference - NORMAL * error, "upper": difference + NORMAL * error}
    return {"difference": right.mean() - baseline.mean()} | ends


def by_look(evidence, rule):
    """What a rule spends: a row per look, with the mean number of categories that have the draws before it."""
    levels, count, test = rule
    spent, _ = apply(evidence[levels].isel(draw=slice(count)), test)
    looks = test.looks(count)
    categories = spent[np.array(looks) - 1]
    evaluations = np.add.reduceat(spent, [0, *looks[:-1]]) / (FIRST * evidence[levels].sizes["category"])
    return pd.DataFrame({"look": looks, "categories": categories, "evaluations": evaluations})


def apply(evidence, test):
    """Mean evaluations of an image at each draw, (draw,), and decisions (image,), by a rule."""
    draws, names = stored_draws(evidence), evidence["name"].values
    loss = score_images(Recorded(without_gaps(evidence["loss"].values)), names, names, draws, pruning=test)["loss"]
    score = score_categories(evidence.assign(loss=(evidence["loss"].dims, loss)))
    return np.isfinite(loss).sum(axis=1).mean(axis=0), score.argmin(axis=1)


def without_gaps(loss):
    """Losses with the largest of the other categories where a category could no longer win, and 0 without others."""
    largest = np.max(loss, axis=1, keepdims=True, where=np.isfinite(loss), initial=0)
    return np.where(np.isnan(loss), largest, loss)


def draw(table, title, path):
    """Agreement over evaluations, a line per rule."""
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, rows in table.groupby("rule", sort=False):
        rows = rows.sort_values("evaluations")
        style = "--" if "exhaustive" in name else "-"
        axes.plot(100 * rows["evaluations"], 100 * rows["agreement"], style, marker="o", markersize=3, label=name)
    axes.set(xscale="log", title=title, xlabel="evaluations (% of 64 draws)", ylabel="agreement with 512 draws (%)")
    axes.axvline(8, color="grey", linewidth=0.5)
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
