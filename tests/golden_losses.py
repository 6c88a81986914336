"""Golden losses: those of a tiny model of every kind, so that a change of our own loss code is noticed.

`python tests/golden_losses.py` writes them to `golden_losses.json`, by family and `loss_version`. It refuses to
replace losses of a version by others: where the project's code changes losses, the family's `loss_version` is raised
first. If only a new version of a library makes the tiny models' random weights differ, delete the entry first.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

import tiny_contrastive
import tiny_language
import tiny_pipelines
import tiny_tokens
from generative_classifiers import models
from generative_classifiers.models.classifiers.small_cnn import SmallCNN
from generative_classifiers.study.prompts import prompts_of
from image_folders import learner
from typed_rows import observer

FILE = Path(__file__).with_name("golden_losses.json")
CATEGORIES, NAMES = ("cat", "dog"), ("a.png", "b/c.png")
DRAWS, SEED, DIGITS = 3, 0, 6
LAST = 682  # the first draw with t > 0.999

DIFFUSION = {
    "noise prediction": tiny_pipelines.stable_diffusion,
    "v-prediction of pixels": tiny_pipelines.pixel_diffusion,
    "stable-diffusion-xl": tiny_pipelines.stable_diffusion_xl,
    "stable-diffusion-3": tiny_pipelines.stable_diffusion_3,
    "flux": tiny_pipelines.flux,
    "pixart": tiny_pipelines.pixart,
    "deepfloyd": tiny_pipelines.deepfloyd,
}
KINDS = (
    *(f"diffusion, {name}" for name in DIFFUSION),
    "masked, likelihood",
    "masked, reconstruction",
    "autoregressive, janus",
    "discriminative, small_cnn",
    "discriminative, with noise",
    "contrastive, transformers",
    "contrastive, open_clip",
    "vision-language, llava",
)


def row_of(kind, root):
    """A kind's row, and the file of its weights if the row does not name them; they are made in a folder."""
    family, _, name = kind.partition(", ")
    folder = root / name.replace(" ", "-")
    if family == "diffusion":
        return observer(family=family, pipeline=str(DIFFUSION[name](folder)), resolution=16), None
    if family == "masked":
        return observer(family=family, pipeline=str(tiny_tokens.amused(folder)), reading=name), None
    if family == "autoregressive":
        return observer(family=family, pipeline=str(tiny_tokens.janus(folder))), None
    if family == "discriminative":
        torch.manual_seed(0)
        save_file(SmallCNN().state_dict(), f"{folder}.safetensors")
        return learner(noise="sqrt_alphas" if "noise" in name else None), Path(f"{folder}.safetensors")
    if family == "vision-language":
        row = {"source": "transformers", "resolution": tiny_language.SIDE}
        return observer(family=family, pipeline=str(tiny_language.llava(folder)), **row), None
    row = {"family": family, "source": name, "resolution": 16}
    if name == "open_clip":
        file = tiny_contrastive.through_open_clip(folder)
        return observer(**row, network=tiny_contrastive.NAME, weights=str(file)), None
    return observer(**row, pipeline=str(tiny_contrastive.through_transformers(folder))), None


def load(kind, root, device="cpu", dtype="float32"):
    """The tiny model of a kind."""
    row, path = row_of(kind, root)
    row = row.model_copy(update={"dtype": dtype})
    return models.load("tiny", row, prompts_of(CATEGORIES), path=path, device=device)


def some_draws(model):
    """The first draws, and the first one of the last of a thousand noise levels, where schedules end."""
    draws = model.draws(LAST + 1, SEED)
    return draws[[*range(DRAWS), LAST]] if len(draws) > 1 else draws


def evaluated(model):
    """Losses of two images, (image, category, draw)."""
    images = np.random.default_rng(0).integers(0, 256, (len(NAMES), 16, 16, 3), dtype=np.uint8)
    return model.evaluate(images, NAMES, some_draws(model))[0]


def losses(model):
    """Those losses in a row, rounded to some digits."""
    return [float(f"{loss:.{DIGITS}g}") for loss in evaluated(model).ravel()]


def version_of(model):
    """The version of a model's losses, as the file's keys have it."""
    return str(model.loss_version)


def written():
    """The file's content: losses by family, version and kind."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def agree(found, golden):
    """Whether losses differ by no more than rounding."""
    return len(found) == len(golden) and np.allclose(found, golden, rtol=1e-4, atol=0)


def main():
    """Write the losses of all kinds; exit if those of a version would change."""
    before, now = written(), {}
    with tempfile.TemporaryDirectory() as root:
        for kind in KINDS:
            model = load(kind, Path(root))
            found, version = losses(model), version_of(model)
            golden = before.get(model.family, {}).get(version, {}).get(kind, found)
            if not agree(found, golden):
                sys.exit(f"{kind}: losses differ from those of version {version}: raise loss_version in {where(model)}")
            now.setdefault(model.family, {}).setdefault(version, {})[kind] = golden
    FILE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")


def where(model):
    """The class whose `loss_version` is meant, for messages."""
    return f"{type(model).__module__}.{type(model).__name__}"


if __name__ == "__main__":
    main()
