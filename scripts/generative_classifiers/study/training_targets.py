"""Which networks a study trains, on what, and what their weights depend on."""

# Keys of an observer's row that its training reads. The others may change, and nothing is trained anew.
READ = ("library", "network", "settings", "classes", "resolution", "mean", "std", "noise", "training")


def trained_on(study, data):
    """Observers that a study trains on "world" or "imagenet"."""
    return [name for name, row in study.observers.items() if _data(row) == data]


def settings(row):
    """The part of an observer's row that its weights depend on."""
    return {key: row[key] for key in READ if key in row}


def gpus(row):
    """What the job of a training asks Slurm for: a GPU for each of the recipe's devices."""
    return f"gpu:{row['training'].get('devices', 1)}"


def weights(study, observer):
    """Where a study, by its name, has the weights of a network that it trains."""
    return f"data/{study}/weights/{observer}/model.safetensors"


def left_out(study, rows, root, imagenet):
    """Observers that cannot take part: to be trained on ImageNet, of which nothing is there.

    Parameters
    ----------
    study : str
    rows : dict of str to dict
        Rows of `registry/observers.yaml`.
    root : Path
        The project's.
    imagenet : str or None
        The setting of `config.yaml`.

    Returns
    -------
    dict of str to str
        Why.
    """
    wanting = [] if imagenet else [name for name, row in rows.items() if _data(row) == "imagenet"]
    places = {name: weights(study, name) for name in wanting}
    reason = "config.yaml does not name the folder of ImageNet, to train it on, and its weights are not at {}"
    return {name: reason.format(place) for name, place in places.items() if not (root / place).exists()}


def _data(row):
    return row.get("training", {}).get("data")
