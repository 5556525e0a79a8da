/*
 * A model of ONNX that is one product, as bytes. Fields and numbers are those of onnx.proto; the format is
 * that of protocol buffers.
 */

const FLOAT = 1;
const INT = 2;
/** Versions of the format and of the operators; Gemm is the same from 13 on. */
const [IR_VERSION, OPERATORS] = [8, 13];

/** c = op(a) · op(b) of matrices of any size, each operand given as its transpose or not. */
export function productModel(transposeA: boolean, transposeB: boolean): Buffer {
  const node = [
    text(1, 'a'),
    text(1, 'b'),
    text(2, 'c'),
    text(4, 'Gemm'),
    message(5, [text(1, 'transA'), number(3, Number(transposeA)), number(20, INT)]),
    message(5, [text(1, 'transB'), number(3, Number(transposeB)), number(20, INT)]),
  ];
  const graph = [
    message(1, node),
    text(2, 'product'),
    message(11, matrix('a')),
    message(11, matrix('b')),
    message(12, matrix('c')),
  ];
  return Buffer.concat([
    number(1, IR_VERSION),
    message(7, graph),
    message(8, [text(1, ''), number(2, OPERATORS)]),
  ]);
}

/** A float matrix of any size. */
function matrix(name: string): Buffer[] {
  const dimensions = ['rows', 'columns'].map((part) => message(1, [text(2, `${part} of ${name}`)]));
  return [text(1, name), message(2, [message(1, [number(1, FLOAT), message(2, dimensions)])])];
}

/** Wire types of a field. */
const [VARINT, BYTES] = [0, 2];

const number = (field: number, value: number): Buffer =>
  Buffer.concat([varint((field << 3) | VARINT), varint(value)]);

const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));

const message = (field: number, fields: readonly Buffer[]): Buffer => bytes(field, Buffer.concat(fields));

const bytes = (field: number, content: Buffer): Buffer =>
  Buffer.concat([varint((field << 3) | BYTES), varint(content.length), content]);

function varint(value: number): Buffer {
  const digits: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) digits.push((rest & 127) | 128);
  digits.push(rest);
  return Buffer.from(digits);
}
