"""Simulated observers, and metrics against what is known about these observers."""

import numpy as np
import pytest

from generative_classifiers.decisions.answers import Answers
from generative_classifiers.decisions.csv_files import read_answers, write_answers
from generative_classifiers.decisions.side_by_side import gather_decisions
from generative_classifiers.decisions.simulated import Memory, respond
from generative_classifiers.metrics.accuracy import accuracy
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.consistency import consistency
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.settings import SimulatedObserver
from typed_rows import dataset, world

SIZE = 64
WORLD = world({"nonparametric": 160}, size=SIZE)
EXACT = SimulatedObserver(texture_weight=0, noise=0, lapse=0)
# They differ in the cues that they use, in noise and in lapses.
OBSERVERS = {
    "simulated-01": SimulatedObserver(texture_weight=0.3, noise=0.5, lapse=0.10),
    "simulated-02": SimulatedObserver(texture_weight=0.8, noise=0.8, lapse=0.02),
}
SAMPLES = 1500  # of the noise, for the truth
REPEATS = 50  # experiments


@pytest.fixture(scope="module")
def memory():
    return Memory(SIZE)


@pytest.fixture(scope="module")
def seen(memory):
    """Stimuli and their evidence of shape and texture, by dataset."""
    stimuli = {name: render(name, dataset(), WORLD) for name in ("silhouette", "cue-conflict")}
    return {name: (one, *memory.evidence(one["image"].values)) for name, one in stimuli.items()}


def answers(seen, dataset, observer, parameters, seed=0):
    stimuli, shape, texture = seen[dataset]
    return respond(observer, parameters, stimuli["name"].values, shape, texture, dataset, seed)


def test_evidence_is_standardised_and_shows_both_cues(seen):
    stimuli, shape, texture = seen["cue-conflict"]
    for evidence in (shape, texture):
        assert evidence.shape == (240, 16)
        np.testing.assert_allclose(evidence.mean(axis=1), 0, atol=1e-5)
        np.testing.assert_allclose(evidence.std(axis=1), 1, rtol=1e-4)
    categories = np.array(CATEGORIES)
    # Both cues are visible: chance is 1 in 16.
    assert (categories[shape.argmax(axis=1)] == stimuli["category"].values).mean() > 0.6
    assert (categories[texture.argmax(axis=1)] == stimuli["texture_category"].values).mean() > 0.4


@pytest.mark.filterwarnings("error")
def test_blank_image_gives_no_evidence(memory):
    blank = np.full((1, SIZE, SIZE, 3), 128, np.uint8)
    assert all((evidence == 0).all() for evidence in memory.evidence(blank))


def test_response_without_noise_is_the_most_similar_shape(seen):
    _, shape, texture = seen["silhouette"]
    np.testing.assert_array_equal(answers(seen, "silhouette", "simulated-01", EXACT), shape.argmax(axis=1))
    both = (shape + 2 * texture).argmax(axis=1)
    weighing = EXACT.model_copy(update={"texture_weight": 2})
    np.testing.assert_array_equal(answers(seen, "silhouette", "simulated-01", weighing), both)


def test_responses_depend_on_names_and_seed_only(seen):
    parameters = OBSERVERS["simulated-01"]
    stimuli, shape, texture = seen["silhouette"]
    first = answers(seen, "silhouette", "simulated-01", parameters)
    order = np.random.default_rng(0).permutation(160)[:50]
    names = stimuli["name"].values[order]
    some = respond("simulated-01", parameters, names, shape[order], texture[order], "silhouette", 0)
    np.testing.assert_array_equal(some, first[order])
    assert first.dtype == np.int8
    assert (first != answers(seen, "silhouette", "simulated-02", parameters)).any()
    assert (first != answers(seen, "silhouette", "simulated-01", parameters, seed=1)).any()


def test_lapses_are_random_responses():
    names, sure = [f"{n}.png" for n in range(2000)], np.tile(10.0 * (np.arange(16) == 3), (2000, 1))
    responses = respond("simulated-01", EXACT.model_copy(update={"lapse": 0.3}), names, sure, 0 * sure, "edge", 0)
    wrong = 0.3 * 15 / 16
    assert abs((responses != 3).mean() - wrong) < 4 * np.sqrt(wrong * (1 - wrong) / 2000)
    assert np.bincount(responses, minlength=16).min() > 0


def probabilities(observer, shape, texture):
    """Probability of each response to each image, float (image, category), by Monte Carlo."""
    parameters = OBSERVERS[observer]
    score = (shape + parameters.texture_weight * texture)[:, None]
    noise = np.random.default_rng(1).standard_normal((SAMPLES, 16)) * parameters.noise
    choice = (score + noise).argmax(axis=2)
    share = np.stack([(choice == k).mean(axis=1) for k in range(16)], axis=1)
    return (1 - parameters.lapse) * share + parameters.lapse / 16


def experiment(seen, dataset, seed):
    """The decisions of both observers, as in the pipeline."""
    stimuli, _, _ = seen[dataset]
    table = stimuli[["category", "condition"]].to_pandas()[["category", "condition"]].set_index(stimuli["name"].values)
    both = {
        observer: Answers(observer, table, answers(seen, dataset, observer, parameters, seed))
        for observer, parameters in OBSERVERS.items()
    }
    return gather_decisions(dataset, both, dict.fromkeys(OBSERVERS, "simulated"))


def agree(measured, truth):
    """Check that the mean of repeated measurements equals the truth, up to four standard errors."""
    measured = np.array(measured)
    error = measured.std(axis=0, ddof=1) / np.sqrt(len(measured))
    assert (error > 0).all() and (error < 0.02).all()
    np.testing.assert_array_less(np.abs(measured.mean(axis=0) - truth), 4 * error + 0.002)


def test_accuracy_and_consistency_are_unbiased(seen):
    stimuli, shape, texture = seen["silhouette"]
    own = [CATEGORIES.index(category) for category in stimuli["category"].values]
    right = np.stack([probabilities(observer, shape, texture)[np.arange(160), own] for observer in OBSERVERS])
    expected = right.mean(axis=1)
    observed = (right.prod(axis=0) + (1 - right).prod(axis=0)).mean()
    by_chance = expected.prod() + (1 - expected).prod()
    kappa = (observed - by_chance) / (1 - by_chance)
    assert 0.2 < kappa < 0.9 and abs(expected[0] - expected[1]) > 0.05  # worth measuring

    cells = list_cells({"silhouette": ["all"]}, {})
    experiments = [[experiment(seen, "silhouette", seed)] for seed in range(REPEATS)]
    agree([accuracy(decisions, cells)["accuracy"].values[:, 0] for decisions in experiments], expected)
    found = [consistency(decisions, cells).isel(observer=0, other=1, cell=0) for decisions in experiments]
    agree([one["observed"].item() for one in found], observed)
    agree([one["kappa"].item() for one in found], kappa)


def test_shape_bias_is_unbiased(seen):
    stimuli, shape, texture = seen["cue-conflict"]
    cues = [[CATEGORIES.index(c) for c in stimuli[cue].values] for cue in ("category", "texture_category")]
    expected = []
    for observer in OBSERVERS:
        share = probabilities(observer, shape, texture)
        by_shape, by_texture = (share[np.arange(240), cue].sum() for cue in cues)
        expected.append(by_shape / (by_shape + by_texture))
    assert expected[0] - expected[1] > 0.05

    biases = [shape_bias(experiment(seen, "cue-conflict", seed), "simulated") for seed in range(REPEATS // 2)]
    agree([one["overall_shape_bias"].sel(observer=list(OBSERVERS)).values for one in biases], expected)


def test_responses_are_read_as_written(seen, tmp_path):
    stimuli = render("low-pass", dataset(["0", "3"]), WORLD)
    responses = np.arange(32, dtype=np.int8) % 16
    path = tmp_path / "simulated-01.csv"
    images = stimuli[["category", "condition"]].to_dataframe().set_index(stimuli["name"].values)
    write_answers(path, "simulated-01", images, responses)
    read = read_answers(path, "simulated-01", "parametric", ["0", "3"])
    assert read.images.index.tolist() == stimuli["name"].values.tolist()
    assert read.images.category.tolist() == stimuli["category"].values.tolist()
    assert read.images.condition.tolist() == ["0"] * 16 + ["3"] * 16
    np.testing.assert_array_equal(read.response, responses)
