"""SAELens' trainer with our settings of a run."""

from dataclasses import fields

import lista
from sae_lens.config import SAETrainerConfig
from sae_lens.registry import get_sae_training_class
from sae_lens.synthetic.training import SyntheticActivationIterator
from sae_lens.training.sae_trainer import SAETrainer

ARCHITECTURES = {
    "batchtopk": "batchtopk",
    "matryoshka-batchtopk": "matryoshka_batchtopk",
    "lista-matryoshka": lista.ListaTrainingConfig.architecture(),
}
# What SAELens does where it has no such field.
ALWAYS = {
    "n_refinement_steps": 0,
    "learnable_eta": False,
    "term_tilt": 0,
    "initial_k": None,
    "transition_k_duration_steps": None,
    "detach_matryoshka_losses": False,
    "use_frequency_sorted_matryoshka": False,
    "inner_loss_coefficient": 1,
    "target_without_b_dec": True,
    "normalize_activations": "none",
    "max_grad_norm": 1,
    "target_l0": None,
    "lr_warm_up_steps": 0,
    "lr_scheduler": "constant",
}


def in_steps(settings, name, steps):
    fraction = settings.get(f"{name}_fraction")
    return settings.get(f"{name}_steps") if fraction is None else max(1, int(steps * fraction))


def sae_of(architecture, settings, steps, device):
    """An untrained SAE. Raises where SAELens has no field for a setting that matters."""
    sae_class, config = get_sae_training_class(ARCHITECTURES[architecture])
    settings = {**settings, "transition_k_duration_steps": in_steps(settings, "transition_k_duration", steps)}
    names = {field.name for field in fields(config)}
    for name, value in ALWAYS.items():
        if name not in names and settings.get(name, value) != value:
            raise SystemExit(f"{name}: {settings[name]!r}: SAELens has {value!r} only for {architecture}")
    return sae_class(config(**{name: value for name, value in settings.items() if name in names}, device=device))


def trainer_of(architecture, settings, model, samples, batch, device="cpu", autocast=False, autocast_data=False):
    """A trainer on the samples of a SyntheticModel."""
    steps = samples // batch
    data = SyntheticActivationIterator(model.feature_dict, model.activation_generator, batch, autocast=autocast_data)
    config = SAETrainerConfig(
        total_training_samples=samples,
        train_batch_size_samples=batch,
        device=device,
        autocast=autocast,
        lr=settings["lr"],
        lr_end=settings["lr"] / 10,
        lr_decay_steps=in_steps(settings, "lr_decay", steps) or 0,
        adam_beta1=settings["adam_beta1"],
        adam_beta2=settings["adam_beta2"],
        dead_feature_window=settings["dead_feature_window"],
    )
    return SAETrainer(config, sae_of(architecture, settings, steps, device), data)
