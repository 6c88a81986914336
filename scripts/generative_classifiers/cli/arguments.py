"""What commands share: the format of their help, lists of names, and tables that are written to files."""

from argparse import Action, ArgumentDefaultsHelpFormatter
from pathlib import Path

import pandas as pd

from generative_classifiers.io.atomic import atomic_write


class HelpFormatter(ArgumentDefaultsHelpFormatter):
    """Help that shows the defaults of arguments, if they have any."""

    def _get_help_string(self, action: Action) -> str | None:
        has_default = action.default is not None and action.default is not False
        return super()._get_help_string(action) if has_default else action.help


def names(text: str) -> list[str]:
    """Names that are separated by commas.

    Examples
    --------
    >>> names("cat, dog")
    ['cat', 'dog']
    """
    return [name.strip() for name in text.split(",")]


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV. Its folder is made if it does not exist.

    Parameters
    ----------
    table : pandas.DataFrame
    path : Path
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        table.to_csv(partial, index=False)
