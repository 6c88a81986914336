"""The miniature's Stable Diffusion: the same classes, small."""

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from torch.nn.functional import mse_loss
from transformers import CLIPTextModel

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.diffusion.codecs import LatentCodec
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.training import generative
from generative_classifiers.training.data import DrawingBatches
from generative_classifiers.training.miniature import diffusion
from generative_classifiers.training.miniature.prompt_tokenizer import prompt_tokenizer, text_config

# Several channels each: a group of one channel loses the mean of the image, and so its colour.
NORM_GROUPS = 4
INITIAL_LOG_VARIANCE = -6  # of the latents' noise
SCALE_BATCHES = 64  # from which the standard deviation of the latents is estimated


def untrained_vae(recipe, size):
    """The autoencoder with random weights.

    Parameters
    ----------
    recipe : study.recipes.Autoencoder
    size : int
        Pixels along an image's side.

    Returns
    -------
    diffusers.AutoencoderKL
    """
    torch.manual_seed(recipe.seed)
    levels = len(recipe.widths)
    vae = AutoencoderKL(
        block_out_channels=recipe.widths,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        latent_channels=recipe.latent_channels,
        norm_num_groups=NORM_GROUPS,
        mid_block_add_attention=False,
        sample_size=size,
    )
    # Latents begin with little noise, since the decoder learns nothing of what is drowned in it.
    with torch.no_grad():
        vae.quant_conv.weight[recipe.latent_channels :] = 0
        vae.quant_conv.bias[recipe.latent_channels :] = INITIAL_LOG_VARIANCE
    return vae


class AutoencodingTask(generative.Task):
    """To reconstruct images from noised latents.

    Parameters
    ----------
    recipe : study.recipes.Autoencoder
    world : study.settings.World
    resolution : int, optional
        Pixels along an image's side, instead of the world's.
    """

    def __init__(self, recipe, world, resolution=None):
        self.vae = untrained_vae(recipe, resolution or world.size)
        super().__init__([self.vae])
        self.recipe, self.batches = recipe, DrawingBatches(world, recipe.batch_size, recipe.seed, resolution)

    def images(self, step):
        """A step's images (image, 3, y, x) in [-1, 1]."""
        images, _ = self.batches(step)
        return pixels_to_tensor(images)

    def loss(self, step):
        """The mean squared error, plus the weighted divergence per number of the latents."""
        images = self.images(step)
        latents = self.vae.encode(images).latent_dist
        rng = generator("autoencoder training", self.recipe.seed, step)
        noise = torch.from_numpy(rng.standard_normal(latents.mean.shape, dtype="float32"))
        error = mse_loss(self.vae.decode(latents.mean + latents.std * noise).sample, images)
        return error + self.recipe.divergence * latents.kl().sum() / noise.numel()

    @torch.no_grad()
    def scale_latents(self):
        """Set the factor that gives latents a standard deviation of 1, on images that were not trained on."""
        steps = range(self.recipe.steps, self.recipe.steps + SCALE_BATCHES)
        latents = torch.cat([self.vae.encode(self.images(step)).latent_dist.mean for step in steps])
        self.vae.register_to_config(scaling_factor=1 / latents.std().item())


def untrained(vae, recipe, size):
    """The pipeline, with random weights except for its autoencoder.

    Parameters
    ----------
    vae : diffusers.AutoencoderKL
    recipe : study.recipes.LatentDiffusion
    size : int
        Pixels along an image's side.

    Returns
    -------
    diffusers.StableDiffusionPipeline
    """
    torch.manual_seed(recipe.seed)
    tokenizer = prompt_tokenizer()
    text_encoder = CLIPTextModel(text_config(tokenizer, diffusion.TEXT_WIDTH))
    pixels_per_latent = 2 ** (len(vae.config.block_out_channels) - 1)
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=diffusion.untrained_unet(size // pixels_per_latent, vae.config.latent_channels, recipe.widths),
        scheduler=diffusion.scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def train(recipe, prompt, world, folder):
    """Train the autoencoder and then the network, and save the pipeline: `training.train_generative`."""
    autoencoding = AutoencodingTask(recipe.autoencoder, world, recipe.resolution)
    generative.train(autoencoding, recipe.autoencoder, folder.with_suffix(".autoencoder.checkpoint"))
    autoencoding.scale_latents()
    pipeline = untrained(autoencoding.vae, recipe, recipe.resolution or world.size)
    denoising = diffusion.DenoisingTask(pipeline, LatentCodec(pipeline), recipe, prompt, world)
    generative.train(denoising, recipe, folder.with_suffix(".checkpoint"))
    generative.save(pipeline, folder)
