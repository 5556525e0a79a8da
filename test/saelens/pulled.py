"""Downloads a model by huggingface_hub: python pulled.py ENDPOINT TOKEN MODEL CACHE prints the SHA-256 of its files."""

import hashlib
import json
import os
import sys
from pathlib import Path

endpoint, token, model, cache = sys.argv[1:5]
os.environ |= {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1"}
from huggingface_hub import snapshot_download  # noqa: E402

folder = Path(snapshot_download(model, token=token, cache_dir=cache))
print(json.dumps({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}))
