// Measures several researchers on simulated devices, and runs as jobs of Slurm (docs/scale.md).
//   npm run --silent bench:researchers
//   npm run --silent bench:researchers -- repeats --json
import { parsed, program, whole } from '#agent/cli/arguments';
import { runMain, UserError } from '#contract/errors';
import { missing } from '../slurm/cluster.ts';
import { DEVICES, night } from './night.ts';
import { overhead } from './on-slurm.ts';
import { repeats } from './repeats.ts';

interface Options {
  sprints: number;
  seconds: number;
  runs: number;
  json?: true;
}

type Row = [what: string, value: string];
type Part = (options: Options) => Promise<{ figures: object; rows: Row[] }>;

const seconds = (value: number) => `${value.toFixed(2)} s`;
const share = (value: number) => `${(100 * value).toFixed(1)} %`;
const same = (differs: readonly string[]) => (differs.length === 0 ? 'equal' : differs.join('; '));

const nightOf =
  (researchers: number): Part =>
  async (options) => {
    const figures = await night({ researchers, seeds: 3, ...options });
    const { toFirstStep: first } = figures;
    const rows: Row[] = [
      ['wall time', seconds(figures.wallSeconds)],
      ['runs', String(figures.runs)],
      ['device time in use', share(figures.busy)],
      ['a place free while a run waits', share(figures.placeFree)],
      ['no run on a device while one waits or is started', share(figures.freeWhileWaiting)],
      ['request to first step', seconds(first.seconds)],
      ['- until it is accepted', seconds(first.asked)],
      ['- until its tree and record are there', seconds(first.prepared)],
      ['- until its processes run', seconds(first.launched)],
      ["- the trainer's own start", seconds(first.began)],
      ['ledger and events', same(figures.differs)],
    ];
    return { figures, rows };
  };

const PARTS: Record<string, Part> = {
  one: nightOf(1),
  four: nightOf(4),
  async repeats() {
    const figures = await repeats();
    const rows: Row[] = [
      ['near repeats proposed', String(figures.proposed)],
      ['of these at the instant of the claim', String(figures.atOnce)],
      ['pointed out', String(figures.pointedOut)],
      ['runs asked for before', String(figures.runsBefore)],
      ['ledger and events', same(figures.differs)],
    ];
    return { figures, rows };
  },
  async slurm({ runs }) {
    const figures = await overhead(runs);
    const rows: Row[] = [
      ['a run here', seconds(figures.local)],
      ['a run as a job', seconds(figures.slurm)],
      ['overhead', seconds(figures.overhead)],
    ];
    return { figures, rows };
  },
};
const TITLES: Record<string, string> = {
  one: `a night of one researcher on ${DEVICES} simulated devices`,
  four: `the same night of four researchers on ${DEVICES} simulated devices`,
  repeats: 'near repeats, by four researchers',
  slurm: 'a run as a job of Slurm, beside one of this machine',
};

await runMain(async () => {
  const command = parsed(
    program(
      'npm run bench:researchers --',
      'Measures nights of one and of four researchers on simulated devices against the local Messages server, near repeats, and runs as jobs of Slurm. Some minutes.',
    )
      .argument('[what...]', `any of: ${Object.keys(PARTS).join(', ')} (default: all)`)
      .option('--sprints <n>', 'sprints of a night', whole(1), 8)
      .option('--seconds <n>', 'seconds for which a run trains', whole(1), 20)
      .option('--runs <n>', 'slurm: runs here and there, in turn', whole(1), 5)
      .option('--json', 'print one JSON object per line')
      .addHelpText(
        'after',
        '\nExamples:\n  npm run bench:researchers\n  npm run bench:researchers -- repeats --json',
      ),
  );
  if (!command) return 0;
  const options = command.opts<Options>();
  const wanted = command.args.length > 0 ? command.args : Object.keys(PARTS);
  const unknown = wanted.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown) throw new UserError(`unknown part "${unknown}"; there are: ${Object.keys(PARTS).join(', ')}`);
  const why = missing();
  for (const name of wanted) {
    if (name === 'slurm' && why !== null) {
      process.stderr.write(`left out: ${why}\n`);
      continue;
    }
    const part = await PARTS[name]?.(options);
    if (!part) continue;
    const text = options.json
      ? JSON.stringify({ part: name, ...part.figures })
      : [TITLES[name], ...part.rows.map(([what, value]) => `  ${what.padEnd(50)} ${value}`), ''].join('\n');
    process.stdout.write(`${text}\n`);
  }
  return 0;
});
