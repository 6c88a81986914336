"""Two readings of one masked model: they share forward passes, and their evidence is that of each reading alone."""

import threading
from dataclasses import replace

import pytest

import tiny_tokens
from generative_classifiers import models
from generative_classifiers.evidence import study_job
from generative_classifiers.io.stores import read
from generative_classifiers.models.tokens.masked import MaskedModel
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study.load import load
from generative_classifiers.study.readings import readings_of
from generative_classifiers.study.settings import Pruning
from typed_rows import world

READINGS = ("miniature-masked", "miniature-masked-reconstruction")
IMAGES, SHARD = 7, 3
EVALUATIONS = 16 * IMAGES
EXHAUSTIVE, PRUNED = 2, Pruning(min=2, max=6, test="sequential", level=0.2)


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    """The study, whose masked model is a tiny one with random weights."""
    folder = tiny_tokens.amused(tmp_path_factory.mktemp("amused") / "pipeline")
    found, other = load({"study": "miniature"}), {"pipeline": str(folder), "sha256": None, "variant": None}
    return replace(found, observers={name: found.observers[name].model_copy(update=other) for name in READINGS})


@pytest.fixture(scope="module")
def stimuli(miniature):
    return render("sketch", miniature.datasets["sketch"], world(size=16)).isel(image=slice(IMAGES))


def load_models(miniature):
    return {name: models.load(name, miniature.observers[name], miniature.prompts, device="cpu") for name in READINGS}


@pytest.fixture(scope="module")
def loaded(miniature):
    return load_models(miniature)


@pytest.fixture(scope="module")
def alone(miniature):
    """The same models, which never meet."""
    return load_models(miniature)


@pytest.fixture
def passes(monkeypatch):
    """The size of each forward pass that is made."""
    sizes, predict = [], MaskedModel._predict
    monkeypatch.setattr(MaskedModel, "_predict", lambda self, *some: sizes.append(len(some[0])) or predict(self, *some))
    return sizes


@pytest.fixture
def study(miniature):
    """The study with a cache, with draws, and with both observers or one of them."""

    def changed(cache, draws=EXHAUSTIVE, observers=READINGS):
        settings = miniature.evidence.model_copy(update={"shard": SHARD, "draws_of": dict.fromkeys(READINGS, draws)})
        return replace(
            miniature,
            site=miniature.site.model_copy(update={"evidence_cache": str(cache)}),
            observers={name: miniature.observers[name] for name in observers},
            settings=miniature.settings.model_copy(update={"evidence": settings}),
        )

    return changed


def content(cache):
    """All files of the entries of a cache, but for the notes on how they were made."""
    files = [path for path in cache.rglob("*") if path.is_file() and "provenance" not in path.parts]
    return {path.relative_to(cache): path.read_bytes() for path in files}


def gather(loaded, names, stimuli, of_study):
    """The evidence of observers, one job after the other; returns their losses."""
    receipts = {name: study_job.gather(loaded[name], stimuli, of_study, "sketch") for name in names}
    return {name: read(receipt.store)["loss"].values for name, receipt in receipts.items()}


@pytest.mark.parametrize("draws", [EXHAUSTIVE, PRUNED])
@pytest.mark.parametrize("order", [READINGS, READINGS[::-1]])
def test_evidence_of_both_readings_is_the_same_bytes_as_of_each_alone(
    loaded, alone, stimuli, study, tmp_path, order, draws
):
    together, apart = tmp_path / "together", tmp_path / "apart"
    gather(loaded, order, stimuli, study(together, draws))
    for name in READINGS:
        gather(alone, [name], stimuli, study(apart, draws, [name]))
    assert content(together) == content(apart) and len(content(together)) > 20


@pytest.mark.parametrize("order", [READINGS, READINGS[::-1]])
def test_second_reading_makes_no_forward_pass(loaded, stimuli, study, tmp_path, passes, order):
    losses = gather(loaded, order, stimuli, study(tmp_path))
    assert sum(passes) == EXHAUSTIVE * EVALUATIONS
    assert (losses[READINGS[0]] != losses[READINGS[1]]).all()


def test_pruned_readings_share_the_draws_that_no_category_misses(loaded, stimuli, study, tmp_path, passes):
    losses = gather(loaded, READINGS, stimuli, study(tmp_path, PRUNED))
    spent = [int((~(loss != loss)).sum()) for loss in losses.values()]
    assert PRUNED.min * EVALUATIONS < min(spent)
    assert max(spent) <= sum(passes) <= sum(spent) - PRUNED.min * EVALUATIONS


def test_evidence_that_is_there_is_kept_and_not_evaluated_again(loaded, stimuli, study, tmp_path, passes):
    second, cache = READINGS[1], tmp_path
    gather(loaded, [second], stimuli, study(cache, observers=[second]))
    before = content(cache)
    gather(loaded, READINGS, stimuli, study(cache))
    assert sum(passes) == 2 * EXHAUSTIVE * EVALUATIONS  # the passes themselves are not stored
    assert before.items() <= content(cache).items()
    gather(loaded, READINGS, stimuli, study(cache))
    assert sum(passes) == 2 * EXHAUSTIVE * EVALUATIONS


def test_jobs_at_the_same_time_divide_the_passes(miniature, stimuli, study, tmp_path, passes):
    both, own = study(tmp_path), load_models(miniature)
    gather(own, READINGS, stimuli, both)
    finished = content(tmp_path)
    for part in tmp_path.rglob("manifest/shard-*.json"):
        part.unlink()
    passes.clear()
    jobs = [threading.Thread(target=gather, args=(own, [name], stimuli, both)) for name in READINGS]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert sum(passes) == EXHAUSTIVE * EVALUATIONS
    assert content(tmp_path) == finished


def test_a_job_of_another_length_makes_its_own_passes(loaded, stimuli, study, tmp_path, passes, monkeypatch):
    monkeypatch.setattr(study_job, "planned_shares", lambda study, observer, dataset: 1 + (observer == READINGS[1]))
    gather(loaded, READINGS, stimuli, study(tmp_path))
    assert sum(passes) == 2 * EXHAUSTIVE * EVALUATIONS


def test_readings_belong_together_only_if_their_batches_and_weights_do(study, tmp_path):
    both = study(tmp_path)
    assert readings_of(both, READINGS[1]) == list(READINGS)
    for change in ({"batch_size": 8}, {"pipeline": "elsewhere"}, {"distance": "perceptual"}):
        row = both.observers[READINGS[1]].model_copy(update=change)
        other = replace(both, observers=both.observers | {READINGS[1]: row})
        assert readings_of(other, READINGS[0]) == [READINGS[0]]
    named = load({"study": "miniature"})
    assert readings_of(named, "miniature-diffusion") == ["miniature-diffusion"]
