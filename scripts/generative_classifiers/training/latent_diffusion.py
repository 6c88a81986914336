"""The miniature's Stable Diffusion: the same classes, small, for images of 32 x 32 pixels."""

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from torch.nn.functional import mse_loss
from transformers import CLIPTextModel

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.base import signed
from generative_classifiers.models.diffusion.codecs import LatentCodec
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.training import diffusion, generative
from generative_classifiers.training.prompt_tokenizer import text_config, tokenizer

SCALED_ON = 64  # batches


class Autoencoder:
    """To give images back from noised latents: `generative.Task`.

    Parameters
    ----------
    recipe : dict
        batch_size, latent_channels, widths (channels at each resolution), divergence (weight of the latents'
        Kullback-Leibler divergence from a standard normal distribution), seed.
    world : dict
        size and texture_contrast of the training images.
    """

    def __init__(self, recipe, world):
        self.recipe, self.world = recipe, world
        self.drawings = drawing_set("training")
        torch.manual_seed(recipe.seed)
        levels = len(recipe.widths)
        self.vae = AutoencoderKL(
            block_out_channels=recipe.widths,
            down_block_types=("DownEncoderBlock2D",) * levels,
            up_block_types=("UpDecoderBlock2D",) * levels,
            latent_channels=recipe.latent_channels,
            norm_num_groups=8,
            mid_block_add_attention=False,
            sample_size=world.size,
        )
        self.modules = torch.nn.ModuleList([self.vae])

    def images(self, step):
        """A step's images (image, 3, y, x) in [-1, 1]."""
        return signed(batch(self.drawings, step, self.recipe.batch_size, self.recipe.seed, self.world)[0])

    def loss(self, step):
        """Mean squared error, and the weighted divergence of one latent number."""
        images, recipe = self.images(step), self.recipe
        latents = self.vae.encode(images).latent_dist
        rng = generator("autoencoder training", recipe.seed, step)
        noise = torch.from_numpy(rng.standard_normal(latents.mean.shape, dtype="float32"))
        error = mse_loss(self.vae.decode(latents.mean + latents.std * noise).sample, images)
        return error + recipe.divergence * latents.kl().sum() / noise.numel()

    @torch.no_grad()
    def scale(self):
        """Set the factor by which latents have a standard deviation of 1, on images not trained on."""
        steps = range(self.recipe.steps, self.recipe.steps + SCALED_ON)
        latents = torch.cat([self.vae.encode(self.images(step)).latent_dist.mean for step in steps])
        self.vae.register_to_config(scaling_factor=1 / latents.std().item())


def untrained(vae, recipe, size):
    """The pipeline, with random weights but for its autoencoder.

    Parameters
    ----------
    vae : diffusers.AutoencoderKL
    recipe : dict
        widths (channels at each of the U-Net's resolutions), seed.
    size : int
        Pixels along an image's side.

    Returns
    -------
    diffusers.StableDiffusionPipeline
    """
    torch.manual_seed(recipe.seed)
    words = tokenizer()
    text_encoder = CLIPTextModel(text_config(words, diffusion.TEXT_WIDTH))
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=words,
        unet=diffusion.network(size // factor, vae.config.latent_channels, tuple(recipe.widths)),
        scheduler=diffusion.scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def train(recipe, prompt, world, folder):
    """Train the autoencoder and then the network, and save the pipeline: `training.train_generative`."""
    autoencoder = Autoencoder(recipe.autoencoder, world)
    generative.train(autoencoder, recipe.autoencoder, folder.with_suffix(".autoencoder.checkpoint"))
    autoencoder.scale()
    pipeline = untrained(autoencoder.vae, recipe, world.size)
    task = diffusion.Diffusion(pipeline, LatentCodec(pipeline), recipe, prompt, world)
    losses = generative.train(task, recipe, folder.with_suffix(".checkpoint"))
    generative.save(pipeline, folder)
    return losses
