"""Masked models: image tokens are hidden, and predicted under each category's prompt.

aMUSEd (arXiv 2401.01808) stands in for Muse. It makes one forward pass for each image, category and mask. What it
predicts is read in one of two ways:

likelihood
    The mean of -log p over the hidden tokens. Their number is uniform on 1 to all, so the mean over draws times the
    number of tokens estimates a bound on -log p(tokens | prompt) (arXiv 2110.02037).
reconstruction
    The mean squared difference between the image, in [-1, 1], and its reconstruction: the image decoded with the most
    probable tokens in place of the hidden ones, in one step (arXiv 2309.16779, appendix B).
"""

from copy import copy
from functools import partial

import numpy as np
import torch

from generative_classifiers.draws import levels
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.random_numbers import generator
from generative_classifiers.models.devices import to_device
from generative_classifiers.models.distances import Perceptual, distance_of
from generative_classifiers.models.encoded_prompts import check_distinct, check_length
from generative_classifiers.models.generative import GenerativeModel
from generative_classifiers.models.loading.diffusers_pipelines import load_amused, load_vqvae
from generative_classifiers.models.reconstruction_layout import token_layout
from generative_classifiers.models.tokens.decoder import TokenDecoder
from generative_classifiers.models.tokens.likelihood import negative_log_likelihood, tokenise_singly
from generative_classifiers.models.tokens.passes import Pass, PassMemory
from generative_classifiers.stimuli.square_images import squares

AESTHETIC_SCORE = 6  # the default of AmusedPipeline, and what aMUSEd is fine-tuned with
MAX_TOKENS = 2**16  # reconstructions are kept in 16 bits for each token
GREY = 128  # of hidden patches, where people look at them


def load(observer, row, prompts, runtime, *, path=None, mirror=None):
    """Load a masked observer.

    Parameters
    ----------
    observer, prompts, path, mirror
        As for `models.load`. There is no use for `mirror`: these files come from the Hugging Face hub.
    row : study.observers.MaskedObserver
    runtime : models.base.Runtime

    Returns
    -------
    MaskedModel
    """
    parts, weights = load_amused(observer, row, path)
    return MaskedModel(observer, parts, prompts, row.reading, row.resolution, runtime, weights, row.distance)


def load_decoder(observer, row, path=None, device=None):
    """The decoder of an observer's reconstructions: `models.load_decoder`."""
    return TokenDecoder(load_vqvae(observer, row, path).to(device))


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
    check_length(observer, tokenizer, encoder)
    settings = {"padding": "max_length", "max_length": tokenizer.model_max_length, "truncation": True}
    tokens = tokenizer(list(prompts.values()), return_tensors="pt", **settings).input_ids
    check_distinct(observer, prompts, {"tokens": tokens})
    output = encoder(tokens.to(encoder.device), output_hidden_states=True)
    return output.text_embeds, output.hidden_states[-2]


class MaskedModel(GenerativeModel):
    """The parts of an aMUSEd pipeline.

    Parameters
    ----------
    observer : str
    parts : dict
        The pipeline's parts by name, as `load_amused` returns them.
    prompts : dict of str to str
    reading : {"likelihood", "reconstruction"}
        What the loss is.
    resolution : int or None
        Side of the images, instead of what the transformer was made for.
    runtime : models.base.Runtime
        Everything except the transformer is float32, whatever the network's precision.
    weights : dict
        The identity of the weights, as `load_amused` returns it.
    distance : {"l2", "perceptual"}
        Between the image and its reconstruction, where the reading is "reconstruction".

    Attributes
    ----------
    side : int
        Tokens along a side of the image.

    Raises
    ------
    InputError
        The parts do not fit each other, or the resolution does not fit them.
    """

    family = "masked"
    reconstructs = True
    packages = ("torch", "diffusers", "transformers")

    @torch.inference_mode()
    def __init__(self, observer, parts, prompts, reading, resolution, runtime, weights, distance="l2"):
        transformer, self.vqvae = parts["transformer"].to(runtime.device), parts["vqvae"].to(runtime.device)
        self.mask_token = parts["scheduler"].config.mask_token_id
        check_tokens(observer, transformer.config, self.vqvae.config, self.mask_token)
        pixels_per_token = 2 ** (len(self.vqvae.config.block_out_channels) - 1)
        resolution = int(resolution or transformer.config.sample_size * pixels_per_token)
        step = pixels_per_token * (2 if transformer.config.downsample else 1)
        if resolution < step or resolution % step:
            raise InputError(f"{observer}: resolution is {resolution}, expected a multiple of {step}")
        self.distance, chosen = distance_of(observer, distance, resolution, runtime.device)
        identity = {"reading": reading} | ({} if distance == "l2" else chosen) | weights
        super().__init__(observer, transformer, prompts, resolution, runtime, identity)
        self.reading, self.decoder = reading, TokenDecoder(self.vqvae)
        self.passes: PassMemory | None = None  # nobody else needs them yet
        self.side = resolution // pixels_per_token
        # As AmusedPipeline conditions: width, height, the crop's corner, and the aesthetic score.
        micro_conditions = [[resolution, resolution, 0, 0, AESTHETIC_SCORE]]
        self.micro_conditions = torch.tensor(micro_conditions, device=self.device).float()
        encoder = parts["text_encoder"].to(self.device)
        self.pooled, self.states = encode_prompts(observer, parts["tokenizer"], encoder, prompts)

    def read_as(self, observer, reading):
        """The same network under another name, read in another way. The two share their forward passes.

        Parameters
        ----------
        observer : str
        reading : {"likelihood", "reconstruction"}

        Returns
        -------
        MaskedModel
        """
        self.passes = self.passes or PassMemory()
        other = copy(self)
        other.observer, other.reading = observer, reading
        other.identity = self.identity | {"reading": reading}
        return other

    def terms(self):
        """The values of the image, or its tokens, or None: `models.base.Model.terms`.

        The number of hidden tokens is uniform, so the mean over draws times the number of all tokens is the bound of
        arXiv 2110.02037 on the negative log-likelihood.
        """
        if self.reading == "likelihood":
            return self.side**2
        return None if isinstance(self.distance, Perceptual) else 3 * self.resolution**2

    def draws(self, count, seed, rule="golden"):
        """How many tokens are hidden at each draw: `models.base.Model.draws`.

        sigma is the share of hidden tokens, alpha that of the others. Their number is uniform on 1 to all. There is
        no time, so every draw counts alike: the weighting of diffusion's noise levels means nothing here.
        """
        total = self.side**2
        hidden = np.minimum(np.floor(levels.times(count, seed, rule) * total) + 1, total) / total
        no_time, seeds = np.full(count, np.nan), np.full(count, seed, np.int64)
        return levels.Draws(np.arange(count), no_time, 1 - hidden, hidden, seeds)

    def _encode(self, images):
        """Images (image, 3, y, x) in [-1, 1], and their tokens (image, y, x)."""
        pixels = self._pixels(images)
        return pixels, tokenise_singly(pixels, self._tokenise)

    def _tokenise(self, images):
        """Tokens (image, y, x) of images (image, 3, y, x) in [-1, 1]."""
        latents = self.vqvae.encode((images + 1) / 2).latents
        return self.vqvae.quantize(latents)[2][2].reshape(-1, self.side, self.side)

    def _evaluate_batch(self, encoded, names, draws, batch, kept):
        images, tokens = encoded
        predict = partial(self._pass, tokens, names, draws, batch)
        passed = self.passes.recall(encoded, names, draws, batch, predict) if self.passes else predict()
        loss = passed.loss
        if self.reading == "reconstruction":
            reconstructed = self._decode(passed.completed)
            with self._full_precision():
                loss = self.distance(images[to_device(batch.image, self.device)], reconstructed)
        return loss, passed.completed[np.flatnonzero(kept)].cpu().numpy().astype(np.uint16) if kept.any() else None

    def _pass(self, tokens, names, draws, batch):
        """What the network predicts for a batch of masked tokens: `passes.Pass`."""
        indices = batch.to(self.device)
        true = tokens[indices.image]
        hidden = self._hidden_tokens(*batch.noised_images(names, draws))[indices.noised]
        logits = self._predict(true.masked_fill(hidden, self.mask_token), indices.category)
        cost = negative_log_likelihood(logits, true).masked_fill(~hidden, 0)
        loss = cost.flatten(1).sum(1) / hidden.flatten(1).sum(1)
        return Pass(loss, torch.where(hidden, logits.argmax(1), true))

    @property
    def reconstruction_layout(self):
        """Tokens: `models.base.Model.reconstruction_layout`."""
        return token_layout(self.side, self.decoder.hash)

    def _to_pixels(self, reconstruction):
        return self.decoder.pixels(reconstruction)

    def _add_noise(self, images, names, draws):
        """Images with hidden patches in grey."""
        hidden = self._hidden_tokens(names, draws).cpu().numpy()
        patch = np.ones((self.resolution // self.side,) * 2, bool)
        return np.where(np.kron(hidden, patch)[..., None], np.uint8(GREY), squares(images, self.resolution))

    def _hidden_tokens(self, names, draws):
        """Which tokens are hidden in noised images, bool (noised image, y, x), by their names and draws."""
        hidden = np.zeros((len(names), self.side**2), bool)
        for row, name, number, seed, share in zip(hidden, names, draws.number, draws.seed, draws.sigma, strict=True):
            order = generator("mask", name, number, seed).permutation(len(row))
            row[order[: round(share * len(row))]] = True
        return to_device(hidden, self.device).reshape(-1, self.side, self.side)

    def _predict(self, tokens, category):
        """The transformer's logits (evaluation, code, y, x), in its own precision."""
        return self.network(
            tokens,
            encoder_hidden_states=self.states[category],
            pooled_text_emb=self.pooled[category],
            micro_conds=self.micro_conditions.expand(len(tokens), -1),
        )

    def _decode(self, tokens):
        """Images (evaluation, 3, y, x) of tokens (evaluation, y, x), in [-1, 1]."""
        with self._full_precision():
            return self.decoder.decode(tokens)


def check_tokens(observer, transformer, vqvae, mask_token):
    """Check that tokens mean the same to the parts of a pipeline.

    Parameters
    ----------
    observer : str
        For messages.
    transformer, vqvae : diffusers.configuration_utils.FrozenDict
        The configurations of the two networks.
    mask_token : int
        What the transformer sees in place of hidden tokens.

    Raises
    ------
    InputError
    """
    codes = transformer.codebook_size
    if vqvae.num_vq_embeddings != codes:
        raise InputError(f"{observer}: its transformer has {codes} tokens, its VQ model {vqvae.num_vq_embeddings}")
    if not codes <= mask_token < transformer.vocab_size:
        last = transformer.vocab_size - 1
        raise InputError(f"{observer}: its mask is token {mask_token}, expected one of {codes} to {last}")
    if codes > MAX_TOKENS:
        raise InputError(f"{observer}: its transformer has {codes} tokens, expected at most {MAX_TOKENS}")
    if not vqvae.lookup_from_codebook:
        raise InputError(f"{observer}: its VQ model cannot decode tokens (lookup_from_codebook is false)")
