"""What the Hugging Face hub's errors mean for the user."""

from huggingface_hub import errors

INDEX = "model_index.json"

# What can be done where the hub has no pipeline to give; the first that fits, for they derive from each other.
ADVICE = (
    (
        errors.GatedRepoError,
        "it is gated: accept its licence at https://huggingface.co/{source}, then log in with `hf auth login`",
    ),
    (
        errors.RepositoryNotFoundError,
        "there is no such repository, or none for you: if it is private, log in with `hf auth login`; if it has "
        "vanished, give a copy's hub id or folder instead",
    ),
    (errors.RevisionNotFoundError, "it has no such revision: give another, or none"),
    (errors.RemoteEntryNotFoundError, "it has no " + INDEX + ", so it is no pipeline of diffusers"),
    (
        errors.LocalEntryNotFoundError,
        "the hub is out of reach, and the pipeline is not in the cache: `hf download {source}` where the hub is in "
        "reach, then give the folder that it names",
    ),
)


def advice(error, source):
    """What to do about an error of the hub; the error itself if there is nothing to say."""
    fitting = (text.format(source=source) for kind, text in ADVICE if isinstance(error, kind))
    return next(fitting, " ".join(str(error).split()))
