"""What one observer answered to each image, from any source."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from generative_classifiers.study.categories import CATEGORIES, NO_ANSWER


class Answers(NamedTuple):
    """What one observer answered.

    Attributes
    ----------
    source : str
        Where the answers are from, for error messages.
    images : pandas.DataFrame
        (trial,): category and condition (str) of the image of each trial. The index has the names of the images.
    response : numpy.ndarray
        (trial,) int8: index into the categories; -1 for no answer.
    lines : numpy.ndarray, optional
        (trial,) int: in which line of the source each trial stands, if it is a file.
    """

    source: str
    images: pd.DataFrame
    response: np.ndarray
    lines: np.ndarray | None = None

    def place(self, trial):
        """Where the answer of a trial, given by its number from 0, is found."""
        return self.source if self.lines is None else f"{self.source}, line {self.lines[trial]}"

    def take(self, trials):
        """Some of the trials, given by their numbers from 0."""
        lines = None if self.lines is None else self.lines[trials]
        return Answers(self.source, self.images.iloc[trials], self.response[trials], lines)

    def in_order_of(self, images):
        """Responses to some of the images, in their order.

        Parameters
        ----------
        images : sequence of str
            Names.

        Returns
        -------
        numpy.ndarray
            (image,) int8.

        Examples
        --------
        >>> table = pd.DataFrame({"category": ["cat", "dog"], "condition": ["all", "all"]}, index=["a.png", "b.png"])
        >>> Answers("somewhere", table, np.array([7, -1], np.int8)).in_order_of(["b.png", "a.png"])
        array([-1,  7], dtype=int8)
        """
        return pd.Series(self.response, self.images.index).loc[list(images)].to_numpy()


def as_text(responses):
    """Names of categories, or "na" for no answer.

    Parameters
    ----------
    responses : numpy.ndarray
        int, of any shape: index into the categories; -1 for no answer.

    Returns
    -------
    numpy.ndarray
        str, of the same shape.

    Examples
    --------
    >>> as_text(np.array([0, -1]))
    array(['airplane', 'na'], dtype='<U8')
    """
    return np.array([*CATEGORIES, NO_ANSWER])[responses]
