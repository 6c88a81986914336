"""Variants of weights, and indexes of pipelines that are not what they must be."""

import json
import shutil

import pytest

import tiny_pipelines
import tiny_tokens
from conftest import ROOT
from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading import diffusers_pipelines
from generative_classifiers.models.loading.diffusers_pipelines import load_amused, load_pipeline
from generative_classifiers.models.loading.model_folders import family_of
from generative_classifiers.models.loading.safetensors_files import weight_files
from generative_classifiers.models.loading.transformers_models import load_janus
from typed_rows import observer

LOADERS = {"diffusion": load_pipeline, "masked": load_amused, "autoregressive": load_janus}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_pipelines.stable_diffusion(tmp_path_factory.mktemp("index") / "plain")


@pytest.fixture
def copy(folder, tmp_path):
    """A copy of a pipeline to change."""
    return shutil.copytree(folder, tmp_path / "copy")


def load(folder, **row):
    return load_pipeline("tiny", observer(family="diffusion", pipeline=str(folder), **row))[1]


def rename(folder, variant, parts=("unet", "vae", "text_encoder"), keep=False):
    """Make a part's files of weights those of a variant."""
    for part in parts:
        for file in (folder / part).glob("*.safetensors"):
            new = file.with_name(f"{file.name.partition('.')[0]}.{variant}.safetensors")
            shutil.copy(file, new) if keep else file.rename(new)


@pytest.mark.parametrize(
    "name", ["miniature-diffusion", "miniature-latent", "miniature-masked", "miniature-autoregressive"]
)
def test_every_shipped_folder_loads_without_naming_its_variant(name):
    family = family_of("tiny", ROOT / "weights" / name)
    row = observer(family=family, pipeline=f"weights/{name}")
    _, *_, identity = LOADERS[family]("tiny", row)
    assert identity["variant"] == "fp16"
    _, *_, named = LOADERS[family]("tiny", row.model_copy(update={"variant": "fp16"}))
    assert named == identity


def test_the_plain_files_are_loaded_if_all_networks_have_them(copy):
    rename(copy, "fp16", keep=True)
    assert load(copy)["variant"] is None
    assert load(copy, variant="fp16")["variant"] == "fp16"


def test_the_only_variant_is_loaded_where_there_are_no_plain_files(copy):
    rename(copy, "fp16", ["unet", "vae"])
    assert load(copy)["variant"] == "fp16"


def test_several_variants_are_an_error_that_names_them(copy):
    rename(copy, "bf16", keep=True)
    rename(copy, "fp16", ["unet"], keep=True)
    (copy / "unet/diffusion_pytorch_model.safetensors").unlink()
    message = r"^tiny: .*copy has variants of weights \(bf16, fp16\): expected `variant`, one of bf16, fp16$"
    with pytest.raises(InputError, match=message):
        load(copy)
    assert load(copy, variant="bf16")["variant"] == "bf16"
    with pytest.raises(InputError, match=r"holds no complete weights of variant 'fp32', only of: bf16, fp16$"):
        load(copy, variant="fp32")


def test_variants_that_do_not_make_a_pipeline_are_an_error(copy):
    rename(copy, "bf16", ["unet"])
    rename(copy, "fp16", ["vae"])
    with pytest.raises(InputError, match=r"has variants of weights \(bf16, fp16\): no variant has all networks$"):
        load(copy)


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("model.safetensors", None),
        ("model.fp16.safetensors", "fp16"),
        ("model.fp16-00001-of-00002.safetensors", "fp16"),
        ("model-00001-of-00002.fp16.safetensors", "fp16"),
        ("model-00001-of-00002.safetensors", None),
        ("model.safetensors.index.json", None),
        ("model.safetensors.index.fp16.json", "fp16"),
        ("diffusion_pytorch_model.fp16.safetensors.index.json", "fp16"),
        ("diffusion_pytorch_model.non_ema.safetensors", "non_ema"),
    ],
)
def test_variants_are_told_from_the_names_of_files(tmp_path, name, variant):
    (tmp_path / name).touch()
    (tmp_path / "other.fp16.safetensors").touch()
    assert weight_files(tmp_path) == {variant: [tmp_path / name]}


@pytest.fixture
def untouched(monkeypatch):
    """Reading or hashing weights fails the test."""

    def never(*_, **__):
        raise AssertionError("weights were read")

    monkeypatch.setattr(diffusers_pipelines, "load_pretrained", never)
    monkeypatch.setattr(diffusers_pipelines, "identity_of", never)


def faulty(copy, **changes):
    """Change an index; a value of None removes its key."""
    file = copy / "model_index.json"
    index = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in index.items() if value is not None}))


CLIP = ["transformers", "CLIPTextModel"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"_class_name": None}, "`_class_name` is None, expected the name of a class of diffusers"),
        ({"_class_name": ["pipeline", "Mine"]}, r"`_class_name` is \['pipeline', 'Mine'\], expected the name"),
        ({"_class_name": "MinePipeline"}, "is a MinePipeline, expected one of StableDiffusionPipeline"),
        ({"unet": None}, "has no unet, which a StableDiffusionPipeline needs"),
        ({"unet": [None, None]}, "has no unet, which a StableDiffusionPipeline needs"),
        ({"unet": "UNet2DConditionModel"}, "unet is 'UNet2DConditionModel', expected the names of a library and"),
        ({"unet": ["diffusers", 3]}, r"unet is \['diffusers', 3\], expected the names"),
        (
            {"unet": ["diffusers", "UNet9"]},
            "unet is of class UNet9 of diffusers, expected a class of diffusers or transf",
        ),
        ({"unet": ["diffusers", "logging"]}, "unet is of class logging of diffusers, expected a class"),
        ({"unet": ["mine", "UNet"]}, "unet is of class UNet of mine, expected a class of diffusers or transformers"),
        ({"unet": ["../mine", "UNet"]}, "unet is of class UNet of ../mine, expected a class"),
        ({"unet": ["os", "path"]}, "unet is of class path of os, expected a class"),
        ({"unet": CLIP}, "unet is of class CLIPTextModel, expected UNet2DConditionModel"),
        ({"vae": ["diffusers", "AutoencoderTiny"]}, "vae is of class AutoencoderTiny, expected AutoencoderKL"),
        ({"scheduler": CLIP}, "scheduler is of class CLIPTextModel, expected SchedulerMixin"),
        ({"tokenizer": CLIP}, "tokenizer is of class CLIPTextModel, expected PreTrainedTokenizerBase"),
        (
            {"../unet": ["diffusers", "UNet2DConditionModel"]},
            "has a part '../unet', a StableDiffusionPipeline has only",
        ),
    ],
)
def test_odd_indexes_are_errors_before_weights_are_read(copy, untouched, changes, message):
    faulty(copy, **changes)
    with pytest.raises(InputError, match=f"^tiny: .*{message}"):
        load(copy)


@pytest.mark.parametrize("file", ["model_index.json", "unet/config.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", "{}".encode("utf-16"), b"\xff\xfe", b"[" * 100_000])
def test_broken_json_is_an_error_before_weights_are_read(copy, untouched, file, content):
    (copy / file).write_bytes(content)
    with pytest.raises(InputError, match=rf"^tiny: .*{file} (cannot be read as JSON in UTF-8|holds a list)"):
        load(copy)


@pytest.mark.parametrize("file", ["scheduler/scheduler_config.json", "tokenizer/tokenizer.json"])
def test_broken_small_parts_are_errors_before_weights_are_read(copy, untouched, file):
    (copy / file).write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match=rf"^tiny: .*{file.partition('/')[0]} cannot be loaded as a") as error:
        load(copy)
    assert "\n" not in str(error.value)


def test_a_missing_folder_is_an_error(copy, untouched):
    shutil.rmtree(copy / "vae")
    with pytest.raises(InputError, match=r"tiny: .*model_index.json names vae, but .*copy has no folder vae"):
        load(copy)


def test_parts_that_are_not_used_are_not_loaded(copy):
    faulty(copy, safety_checker=["stable_diffusion", "StableDiffusionSafetyChecker"], image_encoder=["mine", "Encoder"])
    assert load(copy)["variant"] is None


def test_a_masked_pipeline_needs_its_own_parts(tmp_path):
    folder = tiny_tokens.amused(tmp_path / "amused")
    faulty(folder, scheduler=["diffusers", "DDPMScheduler"])
    with pytest.raises(InputError, match=r"tiny: .*amused has a DDPMScheduler, expected an AmusedScheduler"):
        load_amused("tiny", observer(family="masked", pipeline=str(folder)))


@pytest.mark.parametrize("settings", [{"rescale_betas_zero_snr": True}, {"trained_betas": [0.01] * 999 + [1.0]}])
def test_noise_prediction_with_a_schedule_that_ends_without_the_image_is_an_error(copy, untouched, settings):
    file = copy / "scheduler/scheduler_config.json"
    plain = json.loads(file.read_text())
    file.write_text(json.dumps(plain | settings))
    with pytest.raises(InputError, match=r"^tiny: .*(rescale_betas_zero_snr|betas).* expected prediction_type v_pred"):
        load(copy)
    file.write_text(json.dumps(plain | settings | {"prediction_type": "v_prediction"}))
    with pytest.raises(AssertionError, match="weights were read"):
        load(copy)


def test_the_family_of_a_folder_is_told_from_its_files(folder, tmp_path):
    assert family_of("tiny", folder) == "diffusion"
    with pytest.raises(InputError, match=r"^tiny: .* has neither model_index.json nor config.json"):
        family_of("tiny", tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(InputError, match=r"^tiny: .* is a bert, expected a pipeline of diffusers, janus or clip"):
        family_of("tiny", tmp_path)
