"""Pipelines from folders and the hub, and the errors for those that cannot be loaded."""

import hashlib
import http.server
import json
import shutil
import threading

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants

import tiny_pipelines
from generative_classifiers import models
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading import model_folders
from generative_classifiers.models.loading.weight_hashes import folder_hash
from generative_classifiers.study.load import load_observers
from generative_classifiers.study.prompts import prompts_of
from typed_rows import observer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_pipelines.stable_diffusion(tmp_path_factory.mktemp("pipelines") / "epsilon")


def load(source, **row):
    row = observer(family="diffusion", pipeline=str(source), **row)
    return models.load("tiny", row, prompts_of(("cat", "dog", "truck")), device="cpu")


def test_hash_of_a_folder_is_that_of_its_sha256sum_list(tmp_path):
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet/b.safetensors").write_bytes(b"bb")
    (tmp_path / "a.safetensors").write_bytes(b"a")
    (tmp_path / "model_index.json").write_text("{}")
    lines = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in (("a.safetensors", b"a"), ("unet/b.safetensors", b"bb"))
    )
    assert folder_hash(tmp_path) == hashlib.sha256(lines.encode()).hexdigest()


def test_weights_with_another_hash_are_an_error(folder):
    found = folder_hash(folder)
    load(folder, sha256=found)
    with pytest.raises(InputError, match=f"tiny: .*sha256 {found}, the registry expects {'0' * 64}"):
        load(folder, sha256="0" * 64)


@pytest.fixture
def broken(folder, tmp_path):
    """A copy of a pipeline to spoil."""
    return shutil.copytree(folder, tmp_path / "broken")


def rewrite(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_an_unknown_class_of_pipeline_is_an_error(broken):
    rewrite(broken / "model_index.json", _class_name="KandinskyPipeline")
    with pytest.raises(InputError, match="is a KandinskyPipeline, expected one of StableDiffusionPi"):
        load(broken)


def test_a_broken_index_is_an_error(broken):
    (broken / "model_index.json").write_text("{")
    with pytest.raises(InputError, match=r"tiny: .*model_index.json cannot be read as JSON in UTF-8"):
        load(broken)


def test_an_unknown_prediction_type_is_an_error(broken):
    rewrite(broken / "scheduler/scheduler_config.json", prediction_type="velocity")
    with pytest.raises(InputError, match="prediction_type is 'velocity', expected one of epsilon"):
        load(broken)


def test_weights_without_safetensors_are_an_error(broken):
    for path in broken.rglob("*.safetensors"):
        path.unlink()
    with pytest.raises(
        InputError, match=r"broken/(vae|text_encoder|unet) holds no weights, expected a \*.safetensors file"
    ):
        load(broken)


def test_a_network_that_does_not_fit_the_codec_is_an_error(broken):
    rewrite(broken / "vae/config.json", latent_channels=4)
    shutil.rmtree(broken / "unet")
    torch.manual_seed(0)
    tiny_pipelines.unet(9, 8).save_pretrained(broken / "unet")
    with pytest.raises(InputError, match="its network maps 9 channels to 9, expected 4 to 4"):
        load(broken)


@pytest.mark.parametrize("place", ["nowhere", "no/where/at/all"])
def test_a_missing_pipeline_is_an_error(place):
    with pytest.raises(InputError, match=r"tiny: .* is neither a folder with model_index.json nor a pipeline"):
        load(place)


def test_vocabularies_are_part_of_the_configuration(broken):
    before = load(broken).identity
    (broken / "tokenizer/spiece.model").write_bytes(b"pieces")
    after = load(broken).identity
    assert before["weights"] == after["weights"] and before["configuration"] != after["configuration"]


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub that answers with the errors that repositories are named by, asked by the hub's own client."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            code = self.path.split("/")[2]
            self.send_response(403 if code == "GatedRepo" else 401 if code == "RepoNotFound" else 404)
            self.send_header("X-Error-Code", code)
            self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()

        do_GET = do_HEAD

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"

    def download(*args, **settings):
        return huggingface_hub.hf_hub_download(*args, endpoint=address, cache_dir=tmp_path, **settings)

    monkeypatch.setattr(model_folders, "hf_hub_download", download)
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("code", "say"),
    [
        ("GatedRepo", "accept its licence at https://huggingface.co/some/GatedRepo, then log in with `hf auth login`"),
        ("RepoNotFound", "if it has been removed, give a copy's hub id or folder instead"),
        ("RevisionNotFound", "it has no such revision"),
        ("EntryNotFound", "it has no model_index.json"),
    ],
)
def test_errors_of_the_hub_say_what_to_do(hub, code, say):
    with pytest.raises(InputError, match=f"tiny: some/{code} is neither a folder .* on the hub: .*{say}"):
        load(f"some/{code}", revision="1" * 40)


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """The hub's cache on a machine without internet."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_an_empty_cache_without_a_network_is_an_error(offline):
    with pytest.raises(
        InputError, match=r"cannot be reached, .* not in the cache: run `hf download some/pipeline` where"
    ):
        load("some/pipeline")


def test_a_pipeline_in_the_hubs_cache_loads_offline(offline, folder):
    commit = "0123456789" * 4
    repository = offline / "models--some--pipeline"
    shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(commit)
    found = load("some/pipeline")
    assert found.identity == load(folder).identity and found.provenance["revision"] == commit
    assert load("some/pipeline", revision=commit).provenance == found.provenance


def test_hub_ids_of_the_registry_are_pinned():
    for name, row in load_observers().items():
        if row.family == "diffusion" and not row.training:
            assert len(row.revision) == 40 and row.licence, name


@pytest.mark.parametrize(
    ("path", "changes", "message"),
    [
        (
            "tokenizer/tokenizer_config.json",
            {"model_max_length": 0},
            "model_max_length of its tokenizer is 0, expected 3",
        ),
        ("tokenizer/tokenizer_config.json", {"model_max_length": 10**30}, r"is 1e\+30, expected 3 to 12 tokens"),
        (
            "vae/config.json",
            {"scaling_factor": 0},
            "its VAE has scaling_factor 0 and shift_factor 0.0, expected finite",
        ),
        ("vae/config.json", {"scaling_factor": float("nan")}, "its VAE has scaling_factor nan"),
        (
            "unet/config.json",
            {"sample_size": 10**9},
            "resolution is 2000000000, expected a multiple of 4, at most 16384",
        ),
    ],
)
def test_numbers_with_which_nothing_can_be_computed_are_errors(broken, path, changes, message):
    rewrite(broken / path, **changes)
    with pytest.raises(InputError, match=f"^tiny: .*{message}"):
        load(broken)
