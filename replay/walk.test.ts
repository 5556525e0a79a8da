import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, contentOf, type LedgerFields } from '#contract/answer';
import { CANDIDATE, candidateFile } from './candidate.ts';
import { choose, stepOf } from './choose.ts';
import { PATH } from './path.ts';
import type { MessageParam } from './protocol.ts';
import { MODEL, walk } from './walk.ts';

const BEST_KNOWN = '0123456789abcdef0123456789abcdef01234567';
const PROMPT = 'Follow the instructions in TASK.md.';
const tools = [{ name: 'note' }];

interface Judgement {
  outcome: string;
  f1: number;
  /** How the run itself ends. */
  status?: string;
}

/**
 * A stand-in for the supervisor: ledger, workspace and tools, which answer with the fields of the real tools
 * and with texts of their own.
 */
class Counterpart {
  readonly ledger: LedgerFields['ledger'] = [];
  workspace = new Map<string, string>([['sae/architectures/batchtopk.ts', '// batchtopk\n']]);
  /** All text that the replay could have read a number from. */
  seen = PROMPT;
  said: string[] = [];
  calls: string[] = [];
  logs: string[] = [];
  notes: string[] = [];
  #before = new Map(this.workspace);
  #id = '';
  #judgement: Judgement = { outcome: 'new-best', f1: 0 };
  /** Answers that replace the tools' own, by tool name: a fault acted out. */
  faults = new Map<string, () => string | Answer>();
  /** The status of every run where set, instead of the judgement's. */
  status: string | null = null;
  /** The number that decides, where the ledger says it. */
  metric: string | undefined;
  finished: { summary: string; candidate: string | null; next: string | null } | null = null;

  /** One sprint: a conversation from its prompt to its end. False when nothing was started. */
  sprint(judgement: Judgement): boolean {
    this.#judgement = judgement;
    this.#before = new Map(this.workspace);
    this.finished = null;
    this.#id = '';
    this.seen = PROMPT;
    const messages: MessageParam[] = [{ role: 'user', content: PROMPT }];
    for (let turn = 0; turn < 30 && !this.finished; turn++) {
      const reply = walk({ messages, tools });
      expect(reply.model).toBe(MODEL);
      const said = reply.content.map((block, i) =>
        block.type === 'tool_use' ? { ...block, id: `toolu_${turn}_${i}` } : block,
      );
      messages.push({ role: 'assistant', content: said as Extract<MessageParam['content'], unknown[]> });
      const call = said.find((block) => block.type === 'tool_use') as
        | { id: string; name: string; input: Record<string, string> }
        | undefined;
      this.said.push(JSON.stringify(said));
      if (!call) break;
      this.calls.push(call.name);
      const [answer, is_error] = this.#answer(call.name, call.input);
      const content =
        typeof answer === 'string' ? [{ type: 'text' as const, text: answer }] : contentOf(answer);
      this.seen += JSON.stringify(content);
      messages.push({
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: call.id, content, is_error }],
      });
    }
    if (this.#id === '') return false;
    expect(this.finished, 'a started sprint is finished').not.toBeNull();
    this.#close();
    return true;
  }

  open(id: string): void {
    this.#id = id;
  }

  #answer(name: string, input: Record<string, string>): [string | Answer, boolean] {
    const fault = this.faults.get(name)?.();
    if (fault) return [fault, true];
    const answer = (fields: object): [Answer, boolean] => [{ words: 'See the fields.', fields }, false];
    switch (name) {
      case 'read_results':
        return answer({
          ...{ sprint: this.#id || null, bestKnown: BEST_KNOWN, ledger: this.ledger },
          metric: this.metric,
        });
      case 'start_sprint':
        if (this.#id !== '') return ['One idea a sprint.', true];
        this.#id = `2026-02-19--10-37-${input.slug}`;
        return answer({ sprint: this.#id });
      case 'bash':
        return [this.#shell(input.command ?? ''), false];
      case 'str_replace_based_edit_tool':
        return this.#edit(input);
      case 'run_experiment': {
        const run = '2026-02-19--10-40-00-candidate-s0';
        return answer({ run, queued: false, runs: [{ seed: 0, run }] });
      }
      case 'wait_for_experiment': {
        const { f1 } = this.#judgement;
        const [status, reason = null] = (this.status ?? this.#judgement.status ?? 'finished').split(': ');
        const measured = status === 'finished' ? { [this.metric ?? 'f1']: f1, mcc: 0.5 } : {};
        return answer({ run: input.run, status, reason, claimed: { loss: 12.34, l0: 3.55 }, measured });
      }
      case 'note':
        this.notes.push(String(input.text));
        return ['Noted as n1-1.', false];
      case 'finish_sprint':
        this.finished = input as unknown as NonNullable<Counterpart['finished']>;
        return ['The sprint is finished.', false];
      default:
        return [`no tool ${name}`, true];
    }
  }

  #shell(command: string): string {
    const [, log] = /^cat >> \S+ <<'END_OF_NOTE'\n([\s\S]*)\nEND_OF_NOTE$/.exec(command) ?? [];
    if (log) {
      this.logs.push(log);
      return '[no output]';
    }
    const [, inner] = /^echo begin:; (.*); printf '\\nexit code: %s\\n' "\$\?"$/.exec(command) ?? [];
    const [output, code] = this.#command(inner ?? command);
    return `begin:\n${output}\nexit code: ${code}\n`;
  }

  #command(command: string): [output: string, code: number] {
    const [, path] = /^git show [0-9a-f]+:(\S+)$/.exec(command) ?? [];
    if (path) return [`// published ${path}\n`, 0];
    if (command.startsWith('find ')) {
      const endings = [...command.matchAll(/(?:\(|-o) -name '\*([^']+)'/g)].map(([, ending = '']) => ending);
      const named = (name: string) => endings.some((ending) => name.endsWith(ending));
      return [[...this.workspace.keys()].filter(named).sort().join('\n'), 0];
    }
    if (command.startsWith('cat ')) return [this.workspace.get(CANDIDATE) ?? '', 0];
    return [`${command}: not known`, 127];
  }

  #edit(input: Record<string, string>): [string, boolean] {
    const { command, path = '', file_text = '', old_str = '', new_str = '' } = input;
    if (command === 'create') {
      this.workspace.set(path, file_text);
      return [`${path} created`, false];
    }
    const text = this.workspace.get(path) ?? '';
    if (text.split(old_str).length !== 2) return [`${path}: old_str is not in the file`, true];
    this.workspace.set(
      path,
      text.replace(old_str, () => new_str),
    );
    return [`${path} edited`, false];
  }

  #close(): void {
    const { outcome, f1, status } = this.#judgement;
    const judged = status && status !== 'finished' ? 'failed' : outcome;
    const metrics: Record<string, number> =
      judged === 'failed' ? {} : { [this.metric ?? 'f1']: f1, mcc: 0.5 };
    this.ledger.push({ number: this.ledger.length + 1, id: this.#id, outcome: judged, metrics });
    if (judged !== 'new-best') this.workspace = this.#before;
  }
}

const decimals = (text: string) => text.match(/\d+\.\d+/g) ?? [];
const stated = new Set(decimals(JSON.stringify(PATH) + candidateFile(PATH)));

describe('the walk', () => {
  it('goes through a sprint as a researcher would: look, claim, change, run, note, finish', () => {
    const supervisor = new Counterpart();
    supervisor.sprint({ outcome: 'new-best', f1: 0.5123 });
    expect(supervisor.calls).toEqual([
      'read_results',
      'start_sprint',
      'bash',
      'bash',
      'str_replace_based_edit_tool',
      'bash',
      'run_experiment',
      'wait_for_experiment',
      'bash',
      'note',
      'finish_sprint',
    ]);
    expect(supervisor.notes).toEqual([
      expect.stringMatching(/^.+: F1 0\.5123 in the last snapshot.*\(Offline replay, no model\.\)$/),
    ]);
    expect(supervisor.finished).toMatchObject({ candidate: '2026-02-19--10-40-00-candidate-s0' });
    expect(supervisor.finished?.summary).toMatch(/^F1 0.5123 /);
    expect(supervisor.logs.join()).toContain('Offline replay, no model');
    expect(supervisor.workspace.get(CANDIDATE)).toBe(candidateFile(PATH.slice(0, 1)));
  });

  it('reads, predicts and copies the number that decides in its task', () => {
    const supervisor = new Counterpart();
    supervisor.metric = 'probe_f1';
    supervisor.sprint({ outcome: 'new-best', f1: 0.5123 });
    expect(supervisor.finished?.summary).toMatch(
      /^probe_f1 0\.5123 in the last snapshot; there is no verified/,
    );
    supervisor.sprint({ outcome: 'new-best', f1: 0.6234 });
    expect(supervisor.finished?.summary).toMatch(
      /^probe_f1 0\.6234 in the last snapshot, above the present best, probe_f1 0\.5123 \(verified, sprint 1\)/,
    );
    expect(supervisor.said.join()).toContain('"predicted":{"probe_f1":0.5123}');
  });

  it('restores what the workspace lacks from the best-known commit, and says so', () => {
    const supervisor = new Counterpart();
    supervisor.sprint({ outcome: 'new-best', f1: 0.5 });
    supervisor.sprint({ outcome: 'new-best', f1: 0.7 });
    const file = 'sae/architectures/matryoshka-batchtopk.ts';
    expect(supervisor.workspace.get(file)).toBe(`// published ${file}\n`);
    expect(supervisor.logs.join()).toContain(`restored from the published implementation`);
    expect(supervisor.logs.join()).toContain(BEST_KNOWN.slice(0, 12));
  });

  it('restores an architecture that SAELens lacks with its form in Python, where it is missing', () => {
    const supervisor = new Counterpart();
    const names = ['ts', 'py'].map((ending) => `sae/architectures/lista-matryoshka.${ending}`);
    for (const [at, step] of PATH.entries()) {
      expect(supervisor.workspace.has(names[1] ?? ''), step.slug).toBe(at > 2);
      supervisor.sprint({ outcome: 'new-best', f1: 0.5 + at / 100 });
    }
    for (const name of names) {
      expect(supervisor.workspace.get(name)).toBe(`// published ${name}\n`);
    }
    const whole = new Counterpart();
    for (const name of names) whole.workspace.set(name, '// mine');
    for (const [at] of PATH.entries()) whole.sprint({ outcome: 'new-best', f1: 0.5 + at / 100 });
    for (const name of names) expect(whole.workspace.get(name)).toBe('// mine');
  });

  it('edits the candidate by the lines that change when it is as the ledger has it', () => {
    const supervisor = new Counterpart();
    for (let i = 0; i < PATH.length; i++) supervisor.sprint({ outcome: 'new-best', f1: 0.5 + i / 100 });
    expect(supervisor.workspace.get(CANDIDATE)).toBe(candidateFile(PATH));
    const edits = supervisor.said.filter((text) => text.includes('"str_replace"'));
    expect(edits).toHaveLength(PATH.length - 1);
    expect(supervisor.sprint({ outcome: 'new-best', f1: 0.9 })).toBe(false);
    expect(supervisor.said.at(-1)).toContain('path is complete');
  });

  it.each([
    ['new-best', 'finished', 'It has the full published recipe in it.'],
    [
      'stacked',
      'finished',
      'It is not the full published recipe, which has F1 0.52 (verified, sprint 3, stacked): what is new in that does not show beyond the noise here.',
    ],
    [
      'new-best',
      'diverged: loss is NaN at step 3',
      'It is not the full published recipe, which came to no verdict (sprint 3, failed).',
    ],
  ])('says at its end of a recipe that was %s (%s): %s', (outcome, status, sentence) => {
    const supervisor = new Counterpart();
    for (const [at, { isWhole }] of PATH.entries()) {
      if (isWhole) supervisor.sprint({ outcome, f1: 0.5 + at / 100, status });
      else supervisor.sprint({ outcome: at < 2 ? 'new-best' : 'no-gain', f1: 0.5 + at / 100 });
    }
    while (supervisor.sprint({ outcome: 'no-gain', f1: 0.5 }));
    expect(supervisor.said.at(-1)).toContain(sentence);
    expect(supervisor.said.at(-1)?.match(/the full published recipe/g)).toHaveLength(1);
  });

  it('puts nothing forward when a run diverges, and leaves the step out from then on', () => {
    const supervisor = new Counterpart();
    supervisor.sprint({ outcome: 'new-best', f1: 0.5 });
    supervisor.sprint({ outcome: 'new-best', f1: 0.6, status: 'diverged: loss is NaN at step 3' });
    expect(supervisor.finished).toMatchObject({
      candidate: null,
      summary: expect.stringContaining('diverged'),
    });
    supervisor.sprint({ outcome: 'new-best', f1: 0.6 });
    expect(supervisor.workspace.get(CANDIDATE)).not.toContain('matryoshka_widths,');
  });

  it('adapts to a tool that fails, or finishes without a candidate', () => {
    for (const tool of ['run_experiment', 'wait_for_experiment', 'bash']) {
      const supervisor = new Counterpart();
      supervisor.faults.set(tool, () => 'the disk is full\nsecond line');
      expect(supervisor.sprint({ outcome: 'failed', f1: 0 })).toBe(true);
      expect(supervisor.finished).toMatchObject({ candidate: null });
      expect(supervisor.finished?.summary).toContain('the disk is full');
    }
    const supervisor = new Counterpart();
    supervisor.sprint({ outcome: 'new-best', f1: 0.5 });
    let edits = 0;
    supervisor.faults.set('str_replace_based_edit_tool', () => (edits++ === 1 ? 'no such text' : ''));
    supervisor.sprint({ outcome: 'new-best', f1: 0.6 });
    expect(supervisor.workspace.get(CANDIDATE)).toBe(candidateFile(PATH.slice(0, 2)));
    expect(supervisor.finished?.candidate).not.toBeNull();
  });

  it('goes on after the loop was cut off in any call, and trains again what was lost', () => {
    const cutOff: Answer = { words: 'Something went wrong.', fields: { cutOff: true } };
    for (const tool of ['read_results', 'start_sprint', 'str_replace_based_edit_tool', 'run_experiment']) {
      const supervisor = new Counterpart();
      let calls = 0;
      supervisor.faults.set(tool, () => (calls++ === 0 ? cutOff : ''));
      expect(supervisor.sprint({ outcome: 'new-best', f1: 0.5 }), tool).toBe(true);
      expect(supervisor.finished?.candidate, tool).not.toBeNull();
      expect(supervisor.workspace.get(CANDIDATE)).toBe(candidateFile(PATH.slice(0, 1)));
    }
    const supervisor = new Counterpart();
    let waits = 0;
    supervisor.faults.set('wait_for_experiment', () => {
      if (waits++ === 0) return cutOff;
      supervisor.status = waits === 2 ? 'killed: the loop was cut off' : 'finished';
      return '';
    });
    supervisor.sprint({ outcome: 'new-best', f1: 0.5 });
    expect(supervisor.calls.filter((name) => name === 'run_experiment')).toHaveLength(2);
    expect(supervisor.finished?.candidate).not.toBeNull();
  });

  it('goes on with the sprint that it had opened when the loop was cut off', () => {
    const supervisor = new Counterpart();
    let calls = 0;
    // The call was carried out, but its answer was lost.
    supervisor.faults.set('start_sprint', () => {
      if (calls++ > 0) return '';
      supervisor.open('2026-02-19--10-37-batchtopk-baseline');
      return { words: 'Something went wrong.', fields: { cutOff: true } };
    });
    expect(supervisor.sprint({ outcome: 'new-best', f1: 0.5 })).toBe(true);
    expect(supervisor.calls.slice(0, 4)).toEqual([
      'read_results',
      'start_sprint',
      'start_sprint',
      'read_results',
    ]);
    expect(supervisor.finished?.candidate).not.toBeNull();
  });

  it('starts nothing when the ledger cannot be read', () => {
    const supervisor = new Counterpart();
    supervisor.faults.set('read_results', () => 'sprint.json is corrupt');
    expect(supervisor.sprint({ outcome: 'failed', f1: 0 })).toBe(false);
    expect(supervisor.said.at(-1)).toContain('sprint.json is corrupt');
  });

  it('for any verdicts: ends, builds what they kept, and states no number it did not read', () => {
    const judgement = fc.record({
      outcome: fc.constantFrom('new-best', 'new-best', 'no-gain', 'degenerate', 'invalid', 'interrupted'),
      f1: fc.integer({ min: 1, max: 9999 }).map((n) => n / 10_000),
      status: fc.constantFrom('finished', 'finished', 'finished', 'diverged: loss is NaN at step 3'),
    });
    fc.assert(
      fc.property(fc.array(judgement, { minLength: 30, maxLength: 30 }), (judgements) => {
        const supervisor = new Counterpart();
        for (const judgement of judgements) {
          const more = supervisor.sprint(judgement);
          for (const text of supervisor.said.splice(0)) {
            for (const number of decimals(text)) {
              expect(stated.has(number) || supervisor.seen.includes(number), `${number} in ${text}`).toBe(
                true,
              );
            }
          }
          if (!more) break;
        }
        const { ledger } = supervisor;
        expect(ledger.length).toBeLessThan(30);
        const { standing, next } = choose(ledger);
        expect(next).toBeNull();
        const gained = ledger.filter((row) => row.outcome === 'new-best').map((row) => stepOf(row.id));
        expect(standing.kept).toEqual(gained);
        if (gained.length > 0) expect(supervisor.workspace.get(CANDIDATE)).toBe(candidateFile(standing.kept));
      }),
      { numRuns: 40 },
    );
  });
});
