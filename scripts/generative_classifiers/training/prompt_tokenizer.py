"""The words of the miniature's prompts: their tokenizer, and the text encoders that read them."""

from transformers import CLIPTextConfig, CLIPTokenizer

from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import prompts_of

# Merges are tried in order: were these not first, "ai" (airplane), "bo" (boat) and "cl" (clock) would break them.
_FIRST = ("bicycle", "chair", "keyboard")
WORDS = (*_FIRST, *(category for category in CATEGORIES if category not in _FIRST), "a", "bad", "photo", "of")
PROMPT_TOKENS = 12


def tokenizer():
    """A CLIP tokenizer with one token for each word of the prompts.

    Returns
    -------
    transformers.CLIPTokenizer
    """
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = [*letters, *(letter + "</w>" for letter in letters)]
    merges = []
    for word in WORDS:
        parts = [*word[:-1], word[-1] + "</w>"]
        for end in range(1, len(parts)):
            pair = ("".join(parts[:end]), parts[end])
            if pair not in merges:
                merges.append(pair)
                vocabulary.append("".join(pair))
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: index for index, token in enumerate(vocabulary)},
        merges=merges,
        model_max_length=PROMPT_TOKENS,
        pad_token="<|endoftext|>",
    )


def text_config(words, width):
    """A small CLIP text transformer.

    Parameters
    ----------
    words : transformers.CLIPTokenizer
    width : int
        Of its hidden states.

    Returns
    -------
    transformers.CLIPTextConfig
    """
    return CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=width,
        max_position_embeddings=PROMPT_TOKENS,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )


def prompt_tokens(words, prompt):
    """Tokens of every category's prompt, and last of the empty one.

    Parameters
    ----------
    words : transformers.CLIPTokenizer
    prompt : str
        With `{category}`.

    Returns
    -------
    torch.Tensor
        int (category + 1, token).
    """
    prompts = [*prompts_of(template=prompt).values(), ""]
    return words(prompts, padding="max_length", truncation=True, return_tensors="pt").input_ids
