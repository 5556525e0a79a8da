import { Message } from 'apache-arrow';
import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch';
import type { Field } from 'apache-arrow/fb/field';
import { Message as Encoded } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer } from 'flatbuffers';

/** Bytes of an entry of a list: a reference to a table; a node or a buffer, of two 64-bit numbers. */
const REFERENCE = 4;
const PAIR = 16;

/** A list in the metadata has more entries than its bytes can hold. */
export class TooManyEntries extends Error {}

/** A message of an Arrow stream: what it is, and the bytes of its body. */
export interface Decoded {
  header: ReturnType<Message['header']>;
  bodyLength: number;
}

/**
 * The metadata of a message. Null where the library cannot read it: it says so by errors of many kinds.
 * @throws TooManyEntries: the library would loop over the lengths that lists state, whatever they are
 */
export function decodeMetadata(metadata: Uint8Array): Decoded | null {
  try {
    bounded(metadata);
    const message: Message = Message.decode(metadata);
    const { bodyLength } = message;
    return bodyLength >= 0 ? { header: message.header(), bodyLength } : null;
  } catch (error) {
    if (error instanceof TooManyEntries) throw error;
    return null;
  }
}

/**
 * Holds the entries of all lists together to the size of the metadata. Fields that refer to each other in a
 * circle count again each time, so they end too.
 */
function bounded(metadata: Uint8Array): void {
  let left = metadata.length;
  const take = (entries: number, bytes: number): number => {
    left -= entries * bytes;
    if (entries >= 0 && left >= 0) return entries;
    throw new TooManyEntries(`a list of ${entries} entries in ${metadata.length} bytes of metadata`);
  };
  const batch = (of: RecordBatch | null): void => {
    if (of === null) return;
    take(of.nodesLength(), PAIR);
    take(of.buffersLength(), PAIR);
    take(of.variadicBufferCountsLength(), PAIR / 2);
  };
  const field = (of: Field | null): void => {
    if (of === null) return;
    take(of.customMetadataLength(), REFERENCE);
    for (let i = take(of.childrenLength(), REFERENCE); i-- > 0; ) field(of.children(i));
  };
  const message = Encoded.getRootAsMessage(new ByteBuffer(metadata));
  take(message.customMetadataLength(), REFERENCE);
  const type = message.headerType();
  if (type === MessageHeader.Schema) {
    const schema: Schema = message.header(new Schema());
    take(schema.customMetadataLength(), REFERENCE);
    for (let i = take(schema.fieldsLength(), REFERENCE); i-- > 0; ) field(schema.fields(i));
  } else if (type === MessageHeader.RecordBatch) {
    batch(message.header(new RecordBatch()));
  } else if (type === MessageHeader.DictionaryBatch) {
    const dictionary: DictionaryBatch = message.header(new DictionaryBatch());
    batch(dictionary.data());
  }
}
