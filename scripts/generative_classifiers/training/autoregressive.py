"""The miniature's Janus: the same classes, small, for images of 32 x 32 pixels."""

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch.nn.functional import cross_entropy
from transformers import (
    JanusConfig,
    JanusForConditionalGeneration,
    JanusImageProcessor,
    JanusProcessor,
    PreTrainedTokenizerFast,
)

from generative_classifiers.models.base import signed
from generative_classifiers.models.tokens.autoregressive import text_to_image, tokenise
from generative_classifiers.stimuli.miniature.drawing_set import batch, drawing_set
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.training import generative
from generative_classifiers.training.codebook import Codebook
from generative_classifiers.training.prompt_tokenizer import WORDS

PAD, BOS, EOS, UNKNOWN = "<pad>", "<bos>", "<eos>", "<unknown>"
IMAGE, BEGIN, END = "<image_placeholder>", "<begin_of_image>", "<end_of_image>"
SPECIAL = (PAD, BOS, EOS, UNKNOWN, IMAGE, BEGIN, END)
# There is nobody to tell apart: a prompt is its message.
TEMPLATE = "{% for message in messages %}{{ message['content'][0]['text'] }}{% endfor %}"
DOWNSAMPLED = 4  # pixels along a token's side


def processor(size):
    """What Janus reads prompts with, one token a word.

    Parameters
    ----------
    size : int
        Pixels along an image's side.

    Returns
    -------
    transformers.JanusProcessor
    """
    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *WORDS))}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    words.normalizer, words.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.WhitespaceSplit()
    words.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, vocabulary[BOS])])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNKNOWN,
        extra_special_tokens={"image_token": IMAGE, "boi_token": BEGIN, "eoi_token": END},
    )
    pictures = JanusImageProcessor(size={"height": size, "width": size}, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    return JanusProcessor(pictures, tokenizer, chat_template=TEMPLATE)


def untrained(recipe, tokenizer, size):
    """The network with random weights.

    Parameters
    ----------
    recipe : dict
        width, layers, seed, and of the codebook: codes, code_channels.
    tokenizer : transformers.PreTrainedTokenizerFast
    size : int
        Pixels along an image's side.

    Returns
    -------
    transformers.JanusForConditionalGeneration
    """
    torch.manual_seed(recipe.seed)
    width, tokens = recipe.width, size // DOWNSAMPLED
    special = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    network = JanusForConditionalGeneration(
        JanusConfig(
            text_config={
                "model_type": "llama",
                "vocab_size": len(tokenizer),
                "hidden_size": width,
                "intermediate_size": 2 * width,
                "num_hidden_layers": recipe.layers,
                "num_attention_heads": 4,
                "num_key_value_heads": 4,
                "max_position_embeddings": 2 * tokens**2,
                **special,
            },
            # What Janus sees images with has no say in which images it expects: as small as can be. But its patches
            # are counted for the tokens'.
            vision_config={
                "hidden_size": 2,
                "num_hidden_layers": 1,
                "num_attention_heads": 1,
                "image_size": size,
                "patch_size": DOWNSAMPLED,
                "num_image_tokens": tokens**2,
                "projection_dim": width,
                "depth": 1,
            },
            vq_config={
                "num_embeddings": recipe.codebook.codes,
                "embed_dim": recipe.codebook.code_channels,
                "num_patches": tokens,
                "base_channels": 32,  # of which the class makes 32 groups
                "latent_channels": 32,
                "channel_multiplier": [1, 1, 1],
                "num_res_blocks": 0,
                "projection_dim": width,
                "image_token_embed_dim": width,
            },
            image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
            tie_word_embeddings=False,
        )
    )
    torch.nn.init.normal_(network.model.generation_embeddings.weight)
    return network


class Autoregressive:
    """To expect each token of an image, given its prompt and the tokens before it: `generative.Task`.

    Parameters
    ----------
    network : transformers.JanusForConditionalGeneration
        Its image tokens stay as they are.
    prompts : dict
        `models.autoregressive.text_to_image`.
    recipe : dict
        batch_size, seed.
    world : dict
        size and texture_contrast of the training images.
    """

    def __init__(self, network, prompts, recipe, world):
        self.janus, self.prompts, self.recipe, self.world = network.model, prompts, recipe, world
        janus = self.janus
        self.modules = torch.nn.ModuleList(
            [janus.language_model, janus.generation_embeddings, janus.generation_aligner, janus.generation_head]
        )
        self.drawings = drawing_set("training")

    def loss(self, step):
        """The mean of -log p over all tokens."""
        recipe, janus = self.recipe, self.janus
        images, categories = batch(self.drawings, step, recipe.batch_size, recipe.seed, self.world)
        with torch.no_grad():
            tokens = tokenise(janus.vqmodel, signed(images))
        prompt, there = (self.prompts[name][torch.from_numpy(categories)] for name in ("input_ids", "attention_mask"))
        before = janus.generation_aligner(janus.generation_embeddings(tokens[:, :-1]))
        there = torch.cat([there, there.new_ones(before.shape[:2])], 1)
        states = janus.language_model(
            inputs_embeds=torch.cat([janus.language_model.embed_tokens(prompt), before], 1),
            attention_mask=there,
            position_ids=(there.cumsum(1) - 1).clamp(min=0),
            use_cache=False,
        ).last_hidden_state
        expected = janus.generation_head(states[:, prompt.shape[1] - 1 :])
        return cross_entropy(expected.flatten(0, 1), tokens.flatten())


def train(recipe, prompt, world, folder):
    """Train the codebook and then the network, and save the model: `training.train_generative`."""
    reader = processor(world.size)
    network = untrained(recipe, reader.tokenizer, world.size)
    codebook = Codebook(network.model.vqmodel, signed, recipe.codebook, world, directions=True)
    generative.train(codebook, recipe.codebook, folder.with_suffix(".codebook.checkpoint"))
    prompts = text_to_image(folder.name, reader, prompts_of(template=prompt))
    losses = generative.train(
        Autoregressive(network, prompts, recipe, world), recipe, folder.with_suffix(".checkpoint")
    )
    reader.save_pretrained(folder)
    generative.save(network, folder)
    return losses
