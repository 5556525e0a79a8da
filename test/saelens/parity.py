"""Loads exported folders with SAELens: python parity.py FOLDER... prints for each how far codes and reconstructions of
parity.safetensors are off, as |a - b| / (1 + |b|), and how many codes are not 0."""

import json
import sys
from pathlib import Path

import lista  # noqa: F401 (registers the architecture that SAELens lacks)
import torch
from sae_lens import SAE
from safetensors.torch import load_file


def off(own, stored):
    return ((own - stored).abs() / (1 + stored.abs())).max().item()


result = {}
for folder in sys.argv[1:]:
    sae, parity = SAE.load_from_disk(folder), load_file(Path(folder) / "parity.safetensors")
    with torch.no_grad():
        codes = sae.encode(parity["x"])
        recon = sae.decode(codes)
    result[Path(folder).name] = [off(codes, parity["codes"]), off(recon, parity["recon"]), int((codes != 0).sum())]
print(json.dumps(result))
