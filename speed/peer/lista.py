"""LISTA-Matryoshka with decreasing k as classes of SAELens, which has none: to train it there and to load what `export` writes.

Written from the formulas of the published recipe; `test/saelens/recipe.e2e.test.ts` holds it to the numbers of the published class
in test/golden/sae_lista_matryoshka.json. Names of fields, tensors and architectures are those of the published classes. Importing
this file registers both classes.
"""

from dataclasses import dataclass, field

import torch
from sae_lens import SAE, BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig, SAEConfig
from sae_lens.registry import register_sae_class, register_sae_training_class
from sae_lens.saes.sae import TrainStepOutput


@dataclass
class ListaConfig(SAEConfig):
    n_refinement_steps: int = 1

    @classmethod
    def architecture(cls):
        return "lista_matryoshka_decreasingk"


class Lista(SAE):
    """For inference: each refinement step has thresholds and a step size of its own."""

    def initialize_weights(self):
        super().initialize_weights()
        steps, size = self.cfg.n_refinement_steps, self.cfg.d_sae
        for name, shape in {"b_enc": [size], "eta": [steps], "thresholds": [steps + 1, size]}.items():
            value = torch.zeros(shape, dtype=self.dtype, device=self.device)
            setattr(self, name, torch.nn.Parameter(value))

    def encode(self, x):
        u = self.process_sae_in(x)
        hidden = u @ self.W_enc + self.b_enc
        acts = self._above(hidden, 0)
        for t in range(self.cfg.n_refinement_steps):
            hidden = hidden + self.eta[t] * ((u - acts @ self.W_dec) @ self.W_enc)
            acts = self._above(hidden, t + 1)
        return acts

    def _above(self, hidden, stage):
        return hidden.relu() * (hidden > self.thresholds[stage])

    def decode(self, acts):
        recon = self.run_time_activation_norm_fn_out(acts @ self.W_dec + self.b_dec)
        return self.reshape_fn_out(recon, self.d_head)


@dataclass
class ListaTrainingConfig(BatchTopKTrainingSAEConfig):
    n_refinement_steps: int = 1
    eta: float = 0.3
    learnable_eta: bool = False
    matryoshka_widths: list[int] = field(default_factory=list)
    detach_matryoshka_losses: bool = True
    skip_final_matryoshka_width: bool = True
    include_outer_loss: bool = True
    use_frequency_sorted_matryoshka: bool = False
    firing_frequency_ema_decay: float = 0.99
    term_tilt: float = 0.0
    initial_k: float | None = None
    transition_k_duration_steps: int | None = None

    @classmethod
    def architecture(cls):
        return "lista_matryoshka_decreasingk_batchtopk"

    def get_inference_config_class(self):
        return ListaConfig


class Frequencies(torch.nn.Module):
    """The exponential average of the share of samples in which each latent fires."""

    def __init__(self, cfg):
        super().__init__()
        self.decay = cfg.firing_frequency_ema_decay
        self.register_buffer("frequencies", torch.zeros(cfg.d_sae, dtype=torch.float64, device=cfg.device))
        self.register_buffer("_initialized", torch.zeros(1, dtype=torch.bool, device=cfg.device))

    @torch.no_grad()
    def count(self, acts):
        share = (acts != 0).sum(0).to(torch.float64) / len(acts)
        decay = self.decay if self._initialized.item() else 0.0
        self.frequencies.mul_(decay).add_(share, alpha=1 - decay)
        self._initialized.fill_(True)


def tilted_mean(errors, tilt):
    if tilt <= 0:
        return errors.mean()
    fixed = errors.detach()
    return (torch.softmax(tilt * fixed / fixed.mean(), dim=0) * errors).sum()


class ListaTraining(BatchTopKTrainingSAE):
    cfg: ListaTrainingConfig

    def __init__(self, cfg, use_error_term=False):
        super().__init__(cfg, use_error_term)
        if cfg.matryoshka_widths[-1:] != [cfg.d_sae]:
            cfg.matryoshka_widths = [*cfg.matryoshka_widths, cfg.d_sae]
        steps = range(cfg.n_refinement_steps)
        etas = [torch.nn.Parameter(torch.tensor(cfg.eta)) for _ in steps]
        self.eta_params = torch.nn.ParameterList(etas) if cfg.learnable_eta else None
        self.firing_frequency_tracker = Frequencies(cfg) if cfg.use_frequency_sorted_matryoshka else None
        self.register_buffer("topk_thresholds", torch.zeros(len(steps) + 1, dtype=torch.double, device=cfg.device))

    def k_at(self, step):
        first, last, steps = self.cfg.initial_k, self.cfg.k, self.cfg.transition_k_duration_steps
        if first is None or steps is None or step >= steps:
            return last
        return first + (last - first) * step / steps

    def encode_with_hidden_pre(self, x):
        u = self.process_sae_in(x)
        norms = self.W_dec.norm(dim=-1) if self.cfg.rescale_acts_by_decoder_norm else 1
        hidden = self.hook_sae_acts_pre(u @ self.W_enc + self.b_enc) * norms
        acts = self.activation_fn(hidden)
        self._watch(acts, 0)
        for t in range(self.cfg.n_refinement_steps):
            eta = self.cfg.eta if self.eta_params is None else self.eta_params[t]
            hidden = hidden + eta * (((u - (acts / norms) @ self.W_dec) @ self.W_enc) * norms)
            acts = self.activation_fn(hidden)
            self._watch(acts, t + 1)
        return self.hook_sae_acts_post(acts), hidden

    @torch.no_grad()
    def _watch(self, acts, stage):
        """Moves a stage's threshold towards the least activation that was selected."""
        positive = acts[acts > 0]
        if self.training and len(positive) > 0:
            self.topk_thresholds[stage].lerp_(positive.min().double(), self.cfg.topk_threshold_lr)

    def update_topk_threshold(self, acts_topk):
        pass

    def training_forward_pass(self, step_input):
        cfg = self.cfg
        self.activation_fn.k = self.k_at(step_input.n_training_steps)
        acts, hidden = self.encode_with_hidden_pre(step_input.sae_in)
        recon = self.decode(acts)
        # As published: compared with x - b_dec, although the reconstruction has b_dec in it.
        target = self.process_sae_in(step_input.sae_in)
        loss_of = lambda prefix: tilted_mean(self.mse_loss_fn(prefix, target).sum(-1), cfg.term_tilt)
        losses = {}
        if cfg.include_outer_loss:
            dead = step_input.dead_neuron_mask
            losses["mse_loss"] = loss_of(recon)
            losses["auxiliary_reconstruction_loss"] = self.calculate_topk_aux_loss(target, recon, hidden, dead)
        inner = [loss_of(prefix) for prefix in self._prefixes(acts)]
        losses["inner_recons_loss"] = torch.stack(inner).sum() if inner else recon.new_tensor(0.0)
        return TrainStepOutput(
            sae_in=target,
            sae_out=recon,
            feature_acts=acts,
            hidden_pre=hidden,
            loss=torch.stack(list(losses.values())).sum(),
            losses=losses,
        )

    def _prefixes(self, acts):
        """Reconstructions of the nested prefixes, the most frequent latents first where they are sorted."""
        if self.cfg.rescale_acts_by_decoder_norm:
            acts = acts / self.W_dec.norm(dim=-1)
        order = None
        if self.firing_frequency_tracker is not None:
            self.firing_frequency_tracker.count(acts)
            order = self.firing_frequency_tracker.frequencies.argsort(descending=True)
        widths = self.cfg.matryoshka_widths
        sum_, begin = self.b_dec, 0
        for width in widths[:-1] if self.cfg.skip_final_matryoshka_width else widths:
            band = slice(begin, width) if order is None else order[begin:width]
            if self.cfg.detach_matryoshka_losses and begin > 0:
                sum_ = sum_.detach()
            sum_ = sum_ + acts[:, band] @ self.W_dec[band]
            begin = width
            yield sum_

    @torch.no_grad()
    def process_state_dict_for_saving_inference(self, state_dict):
        norms = self.W_dec.norm(dim=-1) if self.cfg.rescale_acts_by_decoder_norm else torch.ones_like(self.b_enc)
        thresholds = state_dict.pop("topk_thresholds")
        etas = self.eta_params or [torch.tensor(self.cfg.eta)] * self.cfg.n_refinement_steps
        for name in [name for name in state_dict if name.startswith(("eta_params.", "firing_frequency_tracker."))]:
            del state_dict[name]
        # It would rescale the weights by these norms, and the codes of the refinement with them.
        del state_dict["topk_threshold"]
        state_dict["eta"] = torch.stack([eta.detach().to(norms) for eta in etas]) if len(etas) else norms.new_zeros(0)
        state_dict["thresholds"] = (thresholds[:, None] / norms).to(norms)


register_sae_class("lista_matryoshka_decreasingk", Lista, ListaConfig)
register_sae_training_class("lista_matryoshka_decreasingk_batchtopk", ListaTraining, ListaTrainingConfig)
