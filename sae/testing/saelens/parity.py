"""Loads exported folders with SAELens: python parity.py FOLDER... prints for each how far codes and reconstructions of parity.safetensors are off."""

import json
import sys
from pathlib import Path

import torch
from sae_lens import SAE
from safetensors.torch import load_file

off = {}
for folder in sys.argv[1:]:
    sae, parity = SAE.load_from_disk(folder), load_file(Path(folder) / "parity.safetensors")
    with torch.no_grad():
        codes = sae.encode(parity["x"])
        recon = sae.decode(codes)
    off[Path(folder).name] = [
        (codes - parity["codes"]).abs().max().item(),
        (recon - parity["recon"]).abs().max().item(),
        int((codes != 0).sum()),
    ]
print(json.dumps(off))
