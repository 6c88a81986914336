"""The miniature's Stable Diffusion: small, and with the autoencoder of Sana, which a CPU trains in minutes."""

import torch
from diffusers import AutoencoderDC
from diffusers.models.autoencoders.autoencoder_dc import ResBlock
from torch.nn.functional import mse_loss
from torch.nn.init import constant_, zeros_
from transformers import CLIPTextModel

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import ROOT
from generative_classifiers.models.diffusion.codecs import DeepCompressionCodec
from generative_classifiers.models.diffusion.pipelines import LatentDiffusionPipeline
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.training import generative
from generative_classifiers.training.data import DrawingBatches
from generative_classifiers.training.miniature import diffusion
from generative_classifiers.training.miniature.prompt_tokenizer import prompt_tokenizer, text_config

# The standard deviation of latents, estimated from so many batches. It is that of what the pixel model denoises, so a
# noise level means the same signal-to-noise ratio in both models.
LATENT_STD, SCALE_BATCHES = 0.5, 64
OWN_LAYERS = ("conv_in.", "conv_out.")  # of a network that begins with another's weights: they see other channels
LINEAR_RANGE = 2  # of the decoder's last activations, in the units of its channels at the beginning


def untrained_vae(recipe):
    """The autoencoder with random weights.

    It begins nearly linear, and learns in a twentieth of the steps. Residual blocks begin as the identity. Before its
    last layer the decoder divides the channels of each pixel by their root mean square and drops negative values; a
    bias keeps that root nearly constant, and the values positive.

    Parameters
    ----------
    recipe : study.recipes.Autoencoder

    Returns
    -------
    diffusers.AutoencoderDC
    """
    torch.manual_seed(recipe.seed)
    levels = len(recipe.widths)
    layers = (0, *(1,) * (levels - 1))  # the first level only shuffles pixels
    vae = AutoencoderDC(
        latent_channels=recipe.latent_channels,
        encoder_block_types="ResBlock",
        decoder_block_types="ResBlock",
        encoder_block_out_channels=recipe.widths,
        decoder_block_out_channels=recipe.widths,
        encoder_layers_per_block=layers,
        decoder_layers_per_block=layers,
        encoder_qkv_multiscales=((),) * levels,
        decoder_qkv_multiscales=((),) * levels,
    )
    for block in vae.modules():
        if isinstance(block, ResBlock):
            zeros_(block.norm.weight)
    last_shuffle, *_ = vae.decoder.up_blocks[1]
    constant_(last_shuffle.conv.bias, LINEAR_RANGE)
    return vae


class AutoencodingTask(generative.Task):
    """To reconstruct images from their latents.

    Parameters
    ----------
    recipe : study.recipes.Autoencoder
    world : study.settings.World
    resolution : int, optional
        Pixels along an image's side, instead of the world's.
    """

    def __init__(self, recipe, world, resolution=None):
        self.vae = untrained_vae(recipe)
        super().__init__([self.vae])
        self.recipe, self.batches = recipe, DrawingBatches(world, recipe.batch_size, recipe.seed, resolution)

    def __getitem__(self, step):
        """A step's images (image, 3, y, x) in [-1, 1]."""
        images, _ = self.batches(step)
        return (pixels_to_tensor(images),)

    def loss(self, step, images):
        """The mean squared error."""
        return mse_loss(self.vae.decode(self.vae.encode(images).latent).sample, images)

    @torch.no_grad()
    def scale_latents(self):
        """Set the factor that gives latents their standard deviation, on images that were not trained on."""
        steps = range(self.recipe.steps, self.recipe.steps + SCALE_BATCHES)
        latents = torch.cat([self.vae.encode(self[step][0].to(self.vae.device)).latent for step in steps])
        self.vae.register_to_config(scaling_factor=LATENT_STD / latents.std().item())


def untrained(vae, recipe, size):
    """The pipeline, with random weights except for its autoencoder.

    Parameters
    ----------
    vae : diffusers.AutoencoderDC
    recipe : study.recipes.LatentDiffusion
    size : int
        Pixels along an image's side.

    Returns
    -------
    models.diffusion.pipelines.LatentDiffusionPipeline
    """
    torch.manual_seed(recipe.seed)
    tokenizer = prompt_tokenizer()
    text_encoder = CLIPTextModel(text_config(tokenizer, diffusion.TEXT_WIDTH, recipe.text_layers))
    side = size // 2 ** (len(vae.config.encoder_block_out_channels) - 1)
    unet = diffusion.untrained_unet(side, vae.config.latent_channels, recipe.widths)
    if recipe.initial:
        begin_with(unet, ROOT / recipe.initial / "unet", OWN_LAYERS)
        begin_with(text_encoder, ROOT / recipe.initial / "text_encoder")
    return LatentDiffusionPipeline(vae, unet, text_encoder, tokenizer, diffusion.scheduler())


def begin_with(network, folder, own=()):
    """Give a network the weights of a trained one, except for layers of its own.

    Parameters
    ----------
    network : diffusers.ModelMixin or transformers.PreTrainedModel
        Changed.
    folder : Path
        Of a trained network of the same class.
    own : tuple of str
        Layers that keep their weights.

    Raises
    ------
    InputError
        If the folder holds no such network, or one with other layers.
    """
    try:
        trained = type(network).from_pretrained(folder, variant="fp16", torch_dtype=torch.float32)
        kept = {name: value for name, value in network.state_dict().items() if name.startswith(own)}
        network.load_state_dict(trained.state_dict() | kept)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{folder}: not a trained {type(network).__name__} to begin with: {error}") from error


def train(recipe, prompt, world, folder, device, workers):
    """Train the autoencoder and then the network, and save the pipeline: `training.train_generative`."""
    autoencoding = AutoencodingTask(recipe.autoencoder, world, recipe.resolution)
    autoencoding.vae.to(device)
    generative.train(autoencoding, recipe.autoencoder, folder.with_suffix(".autoencoder.checkpoint"), workers=workers)
    autoencoding.scale_latents()
    pipeline = untrained(autoencoding.vae, recipe, recipe.resolution or world.size).to(device)
    if recipe.compile:
        pipeline.vae.encoder.compile()
    denoising = diffusion.DenoisingTask(pipeline, DeepCompressionCodec(pipeline), recipe, prompt, world)
    generative.train(denoising, recipe, folder.with_suffix(".checkpoint"), workers=workers)
    generative.save(pipeline, folder)
