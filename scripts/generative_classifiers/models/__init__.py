"""Model families behind one interface, `models.base.Model`. Nothing else knows diffusers or transformers."""

from importlib import import_module

from generative_classifiers.io.errors import InputError

# Each module has `load(observer, row, prompts, path, device, batch_size)`, those that download also `mirror`; imported
# when asked for, since no environment needs to have the packages of every family.
FAMILIES = {
    "diffusion": "diffusion.model",
    "autoregressive": "tokens.autoregressive",
    "masked": "tokens.masked",
    "discriminative": "classifiers.discriminative",
    "contrastive": "classifiers.contrastive",
}
DOWNLOADING = ("discriminative",)
BATCH_SIZE = 64


def load(observer, row, prompts, *, path=None, device="auto", batch_size=None, compile=False, mirror=None):
    """Load an observer that is a model.

    Parameters
    ----------
    observer : str
        Its name, for messages.
    row : dict
        Of `registry/observers.yaml`: `family` and what that family's module asks for.
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
    family = row.get("family")
    if family not in FAMILIES:
        raise InputError(f"{observer}: family {family!r} has no models, expected one of {', '.join(FAMILIES)}")
    batch_size = (row.get("batch_size") or BATCH_SIZE) if batch_size is None else batch_size
    if batch_size < 1:
        raise InputError(f"{observer}: batch size is {batch_size}, expected at least 1")
    if not prompts:
        raise InputError(f"{observer}: no categories to choose from")
    module = import_module(f"{__name__}.{FAMILIES[family]}")
    site = {"mirror": mirror} if family in DOWNLOADING else {}
    model = module.load(observer, row, prompts, path=path, device=device, batch_size=batch_size, **site)
    if compile:
        model.network.compile()
        model.identity |= {"compile": True}  # it rounds otherwise
    return model
