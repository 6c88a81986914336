"""Autoregressive models: the loss of a category is -log p(image tokens | its prompt).

Janus (arXiv 2410.13848, 2501.17811) stands in for Parti.
"""

import torch
from torch.nn import functional
from transformers import DynamicCache

from generative_classifiers.draws.levels import single
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.base import DTYPES, choose_device, signed
from generative_classifiers.models.diffusion.adapters import check_distinct
from generative_classifiers.models.loading.token_models import load_janus
from generative_classifiers.models.tokens.likelihood import LOGITS, negative_log_likelihood, tokens_of
from generative_classifiers.stimuli.square_images import squares


def load(observer, row, prompts, path, device, batch_size):
    """Load an autoregressive observer: `models.load`.

    Parameters
    ----------
    observer : str
    row : study.observers.AutoregressiveObserver
    prompts : dict of str to str
    path : Path or None
    device : str
    batch_size : int

    Returns
    -------
    AutoregressiveModel
    """
    device = choose_device(device)
    network, processor, identity = load_janus(observer, row, path)
    tokens = text_to_image(observer, processor, prompts)
    settings = {"dtype": row.dtype, "batch_size": batch_size, "resolution": row.resolution}
    model = AutoregressiveModel(observer, network, tokens, prompts, device, **settings)
    model.identity |= identity
    return model


def text_to_image(observer, processor, prompts):
    """Tokens of prompts as Janus is asked for images: a user's message, then the token that begins an image.

    Parameters
    ----------
    observer : str
        For messages.
    processor : transformers.JanusProcessor
    prompts : dict of str to str
        By category.

    Returns
    -------
    transformers.BatchFeature
        `input_ids`, `attention_mask` (category, token), padded on the left.

    Raises
    ------
    InputError
        No template, or two prompts that are the same to the tokenizer.
    """
    messages = [[{"role": "user", "content": [{"type": "text", "text": text}]}] for text in prompts.values()]
    try:
        texts = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    except ValueError as error:
        raise InputError(f"{observer}: its processor has no template for prompts ({error})") from error
    settings = {"padding": True, "padding_side": "left", "return_tensors": "pt"}
    tokens = processor(text=texts, generation_mode="image", **settings)
    check_distinct(observer, prompts, {"tokens": tokens["input_ids"]})
    return tokens


def tokenise(tokenizer, images):
    """Janus' tokens of images: for each patch the code whose direction is nearest.

    The codebook is one of directions: what Janus was trained with (deepseek-ai/Janus, `codebook_l2_norm`) compares
    normalised vectors, and `get_codebook_entry` normalises too. `JanusVQVAE.encode` of transformers compares vectors
    as they are, which are other tokens.

    Parameters
    ----------
    tokenizer : transformers.models.janus.modeling_janus.JanusVQVAE
    images : torch.Tensor
        (image, 3, y, x) in [-1, 1].

    Returns
    -------
    torch.Tensor
        int64 (image, token), row by row.
    """
    found = functional.normalize(tokenizer.quant_conv(tokenizer.encoder(images)), dim=1)
    codes = functional.normalize(tokenizer.quantize.embedding.weight, dim=1)
    return torch.einsum("icyx,kc->iyxk", found, codes).argmax(-1).flatten(1)


class PromptCache(DynamicCache):
    """Keys and values of prompts that are read and never added to: nobody reads those of the image tokens again."""

    def update(self, key_states, value_states, layer_idx, *args, **kwargs):
        """Keys and values of the prompts and of what follows them: `transformers.Cache.update`."""
        prompt = self.layers[layer_idx]
        return torch.cat([prompt.keys, key_states], 2), torch.cat([prompt.values, value_states], 2)


class AutoregressiveModel:
    """A Janus network behind `models.base.Model`.

    Parameters
    ----------
    observer : str
        For messages.
    network : transformers.JanusForConditionalGeneration
    tokens : dict
        Of the prompts: `text_to_image`.
    prompts : dict of str to str
    device : torch.device
    dtype : {"float32", "bfloat16", "float16"}
        Precision of the network; images are tokenised and probabilities computed in float32.
    batch_size : int
    resolution : int, optional
        For a check: the network knows one number of tokens only.

    Raises
    ------
    InputError
        Another resolution than the network's.
    """

    reconstructs = False
    packages = ("torch", "transformers")

    @torch.inference_mode()
    def __init__(self, observer, network, tokens, prompts, device, dtype="float32", batch_size=64, resolution=None):
        self.categories, self.device = tuple(prompts), device
        self.dtype, self.batch_size = DTYPES[dtype], batch_size
        config = network.config.vq_config
        self.resolution = config.num_patches * 2 ** (len(config.channel_multiplier) - 1)
        if resolution not in (None, self.resolution):
            raise InputError(f"{observer}: resolution is {resolution}, expected {self.resolution}")
        janus = network.model
        self.tokenizer, self.language = janus.vqmodel.to(device), janus.language_model.to(device)
        self.network = self.language
        # What Janus sees images with is another network, which has no say here.
        self.embeddings, self.aligner, self.head = (
            part.to(device) for part in (janus.generation_embeddings, janus.generation_aligner, janus.generation_head)
        )
        self._read(tokens)
        self.identity = {
            "family": "autoregressive",
            "prompts": dict(prompts),
            "dtype": dtype,
            "batch_size": batch_size,
            "resolution": self.resolution,
        }

    def _precision(self):
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def _read(self, tokens):
        """Keep what image tokens will ask of the prompts: their keys and values, and their last state."""
        self.there = tokens["attention_mask"].to(self.device)
        with self._precision():
            read = self.language(
                input_ids=tokens["input_ids"].to(self.device),
                attention_mask=self.there,
                position_ids=(self.there.cumsum(1) - 1).clamp(min=0),
                use_cache=True,
            )
        self.cache = [(layer.keys, layer.values) for layer in read.past_key_values.layers]
        self.last = read.last_hidden_state[:, -1:]

    def draws(self, count, seed, rule="golden"):
        """One draw without a time, since there is one order of tokens: `models.base.Model.draws`."""
        return single(seed)

    @torch.inference_mode()
    def evaluate(self, images, names, draws, reconstruct=None, wanted=None):
        """Evidence of a batch of images: `models.base.Model.evaluate`. There is nothing to reconstruct."""
        # On a GPU, float32 is float32 and the same bytes come again.
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            seen = signed(squares(images, self.resolution)).to(self.device)
            tokens = tokens_of(seen, lambda image: tokenise(self.tokenizer, image))
            pairs = torch.arange(len(names) * len(self.categories), device=self.device)
            losses = []
            with self._precision():
                embedded = self.aligner(self.embeddings(tokens[:, :-1]))
                for batch in pairs.split(self.batch_size):
                    image, category = batch // len(self.categories), batch % len(self.categories)
                    states = self._states(embedded[image], category)
                    losses.append(self._cost(states, tokens[image]))
        return torch.cat(losses).reshape(len(names), -1, 1).cpu().numpy(), None

    def _states(self, embedded, category):
        """What the network knows before each image token, (pair, token, channel)."""
        cache = PromptCache([(keys[category], values[category]) for keys, values in self.cache])
        there = self.there[category]
        places = torch.arange(embedded.shape[1], device=self.device)
        states = self.language(
            inputs_embeds=embedded,
            attention_mask=functional.pad(there, (0, len(places)), value=1),
            position_ids=there.sum(1, keepdim=True) + places,
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        return torch.cat([self.last[category], states], 1)

    def _cost(self, states, tokens):
        """-log p of all tokens together, float32 (pair,)."""
        codes = self.head.vision_head.out_features
        part = max(1, LOGITS // (tokens.shape[1] * codes))
        parts = zip(states.split(part), tokens.split(part), strict=True)
        return torch.cat(
            [negative_log_likelihood(self.head(some).transpose(1, 2), true).sum(1) for some, true in parts]
        )
