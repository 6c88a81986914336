"""The four measures of the model-vs-human benchmark (Geirhos et al. 2021, arXiv 2106.07411)."""

from dataclasses import dataclass
from typing import Literal

from generative_classifiers.study.categories import CATEGORIES


@dataclass(frozen=True)
class Measure:
    """One measure of the benchmark.

    Attributes
    ----------
    label : str
        Its name in figures and tables.
    better : {"higher", "lower"}
        Which values are better.
    chance : float or None
        The value of an observer that guesses; None where it depends on the other observer.
    symbol : str
        Its symbol on the axes of figures; "" for none.
    """

    label: str
    better: Literal["higher", "lower"]
    chance: float | None = None
    symbol: str = ""

    @property
    def axis_label(self) -> str:
        """The label, followed by the symbol if there is one."""
        return f"{self.label} {self.symbol}".rstrip()


# What figures and tables put behind a label, by which direction is better.
ARROWS = {"": "", "higher": " ↑", "lower": " ↓"}
# How human-like the decisions are.
HUMAN_LIKENESS = {
    "accuracy_difference": Measure("Accuracy difference", "lower"),
    "observed_consistency": Measure("Observed consistency", "higher"),
    "error_consistency": Measure("Error consistency", "higher", chance=0.0, symbol="κ"),
}
# By the names that stores and tables use, in the order of their columns.
MEASURES = {"ood_accuracy": Measure("OOD accuracy", "higher", chance=1 / len(CATEGORIES))} | HUMAN_LIKENESS
