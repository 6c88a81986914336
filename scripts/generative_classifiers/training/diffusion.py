"""What the miniature's diffusion models have in common: their network, and the loss of a batch."""

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch.nn.functional import mse_loss

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.base import signed
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.training.prompt_tokenizer import prompt_tokens

TEXT_WIDTH = 64


def network(size, channels, widths):
    """A U-Net that is told the prompt, with random weights.

    Parameters
    ----------
    size, channels : int
        Of what it denoises.
    widths : tuple of int
        Channels at each of its resolutions; the lowest one has cross-attention.

    Returns
    -------
    diffusers.UNet2DConditionModel
    """
    plain = len(widths) - 1
    return UNet2DConditionModel(
        sample_size=size,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=widths,
        down_block_types=(*("DownBlock2D",) * plain, "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", *("UpBlock2D",) * plain),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        encoder_hid_dim=TEXT_WIDTH,
        # Cross-attention alone learns the prompt's meaning late: the pooled prompt joins the time embedding.
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        attention_head_dim=4,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        time_embedding_dim=128,
    )


def scheduler():
    """The noise schedule and the meaning of the network's predictions."""
    return DDPMScheduler(
        beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", clip_sample=False, steps_offset=1
    )


class Diffusion:
    """To denoise an image under its prompt: `generative.Task`.

    Parameters
    ----------
    pipeline : diffusers.DiffusionPipeline
        Its U-Net and text encoder are trained.
    codec : models.codecs.LatentCodec or models.codecs.PixelCodec
        The pipeline's.
    recipe : dict
        batch_size, time_power, empty_prompts (share), compile, seed.
    prompt : str
        With `{category}`.
    world : dict
        size and texture_contrast of the training images.
    """

    def __init__(self, pipeline, codec, recipe, prompt, world):
        self.pipeline, self.codec, self.recipe, self.world = pipeline, codec, recipe, world
        self.modules = torch.nn.ModuleList([pipeline.unet, pipeline.text_encoder])
        self.drawings = drawing_set("training")
        self.tokens = prompt_tokens(pipeline.tokenizer, prompt)
        self.alphas_cumprod = pipeline.scheduler.alphas_cumprod
        if recipe.compile:
            pipeline.unet.compile()

    def loss(self, step):
        """The mean squared error of the velocity."""
        recipe, n = self.recipe, self.recipe.batch_size
        images, categories = batch(self.drawings, step, n, recipe.seed, self.world)
        rng = generator("diffusion training", recipe.seed, step)
        categories[rng.random(n) < recipe.empty_prompts] = len(CATEGORIES)
        times = torch.from_numpy((rng.random(n) ** recipe.time_power * len(self.alphas_cumprod)).astype(int))
        with torch.no_grad():
            clean = self.codec.encode(signed(images))
        noise = torch.from_numpy(rng.standard_normal(clean.shape, dtype="float32"))
        squared_alpha = self.alphas_cumprod[times][:, None, None, None]
        alpha, sigma = squared_alpha.sqrt(), (1 - squared_alpha).sqrt()

        text = self.pipeline.text_encoder(self.tokens).last_hidden_state[torch.from_numpy(categories)]
        velocity = self.pipeline.unet(alpha * clean + sigma * noise, times, text).sample
        return mse_loss(velocity, alpha * noise - sigma * clean)
