"""Holds speed/peer/lista.py to the published class: python golden.py test/golden/sae_lista_matryoshka.json

Prints for each case and quantity the largest |a - b| / (1e-5 + 1e-5 |b|): at most 1 is equal.
"""

import json
import sys

import torch
from lista import ListaTraining, ListaTrainingConfig
from sae_lens.registry import get_sae_class
from sae_lens.saes.sae import TrainStepInput

torch.set_default_dtype(torch.float64)
golden = json.load(open(sys.argv[1]))


def tensor(stored):
    if not isinstance(stored, dict):
        return torch.tensor(float(stored))
    return torch.tensor([float(value) for value in stored["data"]]).reshape(stored["shape"])


def off(own, stored):
    own, stored = own.detach().double(), tensor(stored)
    return ((own - stored).abs() / (1e-5 + 1e-5 * stored.abs())).max().item() if own.numel() else 0.0


def made(case):
    cfg = dict(case["config"], d_in=golden["d_in"], d_sae=golden["d_sae"], dtype="float64")
    cfg["matryoshka_widths"] = list(cfg["matryoshka_widths"])
    sae = ListaTraining(ListaTrainingConfig(**cfg)).to(torch.float64)
    first = golden["cases"][0]["init"]
    state = {name: tensor(first[name] if isinstance(own, str) else own) for name, own in case["init"].items()}
    sae.load_state_dict(state, strict=False)
    if sae.firing_frequency_tracker is not None:
        sae.firing_frequency_tracker.frequencies.copy_(tensor(golden["initial_frequencies"]))
        sae.firing_frequency_tracker._initialized.fill_(True)
    return sae.train()


def passed(sae, x, step, dead):
    return sae.training_forward_pass(
        TrainStepInput(sae_in=x, coefficients={}, dead_neuron_mask=dead, n_training_steps=step, is_logging_step=False)
    )


since = torch.tensor(golden["n_since_fired_initial"])
window = golden["dead_feature_window"]
batches = [tensor(batch) for batch in golden["batches"]]


def forward(case, want):
    sae = made(case)
    out = passed(sae, batches[0], want["n_training_steps"], since > window)
    out.loss.backward()
    found = {"hidden_pre": out.hidden_pre, "acts": out.feature_acts, "recon": out.sae_out}
    worst = {name: off(own, want[name]) for name, own in found.items()}
    worst |= {name: off(out.losses[name], value) for name, value in want["losses"].items()}
    grads = dict(sae.named_parameters())
    worst |= {f"gradient of {name}": off(grads[name].grad, stored) for name, stored in want["grads"].items()}
    return worst | buffers(sae, want.get("buffers_after", {}))


def buffers(sae, want):
    own = dict(sae.named_buffers())
    # A threshold of the base class, which nothing reads here.
    return {name: off(own[name], stored) for name, stored in want.items() if name in own and name != "topk_threshold"}


def trained(case):
    want, sae, count = case["after_3_steps"], made(case), since.clone()
    adam = torch.optim.Adam(sae.parameters(), lr=golden["lr"])
    worst = {}
    for i, batch in enumerate(batches):
        out = passed(sae, batch, case["forward"]["n_training_steps"] + i, count > window)
        worst[f"loss {i}"] = off(out.loss, want["steps"][i]["loss"])
        count = torch.where((out.feature_acts != 0).any(0), 0, count + 1)
        out.loss.backward()
        torch.nn.utils.clip_grad_norm_(sae.parameters(), 1.0)
        adam.step()
        adam.zero_grad()
    own = dict(sae.named_parameters())
    worst |= {name: off(own[name], stored) for name, stored in want["params"].items()}
    return worst | buffers(sae, want.get("buffers", {})) | inference(sae, case["inference"])


@torch.no_grad()
def inference(sae, want):
    sae.eval()
    worst = {"eval mode": off(sae.encode(batches[0]), want["training_model_eval_mode_acts"])}
    state = sae.state_dict()
    sae.process_state_dict_for_saving_inference(state)
    worst |= {f"saved {name}": off(state[name], stored) for name, stored in want["state"].items()}
    sae_class, config = get_sae_class(want["architecture"])
    fields = sae.cfg.get_inference_sae_cfg_dict()
    loaded = sae_class(config.from_dict(fields)).to(torch.float64)
    loaded.load_state_dict(state)
    codes = loaded.encode(batches[0])
    return worst | {"inference acts": off(codes, want["acts"]), "inference recon": off(loaded.decode(codes), want["recon"])}


result = {}
for case in golden["cases"]:
    for name in ["forward", "forward_other_step"]:
        if name in case:
            result[f"{case['name']}: {name}"] = forward(case, case[name])
    if "after_3_steps" in case:
        result[f"{case['name']}: after 3 steps"] = trained(case)
print(json.dumps(result))
