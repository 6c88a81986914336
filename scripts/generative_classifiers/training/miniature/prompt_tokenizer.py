"""The tokenizer of the miniature's prompts, which has one token for each of their words, and their text encoders."""

from transformers import CLIPTextConfig, CLIPTokenizer

from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.prompts import prompts_of

# Merges are tried in order. If these words were not first, "ai" (airplane), "bo" (boat) and "cl" (clock) would break
# them into pieces.
_FIRST = ("bicycle", "chair", "keyboard")
WORDS = (*_FIRST, *(category for category in CATEGORIES if category not in _FIRST), "a", "bad", "photo", "of")
PROMPT_TOKENS = 12


def prompt_tokenizer():
    """A CLIP tokenizer with one token for each word of the prompts.

    Returns
    -------
    transformers.CLIPTokenizer

    Examples
    --------
    >>> prompt_tokenizer().tokenize("A bad photo of a keyboard")
    ['a</w>', 'bad</w>', 'photo</w>', 'of</w>', 'a</w>', 'keyboard</w>']
    """
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = [*letters, *(letter + "</w>" for letter in letters)]
    merges = []
    for word in WORDS:
        pieces = [*word[:-1], word[-1] + "</w>"]
        for end in range(1, len(pieces)):
            pair = ("".join(pieces[:end]), pieces[end])
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


def text_config(tokenizer, width, layers=2):
    """A small CLIP text transformer.

    Parameters
    ----------
    tokenizer : transformers.CLIPTokenizer
    width : int
        Of its hidden states.
    layers : int

    Returns
    -------
    transformers.CLIPTextConfig
    """
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        projection_dim=width,
        max_position_embeddings=PROMPT_TOKENS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def prompt_tokens(tokenizer, prompt):
    """Tokens of every category's prompt, followed by those of the empty prompt.

    Parameters
    ----------
    tokenizer : transformers.CLIPTokenizer
    prompt : str
        With `{category}` in the place of the class name.

    Returns
    -------
    torch.Tensor
        int (category + 1, token).
    """
    prompts = [*prompts_of(template=prompt).values(), ""]
    return tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt").input_ids
