"""The miniature's aMUSEd: the same classes, small."""

import numpy as np
import torch
from diffusers import AmusedPipeline, AmusedScheduler, UVit2DModel, VQModel
from torch.nn.functional import cross_entropy
from transformers import CLIPTextModelWithProjection

from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.models.tokens.masked import AESTHETIC_SCORE
from generative_classifiers.training import generative
from generative_classifiers.training.augmentation import augmented
from generative_classifiers.training.data import DrawingBatches, seeded
from generative_classifiers.training.miniature.codebook import CodebookTask
from generative_classifiers.training.miniature.prompt_tokenizer import prompt_tokenizer, prompt_tokens, text_config

TEXT_WIDTH = 64
MICRO_CONDITIONS = 5  # numbers that describe an image in addition to its prompt: its size, crop and aesthetic score
MICRO_WIDTH = 4  # channels of each


def preprocess(images):
    """Images as aMUSEd's VQ model sees them, (image, 3, y, x) in [0, 1]."""
    return (pixels_to_tensor(images) + 1) / 2


def untrained(recipe, size):
    """The pipeline with random weights.

    Parameters
    ----------
    recipe : study.recipes.Masked
    size : int
        Pixels along an image's side.

    Returns
    -------
    diffusers.AmusedPipeline
    """
    torch.manual_seed(recipe.seed)
    tokenizer, width, codebook = prompt_tokenizer(), recipe.width, recipe.codebook
    levels, codes = len(codebook.widths), codebook.codes
    return AmusedPipeline(
        vqvae=VQModel(
            block_out_channels=codebook.widths,
            down_block_types=("DownEncoderBlock2D",) * levels,
            up_block_types=("UpDecoderBlock2D",) * levels,
            latent_channels=codebook.code_channels,
            num_vq_embeddings=codes,
            norm_num_groups=4,  # of several channels, which keeps the colour of the image
            mid_block_add_attention=False,
            lookup_from_codebook=True,
            sample_size=size,
        ),
        tokenizer=tokenizer,
        text_encoder=CLIPTextModelWithProjection(text_config(tokenizer, TEXT_WIDTH)),
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
            # The transformer sees blocks of 2 x 2 tokens.
            downsample=True,
            upsample=True,
        ),
        scheduler=AmusedScheduler(mask_token_id=codes),
    )


class MaskedTokenTask(generative.Task):
    """To predict hidden tokens of an image from its prompt and its other tokens.

    Parameters
    ----------
    pipeline : diffusers.AmusedPipeline
        Its transformer and text encoder are trained.
    recipe : study.recipes.Masked
    prompt : str
        With `{category}` in the place of the class name.
    world : study.settings.World
    """

    def __init__(self, pipeline, recipe, prompt, world):
        super().__init__([pipeline.transformer, pipeline.text_encoder])
        self.pipeline, self.recipe = pipeline, recipe
        self.batches = DrawingBatches(world, recipe.batch_size, recipe.seed, recipe.resolution)
        self.prompts = prompt_tokens(pipeline.tokenizer, prompt)
        size = self.batches.resolution
        self.micro_conditions = torch.tensor([[size, size, 0, 0, AESTHETIC_SCORE]]).float()

    def __getitem__(self, step):
        """Images as the VQ model sees them, after the recipe's augmentation; categories; which tokens are hidden."""
        images, categories = self.batches(step)
        with seeded("augmentation", self.recipe.seed, step):
            seen = (augmented(images, self.recipe.augmentation) + 1) / 2
        side = self.pipeline.transformer.config.sample_size
        hidden = random_mask((len(images), side, side), generator("masked training", self.recipe.seed, step))
        return seen, torch.from_numpy(categories), hidden

    def loss(self, step, images, categories, hidden):
        """The mean of -log p over the hidden tokens."""
        with torch.no_grad():
            tokens = self._tokenise(images)
        text = self.pipeline.text_encoder(self.prompts.to(images.device), output_hidden_states=True)
        logits = self.pipeline.transformer(
            tokens.masked_fill(hidden, self.pipeline.scheduler.config.mask_token_id),
            encoder_hidden_states=text.hidden_states[-2][categories],
            pooled_text_emb=text.text_embeds[categories],
            micro_conds=self.micro_conditions.to(images.device).expand(len(tokens), -1),
        )
        return cross_entropy(logits.movedim(1, -1)[hidden], tokens[hidden])

    def _tokenise(self, images):
        """Tokens (image, y, x)."""
        latents = self.pipeline.vqvae.encode(images).latents
        indices = self.pipeline.vqvae.quantize(latents)[2][2]
        return indices.reshape(len(images), *latents.shape[2:])


def random_mask(shape, rng):
    """Which tokens are hidden: of each image a number that is uniform on 1 to all.

    Parameters
    ----------
    shape : tuple of int
        (image, y, x).
    rng : numpy.random.Generator

    Returns
    -------
    torch.Tensor
        bool (image, y, x).
    """
    images, height, width = shape
    total = height * width
    rank = rng.permuted(np.tile(np.arange(total), (images, 1)), axis=1)
    count = rng.integers(1, total + 1, (images, 1))
    return torch.from_numpy(rank < count).reshape(shape)


def train(recipe, prompt, world, folder, device, workers):
    """Train the codebook and then the network, and save the pipeline: `training.train_generative`."""
    pipeline = untrained(recipe, recipe.resolution or world.size).to(device)
    coding = CodebookTask(pipeline.vqvae, preprocess, recipe.codebook, world, recipe.resolution)
    generative.train(coding, recipe.codebook, folder.with_suffix(".codebook.checkpoint"), workers=workers)
    predicting = MaskedTokenTask(pipeline, recipe, prompt, world)
    generative.train(predicting, recipe, folder.with_suffix(".checkpoint"), workers=workers)
    generative.save(pipeline, folder)
