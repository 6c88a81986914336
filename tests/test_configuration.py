"""Typed configuration: every fault is one error that names the file, the line, the key, and what was expected."""

import copy
import re

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.study import schemas
from generative_classifiers.study.drawings import Drawings
from generative_classifiers.study.load import load
from generative_classifiers.study.site import load_site
from generative_classifiers.study.templates import Templates
from generative_classifiers.study.validation import read, validated
from small_studies import ROOT
from study_documents import AMBIGUOUS, DATASETS, OBSERVERS, PUBLISHED, SMALL, STUDIES, content, part_of

NOWHERE = re.compile(r", line \d+")
COLOUR = ("datasets", "colour")
CNN, DIFFUSION = ("observers", "miniature-cnn"), ("observers", "miniature-diffusion")
PRUNED = {"min": 4, "max": 16, "test": "paired", "level": 0.05}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"study": "small", "stduy": 1},
            "stduy: unknown key, did you mean 'study'? Known keys: study, limit, mirror",
        ),
        ({"study": "small", "mirror": 3}, "mirror: expected a text (numbers and true or false need quotes), found 3"),
        (
            {"study": "small", "mirror": "ftp://a"},
            "mirror: expected an address, http://… or https://…, found 'ftp://a'",
        ),
        ({"study": "small", "retrain": "yes"}, "retrain: expected true or false, found 'yes'"),
        ({"study": "small", "device": "tpu"}, "device: expected auto, cpu, cuda or cuda:<number>, found 'tpu'"),
        ({"study": "small", "batch_size": 0}, "batch_size: expected at least 1, found 0"),
        ({"study": "small", "batch_size": 10**9}, "batch_size: expected at most 1e+06, found 1000000000"),
        ({"study": "small", "batch_size": True}, "batch_size: expected a whole number, found true"),
        (
            {"study": "small", "evaluations_per_second": float("inf")},
            "evaluations_per_second: expected a finite number",
        ),
        ({"study": "small", "imagenet": ""}, "imagenet: expected a text on one line, found ''"),
        ({"study": 3}, "study: expected a text"),
        ({"study": "../small"}, "study: expected a name of lower-case letters, digits, dots, hyphens and underscores"),
        ({}, "study: this key is missing"),
        (
            {"study": "small", "imagenet": "a\nb"},
            "imagenet: expected a text on one line, found 'a",
        ),
        (
            {"study": "small", "evidence_cache": "data/small/evidence"},
            "evidence_cache: data/small/evidence: belongs to studies; expected data/evidence, or a folder outside",
        ),
        ({"study": "small", "evidence_cache": "config.yaml"}, "evidence_cache: config.yaml: is a file; expected a"),
        (
            {"study": "human"},
            "study: 'human' is unknown, did you mean 'humans'? Expected one of humans, lab, lab-models, low-pass",
        ),
    ],
)
def test_faults_of_the_site_are_named(config, message):
    with pytest.raises(InputError) as error:
        load(config)
    assert str(error.value).startswith(f"config.yaml or --config: {message}")


def test_booleans_of_the_command_line_are_texts():
    assert load_site({"study": "small", "compile": "true", "retrain": "False"}).compile is True
    assert load_site({"study": "small", "retrain": "False"}).retrain is False


@pytest.mark.parametrize(
    ("path", "place", "value", "message"),
    [
        (
            SMALL,
            ("datasets",),
            ["colour", "color"],
            "datasets.1: 'color' is unknown, did you mean 'colour'? Expected one",
        ),
        (SMALL, ("datasets",), ["edge", "edge"], "datasets: expected each name once, found 'edge' 2 times"),
        (SMALL, ("datasets",), "colour", "datasets: expected a list, found 'colour'"),
        (
            SMALL,
            ("observers",),
            ["simulated", "gpt"],
            "observers.1: 'gpt' is unknown, expected one of humans, resnet50",
        ),
        (SMALL, ("observers",), ["miniature-cnn"], "reference: 'simulated' is not among the study's observers"),
        (SMALL, ("stimuli",), ["sketch"], "stimuli: 'sketch' is unknown"),
        (SMALL, ("reference",), "monkeys", "reference: 'monkeys' is not among the study's observers"),
        (SMALL, ("figures",), [], "figures: expected at least 1 items, found []"),
        (
            SMALL,
            ("prompt",),
            "A bad photo",
            "prompt: prompt 'A bad photo': expected {category} in the place of the class",
        ),
        (
            SMALL,
            ("prompt",),
            "A {category} on {place}",
            "prompt: prompt 'A {category} on {place}': {place} is unknown; expected {category}",
        ),
        (SMALL, ("evidence", "draws"), "4", "evidence.draws: expected a whole number, found '4'"),
        (SMALL, ("evidence", "draws"), 0, "evidence.draws: expected at least 1, found 0"),
        (SMALL, ("evidence", "draws"), 10**9, "evidence.draws: expected at most 100000, found 1000000000"),
        (SMALL, ("evidence", "draws"), 2.5, "evidence.draws: expected a whole number, found 2.5"),
        (SMALL, ("evidence", "draws"), PRUNED | {"max": 2}, "evidence.draws.min: expected at most max, 2, found 4"),
        (SMALL, ("evidence", "draws"), PRUNED | {"level": 1}, "evidence.draws.level: expected less than 1, found 1"),
        (SMALL, ("evidence", "draws"), PRUNED | {"tset": 1}, "evidence.draws.tset: unknown key, did you mean 'test'?"),
        (SMALL, ("evidence", "times"), "golde", "evidence.times: 'golde' is unknown, did you mean 'golden'? Expected"),
        (SMALL, ("evidence", "seed"), -1, "evidence.seed: expected at least 0, found -1"),
        (SMALL, ("evidence", "shard"), True, "evidence.shard: expected a whole number, found true"),
        (SMALL, ("evidence", "reconstruct_draw"), 2, "evidence.reconstruct_draw: expected less than 2, the draws that"),
        (SMALL, ("evidence", "draws_of"), {"gpt": 4}, "evidence.draws_of.gpt: 'gpt' is unknown, expected one of"),
        (SMALL, ("evidence", "draws_of"), {"miniature-cnn": 0}, "evidence.draws_of.miniature-cnn: expected at least 1"),
        (SMALL, ("evidence", "exhaustive"), {"sketch": 64}, "evidence.exhaustive.sketch: 'sketch' is unknown"),
        (SMALL, ("evidence", "exhaustive"), {"edge": 0}, "evidence.exhaustive.edge: expected at least 1, found 0"),
        (
            SMALL,
            ("evidence", "draws_of"),
            {"miniature-cnn": 2},
            "evidence.draws_of.miniature-cnn: expected a diffusion",
        ),
        (
            SMALL,
            ("example_images", "ambiguous_images"),
            ["cat-dog", "cat-dog"],
            "example_images: expected each name once",
        ),
        (OBSERVERS, (*CNN, "std"), [0.2, 0, 0.2], "observers.miniature-cnn.std.1: expected more than 0, found 0"),
        (OBSERVERS, (*CNN, "label"), "a\nb", "observers.miniature-cnn.label: expected a text on one line"),
        (
            SMALL,
            ("example_images", "ambiguous_images"),
            ["cat"],
            "example_images.ambiguous_images: 'cat' is unknown, did",
        ),
        (
            SMALL,
            ("example_images", "stimulus", "dataset"),
            "edges",
            "example_images.stimulus.dataset: 'edges' is unknown",
        ),
        (SMALL, ("example_images", "draw"), -1, "example_images.draw: expected at least 0, found -1"),
        (SMALL, ("world", "images", "parametric"), 24, "world.images.parametric: expected a multiple of 16, found 24"),
        (
            SMALL,
            ("world", "images", "cue-conflict"),
            16,
            "world.images.cue-conflict: expected a multiple of 240, found 16",
        ),
        (SMALL, ("world", "texture_contrast"), [1, 0.5], "world.texture_contrast: expected the smaller value first"),
        (SMALL, ("world", "texture_contrast"), [0.5], "world.texture_contrast.1: this key is missing"),
        (SMALL, ("simulated", "simulated-01", "lapse"), 2, "simulated.simulated-01.lapse: expected at most 1, found 2"),
        (
            SMALL,
            ("simulated", "simulated-01", "noise"),
            float("nan"),
            "simulated.simulated-01.noise: expected a finite n",
        ),
        (
            DATASETS,
            (*COLOUR, "excluded"),
            ["cr", "grey"],
            "datasets.colour.excluded: 'grey' is unknown, expected one of",
        ),
        (
            DATASETS,
            (*COLOUR, "ticks"),
            ["grey"],
            "datasets.colour.ticks: expected one for each of the conditions cr, bw",
        ),
        (DATASETS, (*COLOUR, "conditions"), [0.5], "datasets.colour.conditions.0: expected a text (numbers and true"),
        (DATASETS, (*COLOUR, "conditions"), ["cr", "cr"], "datasets.colour.conditions: expected each condition once"),
        (
            DATASETS,
            (*COLOUR, "kind"),
            "nonparametric",
            "datasets.colour.conditions: a nonparametric dataset has condit",
        ),
        (
            DATASETS,
            (*COLOUR, "stimuli", "url"),
            "https://a/b.zip",
            "datasets.colour.stimuli.url: expected the address of",
        ),
        (
            DATASETS,
            (*COLOUR, "decisions", "humans", "subject-01", "repository"),
            "model-vs-humans",
            "datasets.colour.decisions.humans.subject-01.repository: 'model-vs-humans' is unknown, did you",
        ),
        (
            OBSERVERS,
            (*CNN, "family"),
            "quantum",
            "observers.miniature-cnn.family: 'quantum' is unknown, expected one of",
        ),
        (
            OBSERVERS,
            (*CNN, "noise"),
            "sqrt_alpha",
            "observers.miniature-cnn.noise: 'sqrt_alpha' is unknown, did you mean",
        ),
        (OBSERVERS, (*CNN, "source"), "trainig", "observers.miniature-cnn.source: 'trainig' is unknown, did you mean"),
        (
            OBSERVERS,
            (*CNN, "source"),
            "timm",
            "observers.miniature-cnn.training: unknown key, did you mean 'trained_on'?",
        ),
        (OBSERVERS, (*CNN, "library"), "keras", "observers.miniature-cnn.library: 'keras' is unknown, expected one of"),
        (OBSERVERS, (*CNN, "mean"), [0.5, 0.5], "observers.miniature-cnn.mean.2: this key is missing"),
        (
            OBSERVERS,
            (*CNN, "published_as"),
            "VGG-99",
            "observers.miniature-cnn.published_as: 'VGG-99' is unknown, expect",
        ),
        (
            OBSERVERS,
            (*CNN, "training", "epochs"),
            3,
            "observers.miniature-cnn.training.steps: expected either steps or e",
        ),
        (
            OBSERVERS,
            (*CNN, "training", "optimizer"),
            "adam",
            "observers.miniature-cnn.training.optimizer: 'adam' is unk",
        ),
        (
            OBSERVERS,
            (*DIFFUSION, "reading"),
            "likelihood",
            "observers.miniature-diffusion.reading: unknown key, did you",
        ),
        (
            OBSERVERS,
            (*DIFFUSION, "dtype"),
            "float64",
            "observers.miniature-diffusion.dtype: 'float64' is unknown, did yo",
        ),
        (
            OBSERVERS,
            (*DIFFUSION, "resolution"),
            0,
            "observers.miniature-diffusion.resolution: expected at least 8, found",
        ),
        (
            OBSERVERS,
            (*DIFFUSION, "batch_size"),
            "64",
            "observers.miniature-diffusion.batch_size: expected a whole number",
        ),
        (
            OBSERVERS,
            (*DIFFUSION, "sha256"),
            "abc",
            "observers.miniature-diffusion.sha256: expected a SHA-256, 64 digits",
        ),
        (
            OBSERVERS,
            (*DIFFUSION, "training", "model"),
            "pixel",
            "observers.miniature-diffusion.training.model: 'pixel' is",
        ),
        (
            OBSERVERS,
            (*DIFFUSION, "training", "ema"),
            1.5,
            "observers.miniature-diffusion.training.ema: expected at most 1",
        ),
        (
            OBSERVERS,
            ("observers", "Bad/Name"),
            {"label": "a", "family": "human"},
            "observers.Bad/Name: expected a name",
        ),
        (PUBLISHED, ("observers", "resnet50", "family"), "quantum", "observers.resnet50.family: 'quantum' is unknown"),
        (
            PUBLISHED,
            ("observers", "resnet50", "ood_accuracy"),
            55.9,
            "observers.resnet50.ood_accuracy: expected at most",
        ),
        (AMBIGUOUS, ("cat-dog", "readings"), ["cat"], "cat-dog.readings.1: this key is missing"),
        (AMBIGUOUS, ("cat-dog", "url"), "https://a/b.png", "cat-dog.url: unknown key"),
    ],
)
def test_faults_of_documents_are_named(documents, load_small, path, place, value, message):
    part_of(documents[path], place[:-1])[place[-1]] = value
    with pytest.raises(InputError) as error:
        load_small()
    assert NOWHERE.sub("", str(error.value)).startswith(f"{path}: {message}")
    assert NOWHERE.search(str(error.value))


def test_observers_have_no_names_of_members_of_the_reference_group(documents, load_small):
    documents[OBSERVERS]["observers"]["simulated-01"] = documents[OBSERVERS]["observers"]["miniature-cnn"]
    documents[SMALL]["observers"].append("simulated-01")
    with pytest.raises(InputError, match=r"observers\.4: simulated-01 is also the name of a member of simulated"):
        load_small()


@pytest.mark.parametrize("name", ["evidence", "downloads", "cache", "small-limit-4"])
def test_studies_have_no_names_that_mean_something_else(documents, load_small, tmp_path, name):
    load_small()
    (tmp_path / SMALL).rename(tmp_path / f"studies/{name}.yaml")
    with pytest.raises(InputError, match=rf"^studies/{name}\.yaml: expected another name of the study, since "):
        load({"study": name}, tmp_path)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (("prompt",), "prompt: this key is missing; the model miniature-diffusion needs it"),
        (("evidence",), "evidence: this key is missing; prompt needs it"),
        (("world",), "world: this key is missing; simulated needs it"),
        (("simulated",), "simulated: this key is missing; it has the parameters of the simulated observers"),
        (("datasets",), "datasets: this key is missing"),
        (("world", "size"), "world.size: this key is missing"),
    ],
)
def test_missing_keys_are_named(documents, load_small, missing, message):
    del part_of(documents[SMALL], missing[:-1])[missing[-1]]
    with pytest.raises(InputError) as error:
        load_small()
    assert NOWHERE.sub("", str(error.value)) == f"{SMALL}: {message}"


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ((*CNN, "family"), "observers.miniature-cnn.family: this key is missing"),
        ((*CNN, "source"), "observers.miniature-cnn.source: this key is missing"),
        ((*CNN, "training", "decay"), "observers.miniature-cnn.training.decay: this key is missing; a linear schedule"),
        ((*DIFFUSION, "pipeline"), "observers.miniature-diffusion.pipeline: this key is missing"),
        ((*DIFFUSION, "training", "model"), "observers.miniature-diffusion.training.model: this key is missing"),
    ],
)
def test_missing_keys_of_observers_are_named(documents, load_small, missing, message):
    del part_of(documents[OBSERVERS], missing[:-1])[missing[-1]]
    with pytest.raises(InputError) as error:
        load_small()
    assert NOWHERE.sub("", str(error.value)).startswith(f"{OBSERVERS}: {message}")


def places(document, place=()):
    """The places of a document that have keys: one for all that look alike."""
    if not isinstance(document, dict):
        return {}
    found = {(len(place), *sorted(document)): place}
    for key, part in document.items():
        found = places(part, (*place, key)) | found
    return found


DOCUMENTS = {f"studies/{name}.yaml": "study" for name in STUDIES}
DOCUMENTS |= {f"registry/{name}.yaml": name for name in schemas.DOCUMENTS if name not in ("study", "config")}


@pytest.mark.parametrize(
    ("path", "name", "place"),
    [
        (path, name, place)
        for path, name in {**DOCUMENTS, "config.yaml": "config"}.items()
        for place in places(content(path)).values()
    ],
)
def test_unknown_keys_are_errors_everywhere(path, name, place):
    document = copy.deepcopy(content(path))
    part_of(document, place)["stduy!"] = None
    with pytest.raises(InputError, match=r"stduy!") as error:
        validated(schemas.DOCUMENTS[name], document, lambda *keys: ": ".join([path, ".".join(map(str, keys))]))
    assert str(error.value).startswith(": ".join([path, ".".join([*place, "stduy!"])]))


def test_files_that_are_no_yaml_are_named(load_small, tmp_path):
    load_small()
    for text, message in {
        "datasets: [colour": r"studies/small\.yaml: not valid YAML: .*line 1, column 11",
        "": r"studies/small\.yaml: expected keys with values, found null",
        "- colour": r"studies/small\.yaml: expected keys with values, found \[\"colour\"\]",
    }.items():
        (tmp_path / SMALL).write_text(text)
        with pytest.raises(InputError, match=f"^{message}"):
            load({"study": "small"}, tmp_path)
    (tmp_path / SMALL).write_bytes("description: größer".encode("utf-16"))
    with pytest.raises(InputError, match=r"studies/small\.yaml: is in UTF-16; expected a YAML file in UTF-8"):
        load({"study": "small"}, tmp_path)


def test_repeated_keys_are_errors_with_both_lines(load_small, tmp_path):
    load_small()
    path = tmp_path / OBSERVERS
    path.write_text("observers:\n  a: {label: A, family: human}\n  b: {label: B, family: human}\n  a: {}\n")
    expected = "registry/observers.yaml, line 4: key 'a' stands here again, expected once (it is in line 2 too)"
    with pytest.raises(InputError, match=re.escape(expected)):
        load({"study": "small"}, tmp_path)
    (tmp_path / "config.yaml").write_text("study: small\ndevice: cpu\nstudy: humans\n")
    with pytest.raises(InputError, match=r"config\.yaml, line 3: key 'study' stands here again"):
        load({"study": "small"}, tmp_path)


def test_lines_are_those_of_the_file_also_behind_anchors(tmp_path):
    (tmp_path / "rows.yaml").write_text(
        "observers:\n"
        "  a: &a\n"
        "    label: A\n"
        "    family: masked\n"
        "    pipeline: weights/a\n"
        "    readin: likelihood\n"
        "  b:\n"
        "    <<: *a\n"
        "    label: B\n"
    )
    with pytest.raises(InputError, match=r"rows\.yaml, line 6: observers\.a\.readin: unknown key, did you mean 'read"):
        read(tmp_path / "rows.yaml", tmp_path, schemas.DOCUMENTS["observers"])


def test_templates_and_drawings_are_checked():
    def where(*keys):
        return ".".join(map(str, keys))

    with pytest.raises(InputError, match=r"^one\.0: prompt 'a photo'"):
        validated(Templates, {"one": ["a photo"]}, where)
    drawings = copy.deepcopy(content("registry/drawings.yaml"))
    drawings["cat"]["training"].append(drawings["cat"]["held_out"][0])
    with pytest.raises(InputError, match=r"^cat\.held_out: drawing '.*' is in training, too"):
        validated(Drawings, drawings, where)
    del drawings["cat"]
    with pytest.raises(InputError, match=r"^cat: this key is missing"):
        validated(Drawings, drawings, where)


@pytest.mark.parametrize("name", schemas.DOCUMENTS)
def test_exported_schemas_are_current(name):
    exported = (ROOT / "schemas" / f"{name}.schema.json").read_text()
    assert exported == schemas.schema_of(name), "run: python -m generative_classifiers.study.schemas"
