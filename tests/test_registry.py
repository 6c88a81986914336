"""Studies and registries: what is there loads, what is wrong is named."""

import copy
import hashlib
import json
from functools import cache
from urllib.parse import unquote

import pytest
import yaml

from conftest import ROOT
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.weight_hashes import folder_hash
from generative_classifiers.study import example_images
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.registry import load
from generative_classifiers.study.schema import check
from generative_classifiers.study.targets import FIGURES, figures, reconstructions

STUDIES = ("miniature", "humans", "paper")
SMALL = "studies/small.yaml"
DATASETS, OBSERVERS = "registry/datasets.yaml", "registry/observers.yaml"
PUBLISHED, ILLUSIONS = "registry/published.yaml", "registry/ambiguous_images.yaml"


@cache
def content(path):
    # Through JSON, so that rows which share a part in YAML each have their own.
    return json.loads(json.dumps(yaml.safe_load((ROOT / path).read_text())))


def spot(document, place):
    """The part of a document at a place: a tuple of keys."""
    for key in place:
        document = document[key]
    return document


@pytest.fixture
def documents():
    """YAML documents of a small study, for tests to spoil."""
    study, datasets = copy.deepcopy(content("studies/miniature.yaml")), copy.deepcopy(content(DATASETS))
    names = ["colour", "edge", "cue-conflict"]
    datasets["datasets"] = {name: datasets["datasets"][name] for name in names}
    for row in datasets["datasets"].values():
        row["decisions"] = {who: dict(list(files.items())[:2]) for who, files in row["decisions"].items()}
    study["datasets"] = list(names)
    study["observers"] = ["simulated", "miniature-diffusion", "miniature-cnn", "miniature-cnn-noise"]
    del study["evidence"]["draws_of"]
    observers = copy.deepcopy(content(OBSERVERS))
    names = ["humans", "resnet50", *study["observers"]]
    observers["observers"] = {name: observers["observers"][name] for name in names}
    unchanged = {path: copy.deepcopy(content(path)) for path in (PUBLISHED, ILLUSIONS)}
    return {SMALL: study, DATASETS: datasets, OBSERVERS: observers, **unchanged}


@pytest.fixture
def load_small(documents, tmp_path):
    """Load the small study as the documents have it by then."""

    def load_them(**config):
        for path, document in documents.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(yaml.safe_dump(document, sort_keys=False))
        return load({"study": "small", **config}, tmp_path)

    return load_them


@pytest.mark.parametrize("name", STUDIES)
def test_studies_load(name):
    study = load({"study": name})
    assert (study.name, len(study.datasets), study.retrain) == (name, 17, False)
    assert list(study.datasets) == content(f"studies/{name}.yaml")["datasets"]
    assert study.reference in study.observers and all(row.get("enabled", True) for row in study.observers.values())
    assert study.families.keys() >= {row["family"] for row in study.observers.values()}
    assert study.prompts["airplane"] == "A bad photo of a airplane"


def test_who_is_in_the_studies():
    humans, paper, miniature = (load({"study": name}) for name in ("humans", "paper", "miniature"))
    assert humans.models == ["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"]
    assert humans.rendered == [] and humans.reference_family == "human"
    assert humans.stimuli == humans.released == ["edge", "silhouette", "cue-conflict"]
    assert paper.models[:5] == [
        "stable-diffusion-1-4",
        "deepfloyd-if-1",
        "janus-pro-1b",
        "amused-512",
        "amused-512-reconstruction",
    ]
    assert paper.released == list(paper.datasets)
    rows = [content(OBSERVERS)["observers"][name] for name in content("studies/paper.yaml")["observers"]]
    families = [row["family"] for row in rows]
    # 51 networks and the three that the run trains; CLIP under one and under 80 prompts
    assert families.count("discriminative") == 54 and families.count("contrastive") == 2
    named = [row["published"] for row in rows if "published" in row]
    assert sorted(named) == sorted(content(PUBLISHED)["observers"])  # whoever the paper has, once
    assert miniature.models == [
        "miniature-diffusion",
        "miniature-latent",
        "miniature-autoregressive",
        "miniature-masked",
        "miniature-masked-reconstruction",
        "miniature-cnn",
        "miniature-cnn-noise",
    ]
    assert miniature.rendered == list(miniature.datasets) and miniature.released == []
    assert len(miniature.simulated) == 5 and humans.simulated == {} and miniature.reference_family == "simulated"


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_draws_all_figures(name):
    rules = (ROOT / "rules/figures.smk").read_text()
    study = load({"study": name})
    # Reconstructions are of models that paint, figure 8's of a masked one.
    lacking = {"figure_02", "figure_07", "figure_08"} if not study.example_images else set()
    lacking |= set() if any(row.get("reading") for row in study.observers.values()) else {"figure_08"}
    drawn = [
        f"figures/{name}/{figure}.{kind}" for figure in FIGURES if figure not in lacking for kind in ("pdf", "png")
    ]
    assert figures(study) == drawn
    assert all(f"rule {figure}:" in rules for figure in FIGURES)


def test_figures_that_the_datasets_allow(documents, load_small):
    names = ["01", "02", "03", "04", "05", "06", "07", "09", "10", "11", "12", "13", "16"]
    assert figures(load_small()) == [f"figures/small/figure_{n}.{kind}" for n in names for kind in ("pdf", "png")]
    documents[SMALL]["figures"] = ["figure_16"]
    assert figures(load_small()) == ["figures/small/figure_16.pdf", "figures/small/figure_16.png"]
    for name, wanted in {"figure_14": "sketch", "figure_18": "the name of a figure"}.items():
        documents[SMALL]["figures"] = ["figure_03", name]
        with pytest.raises(InputError, match=f"studies/small.yaml: figures: {name} needs {wanted}"):
            figures(load_small())


def test_whose_reconstructions_are_shown(documents, load_small):
    rows = documents[OBSERVERS]["observers"]
    rows["painter"] = {
        "label": "Painter",
        "family": "masked",
        "pipeline": "weights/masked",
        "reading": "reconstruction",
    }
    rows["guesser"] = rows["painter"] | {"reading": "likelihood"}
    documents[SMALL]["observers"] += ["guesser", "painter"]
    study = load_small()
    assert example_images.reconstructing_observers(study) == ["miniature-diffusion", "painter"]
    assert [example_images.observers(study, f"figure_{number}") for number in ("02", "07", "08")] == [
        ["miniature-diffusion"],
        ["miniature-diffusion", "painter"],
        ["painter"],
    ]
    assert list(example_images.prompts(study)) == list(CATEGORIES)  # the readings are categories
    documents[SMALL]["example_images"]["ambiguous_images"] = ["old-young", "cat-dog"]
    study = load_small()
    assert list(example_images.prompts(study))[16:] == ["old woman", "young woman"]
    assert [source[0] for source in example_images.sources(study)] == ["old-young"]
    del documents[SMALL]["example_images"]["stimulus"]
    study = load_small()
    assert example_images.observers(study, "figure_07") and not example_images.observers(study, "figure_08")
    with pytest.raises(
        InputError, match=r"small.yaml: figure_08 needs example_images.stimulus and a masked model that pain"
    ):
        reconstructions(study, "figure_08")
    del documents[SMALL]["example_images"]
    assert example_images.reconstructing_observers(load_small()) == []


def test_illusions_are_where_commons_has_them():
    downloaded = {name: row for name, row in content(ILLUSIONS).items() if "url" in row}
    assert list(downloaded) == content("studies/paper.yaml")["example_images"]["ambiguous_images"]
    for row in downloaded.values():
        folder, short, name = row["url"].removeprefix("https://upload.wikimedia.org/wikipedia/commons/").split("/")
        digest = hashlib.md5(unquote(name).encode()).hexdigest()
        assert (folder, short) == (digest[:1], digest[:2])


def test_illusions_of_the_miniature_are_held_out():
    drawings = content("registry/drawings.yaml")
    for name in content("studies/miniature.yaml")["example_images"]["ambiguous_images"]:
        row = content(ILLUSIONS)[name]
        assert all(one in drawings[reading]["held_out"] for reading, one in zip(*row.values(), strict=True))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"stduy": "humans"}, "config.yaml or --config: unknown key 'stduy', expected one of study, mirror, imagenet"),
        ({"study": "small", "mirror": 3}, "config.yaml or --config: mirror: 3 is not of type 'string', 'null'"),
        ({"study": "small", "mirror": "ftp://here"}, "config.yaml or --config: mirror: 'ftp://here' does not match"),
        ({"study": "small", "retrain": "yes"}, "config.yaml or --config: retrain: 'yes' is not of type 'boolean'"),
        ({"study": "small", "device": "tpu"}, "config.yaml or --config: device: 'tpu' does not match"),
        ({"study": "small", "batch_size": 0}, "config.yaml or --config: batch_size: 0 is less than the minimum of 1"),
        ({"study": 3}, "config.yaml or --config: study: 3 is not of type 'string'"),
        ({"study": "../small"}, "config.yaml or --config: study: '../small' does not match"),
        ({}, "config.yaml or --config: 'study' is a required property"),
        ({"study": "large"}, "study 'large': no file studies/large.yaml, expected one of humans, miniature, paper"),
    ],
)
def test_wrong_config(config, message):
    with pytest.raises(InputError) as error:
        load(config)
    assert str(error.value).startswith(message)


COLOUR = ("datasets", "colour")


@pytest.mark.parametrize(
    ("path", "place", "value", "message"),
    [
        (SMALL, ("datasets",), ["colour", "color"], "datasets: 'color' is unknown, expected names of the registry: co"),
        (SMALL, ("observers",), ["simulated", "gpt"], "observers: 'gpt' is unknown, expected names of the registry: h"),
        (SMALL, ("stimuli",), ["sketch"], "stimuli: 'sketch' is unknown"),
        (SMALL, ("observers",), ["miniature-cnn"], "reference 'simulated' is none of the study's observers"),
        (SMALL, ("reference",), "monkeys", "reference: 'monkeys' is not one of ['humans', 'simulated']"),
        (SMALL, ("figures",), [], "figures: [] should be non-empty"),
        (SMALL, ("datasets",), "colour", "datasets: 'colour' is not of type 'array'"),
        (SMALL, ("evidence", "draws"), "4", "evidence.draws: '4' is not of type 'integer'"),
        (SMALL, ("evidence", "draws"), 0, "evidence.draws: 0 is less than the minimum of 1"),
        (SMALL, ("evidence", "times"), "silver", "evidence.times: 'silver' is not one of"),
        (SMALL, ("evidence", "reconstruct_draw"), 2, "reconstruct_draw is 2, expected less than draws, 2"),
        (
            SMALL,
            ("evidence", "draws_of"),
            {"gpt": 4},
            "evidence.draws_of: 'gpt' is unknown, expected names of the regis",
        ),
        (SMALL, ("evidence", "draws_of"), {"miniature-cnn": 0}, "evidence.draws_of.miniature-cnn: 0 is less than the"),
        (
            SMALL,
            ("evidence", "draws_of"),
            {"miniature-cnn": {"min": 4, "max": 2, "test": "paired", "level": 0.05}},
            "draws_of.miniature-cnn.min is 4, expected at most draws_of.miniature-cnn.max, 2",
        ),
        (
            SMALL,
            ("example_images", "ambiguous_images"),
            ["cat"],
            "example_images.ambiguous_images: 'cat' is unknown, expected names of the regis",
        ),
        (
            SMALL,
            ("example_images", "stimulus", "dataset"),
            "edges",
            "example_images.stimulus.dataset: 'edges' is unknown",
        ),
        (SMALL, ("example_images", "draw"), -1, "example_images.draw: -1 is less than the minimum of 0"),
        (ILLUSIONS, ("cat-dog", "readings"), ["cat"], "cat-dog.readings: ['cat'] is too short"),
        (SMALL, ("prompt",), "A bad photo", "prompt: 'A bad photo' does not match"),
        (SMALL, ("world", "images", "parametric"), 24, "world.images.parametric: 24 is not a multiple of 16"),
        (SMALL, ("simulated", "simulated-01", "lapse"), 2, "simulated.simulated-01.lapse: 2 is greater than the max"),
        (DATASETS, (*COLOUR, "excluded"), ["cr", "grey"], "colour excludes 'grey', which it does not have"),
        (DATASETS, (*COLOUR, "ticks"), ["grey"], "colour: ticks: expected one for each of ['cr', 'bw']"),
        (DATASETS, (*COLOUR, "conditions"), [0.5], "datasets.colour.conditions.0: 0.5 is not of type 'string'"),
        (
            DATASETS,
            (*COLOUR, "decisions", "humans", "subject-01", "repository"),
            "elsewhere",
            "colour: repository: 'elsewhere' is unknown, expected names of the registry: model-vs-human",
        ),
        (OBSERVERS, ("observers", "miniature-cnn", "family"), "quantum", "families: 'quantum' is unknown"),
        (OBSERVERS, ("observers", "miniature-cnn", "noise"), "loud", "observers.miniature-cnn.noise: 'loud' is not on"),
        (OBSERVERS, ("observers", "miniature-cnn", "published"), "VGG-99", "published: 'VGG-99' is unknown, expected"),
        (
            PUBLISHED,
            ("observers", "resnet50", "family"),
            "quantum",
            "families: 'quantum' is unknown, expected names of",
        ),
        (
            PUBLISHED,
            ("observers", "resnet50", "ood_accuracy"),
            55.9,
            "observers.resnet50.ood_accuracy: 55.9 is greater",
        ),
        (OBSERVERS, ("observers", "Bad/Name"), {"label": "", "family": ""}, "observers: 'Bad/Name' does not match"),
    ],
)
def test_wrong_documents(documents, load_small, path, place, value, message):
    spot(documents[path], place[:-1])[place[-1]] = value
    with pytest.raises(InputError) as error:
        load_small()
    assert str(error.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (("prompt",), "missing keys 'prompt' and 'evidence', for models take part: miniature-diffusion"),
        (("evidence",), "'evidence' is a dependency of 'prompt'"),
        (("world",), "'world' is a dependency of 'simulated'"),
        (("simulated",), "missing key 'simulated', the parameters of the simulated observers"),
        (("datasets",), "'datasets' is a required property"),
        (("world", "size"), "world: 'size' is a required property"),
    ],
)
def test_missing_keys(documents, load_small, missing, message):
    del spot(documents[SMALL], missing[:-1])[missing[-1]]
    with pytest.raises(InputError) as error:
        load_small()
    assert str(error.value) == f"{SMALL}: {message}"


def places(document, place=()):
    """Where a document has keys: one place for all that look alike."""
    if not isinstance(document, dict):
        return {}
    found = {(len(place), *sorted(document)): place}
    for key, part in document.items():
        found = places(part, (*place, key)) | found
    return found


@pytest.mark.parametrize(
    ("path", "schema", "place"),
    [
        (path, schema, place)
        for path, schema in [
            ("config.yaml", "config"),
            *((f"studies/{name}.yaml", "study") for name in STUDIES),
            (DATASETS, "datasets"),
            (OBSERVERS, "observers"),
            (PUBLISHED, "published"),
            (ILLUSIONS, "ambiguous_images"),
        ]
        for place in places(content(path)).values()
    ],
)
def test_unknown_keys_anywhere(path, schema, place):
    document = copy.deepcopy(content(path))
    spot(document, place)["stduy"] = None
    with pytest.raises(InputError, match="stduy") as error:
        check(document, schema, path)
    assert str(error.value).startswith(": ".join([path, *filter(None, [".".join(place)])]))


def test_no_yaml(documents, load_small, tmp_path):
    load_small()
    (tmp_path / SMALL).write_text("datasets: [colour")
    with pytest.raises(InputError, match=r"^studies/small\.yaml: no valid YAML: .*line 1, column 11.*$"):
        load({"study": "small"}, tmp_path)
    (tmp_path / SMALL).write_text("")
    with pytest.raises(InputError, match=r"studies/small\.yaml: None is not of type 'object'"):
        load({"study": "small"}, tmp_path)


def test_disabled_observers_are_left_out(documents, load_small):
    assert "miniature-cnn" in load_small().models
    documents[OBSERVERS]["observers"]["miniature-cnn"]["enabled"] = False
    assert load_small().models == ["miniature-diffusion", "miniature-cnn-noise"]
    documents[OBSERVERS]["observers"]["simulated"]["enabled"] = False
    with pytest.raises(InputError, match="reference 'simulated' is none of the study's observers"):
        load_small()


def test_weights_that_the_run_makes(load_small):
    study, cnn = load_small(), "data/small/weights/miniature-cnn/model.safetensors"
    assert study.made_weights("miniature-cnn") == [cnn] and study.weights("miniature-cnn") == cnn
    assert study.made_weights("miniature-diffusion") == [] and study.weights("miniature-diffusion") is None
    again = load_small(retrain=True)
    folder = "data/small/weights/miniature-diffusion"
    assert again.made_weights("miniature-diffusion") == [f"{folder}/training.json"]
    assert again.weights("miniature-diffusion") == folder and again.weights("miniature-cnn") == cnn


def test_shipped_weights_are_the_registrys():
    rows = {name: row for name, row in content(OBSERVERS)["observers"].items() if "pipeline" in row}
    shipped = {name: row for name, row in rows.items() if row["pipeline"].startswith("weights/")}
    assert "miniature-diffusion" in shipped
    assert {name: row.get("sha256") for name, row in shipped.items()} == {
        name: folder_hash(ROOT / row["pipeline"]) for name, row in shipped.items()
    }


def test_what_evidence_depends_on(load_small):
    row = load_small().evidence_settings("miniature-cnn-noise")
    assert not row.keys() & {"label", "mem_mb", "without_noise", "trained_on", "licence", "verified"}
    assert row.keys() >= {"family", "network", "classes", "resolution", "mean", "std", "noise", "training"}
    assert load_small().levels("colour") == {"kind": "parametric", "conditions": ["cr", "bw"]}


def test_published_averages_are_over_the_same_datasets(documents, load_small):
    assert load_small().published == {}
    documents[SMALL] |= {"reference": "humans", "observers": ["humans", "resnet50"]}
    # The study has three of the 17 datasets: shape biases compare, averages over datasets don't.
    row = load_small().published["resnet50"]
    assert row == {"label": "ResNet-50", "family": "discriminative", "shape_bias": 0.21, "observers": ["resnet50"]}
    documents[PUBLISHED]["datasets"] = documents[SMALL]["datasets"][::-1]
    assert load_small().published["resnet50"] == row | {
        "accuracy_difference": 0.087, "observed_consistency": 0.665, "error_consistency": 0.208, "ood_accuracy": 0.559,
    }  # fmt: skip
    labels = load_small().labels
    assert list(labels)[:3] == ["humans", "resnet50", "Parti"] and labels["StableDiffusion"] == "Stable Diffusion"


def test_who_is_the_same_without_noise(documents, load_small):
    assert load_small().without_noise == {"miniature-cnn-noise": "miniature-cnn"}
    # One that the paper alone has is the same as whoever is the paper's row without noise.
    humans, paper = load({"study": "humans"}), content(PUBLISHED)["observers"]
    assert humans.without_noise == {name: "resnet50" for name, row in paper.items() if "without_noise" in row}
    documents[SMALL]["observers"].remove("miniature-cnn")
    assert load_small().without_noise == {}


def test_sources(documents, load_small):
    study = documents[SMALL]
    study["reference"], study["observers"] = "humans", ["resnet50", "humans"]
    sources = load_small().sources("decisions", "colour")
    assert [source[0] for source in sources] == ["subject-01", "subject-02", "resnet50"]
    rows = documents[DATASETS]["datasets"]["colour"]["decisions"]
    commit = documents[DATASETS]["repositories"]["model-vs-human-swag"]["commit"]
    assert sources[-1] == (
        "resnet50",
        f"https://github.com/bethgelab/model-vs-human/raw/{commit}/raw-data/colour/colour_resnet50_session-1.csv",
        rows["networks"]["resnet50"]["sha256"],
    )
    archive, *humans = load_small().sources("stimuli", "edge")
    assert (
        archive[0] == "stimuli"
        and archive[2] is None
        and [human[0] for human in humans] == ["subject-01", "subject-02"]
    )
