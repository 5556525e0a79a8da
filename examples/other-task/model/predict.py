"""The predictor that the judge asks: says what it expects, is told the letter, and so on to the end of its input.

    python3 -B model/predict.py --checkpoint FILE

Before each letter it writes a probability for every letter of ALPHABET (32-bit floats, little endian) to standard output.
"""

import argparse
import json
import struct
import sys
from pathlib import Path

from ngram import ALPHABET, NGram


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    saved = json.loads(parser.parse_args().checkpoint.read_text())
    model = NGram(saved["settings"], saved["counts"])
    row = struct.Struct(f"<{len(ALPHABET)}f")
    before = ""
    while True:
        sys.stdout.buffer.write(row.pack(*model.expect(before)))
        sys.stdout.buffer.flush()
        letter = sys.stdin.buffer.read(1).decode()
        if letter == "":
            return
        before = before[-model.order :] + letter


if __name__ == "__main__":
    main()
