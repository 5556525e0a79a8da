"""Prints what SAELens has, as sae/saelens/registry.json holds it: python registry.py > ../../saelens/registry.json"""

import dataclasses
import json
import sys

import sae_lens
from sae_lens.registry import SAE_CLASS_REGISTRY, SAE_TRAINING_CLASS_REGISTRY
from sae_lens.loading.pretrained_sae_loaders import LLM_METADATA_KEYS

COMMON = [field.name for field in dataclasses.fields(sae_lens.SAEConfig)]


def own_fields(registry):
    return {
        name: [field.name for field in dataclasses.fields(config) if field.name not in COMMON]
        for name, (_, config) in sorted(registry.items())
    }


json.dump(
    {
        "version": sae_lens.__version__,
        "common": COMMON,
        "origin": sorted(LLM_METADATA_KEYS),
        "inference": own_fields(SAE_CLASS_REGISTRY),
        "training": own_fields(SAE_TRAINING_CLASS_REGISTRY),
    },
    sys.stdout,
    indent=2,
)
print()
