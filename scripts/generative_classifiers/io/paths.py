"""Where the project's files are: in a checkout, or inside the installed package."""

from pathlib import Path


def _user_cache() -> Path:
    import pooch  # slow to import, and a checkout does without

    return Path(pooch.os_cache("generative-classifiers"))


PACKAGE = Path(__file__).resolve().parents[1]
CHECKOUT = PACKAGE.parents[1]
IN_CHECKOUT = (CHECKOUT / "Snakefile").is_file()

# The project's root. An installed package has none of its own: there it is the working directory.
ROOT = CHECKOUT if IN_CHECKOUT else Path.cwd()
REGISTRY = (CHECKOUT if IN_CHECKOUT else PACKAGE) / "registry"
STYLES = PACKAGE / "figures"
# Downloads stay with the checkout's data; an installed package keeps them in the user's cache.
DOWNLOADS = CHECKOUT / "data" / "downloads" if IN_CHECKOUT else _user_cache()


def registry_root() -> Path:
    """The folder whose `registry/` names observers: the working directory if it has one, or else the project's own."""
    here = Path.cwd()
    return here if (here / "registry" / "observers.yaml").is_file() else REGISTRY.parent


def project_file(name: str) -> Path | None:
    """The file of a name that is absolute or relative to the project's root; None if there is none."""
    file = ROOT / name
    return file if file.is_file() else None
