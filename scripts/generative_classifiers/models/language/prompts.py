"""Questions as a vision-language model reads them: the text around the image, and the tokens of the answers."""

from typing import NamedTuple

import torch
from transformers import ProcessorMixin

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.questions import Choice

# Models without a template of messages: the image and the question are all that they were trained with.
WITHOUT_TEMPLATE = ("paligemma",)


class Prompt(NamedTuple):
    """A question and its answers.

    Attributes
    ----------
    text : str
        With a placeholder for the image.
    answers : torch.Tensor
        int64 (category, token): tokens of the answers, padded on the right.
    mask : torch.Tensor
        bool (category, token): false for padding.
    """

    text: str
    answers: torch.Tensor
    mask: torch.Tensor


def prompt_of(observer: str, processor: ProcessorMixin, model_type: str, choice: Choice) -> Prompt:
    """Make a prompt of a question.

    Parameters
    ----------
    observer : str
        For messages.
    processor : transformers.ProcessorMixin
    model_type : str
        What the model's configuration calls itself.
    choice : study.questions.Choice

    Returns
    -------
    Prompt

    Raises
    ------
    InputError
        The processor has no template, or its tokenizer cannot tell the answers apart.
    """
    if model_type in WITHOUT_TEMPLATE:
        text, before = processor.image_token + choice.question, "\n"  # the line's end is added by the processor
    else:
        text = before = _message(observer, processor, choice.question)
    tokens = [_continuation(observer, processor.tokenizer, before, answer) for answer in choice.answers]
    _check_answers(observer, choice.answers, tokens)
    padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(one) for one in tokens], batch_first=True)
    lengths = torch.tensor([len(one) for one in tokens])
    return Prompt(text, padded, torch.arange(padded.shape[1]) < lengths[:, None])


def _message(observer, processor, question):
    """A user's message with an image and a question, and what the model's answer follows."""
    content = [{"type": "image"}, {"type": "text", "text": question}]
    try:
        return processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    except ValueError as error:
        raise InputError(f"{observer}: its processor has no template for messages ({error})") from error


def _continuation(observer, tokenizer, before, answer):
    """Tokens of an answer. A space precedes it unless the text before it ends in white space."""
    space = "" if before[-1].isspace() else " "
    start = tokenizer(before, add_special_tokens=False).input_ids
    whole = tokenizer(before + space + answer, add_special_tokens=False).input_ids
    if whole[: len(start)] != start or len(whole) == len(start):
        raise InputError(f"{observer}: its tokenizer merges the answer {answer!r} with the text before it")
    return whole[len(start) :]


def _check_answers(observer, answers, tokens):
    """Raise InputError if an answer is another one or the beginning of it, so that the shorter one cannot lose."""
    for answer, of_answer in zip(answers, tokens, strict=True):
        for other, of_other in zip(answers, tokens, strict=True):
            if other != answer and of_other[: len(of_answer)] == of_answer:
                raise InputError(f"{observer}: to its tokenizer, the answer {answer!r} is the beginning of {other!r}")
