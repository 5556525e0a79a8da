// The process that renders reports. It loads the packages before tsx: tsx's loader would read each of their
// files again, which took 0.4 s of 1.7 s of CPU a report (measured, Node 20). The TypeScript below then
// finds them loaded. Those of Vega are loaded by the thread that draws (plots/drawer.mjs).
await Promise.all(['sanitize-html', 'marked', 'temml', 'zod', 'yaml'].map((name) => import(name)));
const { register } = await import('tsx/esm/api');
register();
await import('./child.ts');
