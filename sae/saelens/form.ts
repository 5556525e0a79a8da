import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { numbers } from '#engine/kernel';
import type { BaseConfig, InferenceEncoder } from '../architecture.ts';
import { kinds } from './kinds.ts';
import { shapesOf } from './weights.ts';

/**
 * Checks that an inference encoder fits the name that it returns, before anything is written: its fields, the
 * names and shapes of its weights, finite numbers, the shape of its codes. A name that is not known here may
 * have other weights and fields. `where` names the file of the architecture.
 * @throws UserError with what does not fit
 */
export function expectForm(form: InferenceEncoder, sae: BaseConfig, where: string): void {
  const wrong = wrongParts(form, sae) ?? unlikeItsName(form, sae);
  if (wrong !== null) throw new UserError(`${where}: inferenceEncoder() ${wrong}; not exported`);
}

function wrongParts(form: InferenceEncoder, { d_in, d_sae }: BaseConfig): string | null {
  if (!form.architecture) return 'returns no `architecture`, the name that it is exported by';
  const codes = tf.tidy(() => form.encode(tf.zeros([2, d_in])).shape);
  const parts: [name: string, shape: readonly number[], expected: readonly number[]][] = [
    ['W_dec', form.W_dec.shape, [d_sae, d_in]],
    ['b_dec', form.b_dec.shape, [d_in]],
    ['codes of 2 rows', codes, [2, d_sae]],
  ];
  for (const [name, shape, expected] of parts)
    if (shape.join() !== expected.join())
      return `gives ${name} of the shape ${shown(shape)}, ${shown(expected)} expected`;
  const infinite = Object.entries(form.weights).find(([, tensor]) => !numbers(tensor).every(Number.isFinite));
  return infinite ? `gives ${infinite[0]} with numbers that are not finite` : null;
}

function unlikeItsName(form: InferenceEncoder, { d_in, d_sae }: BaseConfig): string | null {
  const { architecture, fields = {}, weights } = form;
  if (!Object.hasOwn(kinds, architecture)) return null;
  const says = `says that it is SAELens' "${architecture}"`;
  const kind = kinds[architecture];
  const extra = Object.keys(fields).find((field) => !kind.known.includes(field));
  if (extra !== undefined) return `${says}, which has no field ${extra}`;
  const own = kind.fields.safeParse(fields);
  if (!own.success) {
    const [{ path, message }] = own.error.issues;
    return `${says}, whose field ${path.join('.')} is wrong: ${message}`;
  }
  const expected = shapesOf({ architecture, d_in, d_sae, own: own.data });
  for (const [name, shape] of Object.entries(expected)) {
    const given = weights[name]?.shape;
    if (!given) return `${says}, and lacks its weight ${name}`;
    if (given.join() !== shape.join())
      return `${says}, whose ${name} is ${shown(shape)}, and gives ${shown(given)}`;
  }
  const more = Object.keys(weights).find((name) => !Object.hasOwn(expected, name));
  return more === undefined ? null : `${says}, which has no weight ${more}`;
}

const shown = (shape: readonly number[]) => `[${shape.join(', ')}]`;
