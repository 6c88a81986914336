"""Losses change only with their version: a tiny model of every kind against `golden_losses.json`."""

import json

import pytest
import torch

import golden_losses
from generative_classifiers.models import generative
from generative_classifiers.models.tokens import autoregressive
from generative_classifiers.study.families import FAMILIES

RENEW = "renew the file with `python tests/golden_losses.py`"


def test_all_families_have_golden_losses():
    families = {kind.partition(",")[0] for kind in golden_losses.KINDS}
    assert families == {name for name, one in FAMILIES.items() if one.needs_evidence}
    kinds = {kind for versions in golden_losses.written().values() for kinds in versions.values() for kind in kinds}
    assert kinds == set(golden_losses.KINDS), RENEW


@pytest.mark.parametrize("kind", golden_losses.KINDS)
def test_losses_are_those_of_their_version(kind, tmp_path):
    model = golden_losses.load(kind, tmp_path)
    found, version = golden_losses.losses(model), golden_losses.version_of(model)
    golden = golden_losses.written().get(model.family, {}).get(version, {}).get(kind)
    assert golden, f"no losses of {kind}, version {version}: {RENEW}"
    change = f"losses changed, so raise loss_version in {golden_losses.where(model)} and {RENEW}"
    assert golden_losses.agree(found, golden), f"{kind}: {change}"


@pytest.mark.parametrize("kind", ["diffusion, noise prediction", "masked, likelihood", "autoregressive, janus"])
def test_weights_are_cast_once_and_losses_are_those_of_autocast_alone(kind, tmp_path, monkeypatch):
    model = golden_losses.load(kind, tmp_path, dtype="bfloat16")
    layers = [part for part in model.network.modules() if isinstance(part, torch.nn.Linear | torch.nn.Conv2d)]
    assert layers and {layer.weight.dtype for layer in layers} == {torch.bfloat16}
    for module in (generative, autoregressive):
        monkeypatch.setattr(module, "cast_weights", lambda *_: None)
    uncast = golden_losses.load(kind, tmp_path, dtype="bfloat16")
    assert next(uncast.network.parameters()).dtype == torch.float32
    assert golden_losses.evaluated(model).tobytes() == golden_losses.evaluated(uncast).tobytes()


def test_losses_of_a_version_are_not_replaced_by_others(tmp_path, monkeypatch):
    kind = "discriminative, small_cnn"
    written = golden_losses.written()
    written["discriminative"]["1"][kind][0] *= 1.001
    monkeypatch.setattr(golden_losses, "FILE", tmp_path / "golden.json")
    monkeypatch.setattr(golden_losses, "KINDS", (kind,))
    golden_losses.FILE.write_text(json.dumps(written))
    with pytest.raises(SystemExit, match=r"differ from those of version 1: raise loss_version in .*Discriminative"):
        golden_losses.main()
    assert golden_losses.written() == written
