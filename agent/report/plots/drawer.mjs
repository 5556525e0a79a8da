// The thread that draws plots. It is JavaScript, so that Node loads it without tsx: the packages of Vega are
// most of what it does at first. vega.ts starts it, and ends it when a plot takes too long.
import { parentPort } from 'node:worker_threads';
import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile } from 'vega-lite';

/** Vega's own loader reads local files and the network. This one refuses every request. */
const refuse = () => Promise.reject(new Error('a plot may use inline data only'));
const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse, fileAccess: false };

/** Warnings about a spec are dropped; errors are thrown by the view itself. */
const quiet = () => vega.logger(vega.None);

/** Without canvas, DOM or `eval`: expressions run in Vega's interpreter. */
async function draw(spec, config) {
  const compiled = compile(spec, { config, logger: quiet() }).spec;
  const runtime = vega.parse(compiled, undefined, { ast: true });
  const view = new vega.View(runtime, {
    renderer: 'none',
    loader,
    logger: quiet(),
    expr: expressionInterpreter,
  });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

parentPort.on('message', ({ spec, config }) => {
  draw(spec, config).then(
    (svg) => parentPort.postMessage({ svg }),
    (error) => parentPort.postMessage({ why: String(error?.message ?? error) }),
  );
});
parentPort.postMessage('ready');
