"""Small vision-language models with random weights, of the same classes as the real ones."""

from string import ascii_uppercase

import torch
import transformers
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

SIDE, PATCH, WIDTH = 16, 4, 16
IMAGE, BEGIN, END = "<image>", "<begin>", "<end>"
SPECIAL = ["<pad>", "<bos>", "<eos>", "<unk>", IMAGE, "<video>", BEGIN, END]
# The names of categories are one, two or three tokens long, as those of real tokenizers are.
WORDS = ["cat", "dog", "fire", "engine", "hot", "air", "balloon", "Which", "these", "does", "the", "image", "show"]
# What the real templates have in common: the image, the question, and what the answer follows.
TEMPLATE = (
    "{% for message in messages %}USER: {% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}PICTURE\n{% else %}{{ part['text'] }}{% endif %}{% endfor %} {% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
TOWER = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2}
TEXT = TOWER | {"num_key_value_heads": 1, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
NORMALISATION = {"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.25]}


def tokenizer(words=WORDS):
    """One token a word, which differs from the same word after a space."""
    words = [*words, *ascii_uppercase]
    vocabulary = [*SPECIAL, *words, *(f" {word}" for word in words), "\n", *".,:?"]
    inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(vocabulary)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?\w+|[^\w ]"), behavior="removed", invert=True)
    inner.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 1)])
    ends = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    names = {"start_image_token": BEGIN, "end_image_token": END, "context_image_token": IMAGE}
    names |= {"image_token": IMAGE, "video_token": "<video>"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, extra_special_tokens=names, **ends)


def llava(folder, words=WORDS, template=TEMPLATE):
    """LLaVA 1.5: a tower of CLIP and a LLaMA."""
    words = tokenizer(words)
    config = transformers.LlavaConfig(
        text_config={"model_type": "llama", "vocab_size": len(words), **TEXT},
        vision_config={"model_type": "clip_vision_model", "image_size": SIDE, "patch_size": PATCH, **TOWER},
        image_token_id=4,
        image_seq_length=(SIDE // PATCH) ** 2,
        vision_feature_layer=-2,
    )
    size = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}
    processor = transformers.LlavaProcessor(
        transformers.CLIPImageProcessor(**size, **NORMALISATION),
        words,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template and template.replace("PICTURE", IMAGE),
    )
    return save(folder, transformers.LlavaForConditionalGeneration(config), processor)


def qwen(folder, kind, vision):
    """Qwen2-VL or Qwen2.5-VL: the positions of image tokens have three coordinates."""
    words = tokenizer()
    rotary = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    config = getattr(transformers, f"{kind}Config")(
        text_config={"vocab_size": len(words), "rope_parameters": rotary, **TEXT},
        vision_config={"depth": 2, "num_heads": 2, "patch_size": PATCH, **vision},
        image_token_id=4,
        video_token_id=5,
        vision_start_token_id=6,
        vision_end_token_id=7,
    )
    size = {"shortest_edge": SIDE**2, "longest_edge": 4 * SIDE**2}
    processor = getattr(transformers, f"{kind}Processor")(
        transformers.Qwen2VLImageProcessor(size=size, patch_size=PATCH, **NORMALISATION),
        words,
        transformers.Qwen2VLVideoProcessor(patch_size=PATCH),
        chat_template=TEMPLATE.replace("PICTURE", f"{BEGIN}{IMAGE}{END}"),
    )
    return save(folder, getattr(transformers, f"{kind}ForConditionalGeneration")(config), processor)


def qwen2_vl(folder):
    return qwen(folder, "Qwen2VL", {"embed_dim": WIDTH, "hidden_size": WIDTH, "mlp_ratio": 2})


def qwen2_5_vl(folder):
    widths = {"hidden_size": WIDTH, "out_hidden_size": WIDTH, "intermediate_size": 2 * WIDTH}
    return qwen(folder, "Qwen2_5_VL", {"window_size": 16, "fullatt_block_indexes": [1], **widths})


def paligemma(folder):
    """PaliGemma: the tokens of image and question see each other in both directions, and there is no template."""
    words = tokenizer()
    pictures = transformers.SiglipImageProcessor(size={"height": SIDE, "width": SIDE}, **NORMALISATION)
    pictures.image_seq_length = (SIDE // PATCH) ** 2
    processor = transformers.PaliGemmaProcessor(pictures, words)
    config = transformers.PaliGemmaConfig(
        text_config={"model_type": "gemma", "vocab_size": len(processor.tokenizer), "head_dim": 8, **TEXT},
        vision_config={"model_type": "siglip_vision_model", "image_size": SIDE, "patch_size": PATCH, **TOWER},
        image_token_id=4,
        projection_dim=WIDTH,
    )
    return save(folder, transformers.PaliGemmaForConditionalGeneration(config), processor)


def internvl(folder):
    """InternVL 3: each token stands for four patches of the vision tower."""
    config = transformers.InternVLConfig(
        text_config={"model_type": "qwen2", "vocab_size": len(tokenizer()), **TEXT},
        vision_config={"image_size": [SIDE] * 2, "patch_size": [PATCH] * 2, **TOWER},
        image_token_id=4,
        image_seq_length=(SIDE // PATCH // 2) ** 2,
    )
    size = {"size": {"height": SIDE, "width": SIDE}}
    processor = transformers.InternVLProcessor(
        transformers.GotOcr2ImageProcessor(**size, **NORMALISATION),
        tokenizer(),
        transformers.InternVLVideoProcessor(**size),
        image_seq_length=config.image_seq_length,
        chat_template=TEMPLATE.replace("PICTURE", IMAGE),
    )
    return save(folder, transformers.InternVLForConditionalGeneration(config), processor)


@torch.no_grad()
def save(folder, network, processor):
    """Save a network whose weights are so large that images and questions make a difference; return its folder."""
    torch.manual_seed(0)
    for weight in network.parameters():
        if weight.ndim > 1:
            weight.normal_(std=2 / weight[0].numel() ** 0.5)
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
