"""Views: what is done to stimuli before an observer sees them. Each model with each view is an observer of its own."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.validation import Name, Strict, wrong

WIDTH = 224  # pixels of the benchmark's images, in which the standard deviation of a blur is given
SEPARATOR = "@"


class View(Strict):
    """A low-pass: a blur, or a smaller size."""

    low_pass: Annotated[float, Field(ge=0, le=WIDTH)] | None = Field(
        None, description="Standard deviation of a Gaussian blur, in pixels of images that are 224 pixels wide."
    )
    resize: Annotated[int, Field(ge=2, le=65536)] | None = Field(
        None, description="Pixels along a side of the size to which images are shrunk before they are enlarged again."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.low_pass is None) == (self.resize is None):
            raise wrong("low_pass", "expected either this key or resize")
        return self

    @property
    def changes(self) -> bool:
        """Whether images are not left as they are."""
        return self.low_pass != 0

    @property
    def label(self) -> str:
        """What it is called in figures."""
        return f"blur {self.low_pass:g}" if self.resize is None else f"{self.resize} px"

    def check_size(self, size: tuple[int, ...], title: str) -> None:
        """Raise InputError if images of a size (y, x) would not shrink."""
        if self.resize is not None and self.resize >= min(size):
            raise InputError(
                f"{title}: the view resizes to {self.resize} pixels; expected less than the images' {min(size)}"
            )


Views = dict[Name, View]


def base_of(observer: str) -> str:
    """The observer without its view.

    Examples
    --------
    >>> base_of("resnet50@blurred-4"), base_of("resnet50")
    ('resnet50', 'resnet50')
    """
    return observer.partition(SEPARATOR)[0]


def has_view(observer: str) -> bool:
    """Whether an observer sees stimuli through a view of the study."""
    return SEPARATOR in observer


def with_view(observer: str, view: str) -> str:
    """The name of an observer with a view.

    Examples
    --------
    >>> with_view("resnet50", "blurred-4")
    'resnet50@blurred-4'
    """
    return f"{observer}{SEPARATOR}{view}"


def add_views(rows: Mapping, views: Mapping[str, View]) -> dict:
    """Rows of observers, followed by those of every model with every view.

    Parameters
    ----------
    rows : dict of str to Observer
    views : dict of str to View
    """
    models = {name: row for name, row in rows.items() if row.needs_evidence}
    pairs = ((name, view) for view in views for name in models)
    return dict(rows) | {with_view(name, view): _seen_through(models[name], view, views[view]) for name, view in pairs}


def _seen_through(row, name: str, view: View):
    """The row of an observer with a view: its evidence depends on the view, and the paper has not measured it."""
    changed = {"label": f"{row.label}, {view.label}", "view": view, "published_as": None}
    if getattr(row, "without_noise", None):
        changed["without_noise"] = with_view(row.without_noise, name)
    return row.model_copy(update=changed)


def without_views(observers: Iterable[str]) -> list[str]:
    """Those observers that have no view."""
    return [name for name in observers if not has_view(name)]
