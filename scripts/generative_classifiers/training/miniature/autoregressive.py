"""The miniature's Janus: the same classes, small."""

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

from generative_classifiers.models.pixels import pixels_to_tensor
from generative_classifiers.models.tokens.autoregressive import text_to_image, tokenise
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.training import generative
from generative_classifiers.training.augmentation import augmented
from generative_classifiers.training.data import DrawingBatches, seeded
from generative_classifiers.training.miniature.codebook import CodebookTask
from generative_classifiers.training.miniature.prompt_tokenizer import WORDS

PAD, BOS, EOS, UNKNOWN = "<pad>", "<bos>", "<eos>", "<unknown>"
IMAGE, BEGIN, END = "<image_placeholder>", "<begin_of_image>", "<end_of_image>"
SPECIAL = (PAD, BOS, EOS, UNKNOWN, IMAGE, BEGIN, END)
# A prompt is the text of its message, without the names of the speakers.
TEMPLATE = "{% for message in messages %}{{ message['content'][0]['text'] }}{% endfor %}"
PIXELS_PER_TOKEN = 4  # along a side


def untrained_processor(size):
    """Janus' processor of prompts and images, with one token for each word of the prompts.

    Parameters
    ----------
    size : int
        Pixels along an image's side.

    Returns
    -------
    transformers.JanusProcessor
    """
    vocabulary = {word: index for index, word in enumerate((*SPECIAL, *WORDS))}
    word_level = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    word_level.normalizer, word_level.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.WhitespaceSplit()
    word_level.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, vocabulary[BOS])]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=word_level,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNKNOWN,
        extra_special_tokens={"image_token": IMAGE, "boi_token": BEGIN, "eoi_token": END},
    )
    image_size = {"height": size, "width": size}
    image_processor = JanusImageProcessor(size=image_size, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    return JanusProcessor(image_processor, tokenizer, chat_template=TEMPLATE)


def untrained(recipe, tokenizer, size):
    """The network with random weights.

    Parameters
    ----------
    recipe : study.recipes.Autoregressive
    tokenizer : transformers.PreTrainedTokenizerFast
    size : int
        Pixels along an image's side.

    Returns
    -------
    transformers.JanusForConditionalGeneration
    """
    torch.manual_seed(recipe.seed)
    width, tokens = recipe.width, size // PIXELS_PER_TOKEN
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
            # Janus looks at images through a network that has no part in generating them. So it is as small as it
            # can be; but Janus takes the number of image tokens from it.
            vision_config={
                "hidden_size": 2,
                "num_hidden_layers": 1,
                "num_attention_heads": 1,
                "image_size": size,
                "patch_size": PIXELS_PER_TOKEN,
                "num_image_tokens": tokens**2,
                "projection_dim": width,
                "depth": 1,
            },
            vq_config={
                "num_embeddings": recipe.codebook.codes,
                "embed_dim": recipe.codebook.code_channels,
                "num_patches": tokens,
                # The class normalises in 32 groups. A group of one channel would lose the colour of the image.
                "base_channels": 64,
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


class NextTokenTask(generative.Task):
    """To predict each token of an image from its prompt and the tokens before it.

    Parameters
    ----------
    network : transformers.JanusForConditionalGeneration
        Everything that generates images is trained, except the codebook.
    prompts : transformers.BatchFeature
        What `models.tokens.autoregressive.text_to_image` returns.
    recipe : study.recipes.Autoregressive
    world : study.settings.World
    """

    def __init__(self, network, prompts, recipe, world):
        janus = network.model
        super().__init__(
            [janus.language_model, janus.generation_embeddings, janus.generation_aligner, janus.generation_head]
        )
        self.janus, self.recipe = janus, recipe
        self.prompt_tokens, self.prompt_mask = prompts["input_ids"], prompts["attention_mask"]
        self.batches = DrawingBatches(world, recipe.batch_size, recipe.seed, recipe.resolution)

    def __getitem__(self, step):
        """Images (image, 3, y, x) after the recipe's augmentation, and prompts (image, token) with their masks."""
        images, categories = self.batches(step)
        with seeded("augmentation", self.recipe.seed, step):
            seen = augmented(images, self.recipe.augmentation)
        return seen, self.prompt_tokens[categories], self.prompt_mask[categories]

    def loss(self, step, images, prompt_tokens, prompt_mask):
        """The mean of -log p over all tokens."""
        with torch.no_grad():
            tokens = tokenise(self.janus.vqmodel, images)
        logits = self._predict(prompt_tokens, prompt_mask, tokens)
        return cross_entropy(logits.flatten(0, 1), tokens.flatten())

    def _predict(self, prompt_tokens, prompt_mask, image_tokens):
        """Logits of all image tokens, (image, token, code)."""
        janus = self.janus
        # Nothing is predicted from the last token.
        image_embeddings = janus.generation_aligner(janus.generation_embeddings(image_tokens[:, :-1]))
        prompt_embeddings = janus.language_model.embed_tokens(prompt_tokens)
        mask = torch.cat([prompt_mask, prompt_mask.new_ones(image_embeddings.shape[:2])], 1)
        states = janus.language_model(
            inputs_embeds=torch.cat([prompt_embeddings, image_embeddings], 1),
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            use_cache=False,
        ).last_hidden_state
        # The first image token is predicted from the last token of the prompt.
        return janus.generation_head(states[:, prompt_tokens.shape[1] - 1 :])


def train(recipe, prompt, world, folder, device, workers):
    """Train the codebook and then the network, and save the model: `training.train_generative`."""
    size = recipe.resolution or world.size
    processor = untrained_processor(size)
    network = untrained(recipe, processor.tokenizer, size).to(device)
    coding = CodebookTask(network.model.vqmodel, pixels_to_tensor, recipe.codebook, world, size, directions=True)
    generative.train(coding, recipe.codebook, folder.with_suffix(".codebook.checkpoint"), workers=workers)
    prompts = text_to_image(folder.name, processor, prompts_of(template=prompt))
    predicting = NextTokenTask(network, prompts, recipe, world)
    generative.train(predicting, recipe, folder.with_suffix(".checkpoint"), workers=workers)
    processor.save_pretrained(folder)
    generative.save(network, folder)
