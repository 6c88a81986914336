"""Masked models: image tokens are hidden and asked for under each category's prompt.

aMUSEd (arXiv 2401.01808) stands in for Muse. Its answer is read in one of two ways:

likelihood
    The mean of -log p over the hidden tokens. With a number of them that is uniform on 1 to all, as it is here, the
    mean over draws times the number of tokens estimates a bound on -log p(tokens | prompt) (arXiv 2110.02037).
reconstruction
    The mean squared difference between the image, in [-1, 1], and the one painted with the most probable tokens in
    place of the hidden ones, in one step (arXiv 2309.16779, appendix B).
"""

import numpy as np
import torch

from generative_classifiers.draws import levels
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.base import DTYPES, choose_device, signed, unsigned
from generative_classifiers.models.batches import LastResultCache, batches, everything, samples
from generative_classifiers.models.diffusion.adapters import check_distinct
from generative_classifiers.models.loading.token_models import load_amused
from generative_classifiers.models.tokens.likelihood import negative_log_likelihood, tokens_of
from generative_classifiers.stimuli.square_images import squares

AESTHETIC_SCORE = 6  # the default of AmusedPipeline, and what aMUSEd is fine-tuned with
# A decoder's activations at full resolution are many times those of the network behind it.
DECODED = 8
# What people are shown in place of what is hidden.
GREY = 128


def load(observer, row, prompts, path, device, batch_size):
    """Load a masked observer: `models.load`.

    Parameters
    ----------
    observer : str
    row : study.observers.MaskedObserver
    prompts : dict of str to str
    path : Path or None
    device : str
    batch_size : int

    Returns
    -------
    MaskedModel
    """
    device = choose_device(device)
    parts, identity = load_amused(observer, row, path)
    settings = {"dtype": row.dtype, "batch_size": batch_size, "resolution": row.resolution}
    model = MaskedModel(observer, parts, prompts, device, row.reading, **settings)
    model.identity |= identity
    return model


def encode_prompts(observer, tokenizer, encoder, prompts):
    """Embed prompts as aMUSEd does.

    Parameters
    ----------
    observer : str
        For messages.
    tokenizer : transformers.CLIPTokenizer
    encoder : transformers.CLIPTextModelWithProjection
    prompts : dict of str to str
        By category.

    Returns
    -------
    pooled : torch.Tensor
        (category, channel): the projected last state of the prompt's end.
    states : torch.Tensor
        (category, token, channel): the last layer's input.
    """
    settings = {"padding": "max_length", "max_length": tokenizer.model_max_length, "truncation": True}
    tokens = tokenizer(list(prompts.values()), return_tensors="pt", **settings).input_ids
    check_distinct(observer, prompts, {"tokens": tokens})
    output = encoder(tokens.to(encoder.device), output_hidden_states=True)
    return output.text_embeds, output.hidden_states[-2]


class MaskedModel:
    """The parts of an aMUSEd pipeline behind `models.base.Model`.

    Parameters
    ----------
    observer : str
        For messages.
    parts : dict
        `checkpoints.load_amused`.
    prompts : dict of str to str
    device : torch.device
    reading : {"likelihood", "reconstruction"}
    dtype : {"float32", "bfloat16", "float16"}
        Precision of the transformer; all else is float32.
    batch_size : int
    resolution : int, optional
        Side of the images instead of what the transformer was made for.

    Raises
    ------
    InputError
        Parts that do not fit each other, or a resolution that does not fit them.
    """

    reconstructs = True
    packages = ("torch", "diffusers", "transformers")

    @torch.inference_mode()
    def __init__(
        self,
        observer,
        parts,
        prompts,
        device,
        reading="likelihood",
        dtype="float32",
        batch_size=64,
        resolution=None,
    ):
        self.categories, self.device, self.reading = tuple(prompts), device, reading
        self.dtype, self.batch_size = DTYPES[dtype], batch_size
        self.transformer, self.vqvae = parts["transformer"].to(device), parts["vqvae"].to(device)
        self.network = self.transformer
        self.encode = LastResultCache(self._encode)
        self.mask = parts["scheduler"].config.mask_token_id
        self._check(observer)
        factor = 2 ** (len(self.vqvae.config.block_out_channels) - 1)
        step = factor * (2 if self.transformer.config.downsample else 1)
        self.resolution = int(resolution or self.transformer.config.sample_size * factor)
        if self.resolution < step or self.resolution % step:
            raise InputError(f"{observer}: resolution is {self.resolution}, expected a multiple of {step}")
        self.side = self.resolution // factor
        # As AmusedPipeline conditions: width, height, the crop's corner, and how beautiful.
        self.micro = torch.tensor([[self.resolution, self.resolution, 0, 0, AESTHETIC_SCORE]], device=device).float()
        encoder = parts["text_encoder"].to(device)
        self.pooled, self.states = encode_prompts(observer, parts["tokenizer"], encoder, prompts)
        self.identity = {
            "family": "masked",
            "reading": reading,
            "prompts": dict(prompts),
            "dtype": dtype,
            "batch_size": batch_size,
            "resolution": self.resolution,
        }

    def _check(self, observer):
        """Raise InputError unless tokens are the same to transformer and tokenizer."""
        codes, known = self.vqvae.config.num_vq_embeddings, self.transformer.config.codebook_size
        if codes != known:
            raise InputError(f"{observer}: its transformer has {known} tokens, its VQ model {codes}")
        if not known <= self.mask < self.transformer.config.vocab_size:
            limit = self.transformer.config.vocab_size - 1
            raise InputError(f"{observer}: its mask is token {self.mask}, expected one of {known} to {limit}")
        if not self.vqvae.config.lookup_from_codebook:
            raise InputError(f"{observer}: its VQ model cannot decode tokens (lookup_from_codebook is false)")

    def draws(self, count, seed, rule="golden"):
        """How many tokens are hidden at each draw: `models.base.Model.draws`.

        sigma is the share of hidden tokens, alpha that of the others. Their number is uniform on 1 to all. There is
        no time, so every draw counts alike: the weights of diffusion's noise levels mean nothing here.
        """
        total = self.side**2
        hidden = np.minimum(np.floor(levels.times(count, seed, rule) * total) + 1, total) / total
        none, seeds = np.full(count, np.nan), np.full(count, seed, np.int64)
        return levels.Draws(np.arange(count), none, 1 - hidden, hidden, seeds)

    @torch.inference_mode()
    def evaluate(self, images, names, draws, reconstruct=None, wanted=None):
        """Evidence of a batch of images: `models.base.Model.evaluate`.

        Batches cross draws, images and categories. What else is asked for decides which evaluations share one, and
        so how their losses are rounded: by 1e-4 at most.
        """
        wanted = everything(self, names, draws) if wanted is None else wanted
        keep, kept = draws.number == reconstruct, []
        loss = torch.full(wanted.shape, torch.nan, device=self.device)
        # On a GPU, float32 is float32 and the same bytes come again.
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            clean, tokens = self.encode(images)
            for batch in batches(wanted | keep, self.batch_size):
                there, hidden = batch.to(self.device), self._mask_tokens(names, draws, batch)
                found, painted = self._evaluate_batch(clean, tokens, hidden, there, keep[batch.draw])
                loss[there.image, there.category, there.draw] = found
                if painted is not None:
                    kept.append(painted)
        loss = loss.cpu().numpy()
        loss[~wanted] = np.nan
        return loss, np.concatenate(kept).reshape(*wanted.shape[:2], *kept[0].shape[1:]) if kept else None

    def _encode(self, images):
        """uint8 images as (image, 3, y, x) in [-1, 1], and their tokens (image, y, x)."""
        clean = signed(squares(images, self.resolution)).to(self.device)
        return clean, tokens_of(clean, self._tokenise)

    def _tokenise(self, images):
        """Tokens (image, y, x) of images (image, 3, y, x) in [-1, 1]."""
        latents = self.vqvae.encode((images + 1) / 2).latents
        return self.vqvae.quantize(latents)[2][2].reshape(-1, self.side, self.side)

    def add_noise(self, images, names, draw):
        """What is left of images, hidden patches in grey: `models.base.Model.add_noise`."""
        hidden = self._mask_tokens(names, draw, samples(len(names))).cpu().numpy()
        patch = np.ones((self.resolution // self.side,) * 2, bool)
        return np.where(np.kron(hidden, patch)[..., None], np.uint8(GREY), squares(images, self.resolution))

    def _mask_tokens(self, names, draws, batch):
        """Which tokens (sample, y, x) are hidden from a batch, whatever the category."""
        shares = draws.sigma[batch.draw[batch.first]]
        hidden = np.zeros((len(shares), self.side**2), bool)
        for row, share, key in zip(hidden, shares, batch.samples(names, draws), strict=True):
            order = generator("mask", *key).permutation(len(row))
            row[order[: round(share * len(row))]] = True
        return torch.from_numpy(hidden).to(self.device).reshape(-1, self.side, self.side)

    def _evaluate_batch(self, clean, tokens, hidden, batch, keep):
        """Losses (evaluation,) of a batch, and what is painted in those that are to be kept."""
        true, unknown = tokens[batch.image], hidden[batch.sample]
        logits = self._predict(true.masked_fill(unknown, self.mask), batch.category)
        painted = None
        if keep.any() or self.reading == "reconstruction":
            painted = self._paint(torch.where(unknown, logits.argmax(1), true))
        loss = self._read(logits, true, unknown, painted, clean[batch.image])
        return loss, unsigned(painted[np.flatnonzero(keep)]) if keep.any() else None

    def _predict(self, tokens, category):
        """The transformer's logits (pair, code, y, x), in its own precision."""
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            return self.transformer(
                tokens,
                encoder_hidden_states=self.states[category],
                pooled_text_emb=self.pooled[category],
                micro_conds=self.micro.expand(len(tokens), -1),
            )

    def _paint(self, tokens):
        """Images (pair, 3, y, x) in [-1, 1] of tokens (pair, y, x); clipped, as whoever looks at them sees them."""
        channels = self.vqvae.quantize.vq_embed_dim
        painted = [
            self.vqvae.decode(part, force_not_quantize=True, shape=(*part.shape, channels)).sample
            for part in tokens.split(DECODED)
        ]
        return torch.cat(painted).clamp(0, 1) * 2 - 1

    def _read(self, logits, true, unknown, painted, clean):
        """Loss (pair,) by this model's reading."""
        if self.reading == "reconstruction":
            return (clean - painted).square().flatten(1).mean(1)
        cost = negative_log_likelihood(logits, true).masked_fill(~unknown, 0)
        return cost.flatten(1).sum(1) / unknown.flatten(1).sum(1)
