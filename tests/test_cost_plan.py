"""The cost plan against real stores, the published decisions, and counts by hand."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import save_file

import tiny_pipelines
import tiny_tokens
from generative_classifiers import models
from generative_classifiers.decisions.csv_files import read_answers
from generative_classifiers.draws.level_table import LevelTable
from generative_classifiers.evidence.cost_plan import as_text, forecast, speed_of, totals
from generative_classifiers.evidence.pruning import level_table, most_draws, pruning_for, pruning_of
from generative_classifiers.evidence.pruning_rates import RATES, Rate, expected_share
from generative_classifiers.evidence.receipt import Receipt
from generative_classifiers.evidence.single_store import compute_evidence
from generative_classifiers.evidence.spent import spent_shares
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.classifiers.small_cnn import SmallCNN
from generative_classifiers.stimuli.miniature.datasets import render
from generative_classifiers.study.levels import load_levels
from generative_classifiers.study.load import load, load_observers
from generative_classifiers.study.prompts import prompts_of
from generative_classifiers.study.settings import Evidence, Pruning, WorldImages
from killed_often import stimuli
from small_studies import ROOT, copy_project, python, snakemake
from typed_rows import observer

IMAGES = 10


@pytest.fixture(scope="module")
def paper():
    return load({"study": "paper"})


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """By family: the row of a tiny model, and where its weights are if the row does not say so."""
    folder = tmp_path_factory.mktemp("models")
    save_file(SmallCNN(16).state_dict(), folder / "cnn.safetensors")
    pixels, tokens = tiny_pipelines.pixel_diffusion(folder / "pixel"), tiny_tokens.amused(folder / "amused")
    latent = tiny_pipelines.stable_diffusion(folder / "latent")
    return {
        "diffusion": (observer(family="diffusion", pipeline=str(pixels), resolution=16), None),
        "latent": (
            observer(family="diffusion", pipeline=str(latent), resolution=16, latents={"channels": 4, "factor": 2}),
            None,
        ),
        "masked": (observer(family="masked", pipeline=str(tokens), resolution=8, pixels_per_token=2), None),
        "discriminative": (load_observers()["miniature-cnn"], folder / "cnn.safetensors"),
    }


def study_of(row, **evidence):
    """The miniature with a single observer, few images, and other settings."""
    study = load({"study": "miniature"})
    few = WorldImages.model_construct(parametric=IMAGES, nonparametric=IMAGES, cue_conflict=IMAGES)
    changed = {
        "world": study.world.model_copy(update={"images": few}),
        "evidence": Evidence(
            **{"draws": 3, "times": "golden", "seed": 0, "weighting": "uniform", "reconstruct_draw": None, "shard": 4}
            | evidence
        ),
    }
    settings = study.settings.model_copy(update=changed)
    return dataclasses.replace(study, settings=settings, observers={"tiny": row})


@pytest.mark.parametrize(
    ("family", "dataset", "evidence"),
    [
        ("diffusion", "edge", {}),
        ("diffusion", "cue-conflict", {"seed": 5, "reconstruct_draw": 1, "shard": 32}),
        ("diffusion", "edge", {"draws": {"min": 2, "max": 4, "test": "sequential", "level": 0.5}}),
        ("diffusion", "edge", {"times": "weighted"}),
        ("latent", "edge", {"reconstruct_draw": 0}),
        ("masked", "edge", {"seed": 1}),
        ("masked", "cue-conflict", {"reconstruct_draw": 0, "shard": 5}),
        ("discriminative", "edge", {"reconstruct_draw": 0}),
        ("discriminative", "cue-conflict", {"seed": 2}),
    ],
)
def test_files_bytes_and_evaluations_are_those_of_a_real_store(rows, family, dataset, evidence, tmp_path):
    row, path = rows[family]
    study, images = study_of(row, **evidence), stimuli(IMAGES)
    if dataset == "cue-conflict":
        images = images.assign_coords(texture_category=("image", np.array(["dog"] * IMAGES, object)))
    model, settings = models.load("tiny", row, prompts_of(), path=path, device="cpu"), study.evidence
    weighted = model.density(LevelTable(**load_levels()["miniature-diffusion"].table()))
    compute_evidence(
        model,
        images,
        tmp_path / "a.zarr",
        observer="tiny",
        dataset=dataset,
        times=weighted if settings.times == "weighted" else settings.times,
        count=most_draws(settings.draws),
        pruning=pruning_of(settings.draws, settings.weighting),
        seed=settings.seed,
        reconstruct=settings.reconstruct_draw,
        shard=settings.shard,
        progress=False,
    )
    found, table = stores.read(tmp_path / "a.zarr"), forecast(study).set_index("dataset").loc[dataset]
    assert table["files"] == sum(path.is_file() for path in (tmp_path / "a.zarr").rglob("*"))
    assert table["bytes"] == found.drop_vars(found.coords).nbytes
    assert table["images"] == IMAGES and table["draws"] == found.sizes["draw"]
    losses_of_an_evaluation = 16 if row.kind.at_once else 1
    spent = found["evaluations"].sum() / losses_of_an_evaluation
    exhaustive = table["evaluations"] / table["share"]
    assert spent <= exhaustive == IMAGES * found["loss"][0].size / losses_of_an_evaluation
    assert isinstance(settings.draws, Pruning) or spent == table["evaluations"]


def test_evaluations_of_a_pruned_run_are_those_of_the_forecast(tmp_path):
    """The pixel model on plain and on distorted images, whose categories are not equally hard to tell apart."""
    study, name, images = load({"study": "miniature"}), "miniature-diffusion", {"edge": 16, "uniform-noise": 16}
    draws, shares = study.evidence.draws, []
    model = models.load(name, study.observers[name], study.prompts, device="cpu")
    for dataset, count in images.items():
        stimuli = render(dataset, study.datasets[dataset], study.world)
        stimuli = stimuli.isel(image=np.linspace(0, stimuli.sizes["image"] - 1, count).astype(int))
        compute_evidence(
            model,
            stimuli,
            tmp_path / f"{dataset}.zarr",
            observer=name,
            dataset=dataset,
            times=model.density(level_table(study, name, dataset)),
            count=draws.max,
            pruning=pruning_for(study, name, dataset),
            progress=False,
        )
        spent = stores.read(tmp_path / f"{dataset}.zarr")["evaluations"]
        shares.extend((spent / (16 * draws.max)).values)
    assert np.mean(shares) == pytest.approx(expected_share(draws, "pixels"), rel=0.2)


def test_forecast_goes_by_what_a_trial_has_spent(rows, tmp_path):
    row, path = rows["diffusion"]
    study = study_of(row, draws={"min": 2, "max": 8, "test": "sequential", "level": 0.5})
    assert spent_shares(study, tmp_path) == {}
    request = compute_evidence(
        models.load("tiny", row, prompts_of(), path=path, device="cpu"),
        stimuli(IMAGES),
        tmp_path / "a.zarr",
        observer="tiny",
        dataset="edge",
        count=8,
        pruning=pruning_for(study, "tiny", "edge"),
        progress=False,
    )
    place = tmp_path / f"{study.name}-limit-4/evidence/tiny/edge.json"
    place.parent.mkdir(parents=True)
    Receipt(str(tmp_path / "a.zarr"), "", request.digest, "", 1, "").publish(place)
    share = stores.read(tmp_path / "a.zarr")["evaluations"].sum().item() / (IMAGES * 16 * 8)
    assert 0.25 < share < 1
    found = spent_shares(study, tmp_path)
    assert found == {"tiny": {"edge": pytest.approx(share)}}

    table = forecast(study, spent=found)
    np.testing.assert_allclose(table["evaluations"], share * table["images"] * 16 * 8)
    assert not table["expected"].any() and "as in the evidence of the observer that is there already" in as_text(table)
    assert forecast(study)["expected"].all() and "~share: expected" in as_text(forecast(study))
    other = study_of(row, draws={"min": 2, "max": 8, "test": "sequential", "level": 0.4})
    assert spent_shares(other, tmp_path) == {}


def test_registry_has_the_number_of_images_of_published_decisions(mirror_folder):
    study = load({"study": "humans"})
    for dataset, row in study.datasets.items():
        files = [*row.decisions.humans.items()][:2] + [*row.decisions.networks.items()][-1:]
        for subject, file in files:
            path = mirror_folder / study.registry.place(file).removeprefix("https://")
            answers = read_answers(path, subject, row.kind, row.conditions)
            assert answers.images.index.nunique() == row.images, (dataset, subject)


def test_number_of_images_is_that_of_rendered_stimuli():
    study = load({"study": "miniature"})
    for dataset in ("colour", "silhouette", "cue-conflict"):
        row, world = study.datasets[dataset], study.world
        assert render(dataset, row, world).sizes["image"] == world.number_of_images(dataset, row)


def test_evaluations_of_the_paper_are_images_times_categories_times_draws(paper):
    table = forecast(paper)
    assert len(table) == len(paper.models) * 17 and table["images"].sum() == len(paper.models) * 18080
    one = table[table["observer"] == "stable-diffusion-1-4"]
    share = RATES["sequential"]["latents"].shares[64]
    assert one["evaluations"].sum() == pytest.approx(18080 * 16 * 64 * share) and (one["share"] == share).all()
    pixels = table[table["observer"] == "deepfloyd-if-1"]
    assert (pixels["share"] == RATES["sequential"]["pixels"].shares[64]).all()
    tokens = table[table["observer"] == "janus-pro-1b"]
    assert tokens["evaluations"].sum() == 18080 * 16
    assert table.loc[table["observer"] == "resnet34", "evaluations"].sum() == 18080
    sums = totals(table)
    assert list(sums.index) == [*paper.models, "all"]
    for name in ("images", "evaluations", "files", "bytes", "hours"):
        assert sums.loc["all", name] == pytest.approx(table[name].sum())
        assert sums.loc["amused-512", name] == pytest.approx(table.loc[table["observer"] == "amused-512", name].sum())


def test_hours_are_evaluations_divided_by_the_given_speed(paper):
    table = forecast(paper, per_second=50)
    assert (table["per_second"] == 50).all()
    np.testing.assert_allclose(table["hours"], table["evaluations"] / 50 / 3600)
    assert not table["estimated"].any() and "nobody has measured" not in as_text(table)


def test_an_exhaustive_study_costs_all_evaluations(paper):
    evidence = paper.evidence.model_copy(update={"draws": 64})
    study = dataclasses.replace(paper, settings=paper.settings.model_copy(update={"evidence": evidence}))
    table = forecast(study)
    assert (table["share"] == 1).all() and "pruning" not in as_text(table)
    one = table[table["observer"] == "stable-diffusion-1-4"]
    assert one["evaluations"].sum() == 18080 * 16 * 64


def test_every_model_of_the_paper_has_hours_and_they_are_marked_as_estimates(paper):
    table = forecast(paper)
    assert (table["hours"] > 0).all() and table["estimated"].all()
    assert "?" not in as_text(table)


def test_readme_names_the_hours_of_the_forecast(paper):
    text, hours = " ".join((ROOT / "README.md").read_text().split()), totals(forecast(paper))["hours"].round()
    assert f"The forecast is about {hours['all']:.0f} GPU-hours: {hours['amused-512-reconstruction']:.0f} for" in text
    assert f"DeepFloyd IF {hours['deepfloyd-if-1']:.0f}, Stable Diffusion {hours['stable-diffusion-1-4']:.0f}," in text
    assert f"aMUSEd by likelihood {hours['amused-512']:.0f} and Janus {hours['janus-pro-1b']:.0f};" in text


def test_speed_is_the_measured_one_or_follows_from_the_operations():
    row = {"family": "masked", "pipeline": "some/model", "dtype": "bfloat16"}
    assert speed_of(observer(**row, gflop=800, evaluations_per_second=70)) == (70, False)
    assert speed_of(observer(**row, gflop=800), per_second=60) == (60, False)
    assert speed_of(observer(**row, gflop=800)) == (pytest.approx(125), True)
    assert speed_of(observer(**row, gflop=800, gflop_in_float32=52)) == (pytest.approx(62.5), True)
    assert np.isnan(speed_of(observer(**row))[0])


def changed(study, name, **keys):
    """The study with other values in an observer's row."""
    rows = study.observers | {name: study.observers[name].model_copy(update=keys)}
    return dataclasses.replace(study, observers=rows)


def test_totals_leave_out_unknown_speeds_and_the_page_names_them(paper):
    table = forecast(changed(paper, "deepfloyd-if-1", gflop=None))
    assert table.loc[table["observer"] == "deepfloyd-if-1", "hours"].isna().all()
    sums = totals(table)
    assert pd.isna(sums.loc["deepfloyd-if-1", "hours"])
    assert sums.loc["all", "hours"] == pytest.approx(sums["hours"].iloc[:-1].sum())
    assert "?: the speed is unknown, and the totals do not include deepfloyd-if-1" in as_text(table)


@pytest.mark.parametrize(
    ("draws", "share"),
    [
        (64, 1),
        ((4, 64), 0.275),
        ((2, 64), 0.275),
        ((4, 16), 0.275**0.5),
        ((15, 16), 15 / 16),
        ((4, 4), 1),
        ((2, 2), 1),
    ],
)
def test_expected_share_falls_with_the_draws_to_what_every_category_gets(draws, share):
    if isinstance(draws, tuple):
        draws = Pruning(min=draws[0], max=draws[1], test="sequential", level=0.05)
    assert expected_share(draws, "latents") == pytest.approx(share)


def test_share_between_measured_numbers_of_draws_is_a_power_of_them():
    rate = Rate(1, {8: 0.2, 64: 0.1})
    assert [rate.share_of(draws) for draws in (1, 8, 64)] == pytest.approx([1, 0.2, 0.1])
    assert rate.share_of(16) == pytest.approx(0.2 * 0.5 ** (1 / 3))
    assert rate.share_of(512) == pytest.approx(0.05)


def test_reconstructions_of_unknown_size_are_an_error(paper):
    evidence = paper.evidence.model_copy(update={"reconstruct_draw": 0})
    study = dataclasses.replace(paper, settings=paper.settings.model_copy(update={"evidence": evidence}))
    found = forecast(study).set_index(["observer", "dataset"])["bytes"]
    assert found["stable-diffusion-1-4", "edge"] == 160 * 16 * (64 * 4 + 4 * 64 * 64 * 2) + 160 * 4
    assert found["janus-pro-1b", "edge"] == 160 * 16 * 4 + 160 * 4
    with pytest.raises(InputError, match=r"registry/observers.yaml: deepfloyd-if-1: expected resolution, which says"):
        forecast(changed(study, "deepfloyd-if-1", resolution=None))


def test_command_lists_every_store_and_computes_nothing(tmp_path, paper):
    project = copy_project(tmp_path / "project")
    run = snakemake(project, "plan", "--quiet", "all", study="paper")
    assert run.returncode == 0, run.stdout
    lines = run.stdout.splitlines()
    for name in paper.models:
        for dataset in paper.datasets:
            (line,) = [line for line in lines if re.match(rf" *{re.escape(name)} +{dataset} ", line)]
            assert f"{paper.datasets[dataset].images:,}" in line
    assert [line.split()[0] for line in lines if "GPU-hours" in line] == ["observer", "observer"]
    assert "~: computed with a speed that nobody has measured" in run.stdout
    # Nothing is made, nothing downloaded.
    made = [path for room in ("data", "figures") for path in (project / room).rglob("*") if path.is_file()]
    assert not [path for path in made if path.suffix != ".log"]
    run = snakemake(project, "plan", "--quiet", "all", study="paper", evaluations_per_second=100)
    total = next(line for line in run.stdout.splitlines() if line.split()[:1] == ["all"])
    assert f"{totals(forecast(paper, 100)).loc['all', 'hours']:,.2f}" in total
    assert "nobody has measured" not in run.stdout


def test_study_without_models_has_nothing_to_evaluate():
    study = dataclasses.replace(load({"study": "humans"}), observers={})
    assert as_text(forecast(study)).endswith("there is nothing to evaluate.")


def test_forecast_does_not_import_torch():
    code = "import sys; from generative_classifiers.evidence.cost_plan import forecast; print('torch' in sys.modules)"
    assert python(ROOT / "scripts", "-c", code, fresh=True).stdout == "False\n"
