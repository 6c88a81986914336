"""Single files of the Hugging Face hub, and what its errors mean for the user."""

from pathlib import Path

from huggingface_hub import errors, hf_hub_download

from generative_classifiers.io.errors import InputError

# By type of error. The first that fits counts, since the types derive from each other.
ADVICE = (
    (
        errors.GatedRepoError,
        "it is gated: accept its licence at https://huggingface.co/{repository}, then log in with `hf auth login`",
    ),
    (
        errors.RepositoryNotFoundError,
        "there is no such repository, or it is private: log in with `hf auth login`; if it has been removed, give a "
        "copy's hub id or folder instead",
    ),
    (errors.RevisionNotFoundError, "it has no such revision: give another one, or none"),
    (errors.RemoteEntryNotFoundError, "it has no {file}"),
    (
        errors.LocalEntryNotFoundError,
        "the hub cannot be reached, and its files are not in the cache: run `hf download {repository}` where the hub "
        "can be reached, then give the folder that it prints",
    ),
)


def download(observer: str, repository: str, file: str, revision: str | None) -> tuple[Path, str]:
    """Download a file of a repository, or take it from the hub's cache.

    A mirror of the hub is set by the variable HF_ENDPOINT of huggingface_hub.

    Parameters
    ----------
    observer : str
        For messages.
    repository : str
        Hub id.
    file : str
    revision : str or None
        Branch, tag or commit.

    Returns
    -------
    path : Path
    commit : str

    Raises
    ------
    InputError
        The file is neither on the hub nor in its cache.
    """
    try:
        path = Path(hf_hub_download(repository, file, revision=revision))
    except (OSError, ValueError) as error:  # what the hub's errors derive from
        raise InputError(f"{observer}: {repository} is not available: {advice(error, repository, file)}") from error
    return path, path.parent.name


def advice(error: Exception, repository: str, file: str) -> str:
    """What to do about an error of the hub; the error itself if there is nothing to say."""
    for kind, text in ADVICE:
        if isinstance(error, kind):
            return text.format(repository=repository, file=file)
    return " ".join(str(error).split())
