"""The formats of files of decisions, by the names that the registry gives them."""

from generative_classifiers.decisions.csv_files import read_answers
from generative_classifiers.decisions.vlm_shapebias import read_predictions

# A reader takes a file, its observer, and the kind and the conditions of the dataset; it gives `Answers`.
READERS = {"model-vs-human": read_answers, "vlm-shapebias": read_predictions}
