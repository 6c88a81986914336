"""Archives without a run of the workflow: evidence without reconstructions, what is restored, and what is discarded."""

import json
import os
import time
from dataclasses import asdict

import pytest

from generative_classifiers.__main__ import main
from generative_classifiers.decisions.from_evidence import read_evidence
from generative_classifiers.evidence.cache import entry_name, entry_path
from generative_classifiers.evidence.entry import Entry
from generative_classifiers.evidence.job import fill
from generative_classifiers.evidence.known import KnownEvidence, Source
from generative_classifiers.evidence.pruning import PairedTest
from generative_classifiers.evidence.receipt import Receipt, link_of, set_link
from generative_classifiers.evidence.request import request_evidence
from generative_classifiers.evidence.restore import restore
from generative_classifiers.evidence.smaller import Smaller, request_of
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from generative_classifiers.io.zip_files import write_zip
from killed_often import stimuli
from test_evidence import FakeModel, files


def filled(cache, model=None, **asked):
    """An entry of a cache; returns its request and its place."""
    model = model or FakeModel(weights="abc")
    defaults = {"observer": "fake", "dataset": "random", "count": 3}
    request = request_evidence(model, stimuli(10), **defaults | asked)
    place = entry_path(cache, request)
    fill(Entry.create(place, request, 4), model, stimuli(10), request, progress=False)
    return request, place


@pytest.mark.parametrize("pruning", [None, PairedTest(2, 0.01)])
def test_request_of_an_entry_is_the_one_it_was_filled_for(tmp_path, pruning):
    request, place = filled(tmp_path, reconstruct=1, pruning=pruning)
    found = request_of(Entry(place))
    assert found.digest == request.digest and found.identity_digest == request.identity_digest
    assert found.reconstruction_layout == request.reconstruction_layout and found.pruning == request.pruning


def test_evidence_without_reconstructions_is_that_of_a_smaller_request_byte_for_byte(tmp_path):
    _, place = filled(tmp_path / "cache", reconstruct=1)
    request, fresh = filled(tmp_path / "fresh")
    smaller = Smaller(Entry(place), request).write(tmp_path / "archive")
    assert smaller.relative_to(tmp_path / "archive").as_posix() == entry_name(request)
    assert files(smaller) == files(fresh) and "reconstruction" not in stores.read(smaller)
    assert Entry(smaller).provenance() == Entry(place).provenance()


def test_restored_losses_are_not_evaluated_again_for_reconstructions(tmp_path):
    _, place = filled(tmp_path)
    model = FakeModel(weights="abc")
    request = request_evidence(model, stimuli(10), observer="fake", dataset="random", count=3, reconstruct=1)
    entry = Entry.create(tmp_path / "more.zarr", request, 4)
    fill(entry, model, stimuli(10), request, KnownEvidence(request, [Source.of(Entry(place))]), progress=False)
    assert model.evaluations == 0


@pytest.fixture
def deposit(tmp_path):
    """A small archive: an entry with its receipt, decisions, a figure, and the study."""
    request, place = filled(tmp_path / "source")
    name = f"evidence/{entry_name(request)}"
    receipt = Receipt(name, request.identity_digest, request.digest, "stimuli", 1, "settings", restored=True)
    members = {f"{name}/{path.relative_to(place).as_posix()}": path for path in place.rglob("*") if path.is_file()}
    members |= {
        "data/a/evidence/fake/random.json": json.dumps(asdict(receipt)).encode(),
        "data/a/decisions/random.csv": b"image,decision\n",
        "figures/a/figure_01.png": b"pixels",
        "studies/a.yaml": b"datasets: [random]\n",
        "registry/observers.yaml": b"observers: {}\n",
    }
    return members


def restored(tmp_path, members, **options):
    write_zip(tmp_path / "a.zip", sorted(members.items()))
    (tmp_path / "project").mkdir(exist_ok=True)
    cache = options.pop("cache", "data/evidence")
    return restore(tmp_path / "a.zip", tmp_path / "project", tmp_path / "project" / cache, progress=False, **options)


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_restored_evidence_opens_where_a_study_has_it(tmp_path, deposit):
    found = restored(tmp_path, deposit)
    project = tmp_path / "project"
    link = project / "data/a/evidence/fake/random.zarr"
    assert link.is_symlink() and stores.read(link).attrs["observer"] == "fake"
    receipt = Receipt.read(link.with_suffix(".json"))
    assert receipt.restored and (project / receipt.store).resolve() == link.resolve()
    assert (project / "studies/a.yaml").read_bytes() == deposit["studies/a.yaml"]
    assert not (project / "figures").exists() and len(found.new) == 4
    assert found.different == ["registry/observers.yaml"] and not (project / "registry").exists()
    assert not list(project.rglob("*.partial"))


@pytest.mark.parametrize(
    "name",
    ["data/evidence/metrics/a.csv", "data/downloads/decisions/a.csv", "data/Q q/metrics/a.csv", "studies/cache.yaml"],
)
def test_what_belongs_to_no_study_is_not_restored(tmp_path, deposit, name):
    with pytest.raises(InputError, match=r"a\.zip: member .* belongs to no study"):
        restored(tmp_path, deposit | {name: b""})
    assert content(tmp_path / "project") == {}


def test_a_store_that_differs_from_its_manifest_is_not_restored(tmp_path, deposit):
    name = next(name for name in deposit if name.endswith("/loss/c/1/0/0"))
    del deposit[name]
    with pytest.raises(InputError, match=r"a\.zip: .*\.zarr: chunk 1/0/0 of loss is missing; nothing was restored"):
        restored(tmp_path, deposit)
    assert content(tmp_path / "project") == {}


def test_evidence_at_the_end_of_a_wrong_link_is_refused(tmp_path, deposit):
    restored(tmp_path, deposit)
    receipt = tmp_path / "project/data/a/evidence/fake/random.json"
    _, other = filled(tmp_path / "other", seed=1)
    set_link(link_of(receipt), other)
    with pytest.raises(
        InputError, match=r"random\.json: is about other evidence than .*random\.zarr; repair it with: "
    ):
        read_evidence(receipt, tmp_path / "stimuli.zarr")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"store": 3}'])
def test_what_is_no_receipt_is_refused_with_the_command_that_writes_it(tmp_path, text):
    receipt = tmp_path / "data/a/evidence/fake/random.json"
    receipt.parent.mkdir(parents=True)
    receipt.write_text(text)
    with pytest.raises(InputError, match=r"is not a receipt of evidence .*--force data/a/evidence/fake/random\.json$"):
        Receipt.read(receipt)
    assert Receipt.find(receipt) is None


def test_restoring_again_changes_nothing_and_adds_what_was_left_out(tmp_path, deposit):
    restored(tmp_path, deposit)
    before = content(tmp_path / "project")
    assert not restored(tmp_path, deposit).new and content(tmp_path / "project") == before
    assert [path.name for path in restored(tmp_path, deposit, figures=True).new] == ["figure_01.png"]


@pytest.mark.parametrize(
    "path", ["studies/a.yaml", "data/a/decisions/random.csv", "data/a/evidence/fake/random.zarr", "loss/c/1/0/0"]
)
def test_nothing_is_replaced_and_nothing_is_restored_then(tmp_path, deposit, path):
    project = tmp_path / "project"
    if path.startswith("loss"):
        restored(tmp_path, {name: text for name, text in deposit.items() if name.startswith("evidence")})
        (path,) = project.glob(f"data/evidence/*/*/{path}")
    path = project / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"something else")
    before = content(project)
    with pytest.raises(InputError, match=r"nothing was restored"):
        restored(tmp_path, deposit)
    assert content(project) == before


def test_dates_make_snakemake_compute_everything_but_the_evidence_again(tmp_path, deposit):
    project = tmp_path / "project"
    restored(tmp_path, deposit, figures=True)
    names = ["figures/a/figure_01.png", "data/a/decisions/random.csv", "data/a/evidence/fake/random.json"]
    dates = [(project / name).stat().st_mtime for name in names]
    assert dates == sorted(dates) and len(set(dates)) == 3 and dates[-1] < time.time() - 10**8


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("data/a/weights/x.bin", "is unexpected"),
        ("Snakefile", "is unexpected"),
        (".bashrc", "is unexpected"),
        ("data/a/evidence/fake/other.json", "is not a receipt of evidence; nothing was restored"),
    ],
)
def test_members_that_no_archive_has_are_refused(tmp_path, deposit, name, said):
    with pytest.raises(InputError, match=said):
        restored(tmp_path, deposit | {name: b"x"})
    assert not [path for path in content(tmp_path / "project")]


def test_evidence_that_is_none_is_refused(tmp_path, deposit):
    (part,) = (name for name in deposit if name.endswith("manifest/static.json"))
    with pytest.raises(InputError, match=r"\.zarr: is not a store of evidence; nothing was restored"):
        restored(tmp_path, deposit | {part: b"{}"})
    assert not content(tmp_path / "project")


def test_receipt_of_evidence_that_is_not_in_the_archive_is_refused(tmp_path, deposit):
    receipt = deposit["data/a/evidence/fake/random.json"].replace(b"evidence/fake-", b"/home/fake-")
    with pytest.raises(InputError, match="which the archive does not have"):
        restored(tmp_path, deposit | {"data/a/evidence/fake/random.json": receipt})


@pytest.fixture
def project(tmp_path, monkeypatch, deposit):
    """A project with a study's evidence, evidence that nothing names, and leftovers, all of them old."""
    restored(tmp_path, deposit)
    place = tmp_path / "project"
    filled(place / "data/evidence", FakeModel(weights="others"))
    (place / "Snakefile").touch()
    (place / "config.yaml").write_text("study: a\n")
    for leftover in ("data/a/metrics/accuracy.csv.partial", "data/a/evidence/fake/random.zarr.converted/loss/c/0"):
        (place / leftover).parent.mkdir(parents=True, exist_ok=True)
        (place / leftover).write_bytes(bytes(2_000_000))
    for path in place.rglob("*"):
        os.utime(path, (0, 0), follow_symlinks=False)
    (place / "data/a/metrics/new.csv.partial").touch()
    monkeypatch.chdir(place)
    return place


def test_discard_lists_and_removes_only_if_asked_to(project, capsys):
    before = content(project)
    assert main(["discard", "--unused"]) == 0
    told = capsys.readouterr().out
    for part in ("accuracy.csv.partial", "random.zarr.converted", "no receipt here names", "3 things, 4.0"):
        assert part in told
    assert content(project) == before
    assert main(["discard", "a", "--yes"]) == 0
    assert "removed 2 things, 4.0 MB" in capsys.readouterr().out
    assert len(list(project.glob("data/evidence/*/*.zarr"))) == 2
    assert main(["discard", "cache", "--unused", "--yes"]) == 0
    assert [path.name.partition("-")[0] for path in project.glob("data/evidence/*")] == ["fake"]
    assert stores.read(project / "data/a/evidence/fake/random.zarr")["loss"].notnull().all()
    assert {path.name for path in project.rglob("*.partial")} == {"new.csv.partial"}


def test_unreadable_receipt_keeps_all_evidence(project, capsys):
    (project / "data/a/evidence/fake/random.json").write_text("{}")
    assert main(["discard", "--unused", "--yes"]) == 2
    assert "random.json: is not a receipt" in capsys.readouterr().err
    assert len(list(project.glob("data/evidence/*/*.zarr"))) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["discard", "nothing"], "data/nothing: no such folder"),
        (["archive", "b", "--out", "b.zip"], "study: 'b' is unknown"),
        (["archive", "a", "--out", "b.tar"], "b.tar: expected a name that ends in .zip"),
        (["archive", "a", "--out", "b.zip", "--date", "soon"], "expected a date YYYY-MM-DD"),
        (["restore", "missing.zip"], "missing.zip: no such archive"),
        (["restore", "missing.zip", "--into", "data"], "data: has no config.yaml"),
        (["provenance", "missing.png"], "missing.png: no such figure"),
        (["provenance", "config.yaml"], "config.yaml: expected a figure"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_arguments_are_one_line(project, arguments, said, capsys):
    before = content(project)
    assert main(arguments) == 2
    found = capsys.readouterr().err
    assert said in found and found.startswith("error: ") and found.count("\n") == 1
    assert content(project) == before
