"""The contract that every model family keeps, and what all families share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch

from generative_classifiers.draws.density import LevelDensity
from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.draws.levels import Draws, single
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.reconstruction_layout import ReconstructionLayout, pixel_layout

# Where weights are from. What they are, their checksum says.
ORIGIN = ("revision", "variant")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Runtime(NamedTuple):
    """How a network is run.

    Attributes
    ----------
    device : torch.device
    dtype : {"float32", "bfloat16", "float16"}
        Precision of the network. Losses are float32 in any case.
    batch_size : int
        Evaluations at once.
    compile : bool
        Whether the network is compiled when it is first used.
    """

    device: torch.device
    dtype: str = "float32"
    batch_size: int = 64
    compile: bool = False


class Model(ABC):
    """A model that gives evidence for categories.

    A family derives from this class and implements `_evaluate`. A family with noise levels also implements `draws`,
    and one that reconstructs images `_add_noise`.

    Parameters
    ----------
    observer : str
        Its name, for messages.
    network : torch.nn.Module
        The part that evaluations spend their time in.
    prompts : dict of str to str
        By category: what its losses depend on. A family without prompts repeats the category.
    resolution : int
        Side in pixels of the images that the network sees. Other images are cropped and resized.
    runtime : Runtime
    identity : dict
        What losses depend on in addition to the image, the prompt, the draw and the runtime: weights and settings.
        Plain data that JSON can hold.

    Attributes
    ----------
    observer : str
    network : torch.nn.Module
    prompts : dict of str to str
    categories : tuple of str
        Those of the prompts, in their order.
    resolution : int
    device : torch.device
    dtype : torch.dtype
        Precision of the network.
    batch_size : int
        Evaluations at once. It may be changed between evaluations.
    identity : dict
        Everything that changes losses beyond rounding, in addition to image, prompt and draw; it never changes.
    provenance : dict
        What else is known of how losses are computed: it moves them by rounding, if at all.
    family : str
    loss_version : int
        To be raised whenever the project's own code changes losses beyond rounding, for the models whose losses it
        changes, so that earlier evidence is not mixed with new. The tests compare losses with golden ones.
    reconstructs : bool
        Whether the family paints the image that it expects for a category.
    packages : tuple of str
        Distributions whose versions the losses depend on.
    """

    family: ClassVar[str]
    loss_version: int = 1
    reconstructs: ClassVar[bool] = False
    packages: tuple[str, ...] = ("torch",)

    def __init__(
        self,
        observer: str,
        network: torch.nn.Module,
        prompts: Mapping[str, str],
        resolution: int,
        runtime: Runtime,
        identity: dict[str, Any],
    ) -> None:
        self.observer, self.network = observer, network
        self.prompts, self.categories, self.resolution = dict(prompts), tuple(prompts), resolution
        self.device, self.dtype, self.batch_size = runtime.device, DTYPES[runtime.dtype], runtime.batch_size
        fixed = {"family": self.family, "loss_version": self.loss_version, "dtype": runtime.dtype}
        self.identity = fixed | {name: value for name, value in identity.items() if name not in ORIGIN}
        self.provenance = {name: identity.get(name) for name in ORIGIN} | {
            "device": runtime.device.type,
            "batch_size": runtime.batch_size,
            "compile": runtime.compile,
        }
        if runtime.compile:
            network.compile()

    def terms(self) -> int | None:
        """How many values a loss is the mean of: times this number, it is that of the whole image.

        1 if the loss is a negative log-likelihood, or one over the categories. None if no number makes it the negative
        of a log-likelihood or of its bound.
        """
        return 1

    def draws(self, count: int, seed: int, rule: str | LevelDensity = "golden") -> Draws:
        """The first draws.

        Parameters
        ----------
        count, seed : int
        rule : {"golden", "uniform"} or LevelDensity
            How noise levels are spread: `draws.levels.times`.

        Returns
        -------
        Draws
            `count` of them. A family without noise levels has a single draw, whatever the count.
        """
        return single(seed)

    def scales(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Alpha and sigma at noise levels (draw,).

        Raises
        ------
        InputError
            The family has no noise schedule.
        """
        raise InputError(f"{self.observer}: models of family {self.family} have no noise schedule")

    def density(self, table: LevelTable) -> LevelDensity | None:
        """Where draws are spent, by a table of levels; None in a family without a noise schedule.

        Parameters
        ----------
        table : LevelTable

        Returns
        -------
        LevelDensity or None
        """
        return None

    def evaluate(
        self,
        images: np.ndarray,
        names: Sequence[str],
        draws: Draws,
        reconstruct: int | None = None,
        wanted: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Evidence of a batch of images.

        Parameters
        ----------
        images : numpy.ndarray
            uint8 (image, y, x, channel).
        names : sequence of str
            (image,): the noise depends on them.
        draws : Draws
        reconstruct : int, optional
            Number of the draw whose reconstructions are returned, those of all categories.
        wanted : numpy.ndarray, optional
            bool (image, category, draw): the losses to compute. Without it, all.

        Returns
        -------
        loss : numpy.ndarray
            float32 (image, category, draw), lower is better; NaN where not wanted.
        reconstruction : numpy.ndarray or None
            (image, category, …), as `reconstruction_layout` says. None without `reconstruct`, if that draw is not among
            the draws, and in a family that does not reconstruct.
        """
        if wanted is None:
            wanted = np.ones((len(names), len(self.categories), len(draws)), bool)
        kept = draws.number == reconstruct if self.reconstructs else np.zeros(len(draws), bool)
        if not (wanted.any() or kept.any()):
            return np.full(wanted.shape, np.nan, np.float32), None
        with torch.inference_mode(), exact_convolutions():
            loss, reconstruction = self._evaluate(images, names, draws, wanted, kept)
        return np.where(wanted, loss, np.float32(np.nan)), reconstruction

    @abstractmethod
    def _evaluate(
        self, images: np.ndarray, names: Sequence[str], draws: Draws, wanted: np.ndarray, kept: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """What `evaluate` returns; the losses that are not wanted may have any value.

        Parameters
        ----------
        images, names, draws
            As for `evaluate`.
        wanted : numpy.ndarray
            bool (image, category, draw).
        kept : numpy.ndarray
            bool (draw,): true for the draw whose reconstructions are returned, if any.
        """

    @property
    def reconstruction_layout(self) -> ReconstructionLayout:
        """How reconstructions are kept: pixels, unless the family has something smaller that gives the same pixels."""
        return pixel_layout(self.resolution)

    def decode(self, reconstruction: np.ndarray) -> np.ndarray:
        """The pixels of reconstructions.

        Parameters
        ----------
        reconstruction : numpy.ndarray
            (…, *dims), as `reconstruction_layout` says.

        Returns
        -------
        numpy.ndarray
            uint8 (…, y, x, channel).
        """
        dims = tuple(self.reconstruction_layout.dims.values())
        with torch.inference_mode(), exact_convolutions():
            pixels = self._to_pixels(reconstruction.reshape(-1, *dims))
        return pixels.reshape(*reconstruction.shape[: -len(dims)], *pixels.shape[1:])

    def _to_pixels(self, reconstruction: np.ndarray) -> np.ndarray:
        """What `decode` returns, (reconstruction, y, x, channel)."""
        return reconstruction

    def add_noise(self, images: np.ndarray, names: Sequence[str], draw: Draws) -> np.ndarray:
        """What one draw leaves of images, for people to look at.

        Parameters
        ----------
        images, names
            As for `evaluate`.
        draw : Draws
            A single one.

        Returns
        -------
        numpy.ndarray
            uint8 (image, y, x, channel), of the model's resolution.

        Raises
        ------
        InputError
            The family does not reconstruct images.
        """
        if not self.reconstructs:
            raise InputError(f"{self.observer}: models of family {self.family} do not add noise to images")
        with torch.inference_mode(), exact_convolutions():
            return self._add_noise(images, names, draw[np.zeros(len(names), int)])

    def _add_noise(self, images: np.ndarray, names: Sequence[str], draws: Draws) -> np.ndarray:
        """What `add_noise` returns, with a draw for each image."""
        raise NotImplementedError


def exact_convolutions():
    """Convolutions on a GPU in full float32, which give the same bytes again."""
    return torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)


def choose_device(name: str | None) -> torch.device:
    """The device of a name.

    Parameters
    ----------
    name : str or None
        "auto" or None (a GPU if there is one), "cpu", "cuda", "cuda:1", …

    Raises
    ------
    InputError
        There is no such device.
    """
    if name in (None, "auto"):
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # unknown, absent, or not supported by this PyTorch
        raise InputError(f"device {name!r} cannot be used ({str(error).splitlines()[0]})") from error
    return torch.device(name)
