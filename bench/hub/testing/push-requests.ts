import { z } from 'zod';

/** Makes a model. */
export const Create = z.object({
  ...{ name: z.string(), organization: z.string(), type: z.enum(['model']).optional() },
  visibility: z.enum(['private', 'public']).default('public'),
});
/** Asks how each file is to be sent. */
export const Preupload = z.object({
  files: z
    .array(z.object({ path: z.string(), size: z.number().int(), sample: z.base64().max(684) }))
    .min(1)
    .max(256),
});
/** Asks where large files go. */
export const Batch = z.object({
  operation: z.literal('upload'),
  transfers: z.array(z.string()).refine((names) => names.includes('basic')),
  hash_algo: z.string().regex(/^sha_?256$/),
  objects: z
    .array(z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.number().int().positive() }))
    .min(1),
});
/** A line of a commit. */
export const Line = z.discriminatedUnion('key', [
  z.object({ key: z.literal('header'), value: z.object({ summary: z.string().min(1) }) }),
  z.object({
    key: z.literal('file'),
    value: z.object({ path: z.string(), content: z.base64(), encoding: z.literal('base64') }),
  }),
  z.object({
    key: z.literal('lfsFile'),
    value: z.object({ path: z.string(), algo: z.literal('sha256'), oid: z.string(), size: z.number().int() }),
  }),
]);
