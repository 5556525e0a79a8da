"""What must hold of any model before a candidate counts: every experiment learns a little text and expects a distribution.

    python3 -B model/check.py
"""

import json
import math
import sys

from experiments import EXPERIMENTS
from ngram import ALPHABET, NGram

TEXT = "the quick brown fox jumps over the lazy dog "


def trouble(name, settings):
    model = NGram(settings)
    for at, letter in enumerate(TEXT):
        model.learn(TEXT[:at], letter)
    again = NGram(settings, json.loads(json.dumps(model.counts)))
    for before in ["", "t", "the qu", "zzzzzz"]:
        expected = model.expect(before)
        if len(expected) != len(ALPHABET) or min(expected) <= 0 or not math.isclose(sum(expected), 1, abs_tol=1e-6):
            return f"{name}: after {before!r} its probabilities are no distribution (sum {sum(expected):.6g})"
        if again.expect(before) != expected:
            return f"{name}: after {before!r} a checkpoint that was saved and loaded gives other probabilities"
    return None


for name, experiment in EXPERIMENTS.items():
    line = trouble(name, experiment["settings"])
    if line:
        print(f"error: {line}", file=sys.stderr)
        sys.exit(1)
