"""A study in an archive, and restored into a fresh copy of the project: the same figures without any evaluation."""

import json
import re
import zipfile

import pytest
import xarray as xr

from generative_classifiers.__main__ import main
from generative_classifiers.evidence.receipt import Receipt
from generative_classifiers.figures.provenance import read_provenance
from small_studies import TINY, files_made, snakemake, tiny_project


@pytest.fixture(scope="module")
def deposit(tiny, tmp_path_factory):
    """The archive of the study `tiny`."""
    out = tmp_path_factory.mktemp("deposit") / "tiny.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tiny)
        assert main(["archive", "tiny", "--out", str(out), "--date", "2026-01-02"]) == 0
    return out


def test_archive_has_everything_the_same_bytes_again_and_no_places(tiny, deposit, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny)
    assert main(["archive", "tiny", "--out", str(tmp_path / "again.zip"), "--date", "2026-01-02"]) == 0
    assert (tmp_path / "again.zip").read_bytes() == deposit.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.zip"]
    with zipfile.ZipFile(deposit) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, text in content.items() if str(tiny).encode() in text]
    made_again = ("data/tiny/stimuli", "data/tiny/answers", "data/tiny/weights", "data/tiny/evidence")
    not_archived = {path for path in files_made(tiny, "tiny") if not path.startswith(made_again)} - content.keys()
    assert not_archived == set()
    for name in ("config.yaml", "studies/tiny.yaml", "registry/observers.yaml", "envs/constraints.txt", "SHA256SUMS"):
        assert name in content
    assert b"numpy==" in content["envs/versions.txt"]


def test_archive_is_described_as_an_ro_crate(deposit):
    with zipfile.ZipFile(deposit) as archive:
        crate, names = json.loads(archive.read("ro-crate-metadata.json")), archive.namelist()
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"]) and all("@type" in entity for entity in crate["@graph"])
    descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
    assert descriptor["@type"] == "CreativeWork" and descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset" and root["datePublished"] == "2026-01-02"
    assert root["name"] and root["description"] and root["license"]["@id"] in entities
    for part in root["hasPart"]:
        entity = entities[part["@id"]]
        assert entity["@type"] in ("File", "Dataset")
        assert any(
            name.startswith(part["@id"]) if entity["@type"] == "Dataset" else name == part["@id"] for name in names
        )


def test_restored_study_draws_the_same_figures_without_evaluating_anything(tiny, deposit, tmp_path):
    fresh = tiny_project(tmp_path / "fresh")
    assert main(["restore", str(deposit), "--into", str(fresh)]) == 0
    for dataset in TINY:
        place = f"data/tiny/evidence/miniature-cnn/{dataset}"
        restored, original = (xr.open_zarr(folder / f"{place}.zarr").load() for folder in (fresh, tiny))
        assert restored.identical(original)
        assert Receipt.read(fresh / f"{place}.json").store == Receipt.read(tiny / f"{place}.json").store
    run = snakemake(fresh, study="tiny")
    assert run.returncode == 0, run.stdout
    jobs = set(re.findall(r"^(\w+) +\d+$", run.stdout, re.M))
    assert {"render", "decisions", "figure_06"} <= jobs
    assert not {"evidence", "evidence_together", "evidence_share", "train_on_world"} & jobs, run.stdout
    figures = {path: text for path, text in files_made(tiny, "tiny").items() if path.startswith("figures")}
    assert {path: text for path, text in files_made(fresh, "tiny").items() if path.startswith("figures")} == figures
    assert "Nothing to be done" in snakemake(fresh, study="tiny").stdout


def test_damaged_study_is_not_archived(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tiny)
    chunk = tiny / "data/tiny/evidence/miniature-cnn/silhouette.zarr/loss/c/0/0/0"
    before = chunk.read_bytes()
    chunk.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    assert main(["archive", "tiny", "--out", str(tmp_path / "a.zip")]) == 2
    chunk.write_bytes(before)
    assert "silhouette.zarr: chunk 0/0/0 of loss was changed" in capsys.readouterr().err
    table = tiny / "data/tiny/metrics/accuracy.csv"
    table.rename(tmp_path / "accuracy.csv")
    assert main(["archive", "tiny", "--out", str(tmp_path / "a.zip")]) == 2
    (tmp_path / "accuracy.csv").rename(table)
    assert "data/tiny/metrics/accuracy.csv: is missing" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_figures_say_what_they_rest_on(tiny, kind, capsys):
    figure = tiny / f"figures/tiny/figure_06.{kind}"
    receipt = Receipt.read(tiny / "data/tiny/evidence/miniature-cnn/cue-conflict.json")
    assert read_provenance(figure)["evidence"] == {"miniature-cnn": receipt.identity}
    assert str(tiny).encode() not in figure.read_bytes()
    assert main(["provenance", str(figure)]) == 0
    told = capsys.readouterr().out
    weights = xr.open_zarr(tiny / receipt.store).attrs["weights"]
    for part in ("the study tiny", "matplotlib", receipt.store, receipt.identity[:12], weights[:12], "torch"):
        assert part in told
    assert "silhouette" not in told
