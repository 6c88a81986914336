"""Vision-language models: the loss of a category is -log p(answer | image, question)."""

import numpy as np
import torch
from PIL import Image
from transformers import DynamicCache

from generative_classifiers.models.base import DTYPES, Model
from generative_classifiers.models.language.prompts import prompt_of
from generative_classifiers.models.loading.transformers_models import load_vision_language
from generative_classifiers.models.tokens.likelihood import negative_log_likelihood
from generative_classifiers.models.tokens.prompt_cache import PromptCache
from generative_classifiers.stimuli.square_images import squares
from generative_classifiers.study.questions import choices_of


def load(observer, row, prompts, runtime, *, path=None, mirror=None):
    """Load a vision-language observer.

    Parameters
    ----------
    observer, path, mirror
        As for `models.load`. There is no use for `mirror`: these files come from the Hugging Face hub.
    row : study.observers.VisionLanguageObserver
    prompts : dict of str to str
        By category. Only the categories are used: the row's question takes the place of the prompts.
    runtime : models.base.Runtime

    Returns
    -------
    VisionLanguageModel
    """
    choices = choices_of(observer, row.question, tuple(prompts), row.orders)
    network, processor, weights = load_vision_language(observer, row, path, DTYPES[runtime.dtype])
    return VisionLanguageModel(observer, network, processor, tuple(prompts), choices, row.resolution, runtime, weights)


class VisionLanguageModel(Model):
    """A network that answers questions about images. One evaluation gives the losses of all categories.

    The image and the question are read once. Each answer continues from the keys and values of this reading.

    Parameters
    ----------
    observer : str
    network : transformers.PreTrainedModel
        For images and text to text, in the runtime's precision.
    processor : transformers.ProcessorMixin
    categories : tuple of str
    choices : list of study.questions.Choice
        The loss is the mean over them.
    resolution : int
        Side in pixels of the images that the processor gets.
    runtime : models.base.Runtime
        Probabilities are float32, whatever the network's precision.
    weights : dict
        The identity of the weights, as `load_vision_language` returns it.
    """

    family = "vision-language"
    packages = ("torch", "torchvision", "transformers")

    def __init__(self, observer, network, processor, categories, choices, resolution, runtime, weights):
        # By category, all that its loss depends on in addition to the questions.
        answers = {
            category: ", ".join(choice.answers[number] for choice in choices)
            for number, category in enumerate(categories)
        }
        questions = [choice.question for choice in choices]
        identity = {"prompts": answers, "questions": questions, "resolution": resolution, **weights}
        network = network.eval().to(runtime.device)
        super().__init__(observer, network, answers, resolution, runtime, identity)
        self.processor = processor
        self.asked = [prompt_of(observer, processor, network.config.model_type, choice) for choice in choices]

    def _evaluate(self, images, names, draws, wanted, kept):
        evaluated = np.flatnonzero(wanted.any(axis=(1, 2)))
        pictures = [Image.fromarray(image) for image in squares(images[evaluated], self.resolution)]
        parts = [pictures[start : start + self.batch_size] for start in range(0, len(pictures), self.batch_size)]
        losses = [torch.stack([self._losses(part, prompt) for prompt in self.asked]).mean(0) for part in parts]
        loss = np.empty(wanted.shape, np.float32)
        loss[evaluated] = torch.cat(losses).cpu().numpy()[:, :, None]
        return loss, None

    def _losses(self, pictures, prompt):
        """-log p of all answers to a prompt, float32 (image, category)."""
        answers, mask = prompt.answers.to(self.device), prompt.mask.to(self.device)
        logits, cache = self._read(pictures, prompt.text)
        first = -logits.float().log_softmax(1)[:, answers[:, 0]]
        if answers.shape[1] == 1:
            return first
        image, category = torch.cartesian_prod(*(torch.arange(n, device=self.device) for n in first.shape)).mT
        rest = [
            self._continue(cache, *rows, answers, mask)
            for rows in zip(image.split(self.batch_size), category.split(self.batch_size), strict=True)
        ]
        return first + torch.cat(rest).reshape(first.shape)

    def _read(self, pictures, text):
        """Read images with a prompt: logits of the answers' first token (image, code), and keys and values.

        Images of one size are equally many tokens, so that nothing is padded.
        """
        start = self.processor.tokenizer.bos_token
        # Some templates begin with the token that the tokenizer would put before the text.
        settings = {"add_special_tokens": False} if start and text.startswith(start) else {}
        inputs = self.processor(images=pictures, text=[text] * len(pictures), return_tensors="pt", **settings)
        inputs = inputs.to(self.device, self.dtype)
        inputs.pop("labels", None)  # of PaliGemma's training
        output = self.network(
            input_ids=inputs.pop("input_ids"),
            **inputs,
            past_key_values=DynamicCache(),
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[:, 0], [(layer.keys, layer.values) for layer in output.past_key_values.layers]

    def _continue(self, cache, image, category, answers, mask):
        """-log p of answers without their first token, float32 (evaluation,).

        Padding follows an answer's tokens, which do not see what follows them.
        """
        tokens, wanted = answers[category], mask[category, 1:]
        cache = PromptCache([(keys[image], values[image]) for keys, values in cache])
        # `forward`, since a compiled network would be compiled for answers as well.
        logits = self.network.forward(
            input_ids=tokens[:, :-1], past_key_values=cache, use_cache=True, **self._positions(cache, tokens[:, :-1])
        ).logits
        return negative_log_likelihood(logits.mT, tokens[:, 1:]).masked_fill(~wanted, 0).sum(1)

    def _positions(self, cache, tokens):
        """Positions of answers, where images take up fewer positions than tokens (Qwen2-VL, arXiv 2409.12191)."""
        shift = getattr(self.network.model, "rope_deltas", None)
        if shift is None:
            return {}
        # Images of one size have the same shift.
        positions = cache.get_seq_length() + torch.arange(tokens.shape[1], device=self.device) + shift[:1]
        return {"position_ids": positions.expand(3, *tokens.shape)}
