// Sets one SVG, from standard input, as a PDF of its own. svgs.ts starts it: an SVG of a few lines can keep
// the compiler busy for hours, and a compiler that is busy cannot be stopped from within its process.
import { buffer } from 'node:stream/consumers';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';

const compiler = NodeCompiler.create({ workspace: '/nowhere' });
compiler.mapShadow('/nowhere/picture.svg', await buffer(process.stdin));
compiler.addSource('/nowhere/main.typ', '#image("/picture.svg")');
const { result } = compiler.compile({ mainFilePath: '/nowhere/main.typ' });
if (result === null) process.exit(1);
compiler.pdf(result);
