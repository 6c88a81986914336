"""Likelihoods of answers by vision-language models with random weights, against float64 without cache or batches."""

import json
import logging
import re
import shutil
import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

import tiny_language
from generative_classifiers import models
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.weight_hashes import folder_hash
from generative_classifiers.study.categories import CATEGORIES as ALL_CATEGORIES
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.pipelines import VisionLanguageObserver
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.study.questions import Question, choices_of, load_questions
from typed_rows import observer

CATEGORIES = ("cat", "fire engine", "dog", "hot air balloon")
NAMES = ["a.png", "b/b.png", "c.png"]
SIDE = 32  # four times as many image tokens as the smallest, where a model leaves the choice
KINDS = ("llava", "qwen2_vl", "qwen2_5_vl", "paligemma", "internvl")
WAYS = {"names": 1, "letters": 4, "open-question": 1}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("language")
    return {kind: getattr(tiny_language, kind)(root / kind) for kind in KINDS}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (len(NAMES), SIDE, SIDE, 3), dtype=np.uint8)


def load(folder, categories=CATEGORIES, batch_size=64, **row):
    row = observer(
        **{"family": "vision-language", "source": "transformers", "pipeline": str(folder), "resolution": SIDE} | row
    )
    return models.load("tiny", row, prompts_of(categories), device="cpu", batch_size=batch_size)


def evaluate(model, images):
    loss, reconstruction = model.evaluate(images, NAMES[: len(images)], model.draws(4, 0))
    assert loss.shape == (len(images), len(model.categories), 1) and loss.dtype == np.float32
    assert reconstruction is None
    return loss[:, :, 0]


def whole_sequence(processor, kind, image, question, answer):
    """Image, question and answer as one text, and how many tokens the answer has."""
    if kind == "paligemma":
        inputs = processor(images=image, text=f"<image>{question}", suffix=answer, return_tensors="pt")
        count = int(inputs["token_type_ids"].sum()) - 1  # without the end
        inputs = {name: value[:, :-1] if value.ndim == 2 else value for name, value in inputs.items()}
        return {name: value for name, value in inputs.items() if name != "labels"}, count
    picture = "<begin><image><end>" if kind.startswith("qwen") else "<image>"
    text = f"USER: {picture}\n{question} ASSISTANT: {answer}"
    return processor(images=image, text=text, return_tensors="pt"), len(answer.split())


@torch.no_grad()
def reference(kind, folder, images, asked):
    """One image and category at a time: the mean over questions of -log p of the answer's tokens."""
    network = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float64).eval()
    processor = AutoProcessor.from_pretrained(folder)
    losses = np.zeros((len(images), len(CATEGORIES)))
    for i, k in np.ndindex(losses.shape):
        for question, answers in asked:
            inputs, count = whole_sequence(processor, kind, Image.fromarray(images[i]), question, answers[k])
            inputs = {name: value.double() if value.is_floating_point() else value for name, value in inputs.items()}
            log_p = network(**inputs).logits[0, -count - 1 : -1].log_softmax(1)
            tokens = inputs["input_ids"][0, -count:]
            losses[i, k] -= log_p[torch.arange(count), tokens].sum().item() / len(asked)
    return losses


def asked_by_hand(way):
    """Questions and answers as the registry's texts say, written out."""
    text, numbers = load_questions()[way].question, range(len(CATEGORIES))
    if way != "letters":
        return [(text.replace("{categories}", "cat, fire engine, dog, hot air balloon"), CATEGORIES)]
    turns = [[(k + turn) % 4 for k in numbers] for turn in numbers]
    lists = ["\n".join(f"{'ABCD'[place]}. {CATEGORIES[k]}" for place, k in enumerate(turn)) for turn in turns]
    letters = [["ABCD"[turn.index(k)] for k in numbers] for turn in turns]
    return [(text.replace("{options}", one), answers) for one, answers in zip(lists, letters, strict=True)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_losses_agree_with_a_float64_implementation(folders, images, kind, way):
    model = load(folders[kind], question=way, orders=WAYS[way])
    found, expected = evaluate(model, images), reference(kind, folders[kind], images, asked_by_hand(way))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    # Categories and images must differ by far more than that, or the test would say little about either.
    assert (np.diff(np.sort(expected, axis=1)) / expected[:, 1:]).max(axis=1).min() > 1e-2
    assert (np.ptp(expected, axis=0) / expected.mean(axis=0)).max() > 1e-2


@pytest.mark.parametrize("kind", KINDS)
def test_losses_depend_neither_on_the_batch_size_nor_on_other_images(folders, images, kind):
    together = evaluate(load(folders[kind]), images)
    for size in (1, 2, 5):
        np.testing.assert_allclose(evaluate(load(folders[kind], batch_size=size), images), together, rtol=1e-5)
    np.testing.assert_allclose(evaluate(load(folders[kind]), images[1:2])[0], together[1], rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_losses_do_not_depend_on_longer_answers(folders, images, kind):
    """Without the long names there is no padding; an open question does not list them."""
    whole = evaluate(load(folders[kind], question="open-question"), images)
    few = evaluate(load(folders[kind], ("dog", "cat"), question="open-question"), images)
    np.testing.assert_allclose(few, whole[:, [2, 0]], rtol=1e-5)


def test_losses_are_reproducible_to_the_byte(folders, images):
    first, second = (evaluate(load(folders["qwen2_5_vl"]), images) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize(("question", "orders"), [("names", 1), ("letters", 4)])
def test_an_image_is_read_once_for_all_answers(folders, images, question, orders):
    model, seen = load(folders["llava"], question=question, orders=orders), []
    model.network.model.vision_tower.register_forward_pre_hook(lambda _, args: seen.append(len(args[0])))
    evaluate(model, images)
    assert sum(seen) == orders * len(images)


def test_orders_are_cyclic_and_spread_evenly():
    asked = choices_of("tiny", "letters", CATEGORIES, 2)
    assert [choice.answers for choice in asked] == [("A", "B", "C", "D"), ("C", "D", "A", "B")]
    assert "\nA. dog\nB. hot air balloon\nC. cat\nD. fire engine\n" in asked[1].question


def test_over_all_orders_every_category_has_every_letter_once():
    asked = choices_of("tiny", "letters", CATEGORIES, len(CATEGORIES))
    assert all(sorted(letters) == list("ABCD") for letters in zip(*(choice.answers for choice in asked), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_moves_losses_a_little(folders, images, kind):
    full, half = load(folders[kind]), load(folders[kind], dtype="bfloat16")
    assert {weight.dtype for weight in half.network.parameters()} == {torch.bfloat16}
    expected, found = evaluate(full, images), evaluate(half, images)
    assert (found != expected).any()
    np.testing.assert_allclose(found, expected, rtol=0.1, atol=0.1)


def test_identity_names_weights_questions_and_answers(folders):
    model = load(folders["llava"], question="letters", orders=2, dtype="bfloat16")
    identity = model.identity
    assert identity["weights"] == folder_hash(folders["llava"]) and model.provenance["revision"] is None
    assert (identity["family"], identity["dtype"], identity["resolution"]) == ("vision-language", "bfloat16", SIDE)
    assert model.prompts == {"cat": "A, C", "fire engine": "B, D", "dog": "C, A", "hot air balloon": "D, B"}
    assert "A. cat" in identity["questions"][0] and "A. dog" in identity["questions"][1]
    json.dumps(identity)


def test_loading_and_evaluating_give_no_warnings(folders, images, caplog):
    for kind in KINDS:
        with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
            warnings.simplefilter("error")
            # Numpy's advice to PaliGemma's processor, which Python shows to nobody but developers.
            warnings.filterwarnings("ignore", ".*copy keyword", DeprecationWarning)
            evaluate(load(folders[kind]), images)
        assert not caplog.records, kind


def test_rows_of_the_registry_ask_questions_that_it_has():
    rows = {name: row for name, row in load_observers().items() if isinstance(row, VisionLanguageObserver)}
    assert len({row.pipeline for row in rows.values()}) == 6
    for name, row in rows.items():
        asked = choices_of(name, row.question, ALL_CATEGORIES, row.orders)
        assert len(asked) == row.orders and len(row.revision) == 40 and row.verified is False


def test_questions_of_letters_must_list_options():
    with pytest.raises(ValueError, match=r"expected \{options\}, since letters are the answers"):
        Question(question="Which letter?", answer="letter")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "nmaes"}, "tiny: question: 'nmaes' is unknown, did you mean 'names'?"),
        ({"question": "letters", "orders": 5}, "tiny: orders is 5, expected at most 4 for the question 'letters'"),
        (
            {"question": "open-question", "orders": 2},
            "tiny: orders is 2, expected at most 1 for the question 'open-question'",
        ),
    ],
)
def test_questions_that_cannot_be_asked_are_errors(row, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        load("nowhere", **row)


def test_more_categories_than_letters_are_an_error():
    with pytest.raises(InputError, match=r"^tiny: 27 categories, expected at most 26, one a letter$"):
        load("nowhere", [f"category {number}" for number in range(27)], question="letters")


def test_answers_that_begin_another_one_are_an_error(folders):
    with pytest.raises(
        InputError, match=r"^tiny: to its tokenizer, the answer 'fire' is the beginning of 'fire engine'$"
    ):
        load(folders["llava"], ("fire engine", "fire"))
    with pytest.raises(InputError, match=r"^tiny: to its tokenizer, the answer 'cow' is the beginning of 'pig'$"):
        load(folders["llava"], ("cow", "pig"))  # both unknown


def test_a_missing_template_is_an_error(tmp_path):
    folder = tiny_language.llava(tmp_path / "llava", template=None)
    with pytest.raises(InputError, match="tiny: its processor has no template for messages"):
        load(folder)


def test_another_model_type_is_an_error(folders, tmp_path):
    broken = shutil.copytree(folders["llava"], tmp_path / "broken")
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"model_type": "fuyu"}))
    with pytest.raises(InputError, match=r"tiny: .*broken is a fuyu, expected internvl or llava or paligemma or"):
        load(broken)


def test_weights_with_another_hash_are_an_error(folders):
    with pytest.raises(
        InputError, match=f"tiny: .*sha256 {folder_hash(folders['llava'])}, the registry expects {'0' * 64}"
    ):
        load(folders["llava"], sha256="0" * 64)
