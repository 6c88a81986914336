"""Write docs/api.md from the docstrings of the public functions: `python docs/make_api.py`."""

import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import generative_classifiers

PAGE = Path(__file__).with_name("api.md")
INTRODUCTION = """\
# Python interface

`pip install .` installs it for notebooks (`pip install .[models]` with what running models needs), and nothing heavy is
imported before it is used. This page is written from the docstrings: `make docs`.

```python
import generative_classifiers as gc

evidence = gc.open_evidence("data/miniature/evidence/miniature-diffusion/cue-conflict.zarr")
decisions = gc.decide(evidence)
gc.accuracy([decisions])["accuracy"]
gc.shape_bias(decisions)["overall_shape_bias"]
```
"""
# The public names by topic, in the order of the page.
TOPICS = {
    "Images and models": ("classify", "distort"),
    "Stores": ("open_store", "open_evidence", "decode_reconstructions", "decode_attributes"),
    "Decisions": ("decide", "decision_table", "export"),
    "Metrics": ("accuracy", "consistency", "shape_bias", "compare", "benchmark", "cells_of", "list_cells"),
    "Errors": ("InputError",),
}


def page() -> str:
    """The text of the page."""
    topics = (f"## {topic}\n\n" + "\n".join(map(entry, names)) for topic, names in TOPICS.items())
    return "\n".join([INTRODUCTION, *topics])


def entry(name: str) -> str:
    """A public name with its signature and its docstring."""
    thing = getattr(generative_classifiers, name)
    text = f"### {name}\n\n"
    if inspect.isfunction(thing):
        text += f"```python\n{signature(name, thing)}\n```\n\n"
    return text + markdown(inspect.getdoc(thing) or "")


def signature(name: str, function: Callable[..., object]) -> str:
    """How a function is called: its parameters with their defaults; types are with their descriptions."""
    shown = inspect.signature(function)
    parameters = [untyped(one) for one in shown.parameters.values()]
    call = f"{name}{shown.replace(parameters=parameters, return_annotation=inspect.Signature.empty)}"
    return textwrap.fill(call.replace("Ellipsis", "…").replace("'", '"'), 100, subsequent_indent=" " * (len(name) + 1))


def untyped(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter without its type, and with an ellipsis for a long default."""
    long = parameter.default is not parameter.empty and len(repr(parameter.default)) > 40
    return parameter.replace(annotation=parameter.empty, default=... if long else parameter.default)


def markdown(docstring: str) -> str:
    """A numpydoc docstring as Markdown: headings in bold, parameters as a list, examples as code."""
    first, *sections = re.split(r"^(\w+)\n-+\n", docstring, flags=re.M)
    text = first
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        text += f"**{heading}**\n\n{section(heading, body.strip())}\n\n"
    return text.strip() + "\n"


def section(heading: str, body: str) -> str:
    """The body of a section of a docstring."""
    if heading == "Examples":
        return f"```python\n{body.replace('  # doctest: +SKIP', '')}\n```"
    return "\n".join(item(*one) for one in re.findall(r"^(\S.*)\n?((?:    .*\n?)*)", body, re.M))


def item(head: str, description: str) -> str:
    """A list item: a parameter, a type or an error, with its description."""
    name, _, kind = head.partition(" : ")
    text = " ".join(description.split())
    return f"- `{name}`" + (f" ({kind})" if kind else "") + (f": {text}" if text else "")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
