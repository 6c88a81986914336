"""How far measured numbers are from those that the paper prints."""

import pandas as pd

from generative_classifiers.study.measures import MEASURES

COLUMNS = ("observer", "measure", "measured", "published", "difference")
# The paper's tables print three decimals, its text two.
DIGITS = dict.fromkeys(MEASURES, 3) | {"shape_bias": 2}


def reproduction(published, measured):
    """Compare measured numbers with published ones, at the precision that is printed.

    Parameters
    ----------
    published : dict of str to dict
        The paper's observers. Each has `observers`, the names under which it was measured, and published values by
        measure.
    measured : dict of str to pandas.Series
        By measure, a key of `DIGITS`, the values by observer. Leave out observers that lack datasets: their averages
        would not compare.

    Returns
    -------
    pandas.DataFrame
        The columns `COLUMNS`, with a row for each number that is both measured and published. `difference` is measured
        minus published, both rounded as printed. `published` and `difference` are text with as many decimals as are
        printed.
    """
    rows = []
    for row in published.values():
        for observer in row["observers"]:
            for measure, values in measured.items():
                if measure in row and observer in values.index:
                    rows.append(_compare(observer, measure, values[observer], row[measure]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _compare(observer, measure, measured, published):
    digits = DIGITS[measure]
    difference = round(round(measured, digits) - published, digits)
    # Adding zero removes the sign of a negative zero.
    return observer, measure, measured, f"{published:.{digits}f}", f"{difference + 0.0:.{digits}f}"
