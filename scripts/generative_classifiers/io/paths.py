"""Where the project's files are: in a checkout, or inside the installed package."""

from pathlib import Path


def _user_cache():
    import pooch  # slow, and a checkout does without

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


def registry_file(name: str) -> Path:
    """Find a file of the registry.

    Parameters
    ----------
    name : str
        For instance "observers.yaml".

    Returns
    -------
    Path
        `registry/<name>` of the working directory if it is there, and the project's own otherwise.
    """
    own = Path.cwd() / "registry" / name
    return own if own.is_file() else REGISTRY / name
