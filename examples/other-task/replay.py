"""The offline researcher of this task: no model, a script. A server that speaks the Messages API and plays five sprints.

Prints {"url": ...} as its first line and ends when its standard input closes. What it answers depends on the conversation alone:
the number of the sprint stands in the prompt, and the step is how often the assistant has spoken.
"""

import json
import re
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EDIT = "str_replace_based_edit_tool"


def start(slug, title, idea, motivation, expectation, bpc):
    words = {"slug": slug, "title": title, "idea": idea, "motivation": motivation, "expectation": expectation}
    return [("read_results", {}), ("start_sprint", {**words, "predicted": {"bpc": bpc}})]


def replace(path, old, new):
    return (EDIT, {"command": "str_replace", "path": path, "old_str": old, "new_str": new})


def run(experiment, budget="full", **settings):
    pairs = [f"{key}={value}" for key, value in settings.items()]
    return [
        ("run_experiment", {"experiment": experiment, "budget": budget, "set": pairs}),
        ("wait_for_experiment", {"run": "$RUN"}),
    ]


def finish(summary, candidate="$RUN", then=None):
    return [("finish_sprint", {"summary": summary, "candidate": candidate, "next": then})]


WITTEN_BELL = '''
def witten_bell(rows):
    """Rows of counts from the shortest context to the longest. Each believes the shorter one as far as it saw new letters itself."""
    expected = [1 / len(ALPHABET)] * len(ALPHABET)
    for row in rows:
        total, kinds = sum(row.values()), len(row)
        if total == 0:
            break
        expected = [(row.get(letter, 0) + kinds * p) / (total + kinds) for letter, p in zip(ALPHABET, expected)]
    return expected
'''
ADD_ONE = "def add_one(row):"
EXPECT = '''        context = before[max(0, len(before) - self.order) :]
        return add_one(self.counts.get(context, {}))
'''
EXPECT_BACKED_OFF = '''        longest = min(self.order, len(before))
        return witten_bell(self.counts.get(before[len(before) - n :], {}) for n in range(longest + 1))
'''
FIRST = '''        "settings": {"order": 2},
    },
'''
SECOND = '''    "backoff": {
        "about": "five letters of context, Witten-Bell",
        "settings": {"order": 5},
    },
'''
PREDICT = '''        before = before[-model.order :] + letter
'''
PREDICT_LEARNING = '''        model.learn(before, letter)
        before = before[-model.order :] + letter
'''
LEARN = '''        for length in range(min(self.order, len(before)) + 1):
'''
LEARN_IN_WORD = '''        before = within_word(before)
        for length in range(min(self.order, len(before)) + 1):
'''
IN_WORD = '''        before = within_word(before)
        longest = min(self.order, len(before))
'''
WITHIN_WORD = '''def within_word(before):
    """What follows the last space, and that space: the word before says nothing about the letters of this one."""
    return before[max(0, before.rfind(" ")) :]


'''

SPRINTS = [
    [
        *start("two-letters", "Two letters of context", "Measure the baseline: counts after two letters, add-one smoothing.",
               "A number to compare with.", "About three bits: it knows syllables and no words.", 2.8),
        *run("baseline"),
        ("inspect", {"run": "$RUN", "by": "place", "worst": 6}),
        *finish("Two letters of context know syllables, and lose most bits where a word begins.", then="Longer contexts."),
    ],
    [
        *start("longer-context", "Three to five letters of context", "Let the context be longer.",
               "Most words are longer than two letters.", "Fewer bits, until contexts are too rare to be counted.", 2.2),
        *run("baseline", order=5),
        *run("baseline", "screen", order=4),
        *run("baseline", order=3),
        *finish("Three letters are better than two; five are worse than three, because most of their contexts were seen once "
                "and add-one smoothing then believes nothing.", then="A smoothing that falls back on shorter contexts."),
    ],
    [
        *start("witten-bell", "Witten–Bell back-off", "Mix all lengths of context, each trusted as far as it has met few new letters.",
               "Witten and Bell (1991): the number of different letters seen says how probable a new one is.",
               "Five letters of context become useful.", 1.7),
        replace("model/ngram.py", ADD_ONE, WITTEN_BELL.strip() + "\n\n\n" + ADD_ONE),
        replace("model/ngram.py", EXPECT, EXPECT_BACKED_OFF),
        replace("model/experiments.py", FIRST, FIRST + SECOND),
        ("bash", {"command": "python3 -B model/check.py && echo checked"}),
        *run("backoff"),
        *finish("Backing off makes long contexts useful.", then="Look at what the model still gets wrong."),
    ],
    [
        *start("learn-while-reading", "Go on learning while being judged", "Count the letters of the text that is being predicted as well.",
               "Topics last a while, so what was just read says what comes.", "A few hundredths of a bit.", 1.45),
        replace("model/predict.py", PREDICT, PREDICT_LEARNING),
        *run("backoff"),
        *finish("No gain: against 100,000 letters the few thousand new ones weigh too little to follow a topic.",
                then="Contexts reach over the end of a word, which says nothing."),
    ],
    [
        *start("within-the-word", "Contexts end where the word begins", "Cut a context off at the last space.",
               "Sprint 1 lost most bits on first letters, and a word's letters do not depend on the word before.",
               "The first letter of a word gets cheap, and contexts within words are seen more often.", 1.4),
        replace("model/ngram.py", LEARN, LEARN_IN_WORD),
        replace("model/ngram.py", "        longest = min(self.order, len(before))\n", IN_WORD),
        replace("model/ngram.py", "class NGram:", WITHIN_WORD + "class NGram:"),
        *run("backoff", order=8),
        ("inspect", {"run": "$RUN", "by": "letter", "worst": 5}),
        *finish("Within a word, contexts are seen often enough to be counted: most of what was left above the floor is gone.",
                then="Topics: a cache of recent words for the first letters."),
    ],
]


def fields_of(messages):
    """What the tools answered to programs: the second text of a result, as JSON."""
    blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
    for block in blocks:
        if block["type"] == "tool_result" and isinstance(block["content"], list) and len(block["content"]) == 2:
            yield json.loads(block["content"][1]["text"])


def answer(messages):
    """The content of the next reply: one call of a tool, or words when the script is at its end."""
    text = json.dumps(messages)
    number = int(re.search(r"# Sprint (\d+)", text)[1])
    turn = sum(message["role"] == "assistant" for message in messages)
    sprint = SPRINTS[number - 1] if number <= len(SPRINTS) else []
    if turn >= len(sprint):
        return [{"type": "text", "text": "Nothing is left to be tried."}]
    runs = [fields["run"] for fields in fields_of(messages) if "queued" in fields]
    name, given = sprint[turn]
    given = json.loads(json.dumps(given).replace("$RUN", runs[-1] if runs else "none"))
    return [{"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:24]}", "name": name, "input": given}]


def events(request):
    """A reply as the API streams it."""
    content = answer(request["messages"])
    calls = content[0]["type"] == "tool_use"
    usage = {"input_tokens": len(json.dumps(request["messages"])) // 4, "output_tokens": 1}
    message = {"id": f"msg_{uuid.uuid4().hex[:24]}", "type": "message", "role": "assistant", "model": request["model"]}
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}}
    for index, block in enumerate(content):
        whole = json.dumps(block["input"]) if calls else block["text"]
        empty = {**block, "input": {}} if calls else {"type": "text", "text": ""}
        delta = {"type": "input_json_delta", "partial_json": whole} if calls else {"type": "text_delta", "text": whole}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    reason = {"stop_reason": "tool_use" if calls else "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": reason, "usage": {"output_tokens": len(json.dumps(content)) // 4}}
    yield {"type": "message_stop"}


class Messages(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events(request):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Messages)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
sys.stdin.read()
