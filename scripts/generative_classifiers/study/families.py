"""The families of observers: what each is, and how figures draw it.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart. Vermillion belongs to the reference group
alone: to the humans, or to the simulated observers in their place. Yellow is darkened, since it is too light for white
paper.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Family:
    """What is known of all observers of a family.

    Attributes
    ----------
    label : str
        Its name in figures.
    colour : str
        Hexadecimal RGB.
    marker : str
        Of matplotlib.
    group : {"human", "generative", "discriminative", "language"}
        Its group in the matrices of error consistency.
    module : str or None
        The module of `models/` that implements it. None: its decisions are read from files, so it needs no evidence.
    is_reference : bool
        Whether its observers are the reference group that models are compared with.
    has_levels : bool
        Whether its evidence has as many draws as a study asks for. The other families have one draw.
    reconstructs : bool
        Whether it can paint the image of a category.
    at_once : bool
        Whether one evaluation of the network gives the losses of all categories.
    """

    label: str
    colour: str
    marker: str
    group: Literal["human", "generative", "discriminative", "language"]
    module: str | None = None
    is_reference: bool = False
    has_levels: bool = False
    reconstructs: bool = False
    at_once: bool = False

    @property
    def needs_evidence(self) -> bool:
        """Whether decisions are computed from evidence, and not read from files."""
        return self.module is not None


# In the order in which figures draw them.
FAMILIES = {
    "human": Family("Humans", "#D55E00", "D", "human", is_reference=True),
    "simulated": Family("Simulated observers", "#D55E00", "D", "human", is_reference=True),
    "diffusion": Family(
        "Diffusion", "#0072B2", "o", "generative", module="diffusion.model", has_levels=True, reconstructs=True
    ),
    "autoregressive": Family("Autoregressive", "#56B4E9", "s", "generative", module="tokens.autoregressive"),
    "masked": Family(
        "Masked", "#009E73", "^", "generative", module="tokens.masked", has_levels=True, reconstructs=True
    ),
    "discriminative": Family(
        "Discriminative", "#4D4D4D", "v", "discriminative", module="classifiers.discriminative", at_once=True
    ),
    "contrastive": Family(
        "Contrastive", "#CC79A7", "P", "discriminative", module="classifiers.contrastive", at_once=True
    ),
    "vision-language": Family("Vision-language", "#A89C00", "h", "language", module="language.model", at_once=True),
    "published": Family("Discriminative (published decisions)", "#808080", "X", "discriminative"),
}
