"""S4: how few evaluations are enough?"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr

from generative_classifiers.decisions.from_evidence import score_categories
from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.draws.weighting import AnyWeighting
from generative_classifiers.evidence.layout import stored_draws
from generative_classifiers.evidence.pruning import ModeratedTest, PairedTest, SequentialTest
from generative_classifiers.evidence.pruning_base import PruningTest
from generative_classifiers.evidence.scoring import score_images
from generative_classifiers.io.errors import InputError
from generative_classifiers.metrics.arithmetic import ratio
from generative_classifiers.metrics.lab.variants import difference, side_by_side
from generative_classifiers.metrics.resampling import BOUND, interval, resample

LEVELS = (0.05, 0.1, 0.2, 0.3)
PAIRED = 20, 2e-3  # arXiv 2303.15233


class Setting(NamedTuple):
    """How draws are spent.

    Attributes
    ----------
    rule : {"all categories", "paired", "sequential", "moderated"}
    draws : int
        Of a category that is never dropped.
    test : PruningTest or None
        None if no category is dropped.
    """

    rule: str
    draws: int
    test: PruningTest | None = None

    @property
    def level(self) -> float:
        """Significance level of the test; NaN without one."""
        return self.test.level if self.test else np.nan

    @property
    def name(self) -> str:
        """Rule, draws and level in one text."""
        return f"{self.rule}, draws {self.draws}" + (f", level {self.level:g}" if self.test else "")


def spent_evaluations(
    losses: Mapping[str, xr.Dataset], weighting: Mapping[str, AnyWeighting], tables: Mapping[str, LevelTable]
) -> xr.Dataset:
    """Agreement with decisions of other draws, over the evaluations that rules spend.

    The first half of the draws is what rules may use. The decisions that they are compared with are those of the second
    half, with all categories.

    Parameters
    ----------
    losses : dict of str to xarray.Dataset
        Evidence that has all losses, by observer.
    weighting : dict of str to str or LevelWeighting
        By observer.
    tables : dict of str to LevelTable
        Of those observers that the moderated test knows.

    Returns
    -------
    xarray.Dataset
        Dimensions observer, setting: `evaluations`, a share of those of the first half; `agreement`, a share of the
        images; and `difference`, the agreement minus that of the first half without pruning; all with intervals.
        Dimension setting: `rule`, `draws` and `level`.

    Raises
    ------
    InputError
        An observer has a single draw.
    """
    for name, one in losses.items():
        if one.sizes["draw"] < 2:
            raise InputError(f"{name} on {one.attrs['dataset']}: expected at least 2 draws, to compare their halves")
    asked = {name: _settings(one.sizes["draw"] // 2, weighting[name], tables.get(name)) for name, one in losses.items()}
    parts = {name: _of_observer(one, asked[name], weighting[name]) for name, one in losses.items()}
    found = side_by_side(parts, {name: one.attrs["family"] for name, one in losses.items()})
    known = {setting.name: setting for settings in asked.values() for setting in settings}
    of_setting = {key: ("setting", [getattr(one, key) for one in known.values()]) for key in ("rule", "draws", "level")}
    return found.sel(setting=list(known)).assign_coords(of_setting)


def _settings(half, weighting, table):
    """The settings that are compared, the first of which spends all evaluations of the first half."""
    numbers = [2**power for power in range(half.bit_length()) if 2**power < half]
    settings = [Setting("all categories", number) for number in (half, *numbers)]
    if half > PAIRED[0]:
        settings.append(Setting("paired", half, PairedTest(*PAIRED, weighting)))
    if half > 4:
        settings += [Setting("sequential", half, SequentialTest(4, level, weighting)) for level in LEVELS]
    if table and half > 1:
        settings += [Setting("moderated", half, ModeratedTest(1, level, weighting, table)) for level in LEVELS]
    return settings


def _of_observer(evidence, settings, weighting):
    half = settings[0].draws
    expected = _decisions(evidence.isel(draw=slice(half, None)), weighting)
    first = [evidence.isel(draw=slice(setting.draws)) for setting in settings]
    replayed = [_replay(one, setting.test) for one, setting in zip(first, settings, strict=True)]
    spent = np.stack([one["loss"].notnull().sum(["category", "draw"]).values for one in replayed])
    agrees = np.stack([_decisions(one, weighting) == expected for one in replayed])
    sample = resample(agrees.astype(float), evidence.attrs["dataset"], "all")
    own = sample.counts[:, : len(expected)].astype(float)
    evaluations = own @ spent.T / (own.sum(axis=1, keepdims=True) * half * evidence.sizes["category"])
    agreement = ratio(sample.right(), sample.images)
    from_all = xr.DataArray(agreement - agreement[:, :1], dims=("resample", "setting"))
    return xr.Dataset(
        {
            "evaluations": ("setting", evaluations[0]),
            "agreement": ("setting", agreement[0]),
            "evaluations_interval": (("setting", "bound"), interval(evaluations)),
            "agreement_interval": (("setting", "bound"), interval(agreement)),
        }
        | difference("difference", from_all),
        {"setting": [setting.name for setting in settings], **BOUND},
    )


def _replay(evidence, test):
    """Evidence as a pruning test would have left it."""
    draws, names = stored_draws(evidence), evidence["name"].values
    loss = score_images(None, names, names, draws, {"loss": evidence["loss"].values}, pruning=test)["loss"]
    return evidence.assign(loss=(evidence["loss"].dims, loss))


def _decisions(evidence, weighting):
    """Decisions (image,): numbers of categories."""
    return score_categories(evidence, weighting).argmin(axis=1)
