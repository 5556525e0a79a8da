"""What the judge and the inspection share: a run folder, fresh text, and a predictor that is asked letter by letter."""

import json
import math
import os
import random
import shlex
import struct
import subprocess
import sys
from pathlib import Path

from source import ALPHABET, Source

ROW = struct.Struct(f"<{len(ALPHABET)}f")
ENCODE = "python3 -B model/predict.py"


class Complaint(Exception):
    """A run that cannot be measured: one line for the supervisor, exit code 2."""


def read_run(folder):
    try:
        return json.loads((folder / "run.json").read_text())
    except (OSError, ValueError) as error:
        raise Complaint(f"{folder}: not a run folder ({error})")


def fresh_text(count, seed):
    """Text that nobody has seen before. With a seed it can be drawn again."""
    seed = random.SystemRandom().randrange(2**31) if seed is None else seed
    return Source().characters(f"judging {seed}", count), seed


def letter_bits(checkpoint, text, tree_dir):
    """The bits that each letter of the text costs the run's predictor, which sees a letter only after it has said what it expects."""
    if not checkpoint.is_file():
        raise Complaint(f"{checkpoint}: there is no checkpoint")
    # The supervisor says how to start the researcher's code, in its sandbox; by hand it is started as it stands.
    argv = json.loads(os.environ["LOOP_ENCODE"]) if "LOOP_ENCODE" in os.environ else shlex.split(ENCODE)
    process = subprocess.Popen(
        [*argv, "--checkpoint", str(checkpoint.resolve())],
        cwd=tree_dir,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    bits = []
    try:
        for at, letter in enumerate(text):
            row = process.stdout.read(ROW.size)
            if len(row) < ROW.size:
                raise Complaint(f"the predictor ended at letter {at}: {_last_line(process)}")
            bits.append(_cost(ROW.unpack(row), letter, at))
            process.stdin.write(letter.encode())
            process.stdin.flush()
    except BrokenPipeError:
        raise Complaint(f"the predictor ended at letter {len(bits)}: {_last_line(process)}")
    finally:
        process.kill()
        process.wait()
    return bits


def _cost(expected, letter, at):
    total = sum(expected)
    if not all(math.isfinite(p) and p > 0 for p in expected) or abs(total - 1) > 1e-3:
        raise Complaint(f"letter {at}: the probabilities of the predictor are no distribution (sum {total:.4g})")
    return -math.log2(expected[ALPHABET.index(letter)] / total)


def _last_line(process):
    lines = process.stderr.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no word"


def run_main(main):
    """A complaint is one line and exit code 2."""
    try:
        main()
    except Complaint as complaint:
        print(f"error: {complaint}", file=sys.stderr)
        sys.exit(2)
