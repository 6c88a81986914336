"""Small contrastive models with random weights, of the same classes as the real ones."""

import json

import open_clip
import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

import tiny_pipelines

SIDE, WIDTH, FEATURES = 16, 16, 12
NAME = "tiny-clip"  # what open_clip is told that it is called


def through_open_clip(folder):
    """Make open_clip know of a small model, save its weights and return their file."""
    folder.mkdir()
    tower = {"width": WIDTH, "layers": 2}
    settings = {
        "embed_dim": FEATURES,
        "quick_gelu": True,
        "vision_cfg": tower | {"image_size": SIDE, "patch_size": 8, "head_width": 8},
        "text_cfg": tower | {"context_length": 24, "vocab_size": 49408, "heads": 2},
    }
    (folder / f"{NAME}.json").write_text(json.dumps(settings))
    open_clip.add_model_config(folder / f"{NAME}.json")
    torch.manual_seed(0)
    network = open_clip.create_model(NAME, load_weights=False)
    spread(network)
    save_file(network.state_dict(), folder / "model.safetensors")
    return folder / "model.safetensors"


def through_transformers(folder, side=SIDE):
    """Save a small model with its tokenizer and return its folder."""
    torch.manual_seed(1)
    words = tiny_pipelines.tokenizer()
    tower = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2}
    special = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    text = CLIPTextConfig(vocab_size=len(words), max_position_embeddings=12, **tower, **special)
    vision = CLIPVisionConfig(image_size=side, patch_size=8, **tower)
    network = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=FEATURES))
    spread(network)
    network.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def spread(network):
    """Make weights so large that different images and texts lie apart."""
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim > 1:
                weight.normal_(std=0.3)
