"""The losses of generative trainings, step by step, as a figure.

Usage: python tests/benchmarks/training_curves.py docs/training_curves.png
    "Pixel diffusion=data/miniature/logs/train_generative/miniature-diffusion/curves.csv" ...
"""

import sys

import matplotlib
import pandas as pd
import seaborn as sns

matplotlib.use("agg")


def main(out, *labelled):
    """Draw a panel for each training."""
    parts = [pd.read_csv(path).assign(training=label) for label, path in (text.split("=", 1) for text in labelled)]
    losses = pd.concat(parts).query("measure == 'loss'")
    grid = sns.relplot(
        losses,
        x="step",
        y="value",
        col="training",
        kind="line",
        height=2.2,
        facet_kws={"sharex": False, "sharey": False},
    )
    grid.set_titles("{col_name}").set_axis_labels("Step", "Loss").set(yscale="log")
    grid.figure.savefig(out, dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
