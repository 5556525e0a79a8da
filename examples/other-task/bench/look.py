"""Where a run loses its bits: by the place of a letter in its word, or by the letter.

    python3 -B bench/look.py checkpoints/<run id> --tree-dir . --by letter --worst 5
"""

import argparse
from collections import defaultdict
from pathlib import Path

from case import fresh_text, letter_bits, run_main

LETTERS = 4_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a run folder")
    parser.add_argument("--tree-dir", default=".", help="the folder that holds model/ as it was trained")
    parser.add_argument("--by", choices=["place", "letter"], default="place")
    parser.add_argument("--worst", type=int, default=10, help="rows to print")
    options = parser.parse_args()
    text, _ = fresh_text(LETTERS, 1)
    costs = defaultdict(list)
    place = 0
    for letter, bits in zip(text, letter_bits(options.run / "out/checkpoint.json", text, options.tree_dir)):
        costs[repr(letter) if options.by == "letter" else place].append(bits)
        place = 0 if letter == " " else place + 1
    total = sum(map(sum, costs.values()))
    rows = sorted(costs.items(), key=lambda row: -sum(row[1]))[: options.worst]
    print(f"{options.by:>8}  letters  bits each  share of all bits")
    for key, bits in rows:
        print(f"{key!s:>8}  {len(bits):>7}  {sum(bits) / len(bits):>9.3f}  {sum(bits) / total:>17.1%}")


run_main(main)
