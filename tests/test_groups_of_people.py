"""Groups of people of the user's own in the place of the benchmark's."""

import csv

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.benchmark_names import subjects_files
from generative_classifiers.study.load import load
from study_documents import DATASETS, OBSERVERS, SMALL

COLUMNS = ["subj", "session", "trial", "rt", "object_response", "category", "condition", "imagename"]


@pytest.fixture
def load_students(documents, load_small, tmp_path):
    """Load the small study with a group of students, who have files on some datasets."""

    def load_them(
        datasets=("colour", "edge", "cue-conflict"), observers=("students", "resnet50"), reference="students"
    ):
        documents[OBSERVERS]["observers"]["students"] = {"label": "Students", "family": "human", "answers": "students"}
        for dataset in datasets:
            for subject, session in (("anna", "session-1"), ("ben", "session_1")):
                path = tmp_path / "students" / dataset / f"{dataset}_{subject}_{session}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("w", newline="") as file:
                    csv.writer(file).writerow(COLUMNS)
        study = {"description": "Students.", "reference": reference, "observers": list(observers)}
        documents[SMALL] = study | {"datasets": list(documents[DATASETS]["datasets"])}
        return load_small()

    return load_them


def test_members_are_the_subjects_of_the_files(load_students):
    study = load_students()
    assert study.reference == "students" and study.reference_family == "human"
    path = "students/edge/edge_anna_session-1.csv"
    assert study.answers_on("edge") == {"anna": path, "ben": "students/edge/edge_ben_session_1.csv"}
    assert study.format_of("anna", "edge") == "model-vs-human"
    assert [name for name, *_ in study.sources("decisions", "edge")] == ["resnet50"]  # none of the benchmark's people
    assert study.published == {} and study.labels["students"] == "Students"


def test_a_dataset_without_files_is_an_error(load_students):
    with pytest.raises(
        InputError, match=r"students/edge/edge_<subject>_session-1\.csv: no such file; the group students"
    ):
        load_students(datasets=["colour", "cue-conflict"])


@pytest.mark.parametrize(
    ("observers", "reference", "message"),
    [
        (["students", "humans"], "students", "reference: humans is another group of observers, expected only one"),
        (["resnet50"], "resnet50", "reference: resnet50 is a model, expected humans or another group"),
        (["resnet50"], "students", "reference: 'students' is not among the study's observers"),
    ],
)
def test_a_study_has_one_group(load_students, observers, reference, message):
    with pytest.raises(InputError, match=message):
        load_students(observers=observers, reference=reference)


def test_other_files_are_no_subjects(tmp_path):
    (tmp_path / "edge").mkdir()
    for name in (
        "edge_subject-01_session_1.csv",
        "colour_subject-01_session_1.csv",
        "edge_notes.csv",
        "edge_x_session_1.txt",
    ):
        (tmp_path / "edge" / name).touch()
    assert subjects_files(tmp_path, "edge") == {"subject-01": tmp_path / "edge/edge_subject-01_session_1.csv"}


def test_the_benchmarks_people_are_no_members():
    study = load({"study": "humans"})
    assert study.members == {} and study.reference_family == "human"
