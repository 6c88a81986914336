"""What the miniature's two diffusion models share: their U-Net, its noise schedule, and its training."""

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch.nn.functional import mse_loss

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.training.data import DrawingBatches
from generative_classifiers.training.generative import Task
from generative_classifiers.training.miniature.prompt_tokenizer import prompt_tokens

TEXT_WIDTH = 64


def untrained_unet(size, channels, widths):
    """A text-conditional U-Net with random weights.

    Parameters
    ----------
    size, channels : int
        Of what it denoises.
    widths : tuple of int
        Channels at each of its resolutions. The lowest resolution has cross-attention.

    Returns
    -------
    diffusers.UNet2DConditionModel
    """
    without_attention = len(widths) - 1
    return UNet2DConditionModel(
        sample_size=size,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=widths,
        down_block_types=(*("DownBlock2D",) * without_attention, "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", *("UpBlock2D",) * without_attention),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        encoder_hid_dim=TEXT_WIDTH,
        # Cross-attention alone learns the prompt's meaning late, so the pooled prompt joins the time embedding.
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        attention_head_dim=4,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        time_embedding_dim=128,
    )


def scheduler():
    """The noise schedule; the network predicts the velocity v (arXiv 2202.00512)."""
    return DDPMScheduler(
        beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", clip_sample=False, steps_offset=1
    )


class DenoisingTask(Task):
    """To denoise an image under its prompt.

    Parameters
    ----------
    pipeline : diffusers.DiffusionPipeline
        Its U-Net and text encoder are trained.
    codec : models.diffusion.codecs.LatentCodec or models.diffusion.codecs.PixelCodec
        The pipeline's.
    recipe : study.recipes.PixelDiffusion or study.recipes.LatentDiffusion
    prompt : str
        With `{category}` in the place of the class name.
    world : study.settings.World
    """

    def __init__(self, pipeline, codec, recipe, prompt, world):
        super().__init__([pipeline.unet, pipeline.text_encoder])
        self.pipeline, self.codec, self.recipe = pipeline, codec, recipe
        self.batches = DrawingBatches(world, recipe.batch_size, recipe.seed, recipe.resolution)
        self.tokens = prompt_tokens(pipeline.tokenizer, prompt)
        self.alphas_cumprod = pipeline.scheduler.alphas_cumprod
        pipeline.unet.to(memory_format=torch.channels_last)
        if recipe.compile:
            pipeline.unet.compile()

    def __getitem__(self, step):
        """Images (image, 3, y, x) in [-1, 1], categories and times (image), and noise (image, channel, y, x)."""
        images, categories = self.batches(step)
        rng = generator("diffusion training", self.recipe.seed, step)
        # The last of the prompts is empty.
        categories[rng.random(len(images)) < self.recipe.empty_prompts] = len(CATEGORIES)
        times = self._random_times(rng, len(images))
        seen = self.pipeline.unet.config
        shape = len(images), seen.in_channels, seen.sample_size, seen.sample_size
        noise = torch.from_numpy(rng.standard_normal(shape, dtype="float32"))
        return pixels_to_tensor(images), torch.from_numpy(categories), times, noise

    def loss(self, step, images, categories, times, noise):
        """The mean squared error of the predicted velocity."""
        with torch.no_grad():
            clean = self.codec.encode(images)
        alpha_squared = self.alphas_cumprod.to(times.device)[times][:, None, None, None]
        alpha, sigma = alpha_squared.sqrt(), (1 - alpha_squared).sqrt()
        text = self.pipeline.text_encoder(self.tokens.to(times.device)).last_hidden_state[categories]
        velocity = self.pipeline.unet(alpha * clean + sigma * noise, times, text).sample
        return mse_loss(velocity, alpha * noise - sigma * clean)

    def _random_times(self, rng, count):
        """Steps of the noise schedule, int (image,): U^power of its length, with U uniform."""
        times = rng.random(count) ** self.recipe.time_power * len(self.alphas_cumprod)
        return torch.from_numpy(times.astype(int))
