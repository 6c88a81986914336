"""Export for model-vs-human: what is written is read back, and the toolbox gets the same metrics from it."""

from itertools import combinations
from statistics import fmean

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import reference_metrics as reference
from generative_classifiers.__main__ import main
from generative_classifiers.decisions.csv_files import read_answers
from generative_classifiers.decisions.model_vs_human import export
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.metrics.accuracy import accuracy
from generative_classifiers.metrics.benchmark import benchmark
from generative_classifiers.metrics.cells import list_cells
from generative_classifiers.metrics.conditions import compare
from generative_classifiers.metrics.consistency import consistency
from generative_classifiers.metrics.shape_bias import shape_bias
from generative_classifiers.study.benchmark_names import answers_file, image_name
from generative_classifiers.study.load import load
from generative_classifiers.study.measures import MEASURES
from small_studies import content, copy_project, snakemake, write

# One of each spelling that pandas changes when it reads a condition, and of each kind of image's name.
DATASETS = ["colour", "high-pass", "false-colour", "uniform-noise", "sketch", "cue-conflict"]
MODELS = ["resnet50", "bagnet33", "swag_vit_b16_in1k"]
UPSTREAM = reference.MIRROR / "bethgelab/model-vs-human/raw"
HUMANS, NETWORKS = (
    UPSTREAM / commit / "raw-data"
    for commit in ("79ed7cd1d9ac3a114e71b6638f0a98bdd627316c", "93ee6766db71bc99de23a16cf5216acff181b470")
)
needs_published = pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"needs the published decisions: no {UPSTREAM}")


@pytest.fixture(scope="module")
def decisions():
    """Decisions of humans and a few networks, by dataset."""
    found = {}
    for dataset in DATASETS:
        trials = reference.published_trials(dataset)
        some = {name: seen for name, seen in trials.items() if name in MODELS or name.startswith("subject-")}
        found[dataset] = reference.decisions_of(dataset, some)
    return found


@pytest.fixture(scope="module")
def raw_data(decisions, tmp_path_factory):
    """The folder of model-vs-human: published files of the humans, and exported files of the networks."""
    folder = tmp_path_factory.mktemp("exchange")
    for dataset, store in decisions.items():
        stores.write(store, folder / f"{dataset}.zarr")
        export(folder / f"{dataset}.zarr", folder / "raw-data")
        for file in (HUMANS / dataset).glob("*subject-*.csv"):
            (folder / "raw-data" / dataset / file.name).symlink_to(file)
    return folder / "raw-data"


@needs_published
def test_exported_decisions_are_read_as_written(decisions, raw_data):
    rows = content("registry/datasets.yaml")["datasets"]
    for dataset, store in decisions.items():
        for model in MODELS:
            file = answers_file(raw_data, dataset, model)
            assert (NETWORKS / dataset / file.name).is_file()  # the name that model-vs-human itself has given it
            read = read_answers(file, model, rows[dataset]["kind"], rows[dataset]["conditions"])
            assert read.images.index.tolist() == store["name"].values.tolist()
            assert read.images.category.tolist() == store["true_category"].values.tolist()
            assert read.images.condition.tolist() == store["condition"].values.tolist()
            np.testing.assert_array_equal(read.response, store["response"].sel(observer=model))


@needs_published
def test_exported_columns_are_those_of_the_published_files(raw_data):
    for dataset in DATASETS:
        ours, theirs = (
            pd.read_csv(answers_file(folder, dataset, "resnet50"), dtype=str, keep_default_na=False)
            for folder in (raw_data, NETWORKS)
        )
        assert list(ours) == list(theirs)
        assert (ours["trial"] == theirs["trial"]).all()  # from 1 on
        for table in (ours, theirs):
            table.index = table["imagename"].map(image_name)
        told = ["subj", "session", "rt", "object_response", "category"]
        told += ["condition"] if dataset not in reference.NONPARAMETRIC else []
        pd.testing.assert_frame_equal(ours[told].sort_index(), theirs[told].sort_index())


def as_the_toolbox_reads(raw_data, dataset):
    """All answers on a dataset as the plotting code of model-vs-human reads them, with types guessed by pandas."""
    tables = [pd.read_csv(file) for file in sorted((raw_data / dataset).iterdir())]
    table = pd.concat([table.rename(columns=str.lower) for table in tables])
    parts = table["imagename"].str.split("_")
    short = parts.map(lambda some: "_".join(some[-2:]) if len(some) > 1 and some[-2].startswith("n0") else some[-1])
    return table.assign(condition=table["condition"].astype(str), image_id=short)


def spelled(dataset, condition):
    """How a condition is spelled after pandas has guessed numbers or booleans."""
    if dataset in ("high-pass", "uniform-noise"):
        return str(float(condition))
    return condition.capitalize() if dataset == "false-colour" else condition


def conditions_of(dataset):
    """Conditions that count in the benchmark, by our spelling that of the toolbox; None for all trials."""
    if dataset in reference.NONPARAMETRIC:
        return {"all": None}
    kept = [name for name in reference.CONDITIONS[dataset] if name not in reference.EXCLUDED[dataset]]
    return {name: spelled(dataset, name) for name in kept}


def right(table, subject, condition):
    """Whether responses are right, by image."""
    table = table[table["subj"] == subject]
    table = table if condition is None else table[table["condition"] == condition]
    return (table["object_response"] == table["category"]).set_axis(table["image_id"]).sort_index()


def kappa(first, second):
    """Observed and error consistency."""
    assert first.index.equals(second.index) and len(first)
    expected = first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean())
    observed = (first == second).mean()
    return observed, 1.0 if observed == 1 else (observed - expected) / (1 - expected)


@needs_published
def test_toolbox_gets_the_same_metrics(decisions, raw_data):
    cells = list_cells(
        {name: reference.CONDITIONS[name] for name in DATASETS},
        {name: reference.EXCLUDED[name] for name in DATASETS if name in reference.EXCLUDED},
    )
    ours = accuracy(decisions.values(), cells).set_index(cell=["dataset", "condition"])
    pairs = consistency(decisions.values(), cells).set_index(cell=["dataset", "condition"])
    summary, averages = benchmark(compare(decisions.values(), cells, "humans")), {name: [] for name in MODELS}
    for dataset in DATASETS:
        table, conditions = as_the_toolbox_reads(raw_data, dataset), conditions_of(dataset)
        humans = [name for name in table["subj"].unique() if name.startswith("subject-")]
        answers = {
            who: {name: right(table, who, theirs) for name, theirs in conditions.items()} for who in (*MODELS, *humans)
        }
        for who, by_condition in answers.items():
            for name, found in by_condition.items():
                assert ours["accuracy"].sel(observer=who, cell=(dataset, name)) == pytest.approx(
                    found.mean(), abs=1e-12
                )
        for one, other in combinations(answers, 2):
            for name in conditions:
                cell = pairs.sel(observer=one, other=other, cell=(dataset, name))
                observed, error = kappa(answers[one][name], answers[other][name])
                assert cell["observed"] == pytest.approx(observed, abs=1e-12)
                assert cell["kappa"] == pytest.approx(error, abs=1e-12)
        for model in MODELS:
            found = [
                fmean([(one[name].mean() - answers[human][name].mean()) ** 2 for name in conditions])
                for one in [answers[model]]
                for human in humans
            ]
            both = [[kappa(answers[model][name], answers[human][name]) for name in conditions] for human in humans]
            pooled = pd.concat(answers[model].values()).mean()
            means = np.mean(both, axis=(0, 1))
            averages[model].append([pooled, fmean(found), *means])
    for model, found in averages.items():
        expected = dict(zip(MEASURES, np.mean(found, axis=0), strict=True))
        for measure, value in expected.items():
            assert summary[measure].sel(observer=model) == pytest.approx(value, abs=1e-12)


@needs_published
def test_toolbox_gets_the_same_shape_bias(decisions, raw_data):
    table, ours = as_the_toolbox_reads(raw_data, "cue-conflict"), shape_bias(decisions["cue-conflict"], "humans")
    texture = table["imagename"].str.split("_").str[-1].str.split(".").str[0].str.split("-").str[-1]
    table = table.assign(texture=texture.str.replace(r"\d", "", regex=True))
    for model in MODELS:
        seen = table[(table["subj"] == model) & (table["texture"] != table["category"])]
        by_shape = (seen["object_response"] == seen["category"]).sum()
        by_texture = (seen["object_response"] == seen["texture"]).sum()
        bias = ours["overall_shape_bias"].sel(observer=model).item()
        assert bias == pytest.approx(by_shape / (by_shape + by_texture), abs=1e-12)


def small(**changes):
    """A store of decisions of two observers on two images."""
    coords = {
        "observer": ["subject-01", "my_model"],
        "is_reference": ("observer", [True, False]),
        "name": ("image", np.array(["a1.png", "b1.png"], object)),
        "condition": ("image", np.array(["bw", "cr"], object)),
        "true_category": ("image", np.array(["dog", "cat"], object)),
    }
    response = np.array([[7, -1], [10, 7]], np.int8)
    return xr.Dataset({"response": (("observer", "image"), response)}, coords | changes, {"dataset": "colour"})


def test_command_writes_models_by_default_and_named_observers(tmp_path, capsys):
    stores.write(small(), tmp_path / "colour.zarr")
    assert main(["export", str(tmp_path / "colour.zarr"), "--out", str(tmp_path / "raw-data")]) == 0
    file = tmp_path / "raw-data/colour/colour_my-model_session-1.csv"
    assert capsys.readouterr().out.split() == [str(file)] and file.read_text() == (
        "subj,session,trial,rt,object_response,category,condition,imagename\n"
        "my_model,1,1,NaN,dog,dog,bw,a1.png\n"
        "my_model,1,2,NaN,cat,cat,cr,b1.png\n"
    )
    people = ["--observers", "subject-01,my_model"]
    assert main(["export", str(tmp_path / "colour.zarr"), "--out", str(tmp_path / "all"), *people]) == 0
    assert (
        "subject-01,1,2,NaN,na,cat,cr,b1.png" in (tmp_path / "all/colour/colour_subject-01_session-1.csv").read_text()
    )


def test_evidence_is_exported_as_its_decisions(tmp_path):
    loss = np.full((2, 2, 2), 5, np.float32)
    loss[0, 1], loss[1, 0] = [1, 9], [4, 4]
    coords = {name: small()[name] for name in ("name", "condition", "true_category")}
    coords |= {
        "category": np.array(["cat", "dog"], object),
        **dict.fromkeys(["time", "alpha", "sigma"], ("draw", [0.0, 1.0])),
    }
    evidence = xr.Dataset({"loss": (("image", "category", "draw"), loss)}, coords)
    stores.write(evidence.assign_attrs(dataset="colour", observer="tiny"), tmp_path / "a.zarr")
    for weighting, expected in {None: ["dog", "cat"], "uniform": ["cat", "cat"]}.items():
        (file,) = export(tmp_path / "a.zarr", tmp_path, weighting=weighting)
        read = read_answers(file, "tiny", "parametric", ["cr", "bw"])
        assert [reference.CATEGORIES[answer] for answer in read.response] == expected


@pytest.mark.parametrize(
    ("changes", "settings", "message"),
    [
        (
            {"name": ("image", ["a1.png", "b_1.png"])},
            {},
            r"image 'b_1.png' would be read as '1.png', since it contains a",
        ),
        (
            {"true_category": ("image", ["dog", "whale"])},
            {},
            r"image 'b1.png' has category 'whale', expected airplane,",
        ),
        (
            {},
            {"observers": ["her_model"]},
            r"a.zarr: has no observer 'her_model', expected some of subject-01, my_model",
        ),
        ({}, {"weighting": "uniform"}, "weighting: expected none for a store of decisions"),
    ],
)
def test_images_and_observers_that_the_format_cannot_name_are_errors(changes, settings, message, tmp_path):
    stores.write(small(**changes), tmp_path / "a.zarr")
    with pytest.raises(InputError, match=message):
        export(tmp_path / "a.zarr", tmp_path / "out", **settings)
    assert not [path for path in tmp_path.rglob("*.csv*")]


def test_other_stores_are_errors(tmp_path):
    stores.write(xr.Dataset({"accuracy": ("observer", [0.5])}), tmp_path / "a.zarr")
    with pytest.raises(InputError, match=r"a.zarr: contains numbers, expected decisions or evidence"):
        export(tmp_path / "a.zarr", tmp_path)
    with pytest.raises(InputError, match=r"gone.zarr: no complete store"):
        export(tmp_path / "gone.zarr", tmp_path)


@needs_published
def test_users_files_of_decisions_take_part_in_a_study(decisions, mirror, tmp_path):
    project = copy_project(tmp_path / "project")
    study = content("studies/humans.yaml") | {
        "datasets": ["colour", "high-pass"],
        "observers": ["humans", "imagen", "resnet50"],
    }
    write(
        {key: study[key] for key in ("description", "reference", "datasets", "observers")},
        project / "studies/mine.yaml",
    )
    assert list(load({"study": "mine"}, project).observers) == ["humans", "resnet50"]
    ours = decisions["colour"].sel(observer=["bagnet33"]).assign_coords(observer=["imagen"])
    stores.write(ours, tmp_path / "colour.zarr")
    export(tmp_path / "colour.zarr", project / "data/downloads/raw-data")
    assert load({"study": "mine"}, project).answers_on("colour").keys() == {"imagen"}
    wanted = [f"data/mine/decisions/{dataset}.zarr/zarr.json" for dataset in ("colour", "high-pass")]
    run = snakemake(project, *wanted, study="mine", mirror=mirror)
    assert run.returncode == 0, run.stdout
    with_it, without = (stores.read(project / path.removesuffix("/zarr.json")) for path in wanted)
    np.testing.assert_array_equal(with_it["response"].sel(observer="imagen"), ours["response"][0])
    assert with_it["family"].sel(observer="imagen") == "published" and "imagen" not in without["observer"]
