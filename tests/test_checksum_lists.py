"""Lists of checksums, which stand for rows of single files in registry/datasets.yaml."""

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import ROOT
from generative_classifiers.study.load import load
from study_documents import DATASETS

PATTERN = "{dataset}/{dataset}_{observer}_session-1.csv"
SHA = 64 * "a"
LIST = "registry/checksums/some.sha256"


@pytest.fixture
def load_listed(documents, load_small, tmp_path):
    """Load the small study with a list of checksums."""

    def load_them(*lines, path=PATTERN):
        some = {"url": "https://example.org/{commit}/raw", "commit": 40 * "0", "label": "Somebody"}
        documents[DATASETS]["repositories"]["some"] = some | {"checksums": "some.sha256", "path": path}
        (tmp_path / LIST).parent.mkdir(parents=True)
        (tmp_path / LIST).write_text("".join(f"{line}\n" for line in lines))
        return load_small()

    return load_them


def test_files_of_a_list_are_those_of_the_datasets(load_listed):
    study = load_listed(f"{SHA}  edge/edge_my-Net_session-1.csv", f"{SHA}  colour/colour_clip_session-1.csv")
    file = study.registry.datasets["edge"].decisions.networks["my-net"]
    assert study.registry.place(file) == f"https://example.org/{40 * '0'}/raw/edge/edge_my-Net_session-1.csv"
    assert file.sha256 == SHA and "clip" in study.registry.datasets["colour"].decisions.networks
    assert "clip" not in study.registry.datasets["edge"].decisions.networks


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("abc  edge/edge_net_session-1.csv", "line 2: expected a checksum, two spaces and {dataset}/"),
        (f"{SHA} edge/edge_net_session-1.csv", "line 2: expected a checksum, two spaces and {dataset}/"),
        (f"{SHA}  edge/colour_net_session-1.csv", "line 2: expected a checksum, two spaces and {dataset}/"),
        (f"{SHA}  edge/edge_../net_session-1.csv", "line 2: expected a checksum, two spaces and {dataset}/"),
        (f"{SHA}  egde/egde_net_session-1.csv", "line 2: dataset 'egde' is unknown, did you mean 'edge'"),
        (f"{SHA}  edge/edge_MINE_session-1.csv", "line 2: mine has another file of decisions on edge, expected one"),
        (f"{SHA}  edge/edge_bagnet33_session-1.csv", "line 2: bagnet33 has another file of decisions on edge"),
    ],
)
def test_faults_are_named_by_their_line(load_listed, line, message):
    with pytest.raises(InputError) as error:
        load_listed(f"{SHA}  edge/edge_mine_session-1.csv", line)
    assert str(error.value).startswith(f"{LIST}, {message}")


@pytest.mark.parametrize(
    "path", ["{dataset}/net.csv", "{observer}.csv", "{dataset}/{observer}.txt", "{dataset}/{model}.csv"]
)
def test_a_pattern_has_both_places(load_listed, path):
    with pytest.raises(InputError, match=r"datasets\.yaml, line \d+: repositories\.some\.path: expected a path with"):
        load_listed(path=path)


def test_a_list_that_is_missing_is_an_error(load_listed, tmp_path):
    load_listed()
    (tmp_path / LIST).unlink()
    with pytest.raises(InputError, match=rf"^{LIST}: no such file; repository some needs its list of checksums"):
        load({"study": "small"}, tmp_path)


def test_the_lists_are_those_of_the_mirror(mirror_folder):
    known = dict(line.split()[::-1] for line in (mirror_folder / "SHA256SUMS").read_text().splitlines())
    for name, repository in load({"study": "humans"}).registry.repositories.items():
        if repository.checksums:
            place = repository.url.format(commit=repository.commit).removeprefix("https://")
            lines = (ROOT / "registry/checksums" / repository.checksums).read_text().splitlines()
            listed = {f"{place}/{path}": sha256 for sha256, path in map(str.split, lines)}
            assert listed and listed.items() <= {path.removeprefix("./"): sha for path, sha in known.items()}.items(), (
                name
            )
