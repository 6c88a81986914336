"""Autoregressive models: the loss of a category is -log p(image tokens | its prompt).

Janus (arXiv 2410.13848, 2501.17811) stands in for Parti.
"""

import torch
from torch.nn import functional

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.devices import cast_weights
from generative_classifiers.models.encoded_prompts import check_distinct
from generative_classifiers.models.generative import GenerativeModel
from generative_classifiers.models.loading.transformers_models import load_janus
from generative_classifiers.models.tokens.likelihood import (
    evaluations_at_once,
    negative_log_likelihood,
    tokenise_singly,
)
from generative_classifiers.models.tokens.prompt_cache import PromptCache


def load(observer, row, prompts, runtime, *, path=None, mirror=None):
    """Load an autoregressive observer.

    Parameters
    ----------
    observer, prompts, path, mirror
        As for `models.load`. There is no use for `mirror`: these files come from the Hugging Face hub.
    row : study.observers.AutoregressiveObserver
    runtime : models.base.Runtime

    Returns
    -------
    AutoregressiveModel

    Raises
    ------
    InputError
        The row has a resolution other than the network's, the only one that it knows.
    """
    network, processor, weights = load_janus(observer, row, path)
    tokens = text_to_image(observer, processor, prompts)
    model = AutoregressiveModel(observer, network, tokens, prompts, runtime, weights)
    if row.resolution not in (None, model.resolution):
        raise InputError(f"{observer}: resolution is {row.resolution}, expected {model.resolution}")
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
        The processor has no template, or two prompts are the same to the tokenizer.
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
    as they are, which gives other tokens.

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
    patches = functional.normalize(tokenizer.quant_conv(tokenizer.encoder(images)), dim=1)
    codes = functional.normalize(tokenizer.quantize.embedding.weight, dim=1)
    return torch.einsum("icyx,kc->iyxk", patches, codes).argmax(-1).flatten(1)


class AutoregressiveModel(GenerativeModel):
    """A Janus network.

    Parameters
    ----------
    observer : str
    network : transformers.JanusForConditionalGeneration
    tokens : dict
        Of the prompts: `text_to_image`.
    prompts : dict of str to str
    runtime : models.base.Runtime
        Images are tokenised and probabilities computed in float32, whatever the network's precision.
    weights : dict
        The identity of the weights, as `load_janus` returns it.
    """

    family = "autoregressive"
    packages = ("torch", "transformers")

    @torch.inference_mode()
    def __init__(self, observer, network, tokens, prompts, runtime, weights):
        config, janus = network.config.vq_config, network.model
        resolution = config.num_patches * 2 ** (len(config.channel_multiplier) - 1)
        language_model = janus.language_model.to(runtime.device)
        super().__init__(observer, language_model, prompts, resolution, runtime, weights)
        # Janus looks at images through another network, which has no part in generating them.
        self.tokenizer = janus.vqmodel.to(self.device)
        self.embeddings = janus.generation_embeddings.to(self.device)
        self.aligner = janus.generation_aligner.to(self.device)
        self.head = janus.generation_head.to(self.device)
        for part in (self.aligner, self.head):
            cast_weights(part, self.dtype)
        self.prompt_mask = tokens["attention_mask"].to(self.device)
        self.prompt_cache, self.last_state = self._read_prompts(tokens["input_ids"].to(self.device))

    def _read_prompts(self, tokens):
        """What image tokens depend on: keys and values of the prompts by layer, and the state of their last token."""
        with self._precision():
            # `forward`, since a compiled network would be compiled for prompts as well.
            read = self.network.forward(
                input_ids=tokens,
                attention_mask=self.prompt_mask,
                position_ids=(self.prompt_mask.cumsum(1) - 1).clamp(min=0),
                use_cache=True,
            )
        return [(layer.keys, layer.values) for layer in read.past_key_values.layers], read.last_hidden_state[:, -1:]

    def _encode(self, images):
        """Tokens (image, token), and embeddings (image, token - 1, channel) of all but the last."""
        tokens = tokenise_singly(self._pixels(images), lambda image: tokenise(self.tokenizer, image))
        with self._precision():
            return tokens, self.aligner(self.embeddings(tokens[:, :-1]))

    def _evaluate_batch(self, encoded, names, draws, batch, kept):
        tokens, embeddings = encoded
        indices = batch.to(self.device)
        states = self._states(embeddings[indices.image], indices.category)
        return self._negative_log_likelihood(states, tokens[indices.image]), None

    def _states(self, embeddings, category):
        """The network's state before each image token, (evaluation, token, channel)."""
        cache = PromptCache([(keys[category], values[category]) for keys, values in self.prompt_cache])
        prompt_mask = self.prompt_mask[category]
        count = embeddings.shape[1]
        output = self.network(
            inputs_embeds=embeddings,
            attention_mask=functional.pad(prompt_mask, (0, count), value=1),
            position_ids=prompt_mask.sum(1, keepdim=True) + torch.arange(count, device=self.device),
            past_key_values=cache,
            use_cache=True,
        )
        return torch.cat([self.last_state[category], output.last_hidden_state], 1)

    def _negative_log_likelihood(self, states, tokens):
        """-log p of all tokens together, float32 (evaluation,)."""
        size = evaluations_at_once(tokens.shape[1] * self.head.vision_head.out_features)
        losses = []
        for states_part, tokens_part in zip(states.split(size), tokens.split(size), strict=True):
            logits = self.head(states_part)  # (evaluation, token, code)
            losses.append(negative_log_likelihood(logits.transpose(1, 2), tokens_part).sum(1))
        return torch.cat(losses)
