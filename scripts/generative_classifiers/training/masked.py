"""The miniature's aMUSEd: the same classes, small, for images of 32 x 32 pixels."""

import torch
from diffusers import AmusedPipeline, AmusedScheduler, UVit2DModel, VQModel
from torch.nn.functional import cross_entropy
from transformers import CLIPTextModelWithProjection

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.base import signed
from generative_classifiers.models.tokens.masked import AESTHETIC_SCORE
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.training import generative
from generative_classifiers.training.codebook import Codebook
from generative_classifiers.training.prompt_tokenizer import prompt_tokens, text_config, tokenizer

TEXT_WIDTH = 64
MICRO_CONDITIONS = 5  # numbers that say what an image is beside its prompt
MICRO_WIDTH = 4  # channels of each


def see(images):
    """What aMUSEd takes for an image: (image, 3, y, x) in [0, 1]."""
    return (signed(images) + 1) / 2


def untrained(recipe, size):
    """The pipeline with random weights.

    Parameters
    ----------
    recipe : dict
        width, layers, seed, and of the codebook: codes, code_channels, widths (channels at each resolution).
    size : int
        Pixels along an image's side.

    Returns
    -------
    diffusers.AmusedPipeline
    """
    torch.manual_seed(recipe.seed)
    words, width, codebook = tokenizer(), recipe.width, recipe.codebook
    levels, codes = len(codebook.widths), codebook.codes
    return AmusedPipeline(
        vqvae=VQModel(
            block_out_channels=codebook.widths,
            down_block_types=("DownEncoderBlock2D",) * levels,
            up_block_types=("UpDecoderBlock2D",) * levels,
            latent_channels=codebook.code_channels,
            num_vq_embeddings=codes,
            norm_num_groups=8,
            mid_block_add_attention=False,
            lookup_from_codebook=True,
            sample_size=size,
        ),
        tokenizer=words,
        text_encoder=CLIPTextModelWithProjection(text_config(words, TEXT_WIDTH)),
        transformer=UVit2DModel(
            hidden_size=width,
            block_out_channels=width,
            in_channels=width,
            intermediate_size=2 * width,
            num_hidden_layers=recipe.layers,
            num_res_blocks=1,
            num_attention_heads=4,
            block_num_heads=4,
            encoder_hidden_size=TEXT_WIDTH,
            cond_embed_dim=TEXT_WIDTH,
            micro_cond_encode_dim=MICRO_WIDTH,
            micro_cond_embed_dim=MICRO_WIDTH * MICRO_CONDITIONS,
            codebook_size=codes,
            vocab_size=codes + 1,
            sample_size=size // 2 ** (levels - 1),
        ),
        scheduler=AmusedScheduler(mask_token_id=codes),
    )


class Masked:
    """To tell hidden tokens of an image from its prompt and its other tokens: `generative.Task`.

    Parameters
    ----------
    pipeline : diffusers.AmusedPipeline
        Its transformer and text encoder are trained.
    recipe : dict
        batch_size, seed.
    prompt : str
        With `{category}`.
    world : dict
        size and texture_contrast of the training images.
    """

    def __init__(self, pipeline, recipe, prompt, world):
        self.pipeline, self.recipe, self.world = pipeline, recipe, world
        self.modules = torch.nn.ModuleList([pipeline.transformer, pipeline.text_encoder])
        self.drawings = drawing_set("training")
        self.prompts = prompt_tokens(pipeline.tokenizer, prompt)
        self.micro = torch.tensor([[world.size, world.size, 0, 0, AESTHETIC_SCORE]]).float()

    def loss(self, step):
        """The mean of -log p over the hidden tokens: a number of them that is uniform on 1 to all."""
        recipe, pipeline, n = self.recipe, self.pipeline, self.recipe.batch_size
        images, categories = batch(self.drawings, step, n, recipe.seed, self.world)
        with torch.no_grad():
            tokens = self.tokens(see(images))
        hidden = self.add_noise(tokens, generator("masked training", recipe.seed, step))
        text = pipeline.text_encoder(self.prompts, output_hidden_states=True)
        told = torch.from_numpy(categories)
        logits = pipeline.transformer(
            tokens.masked_fill(hidden, pipeline.scheduler.config.mask_token_id),
            encoder_hidden_states=text.hidden_states[-2][told],
            pooled_text_emb=text.text_embeds[told],
            micro_conds=self.micro.expand(n, -1),
        )
        return cross_entropy(logits.movedim(1, -1)[hidden], tokens[hidden])

    def tokens(self, images):
        """Tokens (image, y, x)."""
        latents = self.pipeline.vqvae.encode(images).latents
        found = self.pipeline.vqvae.quantize(latents)[2][2]
        return found.reshape(len(images), *latents.shape[2:])

    @staticmethod
    def add_noise(tokens, rng):
        """Which tokens (image, y, x) are hidden."""
        total = tokens[0].numel()
        rank = rng.permuted(torch.arange(total).expand(len(tokens), -1).numpy(), axis=1)
        return torch.from_numpy(rank < rng.integers(1, total + 1, (len(tokens), 1))).reshape(tokens.shape)


def train(recipe, prompt, world, folder):
    """Train the codebook and then the network, and save the pipeline: `training.train_generative`."""
    pipeline = untrained(recipe, world.size)
    codebook = Codebook(pipeline.vqvae, see, recipe.codebook, world)
    generative.train(codebook, recipe.codebook, folder.with_suffix(".codebook.checkpoint"))
    losses = generative.train(Masked(pipeline, recipe, prompt, world), recipe, folder.with_suffix(".checkpoint"))
    generative.save(pipeline, folder)
    return losses
