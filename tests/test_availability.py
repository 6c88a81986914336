"""The list of observers, and that nothing is downloaded to make it."""

import contextlib
import dataclasses
import http.server
import re
import threading

import pytest
import requests
from huggingface_hub import constants

from generative_classifiers.models.loading import availability
from generative_classifiers.models.loading.availability import as_text, ask, state, survey
from generative_classifiers.models.loading.weight_sources import HubFile, weight_source
from generative_classifiers.study.load import load
from small_studies import copy_project, snakemake
from typed_rows import observer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextlib.contextmanager
def answering(status, content="application/octet-stream"):
    """A server that gives every request the same answer; yields its address and the requests."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", content)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """Empty folders for downloads and for the hub's cache."""
    monkeypatch.setattr(availability, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


@pytest.fixture
def silence(monkeypatch):
    """Asking a server fails the test."""

    def head(*_, **__):
        raise AssertionError("a server was asked")

    monkeypatch.setattr(requests, "head", head)


RECIPE = {"data": "world", "steps": 1, "batch_size": 1, "optimizer": "sgd", "learning_rate": 0.1, "decay": 1, "seed": 0}


@pytest.fixture(scope="module")
def paper():
    return load({"study": "paper"})


def keep(path):
    path.parent.mkdir(parents=True)
    path.touch()


@pytest.mark.parametrize(
    ("status", "content", "word"),
    [
        (200, "application/octet-stream", "reachable"),
        (200, "text/html; charset=utf-8", "missing"),
        (401, "text/plain", "gated"),
        (403, "text/plain", "gated"),
        (404, "text/plain", "missing"),
        (410, "text/plain", "missing"),
        (429, "text/plain", "unreachable"),
        (503, "text/plain", "unreachable"),
    ],
)
def test_answers_of_a_server(status, content, word, nowhere, monkeypatch):
    with answering(status, content) as (address, asked):
        assert ask("https://example.org/weights.pth", address) == word
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
        )
        assert state("timm", [HubFile("timm/some", "model.safetensors", COMMIT)]) == word
    assert asked == ["/example.org/weights.pth", f"/timm/some/resolve/{COMMIT}/model.safetensors"]


def test_servers_that_do_not_answer_are_unreachable(monkeypatch):
    with answering(200) as (address, _):
        pass
    assert ask("https://example.org/weights.pth", address) == "unreachable"  # the server has stopped

    def head(*_, timeout, **__):
        raise requests.exceptions.ReadTimeout(f"{timeout} s")

    monkeypatch.setattr(requests, "head", head)
    assert ask("https://example.org/weights.pth") == "unreachable"


def test_local_files_are_not_asked_for(nowhere, silence):
    address, place = "https://example.org/a/weights.pth", HubFile("timm/some", "model.safetensors", COMMIT)
    assert state("checkpoint", [address], offline=True) == state("timm", [place], offline=True) == "unknown"
    keep(nowhere / "downloads/example.org/a/weights.pth")
    keep(nowhere / f"hub/models--timm--some/snapshots/{COMMIT}/model.safetensors")
    assert state("checkpoint", [address]) == state("timm", [place]) == "local"
    other = HubFile("timm/some", "model.safetensors", COMMIT[::-1])
    assert state("timm", [place, other], offline=True) == state("timm", [other], offline=True) == "unknown"


@pytest.mark.parametrize(
    "row",
    [
        {"source": "checkpoint", "library": "timm", "files": [{"path": "{}"}]},
        {"source": "torchvision", "weights": "{}"},
        {"source": "timm", "weights": "{}"},
        {"source": "training", "weights": "{}", "library": "torchvision", "training": RECIPE},
    ],
    ids=lambda row: row["source"],
)
def test_files_of_ones_own_are_local_or_missing(paper, silence, tmp_path, row):
    def weights(file):
        place = {"files": [{"path": str(file)}]} if "files" in row else {"weights": str(file)}
        tiny = observer(family="discriminative", network="resnet18", **row | place)
        return state(*weight_source(dataclasses.replace(paper, named={"tiny": tiny}), "tiny")[:2])

    (tmp_path / "mine.pth").touch()
    assert weights(tmp_path / "mine.pth") == "local"
    if row["source"] != "torchvision":  # whose weights have names, too
        assert weights(tmp_path / "gone.pth") == "missing"


def test_an_index_without_weights_is_not_local(nowhere, silence):
    place = HubFile("some/pipeline", "model_index.json", COMMIT)
    keep(nowhere / f"hub/models--some--pipeline/snapshots/{COMMIT}/model_index.json")
    assert state("hub", [place], offline=True) == "unknown"
    keep(nowhere / f"hub/models--some--pipeline/snapshots/{COMMIT}/unet/model.fp16.safetensors")
    assert state("hub", [place]) == "local"


def test_files_of_packages_and_folders_are_local(paper, silence):
    def weights(package, file):
        files = [{"package": package, "file": file, "sha256": None}]
        settings = {"library": "torchvision", "network": "resnet18", "files": files}
        row = observer(family="discriminative", source="package", **settings)
        study = dataclasses.replace(paper, named={"tiny": row})
        return state(*weight_source(study, "tiny")[:2])

    assert weights("numpy", "version.py") == "local"
    assert weights("no_such_package", "a.pth") == "missing"
    table = survey(load({"study": "miniature"}), offline=True).set_index("observer")
    expected = {
        "simulated": "made",
        "miniature-diffusion": "local",
        "miniature-cnn": "local",
        "miniature-cnn-noise": "local",
    }
    assert table["weights"].to_dict().items() >= expected.items()
    assert table.loc["miniature-diffusion", "verified"] is True and table.loc["simulated", "verified"] is None


def test_survey_of_the_paper(paper, nowhere, silence):
    table = survey(paper, offline=True).set_index("observer")
    assert list(table.index) == list(paper.named) and set(table.index[table["takes_part"]]) == set(paper.observers)
    assert table["weights"].value_counts().to_dict().keys() == {"unknown", "made", "none"}
    private = ["imagen", "parti", "vit-22b-ft-224", "vit-22b-ft-384", "vit-22b-ft-560"]
    assert list(table.index[table["weights"] == "none"]) == private and not table.loc[private, "takes_part"].any()
    rows = {
        "stable-diffusion-1-4": ("hub", "CompVis/stable-diffusion-v1-4", False),
        "clip-vit-b-1-prompt": ("open_clip", "timm/vit_base_patch32_clip_224.openai", False),
        "vit-l": ("timm", "timm/vit_large_patch16_224.augreg_in21k_ft_in1k", False),
        "alexnet": ("torchvision", "download.pytorch.org", False),
        "resnet-50-l2-eps-1.0": ("checkpoint", "huggingface.co", False),
        "humans": ("decisions", "github.com", True),
    }
    for name, expected in rows.items():
        assert tuple(table.loc[name, ["source", "place", "verified"]]) == expected
    # Weights that were never loaded are not called verified.
    assert set(table.index[table["verified"].eq(True)]) == {"humans"}
    assert table.loc["alexnet", "licence"] == "BSD-3-Clause" and table.loc["alexnet", "size_mb"] == 244


def test_the_users_own_weights_are_local(paper, tmp_path, silence):
    keep(tmp_path / "mine/clip.safetensors")
    mine = {"weights": str(tmp_path / "mine/clip.safetensors"), "sha256": "f" * 64, "verified": None}
    row = paper.named["clip-vit-b-1-prompt"].model_copy(update=mine)
    (found,) = survey(dataclasses.replace(paper, named={"mine": row}), offline=True).to_dict("records")
    assert (found["weights"], found["place"], found["verified"]) == ("local", "mine/clip.safetensors", True)


def test_the_users_own_decisions_are_local(paper, tmp_path, silence):
    keep(tmp_path / "answers/imagen.csv")
    study = dataclasses.replace(
        paper, answers=paper.answers | {"imagen": {"colour": str(tmp_path / "answers/imagen.csv")}}
    )
    table = survey(study, offline=True).set_index("observer")
    assert table.loc["imagen", "weights"] == "local" and table.loc["imagen", "verified"] is False


def test_text_of_the_survey(paper, nowhere, silence):
    page = as_text(survey(paper, offline=True))
    lines = page.splitlines()
    for name in paper.named:
        assert sum(re.match(rf" *{re.escape(name)} ", line) is not None for line in lines) == 1
    (line,) = [line for line in lines if line.split()[:1] == ["alexnet"]]
    assert line.split()[1:] == [
        "yes",
        "discriminative",
        "torchvision",
        "download.pytorch.org",
        "unknown",
        "BSD-3-Clause",
        "244",
        "no",
    ]
    assert "unknown: not on this machine, and no server was asked" in page and "gated" not in page
    counts = re.search(r"^(\d+) observers: (\d+) unknown, 5 none, 3 made; 1 verified, (\d+) not$", lines[-1])
    assert [int(one) for one in counts.groups()] == [len(paper.named), len(paper.named) - 8, len(paper.named) - 4]


def test_snakemake_observers_asks_but_downloads_nothing(server, tmp_path):
    upstream, address, asked = server
    study, project = load({"study": "humans"}), copy_project(tmp_path / "project")
    file = study.datasets["colour"].decisions.networks["resnet50"]
    keep(upstream / study.registry.place(file).removeprefix("https://"))
    elsewhere = {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(project / "scripts")}
    run = snakemake(project, "observers", "--quiet", "all", surroundings=elsewhere, study="humans", mirror=address)
    assert run.returncode == 0, run.stdout
    found = {line.split()[0]: line for line in run.stdout.splitlines() if line.strip()}
    assert " reachable " in found["resnet50"] and " missing " in found["bagnet33"] and " none " in found["imagen"]
    # The server was asked whether it has files, but for none of them; nothing is made or downloaded.
    assert not asked
    made = [path for room in ("data", "figures") for path in (project / room).rglob("*") if path.is_file()]
    assert not [path for path in made if path.suffix != ".log"]
