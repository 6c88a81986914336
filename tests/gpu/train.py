"""Train the miniature's models on a card, all at once, by the recipes of registry/observers.yaml.

Usage: python tests/gpu/train.py --out trained [--observers miniature-diffusion ...] [--device cuda] [--minutes 8]
    [--workers 2] [--steps 20]
Each model has a process of its own, and `workers` more that draw its images. `<out>/<observer>` becomes its folder of
weights, and `<out>/<observer>.json` says how long it took, on which card and by which recipe. What has not ended in
time is stopped, and the same command continues it from its checkpoint. With --steps, every stage has so few steps.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("scripts", "tests/gpu")]

import card
from generative_classifiers.study.load import load
from generative_classifiers.training import jobs, train_generative


def shortened(recipe, steps):
    """A recipe whose stages have few steps."""
    parts = {name: getattr(recipe, name, None) for name in ("autoencoder", "codebook")}
    changed = {name: shortened(part, steps) for name, part in parts.items() if part is not None}
    if hasattr(recipe, "uncoded"):
        changed["uncoded"] = steps // 2
    return recipe.model_copy(update=changed | {"steps": steps, "warm_up": 1, "decay": steps // 2})


def train(observer, given):
    """Train one model."""
    study, start, folder = load({"study": "miniature"}), time.monotonic(), given.out / observer
    row = study.observers[observer]
    recipe = shortened(row.training, given.steps) if given.steps else row.training
    if row.family == "discriminative":
        row = row.model_copy(update={"training": recipe})
        where = {"device": given.device, "workers": given.workers, "world": study.world}
        jobs.run(observer, row, folder / "model.safetensors", folder / "logs", **where)
    else:
        where = {"device": given.device, "workers": given.workers}
        train_generative(recipe, study.settings.prompt, study.world, folder, **where)
    took = {"seconds_of_this_run": time.monotonic() - start, "machine": card.describe(torch.device(given.device))}
    report = {
        "command": " ".join(["python", "tests/gpu/train.py", *sys.argv[1:]]),
        **took,
        "recipe": recipe.as_params(),
    }
    folder.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")


def main():
    """Start a process for each model, and wait for all."""
    rows = load({"study": "miniature"}).observers.items()
    # Two observers may read the same weights.
    trained = {getattr(row, "pipeline", name): name for name, row in reversed(rows) if getattr(row, "training", None)}
    trained = [*reversed(trained.values())]
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--observers", nargs="+", default=trained, choices=trained)
    options.add_argument("--device", default="cuda")
    options.add_argument("--minutes", type=float, default=8)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--steps", type=int)
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if len(given.observers) == 1:
        torch.set_num_threads(1)
        return train(*given.observers, given)
    settings = ["--out", given.out, "--device", given.device, "--workers", given.workers]
    settings += ["--steps", given.steps] if given.steps else []
    end, processes = time.monotonic() + 60 * given.minutes, {}
    for name in given.observers:
        command = [sys.executable, __file__, "--observers", name, *map(str, settings)]
        with (given.out / f"{name}.log").open("w") as log:
            processes[name] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    for name, process in processes.items():
        try:
            state = f"ended with {process.wait(max(1, end - time.monotonic()))}"
        except subprocess.TimeoutExpired:
            process.kill()
            state = "stopped: no time was left"
        print(name, state, flush=True)


if __name__ == "__main__":
    main()
