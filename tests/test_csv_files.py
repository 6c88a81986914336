"""Files of decisions in the benchmark's format: how they are read, and the errors for broken ones."""

import csv

import numpy as np
import pytest

from generative_classifiers.decisions.csv_files import read_answers
from generative_classifiers.decisions.formats import READERS
from generative_classifiers.decisions.side_by_side import gather_decisions
from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli.downloads import fetch_all
from generative_classifiers.stimuli.sources import Source
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.study.load import load

HEADER = ["subj", "Session", "trial", "rt", "object_response", "category", "condition", "imagename"]
CONDITIONS = ["0.00", "true", "inf"]
TRIALS = [
    ["subject-01", "1", "1", "0.5", "boat", "boat", "0.00", "0001_x_s01_0.00_boat_10_n02951358_2.png"],
    ["subject-01", "1", "2", "0.5", "na", "bear", "true", "0002_x_s01_true_bear_10_n02134084_1.png"],
    ["subject-01", "1", "3", "NaN", "truck", "airplane", "inf", "0003_x_s01_inf_airplane_10_n02690373_3.png"],
]


@pytest.fixture
def write(tmp_path):
    """Write a file of trials, with fields changed: (line, column) -> value."""

    def make(changes=None, name="subject-01", trials=TRIALS, header=HEADER, end="\n"):
        rows = [list(header), *([name, *trial[1:]] for trial in trials)]
        for (line, column), value in (changes or {}).items():
            rows[line - 1][HEADER.index(column)] = value
        path = tmp_path / f"x_{name}_session_1.csv"
        path.write_bytes("".join(",".join(row) + end for row in rows).encode())
        return path

    return make


def read(path, kind="parametric", observer="subject-01"):
    return read_answers(path, observer, kind, CONDITIONS if kind == "parametric" else ["all"])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("session", ["session", "Session"])
def test_conditions_and_responses_are_read_as_text(write, end, session):
    answers = read(write(header=[HEADER[0], session, *HEADER[2:]], end=end))
    assert answers.images.index.tolist() == ["n02951358_2.png", "n02134084_1.png", "n02690373_3.png"]
    assert answers.images.condition.tolist() == ["0.00", "true", "inf"]
    assert answers.images.category.tolist() == ["boat", "bear", "airplane"]
    assert answers.response.dtype == np.int8 and answers.response.tolist() == [4, -1, 15]


@pytest.mark.parametrize("value", ["0", "NaN", "3", ""])
def test_condition_of_nonparametric_datasets_is_all(write, value):
    answers = read(write({(line, "condition"): value for line in (2, 3, 4)}), kind="nonparametric")
    assert answers.images.condition.tolist() == ["all"] * 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({(1, "rt"): "time"}, r"line 1: expected one column 'rt'"),
        ({(1, "trial"): "subj"}, r"line 1: expected one column 'subj'"),
        (
            {(3, "object_response"): "nan"},
            r"line 3: object_response is 'nan', expected airplane, .*, truck, na",
        ),
        ({(3, "object_response"): ""}, r"line 3: object_response is ''"),
        ({(4, "category"): "na"}, r"line 4: category is 'na'"),
        ({(2, "category"): "Boat"}, r"line 2: category is 'Boat'"),
        ({(2, "condition"): "0.0"}, r"line 2: condition is '0.0', expected 0.00, true, inf"),
        ({(3, "subj"): "subject-02"}, r"line 3: subj is 'subject-02', expected subject-01"),
        ({(3, "rt"): "1,2"}, r"line 3: expected 8 fields, found 9"),
        (
            {(4, "imagename"): TRIALS[0][-1], (4, "condition"): "0.00"},
            r"line 4: image n02951358_2.png occurs twice in condition 0.00 \(before in line 2\)",
        ),
        (
            {(4, "imagename"): "0003_y_n02951358_2.png"},
            r"line 4: image n02951358_2.png occurs in two conditions, 0.00 and inf \(before in line 2\)",
        ),
    ],
)
def test_broken_rows_are_errors_that_name_the_line(write, changes, message):
    with pytest.raises(InputError, match=rf"x_subject-01_session_1\.csv, {message}"):
        read(write(changes))


WHOLE = "\n".join([",".join(HEADER), *(",".join(trial) for trial in TRIALS), ""])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r": is empty; expected a CSV file with columns subj, session"),
        (b"\n\n", r": is empty; expected a CSV file"),
        (WHOLE.splitlines(keepends=True)[0].encode(), ": expected trials, found none"),
        (WHOLE.encode("utf-16"), ": is in UTF-16; expected a CSV file .* in UTF-8"),
        (WHOLE.replace("boat", "bo\xe4t").encode("latin-1"), ", line 2: byte 0xe4 is not UTF-8"),
        (WHOLE.replace(",", ";").encode(), ", line 1: expected one column 'subj', found fields between semicolons"),
        (WHOLE.replace(",", "\t").encode(), ", line 1: expected one column 'subj', found fields between tabs"),
        (WHOLE.replace("bear", "be\0ar").encode(), ", line 3: contains a NUL byte"),
        (WHOLE.replace("bear", '"bear').encode(), ", line 3: expected a line of CSV"),
        (WHOLE.replace("bear", '"be\nar"').encode(), ", line 3: a quoted field does not end in its line"),
        (WHOLE.replace("\n", "\n\n", 2).encode(), ", line 2: expected 8 fields, found 0"),
        (b"PK\x03\x04\x14\xff", r", line 1: byte 0xff is not UTF-8"),
    ],
)
def test_other_formats_are_errors_that_say_what_was_expected(tmp_path, content, message):
    (tmp_path / "some.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"some\.csv{message}") as error:
        read(tmp_path / "some.csv")
    assert "\n" not in str(error.value)


def test_folders_and_missing_files_in_the_place_of_a_table_are_errors(tmp_path):
    with pytest.raises(InputError, match="is not a file; expected a CSV file"):
        read(tmp_path)
    with pytest.raises(InputError, match=r"none\.csv: cannot be read \(No such file or directory\)"):
        read(tmp_path / "none.csv")


@pytest.mark.parametrize("content", [WHOLE.encode("utf-8-sig"), f"{WHOLE}\n\n".encode()])
def test_byte_order_marks_and_empty_lines_at_the_end_mean_nothing(tmp_path, content):
    (tmp_path / "some.csv").write_bytes(content)
    assert read(tmp_path / "some.csv").response.tolist() == [4, -1, 15]


def test_observer_is_the_subject_in_any_spelling(write):
    path = write(name="resnet50_trained_on_SIN")
    assert read(path, observer="resnet50-trained-on-sin").response.tolist() == [4, -1, 15]
    with pytest.raises(InputError, match="subj is 'resnet50_trained_on_SIN', expected resnet50-trained-on"):
        read(path, observer="resnet50-trained-on")


def test_observer_is_the_subject_with_or_without_a_suffix(write):
    path = write(name="alexnet")
    assert read(path, observer="alexnet-geirhos2019").response.tolist() == [4, -1, 15]
    with pytest.raises(InputError, match="subj is 'alexnet', expected vgg"):
        read(path, observer="vgg")


def test_observers_with_other_orders_of_trials_are_aligned_by_image(write):
    files = {
        "subject-01": write(),
        "subject-02": write(name="subject-02", trials=TRIALS[::-1]),
        "resnet": write(name="resnet", trials=TRIALS[1:] + TRIALS[:1]),
    }
    families = {"subject-01": "human", "subject-02": "simulated", "resnet": "published"}
    answers = {name: read(path, observer=name) for name, path in files.items()}
    table = gather_decisions("colour", answers, families)
    assert table.response.dims == ("observer", "image") and table.response.dtype == np.int8
    assert table.response.values.tolist() == [[-1, 15, 4]] * 3
    assert table.name.values.tolist() == ["n02134084_1.png", "n02690373_3.png", "n02951358_2.png"]
    assert table.true_category.values.tolist() == ["bear", "airplane", "boat"]
    assert table.condition.values.tolist() == ["true", "inf", "0.00"]
    assert table.category.values.tolist() == list(CATEGORIES)
    assert table.is_reference.values.tolist() == [True, True, False]
    assert table.family.sel(observer="resnet") == "published" and "texture_category" not in table.coords


@pytest.mark.parametrize("odd", [1, 2, 3])
@pytest.mark.parametrize(
    ("trials", "changes", "message"),
    [
        (TRIALS[:2], {}, r": image n02690373_3\.png is missing"),
        ([*TRIALS, [*TRIALS[0][:-1], "new.png"]], {}, r", line 5: image new\.png is unexpected"),
        (TRIALS, {(3, "condition"): "inf"}, r", line 3: image n02134084_1\.png is bear, inf; .* bear, true"),
        (TRIALS, {(2, "category"): "car"}, r", line 2: image n02951358_2\.png is car, .* boat, 0\.00"),
    ],
)
def test_observer_who_saw_other_images_than_most_is_named(write, odd, trials, changes, message):
    names = [f"subject-0{i}" for i in (1, 2, 3)]
    files = {name: write(name=name) for name in names}
    write(changes, name=names[odd - 1], trials=trials)
    answers = {name: read(path, observer=name) for name, path in files.items()}
    with pytest.raises(InputError, match=rf"x_subject-0{odd}_session_1\.csv{message}"):
        gather_decisions("colour", answers, dict.fromkeys(names, "human"))


def test_all_published_decisions_are_read(mirror, tmp_path_factory):
    folder = tmp_path_factory.mktemp("downloads")
    humans, networks, missed = {}, set(), 0
    study = load({"study": "humans"})
    for name, row in study.datasets.items():
        sources = [Source(*source) for source in study.sources("decisions", name)]
        files = {one.observer: one.path for one in fetch_all(sources, folder, mirror)}
        families = {observer: "human" if observer in row.decisions.humans else "published" for observer in files}
        readers = {who: READERS[study.format_of(who, name)] for who in files}
        answers = {who: readers[who](path, who, row.kind, row.conditions) for who, path in files.items()}
        table = gather_decisions(name, answers, families)
        assert set(table.condition.values) == set(row.conditions)
        assert np.unique(table.true_category, return_counts=True)[1].tolist() == [table.sizes["image"] / 16] * 16
        humans[name] = int(table.is_reference.sum())
        networks.update(table.observer.values[~table.is_reference.values])
        missed += int((table.response < 0).sum())
        if name == "colour":
            check_by_hand(table, files["subject-02"])
    special = {"stylized": 5, "sketch": 7, "edge": 10, "silhouette": 10, "cue-conflict": 10}
    assert humans == {name: special.get(name, 4) for name in study.datasets}
    assert sum(humans.values()) == 90 and len(networks) == 25 + 15 + 33
    assert missed == 597 + 149  # time-outs, and answers that name no category


def check_by_hand(table, path):
    """Compare one observer's responses with the file, trial by trial."""
    with path.open() as handle:
        said = {"_".join(t["imagename"].split("_")[-2:]): t["object_response"] for t in csv.DictReader(handle)}
    responses = table.response.sel(observer="subject-02").values
    names = np.array([*CATEGORIES, "na"])[responses]
    assert dict(zip(table.name.values, names, strict=True)) == said
