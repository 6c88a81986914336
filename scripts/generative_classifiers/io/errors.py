"""The one error that users are meant to read."""


class InputError(ValueError):
    """Something the user gave is wrong: the message names it and says what was expected."""


def one_line(error: Exception, length: int = 200) -> str:
    """An error of a library as a part of one line, shortened to so many characters.

    Examples
    --------
    >>> one_line(KeyError("a")), one_line(ValueError("one\\n  two"))
    ("KeyError: 'a'", 'one two')
    """
    text = " ".join(str(error).split())
    if isinstance(error, KeyError) or not text:  # a KeyError's text is nothing but the key
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    return text if len(text) <= length else text[: length - 1] + "…"
