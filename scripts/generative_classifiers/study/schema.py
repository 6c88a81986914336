"""Are the YAML files what `schemas/` says they must be?"""

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import ROOT

SCHEMAS = ROOT / "schemas"


def check(document, name, source):
    """Check a document against a schema.

    Parameters
    ----------
    document : dict
        The content of a YAML file.
    name : str
        The schema: `schemas/<name>.schema.yaml`.
    source : str
        What the document is, for the error: a file's name.

    Raises
    ------
    InputError
        That names the file, the key, and what was expected.
    """
    schema = yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text())
    error = best_match(Draft202012Validator(schema).iter_errors(document))
    if error is not None:
        raise InputError(f"{source}: {_where(error)}{_message(error)}")


def _where(error):
    return f"{'.'.join(map(str, error.absolute_path))}: " if error.absolute_path else ""


def _message(error):
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [key for key in error.instance if key not in known]
        return f"unknown key {unknown[0]!r}, expected one of {', '.join(known)}"
    return error.message
