"""The miniature's discriminative network, trained with or without diffusion noise."""

import torch
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy
from tqdm import trange

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.files import whole
from generative_classifiers.models.augmentation import diffusion_noise
from generative_classifiers.models.base import signed
from generative_classifiers.models.cnn import SmallCNN
from generative_classifiers.noise import generator
from generative_classifiers.training.schedule import learning_rate
from generative_classifiers.world.album import album, batch


def train(recipe, world, noise=None):
    """Train; every step's randomness comes from its number and the seed.

    Parameters
    ----------
    recipe : dict
        steps, batch_size, learning_rate, weight_decay, warm_up, decay (steps), seed.
    world : dict
        size and texture_contrast of the training images.
    noise : {None, "sqrt_alphas", "alphas"}
        Diffusion noise on every image.

    Returns
    -------
    network : SmallCNN
    losses : list of float
        Cross entropy of every step.
    """
    torch.manual_seed(recipe["seed"])
    # Channels last: a fifth faster on CPUs.
    network = SmallCNN(len(CATEGORIES)).to(memory_format=torch.channels_last)
    drawings, losses = album("training"), []
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe["learning_rate"], weight_decay=recipe["weight_decay"])
    for step in trange(recipe["steps"], desc="CNN", unit="step"):
        images, categories = batch(drawings, step, recipe["batch_size"], recipe["seed"], world)
        seen = signed(images).contiguous(memory_format=torch.channels_last)
        if noise:
            rng = generator("diffusion noise", recipe["seed"], step)
            level = torch.from_numpy(rng.random(len(seen), dtype="float32"))
            seen = diffusion_noise(
                seen, level, torch.from_numpy(rng.standard_normal(seen.shape, dtype="float32")), noise
            )
        loss = cross_entropy(network(seen), torch.from_numpy(categories))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return network.eval(), losses


def save(network, path):
    """Write the weights as safetensors, whole or not at all."""
    with whole(path) as partial:
        save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, partial)
