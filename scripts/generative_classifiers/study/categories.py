"""The 16 entry-level categories of Geirhos et al. (2018), in the order of every `category` dimension."""

CATEGORIES = (
    "airplane", "bear", "bicycle", "bird", "boat", "bottle", "car", "cat",
    "chair", "clock", "dog", "elephant", "keyboard", "knife", "oven", "truck",
)  # fmt: skip
NO_ANSWER = "na"  # the response of a time-out, which counts as wrong
