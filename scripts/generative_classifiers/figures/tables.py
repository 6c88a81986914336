"""Tables 2 and 3 of measured and published observers: to every digit as CSV, as printed in Markdown and LaTeX."""

import pandas as pd

from generative_classifiers.figures.plot_styles import with_values
from generative_classifiers.figures.style import ARROWS
from generative_classifiers.io.atomic import atomic_write

# What the files that are printed call a column, and which direction is better.
HEADINGS = {
    "label": ("Model", ""),
    "ood_accuracy": ("OOD accuracy", "higher"),
    "accuracy_difference": ("Accuracy difference", "lower"),
    "observed_consistency": ("Observed consistency", "higher"),
    "error_consistency": ("Error consistency", "higher"),
    "mean_rank": ("Mean rank", "lower"),
    "accuracy_rank": ("Rank", "lower"),
    "datasets": ("Datasets", ""),
    "source": ("Source", ""),
}
TABLES = {
    "table_2": ("accuracy_difference", "observed_consistency", "error_consistency", "mean_rank"),
    "table_3": ("ood_accuracy", "accuracy_rank"),
}
LATEX_ARROWS = {"": "", "higher": r" $\uparrow$", "lower": r" $\downarrow$"}
# What LaTeX reads as a command, and how it is written instead.
SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"}
SPECIAL |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def listing(ranking, rows, name):
    """The rows of a table: the reference group, the models by rank, then those without.

    Parameters
    ----------
    ranking : xarray.Dataset
        The benchmark of all observers (observer), with intervals (observer, bound).
    rows : pandas.DataFrame
        Roster of it.
    name : {"table_2", "table_3"}

    Returns
    -------
    pandas.DataFrame
        observer, label, family, source, datasets, then the table's own columns, measures with `_lower` and
        `_upper`, the ends of their intervals.
    """
    *measures, rank = TABLES[name]
    table = rows[["label", "family", "source", "is_reference"]].assign(datasets=ranking["datasets"].to_series())
    for measure in measures:
        table = with_values(table, ranking, measure)
    table[rank] = ranking[rank].to_series()
    table = table.sort_values(["is_reference", rank], ascending=[False, True], kind="stable")
    return table.drop(columns="is_reference").rename_axis("observer").reset_index()


def printed(table, name):
    """The columns that are printed, all as text, numbers to three digits.

    Parameters
    ----------
    table : pandas.DataFrame
        As `listing` returns it.
    name : {"table_2", "table_3"}

    Returns
    -------
    pandas.DataFrame
    """
    numbers = {column: table[column].map("{:.3f}".format, na_action="ignore").fillna("") for column in TABLES[name]}
    datasets = table["datasets"].map("{:d}".format)
    return pd.DataFrame({"label": table["label"], **numbers, "datasets": datasets, "source": table["source"]})


def markdown(cells):
    """A table of text as Markdown.

    Parameters
    ----------
    cells : pandas.DataFrame
        As `printed` returns it.

    Returns
    -------
    str
    """
    head = _headings(cells, ARROWS)
    rule = ["---:" if column in NUMBERS else ":---" for column in cells]
    body = [[cell.replace("|", r"\|") for cell in row] for row in cells.itertuples(index=False)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *body))


def latex(cells):
    """A table of text as a LaTeX `tabular` that needs the package booktabs.

    Parameters
    ----------
    cells : pandas.DataFrame
        As `printed` returns it.

    Returns
    -------
    str
    """
    columns = "".join("r" if column in NUMBERS else "l" for column in cells)
    body = [[escaped(cell) for cell in row] for row in cells.itertuples(index=False)]
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    lines += [rf"{' & '.join(_headings(cells, LATEX_ARROWS))} \\", r"\midrule"]
    lines += [rf"{' & '.join(row)} \\" for row in body]
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "% Needs \\usepackage{booktabs}.\n" + "".join(f"{line}\n" for line in lines)


def escaped(text):
    """Text as LaTeX prints it.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return "".join(SPECIAL.get(character, character) for character in text)


NUMBERS = {column for column, (_, better) in HEADINGS.items() if better} | {"datasets"}


def _headings(cells, arrows):
    return [f"{HEADINGS[column][0]}{arrows[HEADINGS[column][1]]}" for column in cells]


def write_text(text, path):
    """Write a text file, whole or not at all.

    Parameters
    ----------
    text : str
    path : Path
    """
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
