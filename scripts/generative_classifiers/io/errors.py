"""The one error that users are meant to read."""


class InputError(ValueError):
    """Something the user gave is wrong: the message names it and says what was expected."""
