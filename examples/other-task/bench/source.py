"""The world: a made-up language. Its words are spelled in syllables, follow Zipf's law, and come in topics that last a while.

Because we made it, we know what no model can beat: `Source.bits` is the entropy of the text under the process that wrote it.
"""

import math
import random

ALPHABET = "abcdefghijklmnopqrstuvwxyz "
WORDS = 600
TOPICS = 4
STAY = 0.97  # that the next word is of the same topic


class Source:
    """One language, the same for everybody: only which text is drawn depends on a seed."""

    def __init__(self):
        rng = random.Random("the made-up language")
        self.words = _vocabulary(rng)
        zipf = [1 / (rank + 2) for rank in range(WORDS)]
        self.weights = []
        for _ in range(TOPICS):
            order = list(range(WORDS))
            rng.shuffle(order)
            # Half of a topic's weight is common to all topics: function words.
            mixed = [0.0] * WORDS
            for rank, word in enumerate(order):
                mixed[word] += zipf[rank]
            for rank in range(WORDS):
                mixed[rank] += zipf[rank]
            total = sum(mixed)
            self.weights.append([weight / total for weight in mixed])

    def text(self, seed, skip=0):
        """Endless text, a piece at a time: the words of seed `seed`, each followed by a space."""
        rng = random.Random(f"text {seed}")
        topic = rng.randrange(TOPICS)
        while True:
            words = rng.choices(self.words, self.weights[topic], k=32)
            for word in words:
                yield word + " "
                if rng.random() > STAY:
                    topic = rng.randrange(TOPICS)
                    break

    def characters(self, seed, count):
        """The first `count` characters of the text of a seed."""
        parts, length = [], 0
        for part in self.text(seed):
            parts.append(part)
            length += len(part)
            if length >= count:
                return "".join(parts)[:count]

    def bits(self, text):
        """Bits a character that a reader needs who knows the language and has to guess the topic: the floor for any model."""
        index = {word: i for i, word in enumerate(self.words)}
        belief = [1 / TOPICS] * TOPICS
        bits = 0.0
        words = text.split(" ")[:-1]
        for word in words:
            joint = [belief[t] * self.weights[t][index[word]] for t in range(TOPICS)]
            seen = sum(joint)
            bits -= math.log2(seen)
            belief = [STAY * p / seen + (1 - STAY) / TOPICS for p in joint]
        return bits / sum(len(word) + 1 for word in words)


def _vocabulary(rng):
    """Different words of one to four syllables, the frequent ones short."""
    onsets, vowels, codas = "bdfgklmnprstvz", "aeiou", ["", "", "n", "r", "s"]
    words = []
    while len(words) < WORDS:
        most = 1 + min(3, len(words) // 40)
        count = rng.randint(1, most)
        word = "".join(rng.choice(onsets) + rng.choice(vowels) + rng.choice(codas) for _ in range(count))
        if word not in words:
            words.append(word)
    return words
