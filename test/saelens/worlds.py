"""Worlds in SAELens: python worlds.py JOB... where a job is a list in JSON

    ["make", CONFIG, FOLDER]     builds the world of a config and saves it
    ["again", FOLDER, FOLDER]    loads a world and saves it elsewhere
    ["draw", FOLDER, N, FILE]    loads a world and draws N samples: their statistics, and what its sampler derives from the config,
                                 as safetensors
"""

import json
import math
import sys

import torch
from safetensors.torch import save_file
from sae_lens.synthetic import SyntheticModel, SyntheticModelConfig

BATCH = 1024


def make(config, folder):
    SyntheticModel(SyntheticModelConfig.from_dict(json.load(open(config)))).save(folder)


def again(folder, other):
    SyntheticModel.load_from_disk(folder).save(other)


def draw(folder, samples, file):
    torch.manual_seed(1)
    model = SyntheticModel.load_from_disk(folder)
    fired = torch.zeros(model.cfg.num_features, dtype=torch.float64)
    values, l0s, squares = fired.clone(), [], []
    for _ in range(math.ceil(samples / BATCH)):
        x, truth = model.sample_with_features(BATCH)
        fired += (truth > 0).sum(0)
        values += truth.double().sum(0)
        l0s.append((truth > 0).sum(1).double())
        squares.append(x.double().pow(2).sum(1))
    generator = model.activation_generator
    statistics = {"fired": fired, "values": values, "l0": torch.cat(l0s), "squares": torch.cat(squares)}
    derived = {
        "means": generator.mean_firing_magnitudes,
        "stds": generator.std_firing_magnitudes,
        "probabilities": generator.firing_probabilities,
        "thresholds": generator.correlation_thresholds,
    }
    save_file({name: value.float().contiguous() for name, value in {**statistics, **derived}.items()}, file)


for job in sys.argv[1:]:
    what, *words = json.loads(job)
    {"make": make, "again": again, "draw": draw}[what](*words)
print("true")
