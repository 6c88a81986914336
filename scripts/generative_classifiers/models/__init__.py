"""Model families behind one interface, `models.base.Model`. Nothing else knows diffusers or transformers."""

from importlib import import_module

from generative_classifiers.io.errors import InputError

# Families whose weights may come from a mirror.
DOWNLOADING = ("discriminative",)


def load(observer, row, prompts, *, path=None, device="auto", batch_size=None, compile=False, mirror=None):
    """Load an observer that is a model.

    Parameters
    ----------
    observer : str
        Its name, for messages.
    row : study.observers.ModelObserver
    prompts : dict of str to str
        Prompt by category, in the order of the category dimension.
    path : Path, optional
        Where the weights are, instead of where the row says.
    device : str
        "auto" (a GPU if there is one), "cpu", "cuda".
    batch_size : int, optional
        Evaluations at once, instead of the row's `batch_size`.
    compile : bool
        Compile its network when it is first used, which takes minutes and pays where there is much to evaluate.
    mirror : str, optional
        Server to ask for files in place of their own: `downloads.mirror`.

    Returns
    -------
    models.base.Model

    Raises
    ------
    InputError
        The family is unknown, a setting is wrong, or the weights are missing or others than expected.
    """
    if not row.kind.needs_evidence:
        raise InputError(f"{observer}: its family {row.family} has no model; its decisions are read from files")
    batch_size = row.batch_size if batch_size is None else batch_size
    if batch_size < 1:
        raise InputError(f"{observer}: batch size is {batch_size}, expected at least 1")
    if not prompts:
        raise InputError(f"{observer}: no categories to choose from")
    # Imported when asked for, since no environment needs to have the packages of every family.
    module = import_module(f"{__name__}.{row.kind.module}")
    site = {"mirror": mirror} if row.family in DOWNLOADING else {}
    model = module.load(observer, row, prompts, path=path, device=device, batch_size=batch_size, **site)
    if compile:
        model.network.compile()
        model.identity |= {"compile": True}  # it rounds otherwise
    return model
