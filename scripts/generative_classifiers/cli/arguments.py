"""What several commands do with their arguments: read lists of names, and write tables to files."""

from pathlib import Path

import pandas as pd

from generative_classifiers.io.atomic import atomic_write


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
