"""A model of the next letter: how often each letter followed the last few."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz "


class NGram:
    """Counts of the letters after each context of up to `order` letters. `expect` turns them into probabilities."""

    def __init__(self, settings, counts=None):
        self.settings = settings
        self.order = int(settings["order"])
        # counts[context][letter], contexts of all lengths from none to `order` letters.
        self.counts = {} if counts is None else counts

    def learn(self, before, letter):
        """`before`: at least the last `order` letters, where there are so many."""
        for length in range(min(self.order, len(before)) + 1):
            row = self.counts.setdefault(before[len(before) - length :], {})
            row[letter] = row.get(letter, 0) + 1

    def expect(self, before):
        """Probabilities in the order of ALPHABET."""
        context = before[max(0, len(before) - self.order) :]
        return add_one(self.counts.get(context, {}))


def add_one(row):
    """Laplace: as if every letter had been seen once more."""
    total = sum(row.values()) + len(ALPHABET)
    return [(row.get(letter, 0) + 1) / total for letter in ALPHABET]
