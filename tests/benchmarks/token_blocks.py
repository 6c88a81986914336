"""Would it pay to stop autoregressive models early, for categories that cannot win after some blocks of tokens?

Two things decide. (a) Which share of the tokens a rule saves, and how often it drops the category that would have won:
from the losses of all tokens of some images. Rules are calibrated on one half of the images and judged on the other,
and the other way round. (b) What it costs to run the network in blocks, with the keys and values of earlier tokens
kept, instead of once over all tokens: in CPU seconds of one thread, for the model itself and for a layer of Janus-Pro's
shape.

Usage: python tests/benchmarks/token_blocks.py [--study miniature] [--observer miniature-autoregressive] [--images 600]
    [--repeats 3]
The study's stimuli must be there already.
"""
# ruff: noqa: E402, since the library may not be installed

import argparse
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import torch
from scipy.stats import norm
from transformers import DynamicCache, LlamaConfig, LlamaModel

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "scripts")]

from generative_classifiers import models
from generative_classifiers.evidence.level_measurement import some_images
from generative_classifiers.models.tokens.likelihood import negative_log_likelihood
from generative_classifiers.study.load import load

FALSE_DROPS = 0.01  # share of the images whose winner a rule may drop where it is calibrated
BLOCKS = (2, 4, 8, 16)
FACTORS = np.geomspace(0.01, 100, 400)
# Janus-Pro-1B's language model and image head (deepseek-ai/Janus-Pro-1B, config.json); it has 24 such layers.
JANUS = {"hidden_size": 2048, "intermediate_size": 5632, "num_attention_heads": 16, "num_key_value_heads": 16}
LAYERS, TOKENS, PROMPT = 1, 576, 16


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--study", default="miniature")
    options.add_argument("--observer", default="miniature-autoregressive")
    options.add_argument("--images", type=int, default=600)
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    torch.set_num_threads(1)
    study = load({"study": given.study})
    model = models.load(given.observer, study.observers[given.observer], study.prompts, device="cpu")
    stimuli = some_images(study, given.images, salt="token blocks")
    losses = token_losses(model, stimuli["image"].values)
    right = np.array(model.categories)[losses.sum(axis=2).argmin(axis=1)] == stimuli["category"].values
    print(f"{given.observer}, {len(losses)} images, {right.mean():.1%} right; {losses.shape[2]} tokens")
    table = pd.DataFrame(judge(losses))
    janus = f"{LAYERS} layer of Janus-Pro-1B"
    shapes = {given.observer: (model.network, losses.shape[2], 16), janus: (janus_layers(), TOKENS, 2)}
    for name, shape in shapes.items():
        slower = overheads(*shape, given.repeats)
        print(f"{name}: time in blocks over time at once,", {blocks: round(one, 2) for blocks, one in slower.items()})
        table[f"time, {name}"] = (1 - table["saved"]) * table["blocks"].map(slower)
    print(table.to_string(index=False, float_format="{:.3f}".format))


@torch.inference_mode()
def token_losses(model, images):
    """-log p of each token, float64 (image, category, token)."""
    losses = []
    for image in images:
        tokens, embeddings = model._encode(image[None])
        category = torch.arange(len(model.categories))
        states = model._states(embeddings.expand(len(category), -1, -1), category)
        losses.append(negative_log_likelihood(model.head(states).mT, tokens.expand(len(category), -1)).double().numpy())
    return np.stack(losses)


def judge(losses):
    """What each rule saves and drops, a row per rule and number of blocks."""
    first = np.arange(len(losses)) % 2 == 0
    for blocks in BLOCKS:
        saved, dropped = simulate(own_deviation, losses, blocks, norm.isf(FALSE_DROPS / blocks))
        yield {"rule": "as if tokens were a sample", "blocks": blocks, "saved": saved, "false drops": dropped}
        for name, rule in RULES.items():
            found = [
                simulate(rule, losses[half], blocks, calibrate(rule, losses[~half], blocks)) for half in (first, ~first)
            ]
            saved, dropped = np.mean(found, axis=0)
            yield {"rule": name, "blocks": blocks, "saved": saved, "false drops": dropped}


def calibrate(rule, losses, blocks):
    """The smallest factor at which and above which the rule drops few enough winners."""
    dropped = np.array([simulate(rule, losses, blocks, factor)[1] for factor in FACTORS])
    return FACTORS[min(np.flatnonzero(dropped > FALSE_DROPS).max(initial=-1) + 1, len(FACTORS) - 1)]


def simulate(rule, losses, blocks, factor):
    """Share of the tokens that are saved, and share of the images whose winner is dropped."""
    images, categories, tokens = losses.shape
    winner = losses.sum(axis=2).argmin(axis=1)
    candidates, evaluated, before = np.ones((images, categories), bool), 0, 0
    for seen in ends(tokens, blocks):
        evaluated += np.count_nonzero(candidates & (candidates.sum(axis=1, keepdims=True) > 1)) * (seen - before)
        before = seen
        if seen < tokens:
            part = np.where(candidates, losses[:, :, :seen].sum(axis=2), np.inf)
            difference = losses[:, :, :seen] - losses[np.arange(images), part.argmin(axis=1), None, :seen]
            candidates &= ~(difference.sum(axis=2) > factor * rule(difference, tokens))
    return 1 - evaluated / losses.size, 1 - candidates[np.arange(images), winner].mean()


def ends(tokens, blocks):
    """Numbers of tokens after which a block ends."""
    return np.linspace(0, tokens, blocks + 1).round().astype(int)[1:].tolist()


def own_deviation(difference, tokens):
    """Standard deviation of what the remaining tokens add, if they vary as those that were seen."""
    return np.sqrt((tokens - difference.shape[2]) * difference.var(axis=2))


def remaining(difference, tokens):
    """The same, if all categories' tokens vary alike."""
    return np.sqrt(tokens - difference.shape[2])


RULES = {"calibrated, own deviation": own_deviation, "calibrated, remaining tokens": remaining}


def janus_layers():
    """Some layers of Janus' language model, with random weights."""
    config = LlamaConfig(vocab_size=8, num_hidden_layers=LAYERS, max_position_embeddings=2048, **JANUS)
    return LlamaModel(config).eval()


@torch.inference_mode()
def overheads(network, tokens, size, repeats):
    """By number of blocks: CPU time of all blocks, over that of one pass over all tokens."""
    embeddings = torch.randn(size, PROMPT + tokens, network.config.hidden_size)
    rounds = [[_seconds(network, embeddings, blocks) for blocks in (1, *BLOCKS)] for _ in range(repeats + 1)]
    return {blocks: median(one[place + 1] / one[0] for one in rounds[1:]) for place, blocks in enumerate(BLOCKS)}


def _seconds(network, embeddings, blocks):
    cache = DynamicCache()
    network(inputs_embeds=embeddings[:, :PROMPT], past_key_values=cache, use_cache=True)
    begin, before = time.process_time(), PROMPT
    for end in ends(embeddings.shape[1] - PROMPT, blocks):
        network(inputs_embeds=embeddings[:, before : PROMPT + end], past_key_values=cache, use_cache=True)
        before = PROMPT + end
    return time.process_time() - begin


if __name__ == "__main__":
    main()
