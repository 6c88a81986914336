"""Weights are all there, or nothing runs: for every family and loader, whatever a file lacks or has in excess."""

import json
import re

import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file

import tiny_contrastive
import tiny_pipelines
import tiny_tokens
from generative_classifiers import models
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.classifiers.small_cnn import SmallCNN
from generative_classifiers.models.loading.clip_towers import load_towers
from generative_classifiers.models.loading.complete_weights import check_names
from generative_classifiers.models.loading.diffusers_pipelines import load_amused, load_pipeline
from generative_classifiers.models.loading.network_weights import load_network
from generative_classifiers.models.loading.transformers_models import load_clip, load_janus
from generative_classifiers.study.prompts import prompts_of
from image_folders import learner
from typed_rows import observer

torch.set_num_threads(1)
CPU = torch.device("cpu")
NETWORK = {"family": "discriminative", "library": "torchvision", "network": "shufflenet_v2_x0_5"}
PART = "diffusion_pytorch_model.safetensors"
# What is loaded, and the file of a network in it.
NETWORKS = [
    ("diffusion", f"unet/{PART}"),
    ("diffusion", f"vae/{PART}"),
    ("diffusion", "text_encoder/model.safetensors"),
    ("stable-diffusion-3", f"transformer/{PART}"),
    ("stable-diffusion-3", "text_encoder_3/model.safetensors"),
    ("masked", f"transformer/{PART}"),
    ("masked", f"vqvae/{PART}"),
    ("masked", "text_encoder/model.safetensors"),
    ("autoregressive", "model.safetensors"),
    ("transformers", "model.safetensors"),
    ("open_clip", "model.safetensors"),
    ("training", "model.safetensors"),
    ("torchvision", "model.safetensors"),
    ("timm", "model.safetensors"),
    ("checkpoint", "model.pth"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder for each kind of weights."""
    root = tmp_path_factory.mktemp("weights")
    tiny_pipelines.stable_diffusion(root / "diffusion")
    tiny_pipelines.stable_diffusion_3(root / "stable-diffusion-3")
    tiny_tokens.amused(root / "masked")
    tiny_tokens.janus(root / "autoregressive")
    tiny_contrastive.through_transformers(root / "transformers")
    tiny_contrastive.through_open_clip(root / "open_clip")
    networks = {
        "training": SmallCNN(),
        "torchvision": torchvision.models.get_model(NETWORK["network"], weights=None),
    }
    networks |= dict.fromkeys(("timm", "checkpoint"), networks["torchvision"])
    for kind, network in networks.items():
        (root / kind).mkdir()
        if kind == "checkpoint":
            torch.save({"state_dict": network.state_dict(), "epoch": 9}, root / kind / "model.pth")
        else:
            save_file(network.state_dict(), root / kind / "model.safetensors")
    return {path.name: path for path in root.iterdir()}


def load(kind, folder):
    """Load what a folder of a kind holds, by the family's loader."""
    file = str(folder / "model.safetensors")
    if kind in ("diffusion", "stable-diffusion-3"):
        return load_pipeline("tiny", observer(family="diffusion", pipeline=str(folder)))
    if kind == "masked":
        return load_amused("tiny", observer(family="masked", pipeline=str(folder)))
    if kind == "autoregressive":
        return load_janus("tiny", observer(family="autoregressive", pipeline=str(folder)))
    if kind == "transformers":
        return load_clip("tiny", observer(family="contrastive", source="transformers", pipeline=str(folder)))
    if kind == "open_clip":
        row = observer(
            family="contrastive", source="open_clip", network=tiny_contrastive.NAME, weights=file, resolution=16
        )
        return load_towers("tiny", row, None, CPU)
    if kind == "training":
        return load_network("tiny", learner(), folder / "model.safetensors")
    if kind == "checkpoint":
        where = {"files": [{"path": str(folder / "model.pth"), "key": "state_dict"}]}
    else:
        where = {"weights": file}
    return load_network("tiny", observer(**NETWORK | where | {"source": kind}))


@pytest.fixture(params=NETWORKS, ids=lambda case: "/".join(case))
def case(request, folders):
    """A kind and its folder, the network's file, and its tensors; the file is restored at the end."""
    kind, name = request.param
    file = folders[kind] / name
    content = file.read_bytes()
    tensors = torch.load(file)["state_dict"] if file.suffix == ".pth" else load_file(file)
    # Copies, since safetensors maps the file, which is to be overwritten.
    yield kind, folders[kind], file, {key: tensor.clone() for key, tensor in tensors.items()}
    file.write_bytes(content)


def save(file, tensors):
    if file.suffix == ".pth":
        torch.save({"state_dict": tensors}, file)
    else:
        save_file(tensors, file, {"format": "pt"})


def some_matrix(tensors):
    """The name of a tensor with several axes; its last part is the same to the network."""
    return min(name for name, tensor in tensors.items() if tensor.ndim > 1)


def refusal(kind, folder, capfd):
    """The message of the one clear error, in one line and without a library's report."""
    capfd.readouterr()
    with pytest.raises(InputError) as error:
        load(kind, folder)
    message = str(error.value)
    assert message.startswith("tiny: ") and "\n" not in message and len(message) < 600
    assert "REPORT" not in capfd.readouterr().err
    return message


def test_weights_that_are_all_there_are_loaded(case):
    kind, folder, _, _ = case
    load(kind, folder)


def test_a_missing_tensor_is_an_error_that_names_it(case, capfd):
    kind, folder, file, tensors = case
    name = some_matrix(tensors)
    shape = tuple(tensors.pop(name).shape)
    save(file, tensors)
    message = refusal(kind, folder, capfd)
    assert "tensors missing: 1 of " in message and f"{name}, expected with shape {shape}" in message


def test_a_tensor_in_excess_is_an_error_that_names_it(case, capfd):
    kind, folder, file, tensors = case
    save(file, tensors | {"foreign.weight": torch.zeros(2, 2)})
    message = refusal(kind, folder, capfd)
    assert "no place for: 1, the first is foreign.weight" in message and "missing" not in message


def test_renamed_tensors_are_an_error(case, capfd):
    kind, folder, file, tensors = case
    save(file, {f"other.{name}": tensor for name, tensor in tensors.items()})
    message = refusal(kind, folder, capfd)
    assert "tensors missing: " in message and f"no place for: {len(tensors)}, the first is other." in message


def test_another_shape_is_an_error_that_names_it(case, capfd):
    kind, folder, file, tensors = case
    name = some_matrix(tensors)
    shape = tuple(tensors[name].shape)
    other = (shape[0] + 1, *shape[1:])
    save(file, tensors | {name: torch.zeros(other)})
    message = refusal(kind, folder, capfd)
    assert re.search(rf"tensors of another shape: 1 of \d+, the first is {re.escape(name)} with ", message)
    assert f"with {other}, expected {shape}" in message


@pytest.mark.parametrize("damage", ["truncated", "broken header", "empty", "a page"])
def test_a_file_that_is_not_whole_is_an_error_that_names_it(case, capfd, damage):
    kind, folder, file, _ = case
    content = file.read_bytes()
    damaged = {
        "truncated": content[: len(content) * 3 // 4],
        "broken header": b"\xff" * 8 + content[8:],
        "empty": b"",
        "a page": b"<!DOCTYPE html><html>Sign in</html>",
    }
    file.write_bytes(damaged[damage])
    message = refusal(kind, folder, capfd)
    assert str(file) in message and (
        "is not a whole safetensors file" in message or "cannot be read as weights" in message
    )


def test_buffers_of_older_files_are_no_error(folders):
    """Position numbers, which networks compute themselves today."""
    file = folders["diffusion"] / "text_encoder/model.safetensors"
    content, tensors = file.read_bytes(), {name: tensor.clone() for name, tensor in load_file(file).items()}
    prefix = min(name for name in tensors if "position_embedding" in name).partition("position_embedding")[0]
    save(file, tensors | {f"{prefix}position_ids": torch.arange(12)[None]})
    load("diffusion", folders["diffusion"])
    file.write_bytes(content)


def test_tied_weights_are_needed_once(folders, capfd):
    """T5's embeddings have two names, of which files hold the first."""
    file = folders["stable-diffusion-3"] / "text_encoder_3/model.safetensors"
    content, tensors = file.read_bytes(), {name: tensor.clone() for name, tensor in load_file(file).items()}
    assert "encoder.embed_tokens.weight" not in tensors
    del tensors["shared.weight"]
    save(file, tensors)
    message = refusal("stable-diffusion-3", folders["stable-diffusion-3"], capfd)
    assert "tensors missing: 2 of " in message and "the first is shared.weight, expected with shape" in message
    file.write_bytes(content)


def test_a_tensor_without_values_is_an_error():
    with torch.device("meta"):
        network = torch.nn.Linear(2, 3)
    with pytest.raises(
        InputError, match="tiny: here does not hold the weights of a Linear: weight has no values after"
    ):
        check_names("tiny", "here", network, (), ())


def test_pickles_of_code_are_refused(tmp_path):
    torch.save(SmallCNN(), tmp_path / "network.pth")
    with pytest.raises(InputError, match=r"tiny: .*network.pth cannot be read as weights, expected safetensors or"):
        load_network("tiny", learner(), tmp_path / "network.pth")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ({"path": "no.pth"}, r"there is no file .*/no.pth, which the row names"),
        ({"path": "{}"}, "state_dict.* is a .*Dict, not a tensor; `key` says where tensors are"),
        ({"path": "{}", "key": "model"}, "has no key 'model', only state_dict, epoch"),
        ({"path": "{}", "key": "epoch"}, "holds a int, expected tensors by name"),
        ({"path": "{}", "key": "state_dict", "sha256": "0" * 64}, f"the registry expects {'0' * 64}"),
        ({"path": "{}", "key": "state_dict", "prefix": r"\w+\."}, r"comes twice, expected once"),
    ],
)
def test_faulty_local_files_are_errors(folders, file, message):
    file = file | {"path": file["path"].format(folders["checkpoint"] / "model.pth")}
    with pytest.raises(InputError, match=f"^tiny: .*{message}"):
        load_network("tiny", observer(**NETWORK, source="checkpoint", files=[file]))


SHARDED = "diffusion_pytorch_model.safetensors.index.json"


@pytest.fixture
def sharded(tmp_path):
    """A pipeline whose network is in two files, its index, and what that says."""
    folder = tiny_pipelines.stable_diffusion(tmp_path / "sharded")
    tensors, unet = load_file(folder / "unet" / PART), folder / "unet"
    names = sorted(tensors)
    table = {
        name: f"diffusion_pytorch_model-0000{1 + place % 2}-of-00002.safetensors" for place, name in enumerate(names)
    }
    for file in set(table.values()):
        save_file({name: tensors[name].clone() for name in names if table[name] == file}, unet / file)
    (unet / PART).unlink()
    (unet / SHARDED).write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": table}))
    return folder, unet / SHARDED, table


def test_sharded_weights_are_loaded(sharded):
    load("diffusion", sharded[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table, first: {}, "has no weight_map, expected a file's name for every tensor"),
        (lambda table, first: table | {first: 3}, "has no weight_map"),
        (lambda table, first: table | {first: "../vae/" + PART}, "expected the names of files in its own folder"),
        (
            lambda table, first: table | {first: "gone.safetensors"},
            "names 'gone.safetensors', but there is no such file",
        ),
        (lambda table, first: {k: v for k, v in table.items() if k != first}, "does not name .* as the file of tensor"),
        (lambda table, first: table | {first: max(table.values())}, "does not name .* as the file of tensor"),
        (lambda table, first: dict.fromkeys(table, table[first]), "does not name .*, which lies next to it"),
    ],
)
def test_indexes_that_do_not_agree_with_their_files_are_errors(sharded, change, message, capfd):
    folder, index, table = sharded
    index.write_text(json.dumps({"weight_map": change(table, min(table))}))
    with pytest.raises(InputError, match=f"^tiny: .*{message}"):
        load("diffusion", folder)


@pytest.mark.parametrize("content", [b"{", b"[]", '{"weight_map": {}}'.encode("utf-16"), b"[" * 100_000])
def test_broken_indexes_are_errors(sharded, content):
    folder, index, _ = sharded
    index.write_bytes(content)
    with pytest.raises(InputError, match=r"^tiny: .*index.json (cannot be read as JSON in UTF-8|holds a list)"):
        load("diffusion", folder)


def test_shards_without_an_index_are_an_error(sharded):
    folder, index, _ = sharded
    index.unlink()
    with pytest.raises(InputError, match=r"tiny: .*unet has .*-00001-of-00002.safetensors, but no index of such files"):
        load("diffusion", folder)


def test_a_tensor_that_a_shard_lacks_is_an_error_even_if_the_index_names_it(sharded):
    folder, index, table = sharded
    name = min(table)
    shard = index.with_name(table[name])
    tensors = {one: tensor.clone() for one, tensor in load_file(shard).items() if one != name}
    save_file(tensors, shard)
    with pytest.raises(InputError, match=f"does not hold the weights of a UNet2DConditionModel: {name} has no values"):
        load("diffusion", folder)


def test_the_error_comes_through_the_common_door(folders):
    """`models.load`, which every command and job uses."""
    file = folders["diffusion"] / "text_encoder/model.safetensors"
    content, tensors = file.read_bytes(), {name: tensor.clone() for name, tensor in load_file(file).items()}
    name = some_matrix(tensors)
    del tensors[name]
    save(file, tensors)
    row = observer(family="diffusion", pipeline=str(folders["diffusion"]))
    with pytest.raises(InputError, match=f"tensors missing: 1 of .* the first is {name}"):
        models.load("tiny", row, prompts_of(("cat", "dog")), device="cpu")
    file.write_bytes(content)
