"""Studies: what they consist of."""

import hashlib
from urllib.parse import unquote

import pytest

from conftest import ROOT
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.weight_hashes import folder_hash
from generative_classifiers.study import example_images
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.figures import load_figures
from generative_classifiers.study.load import load
from generative_classifiers.study.targets import figure_inputs, figures
from study_documents import AMBIGUOUS, DATASETS, OBSERVERS, PUBLISHED, SMALL, STUDIES, content


@pytest.mark.parametrize("name", STUDIES)
def test_studies_load(name):
    study = load({"study": name})
    assert (study.name, len(study.datasets), study.site.retrain) == (name, 17, False)
    assert list(study.datasets) == content(f"studies/{name}.yaml")["datasets"]
    assert study.reference in study.observers and all(row.enabled for row in study.observers.values())
    assert study.prompts["airplane"] == "A bad photo of a airplane"


def test_who_is_in_the_studies():
    humans, paper, miniature = (load({"study": name}) for name in ("humans", "paper", "miniature"))
    assert humans.models == ["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"]
    assert humans.rendered == [] and humans.reference_family == "human"
    assert humans.stimuli == ["edge", "silhouette", "cue-conflict"]
    assert paper.models[:5] == [
        "stable-diffusion-1-4",
        "deepfloyd-if-1",
        "janus-pro-1b",
        "amused-512",
        "amused-512-reconstruction",
    ]
    assert paper.stimuli == list(paper.datasets) and paper.rendered == []
    rows = [content(OBSERVERS)["observers"][name] for name in content("studies/paper.yaml")["observers"]]
    families = [row["family"] for row in rows]
    # 51 networks and the three that the run trains; CLIP under one and under 80 prompts
    assert families.count("discriminative") == 54 and families.count("contrastive") == 2
    named = [row["published_as"] for row in rows if "published_as" in row]
    assert sorted(named) == sorted(content(PUBLISHED)["observers"])  # each of the paper's observers once
    assert miniature.models == [
        "miniature-diffusion",
        "miniature-latent",
        "miniature-autoregressive",
        "miniature-masked",
        "miniature-masked-reconstruction",
        "miniature-cnn",
        "miniature-cnn-noise",
    ]
    assert miniature.rendered == list(miniature.datasets)
    assert len(miniature.simulated) == 5 and humans.simulated == {} and miniature.reference_family == "simulated"


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_all_figures_that_it_has_the_models_for(name):
    study = load({"study": name})
    # Figures 2, 7 and 8 need models that reconstruct images, figure 8 a masked one.
    lacking = {"figure_02", "figure_07", "figure_08"} if study.settings.example_images is None else set()
    lacking |= set() if any(hasattr(row, "reading") for row in study.observers.values()) else {"figure_08"}
    expected = [name for name, figure in load_figures().figures.items() if name not in lacking and figure.lab is None]
    assert figures(study) == [f"figures/{name}/{figure}.{kind}" for figure in expected for kind in ("pdf", "png")]


def test_figures_that_the_datasets_allow(documents, load_small):
    names = ["01", "02", "03", "04", "05", "06", "07", "09", "10", "11", "12", "13", "16"]
    assert figures(load_small()) == [f"figures/small/figure_{n}.{kind}" for n in names for kind in ("pdf", "png")]
    documents[SMALL]["figures"] = ["figure_16"]
    assert figures(load_small()) == ["figures/small/figure_16.pdf", "figures/small/figure_16.png"]
    for name, problem in {"figure_14": "figure_14 needs sketch", "figure_18": "'figure_18' is unknown"}.items():
        documents[SMALL]["figures"] = ["figure_03", name]
        with pytest.raises(InputError, match=f"studies/small.yaml: figures: {problem}"):
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
        InputError, match=r"small.yaml: figure_08 needs example_images.stimulus and a masked model that reco"
    ):
        figure_inputs(study, "figure_08")
    del documents[SMALL]["example_images"]
    assert example_images.reconstructing_observers(load_small()) == []


def test_ambiguous_images_are_where_commons_has_them():
    downloaded = {name: row for name, row in content(AMBIGUOUS).items() if "url" in row}
    assert list(downloaded) == content("studies/paper.yaml")["example_images"]["ambiguous_images"]
    for row in downloaded.values():
        folder, short, name = row["url"].removeprefix("https://upload.wikimedia.org/wikipedia/commons/").split("/")
        digest = hashlib.md5(unquote(name).encode()).hexdigest()
        assert (folder, short) == (digest[:1], digest[:2])


def test_ambiguous_images_of_the_miniature_are_held_out():
    drawings = content("registry/drawings.yaml")
    for name in content("studies/miniature.yaml")["example_images"]["ambiguous_images"]:
        row = content(AMBIGUOUS)[name]
        assert all(one in drawings[reading]["held_out"] for reading, one in zip(*row.values(), strict=True))


def test_disabled_observers_are_left_out(documents, load_small):
    assert "miniature-cnn" in load_small().models
    documents[OBSERVERS]["observers"]["miniature-cnn"]["enabled"] = False
    assert load_small().models == ["miniature-diffusion", "miniature-cnn-noise"]
    documents[OBSERVERS]["observers"]["simulated"]["enabled"] = False
    with pytest.raises(InputError, match="reference: 'simulated' is not among the study's observers"):
        load_small()


def test_weights_that_the_run_makes(load_small):
    study = load_small()
    assert study.made_weights("miniature-diffusion") == [] and study.weights("miniature-diffusion") is None
    again = load_small(retrain=True)
    folder = "data/small/weights/miniature-diffusion"
    assert again.made_weights("miniature-diffusion") == [f"{folder}/training.json"]
    assert again.weights("miniature-diffusion") == folder


def test_a_network_with_weights_of_its_own_is_trained_only_if_asked_for(documents, load_small):
    row, cnn = documents[OBSERVERS]["observers"]["miniature-cnn"], "data/small/weights/miniature-cnn/model.safetensors"
    row.pop("weights", None)
    assert load_small().made_weights("miniature-cnn") == [cnn]
    row["weights"] = "weights/cnn.safetensors"
    assert load_small().made_weights("miniature-cnn") == [] and load_small().weights("miniature-cnn") is None
    assert load_small(retrain=True).made_weights("miniature-cnn") == [cnn]


def test_shipped_weights_are_the_registrys():
    rows = {name: row for name, row in content(OBSERVERS)["observers"].items() if "pipeline" in row}
    shipped = {name: row for name, row in rows.items() if row["pipeline"].startswith("weights/")}
    assert "miniature-diffusion" in shipped
    assert {name: row.get("sha256") for name, row in shipped.items()} == {
        name: folder_hash(ROOT / row["pipeline"]) for name, row in shipped.items()
    }


def test_what_evidence_depends_on(load_small):
    row = load_small().decisive("miniature-cnn-noise")
    assert not row.keys() & {"label", "mem_mb", "without_noise", "trained_on", "licence", "verified"}
    assert row.keys() >= {"family", "network", "classes", "resolution", "mean", "std", "noise", "training"}
    settings = load_small().evidence_settings("miniature-cnn", "colour")
    assert settings.keys() == {"observer", "prompts", "stimuli", "seed"}  # it has one draw and reconstructs nothing
    diffusion = load_small().evidence_settings("miniature-diffusion", "colour")
    assert (diffusion["draws"], diffusion["times"], diffusion["reconstruct_draw"]) == (2, "golden", 0)
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
    # An observer that only the paper has is paired with the study's observer for the paper's row without noise.
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
