"""What pruning has left of the evaluations of evidence that exists: that of a study, or of its limited trials."""

from pathlib import Path

import xarray as xr

from generative_classifiers.evidence.pruning import most_draws, pruning_for
from generative_classifiers.evidence.receipt import Receipt, link_of
from generative_classifiers.io.attributes import decode_attributes
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.stores import RECONSTRUCTIONS, read
from generative_classifiers.study.draws import draws_of, times_of


def spent_shares(study, data: Path = Path("data")) -> dict[str, dict[str, float]]:
    """Shares of the evaluations that pruning has left.

    Parameters
    ----------
    study : study.study.Study
    data : Path
        With the folders of studies. What the study and its limited trials asked for in them counts, as far as it was
        pruned as the study asks for now.

    Returns
    -------
    dict of str to dict of str to float
        By observer and dataset. Of several, that of the largest number of images.
    """
    found = {name: _shares(study, name, data) for name in study.models}
    return {name: shares for name, shares in found.items() if shares}


def _shares(study, observer: str, data: Path) -> dict[str, float]:
    """By dataset, as far as there is evidence."""
    best: dict[str, xr.DataArray] = {}
    for folder in (study.name, f"{study.name}-limit-*"):
        for receipt in sorted(data.glob(f"{folder}/evidence/{observer}/*.json")):
            dataset = receipt.stem
            pruned = dataset in study.stimuli and not isinstance(draws_of(study, observer, dataset), int)
            evidence = _evidence(receipt) if pruned else None
            if evidence is not None and _is_pruned_as_asked(evidence, study, observer, dataset):
                spent = evidence["evaluations"] / evidence["loss"][0].size
                best[dataset] = max(spent, best.get(dataset, spent), key=len)
    return {dataset: spent.mean().item() for dataset, spent in best.items()}


def _evidence(receipt: Path) -> xr.Dataset | None:
    """The evidence that a receipt is of; None if it is no longer there."""
    try:
        expected, evidence = Receipt.read(receipt), read(link_of(receipt), drop=RECONSTRUCTIONS)
    except InputError:
        return None
    return evidence if evidence.attrs.get("request") == expected.request else None


def _is_pruned_as_asked(evidence: xr.Dataset, study, observer: str, dataset: str) -> bool:
    about, test = decode_attributes(evidence.attrs), pruning_for(study, observer, dataset)
    same_levels = ("density" in evidence.coords) == (times_of(study, observer, dataset) == "weighted")
    same_draws = evidence.sizes["draw"] == most_draws(draws_of(study, observer, dataset))
    return about["pruning"] == test.identity and same_levels and same_draws
