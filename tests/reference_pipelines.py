"""Losses of pipelines in float64, from the definitions: what `test_adapters` compares with. Images are 16 x 16."""

import json
from inspect import signature

import diffusers
import numpy as np
import torch

from generative_classifiers.draws.noise import gaussian


def clip(pipeline, suffix, prompt):
    """Output of a CLIP text encoder: start, the words, and ends up to 12 tokens."""
    words = getattr(pipeline, f"tokenizer{suffix}")(prompt, add_special_tokens=False).input_ids
    tokens = torch.tensor([[0, *words] + [1] * (11 - len(words))])
    return getattr(pipeline, f"text_encoder{suffix}")(tokens, output_hidden_states=True)


def t5(pipeline, suffix, prompt, length, masked):
    """Last hidden state of a T5 encoder and its mask: the words, an end, and padding."""
    words = getattr(pipeline, f"tokenizer{suffix}")(prompt, add_special_tokens=False).input_ids
    tokens = torch.tensor([[*words, 1] + [0] * (length - len(words) - 1)])
    mask = (torch.arange(length) <= len(words))[None].long()
    encoder = getattr(pipeline, f"text_encoder{suffix}")
    return encoder(tokens, attention_mask=mask if masked else None).last_hidden_state, mask


def predict_xl(pipeline, noised, step, prompt):
    first, second = clip(pipeline, "", prompt), clip(pipeline, "_2", prompt)
    states = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=2)
    sizes = torch.tensor([[16.0, 16.0, 0.0, 0.0, 16.0, 16.0]])
    added = {"text_embeds": second.text_embeds, "time_ids": sizes}
    return pipeline.unet(noised, step, states, added_cond_kwargs=added).sample


def predict_3(pipeline, noised, time, prompt):
    first, second = clip(pipeline, "", prompt), clip(pipeline, "_2", prompt)
    states = torch.zeros(1, 12 + 256, 48, dtype=torch.float64)
    states[:, :12, :16] = first.hidden_states[-2]
    states[:, :12, 16:32] = second.hidden_states[-2]
    states[:, 12:] = t5(pipeline, "_3", prompt, 256, masked=False)[0]
    pooled = torch.cat([first.text_embeds, second.text_embeds], dim=1)
    return pipeline.transformer(noised, states, pooled, torch.tensor([1000 * time])).sample


def predict_flux(pipeline, noised, time, prompt):
    distilled = pipeline.transformer.config.guidance_embeds
    length = 512 if distilled else 256
    blocks, places = in_blocks(noised)
    output = pipeline.transformer(
        blocks,
        t5(pipeline, "_2", prompt, length, masked=False)[0],
        clip(pipeline, "", prompt).pooler_output,
        torch.tensor([time]),
        torch.tensor([[0, y, x] for y, x in places]),
        torch.zeros(length, 3),
        torch.tensor([1.0], dtype=torch.float64) if distilled else None,
    ).sample[0]
    return from_blocks(output, places, noised)


def in_blocks(latents):
    """Blocks of 2 x 2 latents as a sequence (1, block, value), and the place of each."""
    places = [(y, x) for y in range(latents.shape[2] // 2) for x in range(latents.shape[3] // 2)]
    blocks = [latents[0, :, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].reshape(-1) for y, x in places]
    return torch.stack(blocks)[None], places


def from_blocks(blocks, places, like):
    """The inverse of `in_blocks`."""
    latents = torch.empty_like(like)
    for block, (y, x) in zip(blocks, places, strict=True):
        latents[0, :, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2] = block.reshape(-1, 2, 2)
    return latents


def padded(letters, length):
    """Tokens of letters and their mask, with padding on the right."""
    mask = (torch.arange(length) < len(letters))[None].long()
    return torch.tensor([letters + [0] * (length - len(letters))]), mask


def predict_flux2(pipeline, noised, time, prompt):
    tokens, mask = padded(pipeline.tokenizer(prompt).input_ids, 512)
    states = pipeline.text_encoder(tokens, attention_mask=mask, output_hidden_states=True).hidden_states
    blocks, places = in_blocks(noised)
    output = pipeline.transformer(
        blocks,
        torch.cat([states[9], states[18], states[27]], dim=2),
        torch.tensor([time]),
        torch.tensor([[0, y, x, 0] for y, x in places]),
        torch.tensor([[0, 0, 0, word] for word in range(512)]),
    ).sample[0]
    return from_blocks(output, places, noised)


def predict_sana(pipeline, noised, time, prompt):
    lines = signature(pipeline.__call__).parameters["complex_human_instruction"].default
    instruction = pipeline.tokenizer("\n".join(lines), add_special_tokens=False).input_ids
    letters = pipeline.tokenizer("\n".join(lines) + prompt.lower(), add_special_tokens=False).input_ids
    length = len(instruction) + 300 - 2
    tokens, mask = padded(letters, length)
    chosen = [0, *range(length - 299, length)]
    states = pipeline.text_encoder(tokens, attention_mask=mask).last_hidden_state[:, chosen]
    time = torch.tensor([1000 * time])
    return pipeline.transformer(noised, states, time, encoder_attention_mask=mask[:, chosen]).sample


def predict_lumina2(pipeline, noised, time, prompt):
    text = f"{pipeline.system_prompt} <Prompt Start> {prompt}"
    letters = pipeline.tokenizer(text, add_special_tokens=False).input_ids
    tokens, mask = padded(letters, len(letters))
    states = pipeline.text_encoder(tokens, attention_mask=mask, output_hidden_states=True).hidden_states[-2]
    return -pipeline.transformer(noised, torch.tensor([1 - time]), states, mask.bool()).sample


def predict_pixart(pipeline, noised, step, prompt):
    alpha = isinstance(pipeline, diffusers.PixArtAlphaPipeline)
    states, mask = t5(pipeline, "", prompt.lower(), 120 if alpha else 300, masked=True)
    sizes = {"resolution": torch.tensor([[16.0, 16.0]]), "aspect_ratio": torch.tensor([[1.0]])} if alpha else {}
    sizes = {name: value.double() for name, value in sizes.items()} or None
    steps = torch.tensor([step])
    output = pipeline.transformer(noised, states, steps, sizes, encoder_attention_mask=mask).sample
    return output.chunk(2, dim=1)[0]


def predict_deepfloyd(pipeline, noised, step, prompt):
    states, _ = t5(pipeline, "", prompt.lower(), 77, masked=True)
    return pipeline.unet(noised, step, states).sample.chunk(2, dim=1)[0]


PREDICT = {
    "stable-diffusion-xl": predict_xl,
    "stable-diffusion-3": predict_3,
    "flux-dev": predict_flux,
    "flux-schnell": predict_flux,
    "flux-2-klein": predict_flux2,
    "sana": predict_sana,
    "lumina-2": predict_lumina2,
    "pixart-alpha": predict_pixart,
    "pixart-sigma": predict_pixart,
    "deepfloyd": predict_deepfloyd,
}
SQUARED_COSINE = np.cos((np.arange(1001) / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2
BETAS = {
    "stable-diffusion-xl": np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2,
    "pixart-alpha": np.linspace(0.0001, 0.02, 1000),
    "pixart-sigma": np.linspace(0.0001, 0.02, 1000),
    "deepfloyd": np.minimum(1 - SQUARED_COSINE[1:] / SQUARED_COSINE[:-1], 0.999),
}


def encode(pipeline, pixels):
    if "vae" not in pipeline.components:
        return pixels
    moments, config = pipeline.vae.encoder(pixels), pipeline.vae.config
    moments = pipeline.vae.quant_conv(moments) if config.get("use_quant_conv") else moments
    latents = moments[:, :4] - (config.get("shift_factor") or 0)
    return 0.5 * latents if "scaling_factor" in config else normalise(pipeline.vae, latents)


def decode(pipeline, latents):
    if "vae" not in pipeline.components:
        return latents
    config = pipeline.vae.config
    latents = latents / 0.5 if "scaling_factor" in config else normalise(pipeline.vae, latents, inverse=True)
    latents = latents + (config.get("shift_factor") or 0)
    latents = pipeline.vae.post_quant_conv(latents) if config.get("use_post_quant_conv") else latents
    return pipeline.vae.decoder(latents)


def normalise(vae, latents, inverse=False):
    """Latents with the statistics of FLUX.2's VAE, which are those of each value in blocks of 2 x 2."""
    blocks, places = in_blocks(latents)
    mean, deviation = vae.bn.running_mean, torch.sqrt(vae.bn.running_var + 1e-4)
    blocks = blocks[0] * deviation + mean if inverse else (blocks[0] - mean) / deviation
    return from_blocks(blocks, places, latents)


def denoise(kind, pipeline, x, noise, time, prompt):
    """The denoised x, by the formulas of the two kinds of schedules."""
    if kind not in BETAS:
        noised = (1 - time) * x + time * noise
        return noised - time * PREDICT[kind](pipeline, noised, time, prompt)
    step = min(999, int(time * 1000))
    signal = np.cumprod(1 - BETAS[kind])[step]
    noised = np.sqrt(signal) * x + np.sqrt(1 - signal) * noise
    return (noised - np.sqrt(1 - signal) * PREDICT[kind](pipeline, noised, step, prompt)) / np.sqrt(signal)


@torch.no_grad()
def reference(kind, folder, images, names, categories, count, seed):
    """Losses and painted images, one image, category and draw at a time; only the noise is the library's."""
    cls = getattr(diffusers, json.loads((folder / "model_index.json").read_text())["_class_name"])
    without = {"requires_safety_checker": False, "safety_checker": None} if kind == "deepfloyd" else {}
    pipeline = cls.from_pretrained(folder, dtype=torch.float64, **without)
    losses = np.empty((len(images), len(categories), count))
    painted = np.empty((*losses.shape, 16, 16, 3))
    for i, k, d in np.ndindex(losses.shape):
        x = encode(pipeline, torch.from_numpy(images[i]).double().permute(2, 0, 1)[None] / 255 * 2 - 1)
        noise = torch.from_numpy(gaussian(names[i], d, seed, x.shape[1:])).double()
        time = (0.5 + d * 2 / (1 + 5**0.5)) % 1
        denoised = denoise(kind, pipeline, x, noise, time, f"A bad photo of a {categories[k]}")
        losses[i, k, d] = ((x - denoised) ** 2).mean()
        painted[i, k, d] = decode(pipeline, denoised)[0].permute(1, 2, 0)
    return losses, np.clip((painted + 1) / 2, 0, 1) * 255
