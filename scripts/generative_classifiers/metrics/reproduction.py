"""What was measured again of what the paper prints, and how far apart the two are."""

import pandas as pd

from generative_classifiers.study.registry import BENCHMARK

COLUMNS = ("observer", "measure", "measured", "published", "difference")
# The paper's tables have three digits after the point, its text two.
DIGITS = dict.fromkeys(BENCHMARK, 3) | {"shape_bias": 2}


def reproduction(published, measured):
    """Compare at the precision that is printed.

    Parameters
    ----------
    published : dict of str to dict
        As `registry.Study.published` gives them.
    measured : dict of str to pandas.Series
        By measure, a key of `DIGITS`, the values by observer. Those of partial observers would not compare.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, a row for whatever is both measured and published. `difference` is measured minus published,
        both rounded to the printed digits; it and `published` are text of as many digits.
    """
    rows = [
        (observer, measure, measured[measure][observer], row[measure])
        for row in published.values()
        for observer in row["observers"]
        for measure in measured
        if measure in row and observer in measured[measure].index
    ]
    return pd.DataFrame([_compared(*row) for row in rows], columns=list(COLUMNS))


def _compared(observer, measure, measured, published):
    digits = DIGITS[measure]
    difference = round(round(measured, digits) - published, digits)
    # Without the sign of a negative zero.
    return observer, measure, measured, f"{published:.{digits}f}", f"{difference + 0.0:.{digits}f}"
