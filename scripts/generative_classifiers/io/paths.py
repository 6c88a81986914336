"""Where the project's files are: in a checkout, or inside the installed package."""

from pathlib import Path


def _user_cache():
    import pooch  # slow, and a checkout does without

    return Path(pooch.os_cache("generative-classifiers"))


PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = PACKAGE.parents[1]
IN_CHECKOUT = (_CHECKOUT / "Snakefile").is_file()

# The project's root. An installed package has no root of its own: there it is the working directory.
ROOT = _CHECKOUT if IN_CHECKOUT else Path.cwd()
REGISTRY = (ROOT if IN_CHECKOUT else PACKAGE) / "registry"
STYLES = PACKAGE / "figures"
# Downloads are kept with the checkout's data; without a checkout, in the user's cache.
DOWNLOADS = ROOT / "data" / "downloads" if IN_CHECKOUT else _user_cache()
