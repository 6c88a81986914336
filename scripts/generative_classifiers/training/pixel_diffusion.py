"""The miniature's text-to-image model: diffusion of 32 x 32 pixels, from classes of diffusers and transformers."""

from pathlib import Path

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.training_utils import EMAModel
from torch.nn.functional import mse_loss
from tqdm import tqdm
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from generative_classifiers.categories import CATEGORIES
from generative_classifiers.files import whole
from generative_classifiers.models.base import signed
from generative_classifiers.models.pixel_pipeline import PixelDiffusionPipeline
from generative_classifiers.noise import generator
from generative_classifiers.prompts import prompts_of
from generative_classifiers.training.schedule import learning_rate
from generative_classifiers.world.album import album, batch

# Merges are tried in order: were these not first, "ai" (airplane), "bo" (boat) and "cl" (clock) would break them.
_FIRST = ("bicycle", "chair", "keyboard")
_WORDS = (*_FIRST, *(category for category in CATEGORIES if category not in _FIRST), "a", "bad", "photo", "of")
_PROMPT_TOKENS = 12


def tokenizer():
    """A CLIP tokenizer with one token for each word of the prompts.

    Returns
    -------
    transformers.CLIPTokenizer
    """
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = [*letters, *(letter + "</w>" for letter in letters)]
    merges = []
    for word in _WORDS:
        parts = [*word[:-1], word[-1] + "</w>"]
        for end in range(1, len(parts)):
            pair = ("".join(parts[:end]), parts[end])
            if pair not in merges:
                merges.append(pair)
                vocabulary.append("".join(pair))
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: index for index, token in enumerate(vocabulary)},
        merges=merges,
        model_max_length=_PROMPT_TOKENS,
        pad_token="<|endoftext|>",
    )


def untrained(size, seed):
    """The pipeline with random weights.

    Parameters
    ----------
    size : int
        Pixels along an image's side.
    seed : int

    Returns
    -------
    PixelDiffusionPipeline
    """
    words = tokenizer()
    torch.manual_seed(seed)
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            projection_dim=64,
            max_position_embeddings=_PROMPT_TOKENS,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )
    unet = UNet2DConditionModel(
        sample_size=size // 2,
        in_channels=12,
        out_channels=12,
        block_out_channels=(32, 64, 96),
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=64,
        encoder_hid_dim=64,
        # Cross-attention alone learns the prompt's meaning late: the pooled prompt joins the time embedding.
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        attention_head_dim=4,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        time_embedding_dim=128,
    )
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", clip_sample=False)
    return PixelDiffusionPipeline(unet, text_encoder, words, scheduler, pixel_unshuffle=2)


class Trainer:
    """Everything that changes while the model trains; every step's randomness comes from its number and the seed.

    Parameters
    ----------
    recipe : dict
        steps, batch_size, learning_rate, warm_up and decay (steps), time_power, empty_prompts (share), ema (decay),
        compile, seed.
    prompt : str
        With `{category}`.
    world : dict
        size and texture_contrast of the training images.
    """

    def __init__(self, recipe, prompt, world):
        self.recipe, self.world, self.step = recipe, world, 0
        self.pipeline = untrained(world["size"], recipe["seed"])
        self.drawings = album("training")
        self.modules = torch.nn.ModuleList([self.pipeline.unet, self.pipeline.text_encoder]).train()
        self.average = EMAModel(self.modules.parameters(), decay=recipe["ema"], use_ema_warmup=True, power=0.75)
        self.optimizer = torch.optim.AdamW(self.modules.parameters(), lr=recipe["learning_rate"])
        self.tokens = self._tokens([*prompts_of(template=prompt).values(), ""])
        self.alphas_cumprod = self.pipeline.scheduler.alphas_cumprod
        if recipe["compile"]:
            self.pipeline.unet.compile()

    def _tokens(self, prompts):
        encoded = self.pipeline.tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt")
        return encoded.input_ids

    def advance(self):
        """One step.

        Returns
        -------
        float
            The mean squared error of the velocity.
        """
        recipe, n = self.recipe, self.recipe["batch_size"]
        images, categories = batch(self.drawings, self.step, n, recipe["seed"], self.world)
        rng = generator("diffusion training", recipe["seed"], self.step)
        categories[rng.random(n) < recipe["empty_prompts"]] = len(CATEGORIES)
        steps = torch.from_numpy((rng.random(n) ** recipe["time_power"] * len(self.alphas_cumprod)).astype(int))
        clean = self.pipeline.encode(signed(images))
        noise = torch.from_numpy(rng.standard_normal(clean.shape, dtype="float32"))
        squared_alpha = self.alphas_cumprod[steps][:, None, None, None]
        alpha, sigma = squared_alpha.sqrt(), (1 - squared_alpha).sqrt()

        text = self.pipeline.text_encoder(self.tokens).last_hidden_state[torch.from_numpy(categories)]
        velocity = self.pipeline.unet(alpha * clean + sigma * noise, steps, text).sample
        loss = mse_loss(velocity, alpha * noise - sigma * clean)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(recipe, self.step)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.modules.parameters(), 1.0)
        self.optimizer.step()
        self.average.step(self.modules.parameters())
        self.step += 1
        return loss.item()

    def save(self, path):
        """Write a checkpoint, whole or not at all."""
        state = {
            "step": self.step,
            "modules": self.modules.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
        }
        with whole(path) as partial:
            torch.save(state, partial)

    def load(self, path):
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.step = state["step"]
        self.modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])

    def averaged(self):
        """The pipeline with the moving average of its weights; training is over after this."""
        self.average.copy_to(self.modules.parameters())
        self.modules.eval()
        return self.pipeline


def train(recipe, prompt, world, folder, checkpoint, every=500):
    """Train, or go on training, and save the pipeline in half precision.

    Parameters
    ----------
    recipe, prompt, world
        As for `Trainer`.
    folder : Path
        Where `save_pretrained` puts the pipeline.
    checkpoint : Path
        Kept up to date while training; a run that was stopped goes on from it.
    every : int
        Steps from checkpoint to checkpoint.

    Returns
    -------
    list of float
        The losses of the steps that this call made.
    """
    trainer, losses = Trainer(recipe, prompt, world), []
    if Path(checkpoint).exists():
        trainer.load(checkpoint)
    with tqdm(total=recipe["steps"], initial=trainer.step, unit="step", desc="pixel diffusion") as bar:
        while trainer.step < recipe["steps"]:
            losses.append(trainer.advance())
            bar.update()
            bar.set_postfix(loss=f"{sum(losses[-200:]) / len(losses[-200:]):.4f}", refresh=False)
            if trainer.step % every == 0:
                trainer.save(checkpoint)
    trainer.averaged().to(dtype=torch.float16).save_pretrained(folder, variant="fp16", safe_serialization=True)
    return losses
