import * as proto from './protobuf.ts';
import { recordOf } from './records.ts';

// The messages of TensorBoard's event files, by the field numbers of its event.proto, summary.proto and
// plugins/hparams/plugin_data.proto. A time is in seconds since 1970.

/** An `Event` as a record: its time, its step where it has one, and one more field. */
const event = (seconds: number, step: number, what: Uint8Array): Uint8Array =>
  recordOf(proto.message([proto.double(1, seconds), ...(step === 0 ? [] : [proto.whole(2, step)]), what]));

/** The first record of every event file. */
export const fileVersion = (seconds: number): Uint8Array => event(seconds, 0, proto.text(3, 'brain.Event:2'));

/** Several numbers of one step, each a `Summary.Value` with its tag. */
export const scalars = (seconds: number, step: number, values: Iterable<[string, number]>): Uint8Array =>
  event(
    seconds,
    step,
    proto.bytes(
      5,
      proto.message(
        [...values].map(([tag, value]) =>
          proto.bytes(1, proto.message([proto.text(1, tag), proto.float(2, value)])),
        ),
      ),
    ),
  );

/** An empty tensor of floats: TensorBoard reads the settings of a run from the metadata beside it. */
const NO_TENSOR = proto.bytes(
  8,
  proto.message([proto.whole(1, 1), proto.bytes(2, proto.bytes(2, new Uint8Array()))]),
);

const hparamsEvent = (seconds: number, tag: string, data: Uint8Array): Uint8Array => {
  const plugin = proto.message([proto.text(1, 'hparams'), proto.bytes(2, data)]);
  const value = proto.message([
    proto.text(1, `_hparams_/${tag}`),
    NO_TENSOR,
    proto.bytes(9, proto.bytes(1, plugin)),
  ]);
  return event(seconds, 0, proto.bytes(5, proto.bytes(1, value)));
};

/** A value of a setting, as the table of TensorBoard sorts it. */
export type Setting = number | string | boolean;

const setTo = (value: Setting): Uint8Array =>
  typeof value === 'number'
    ? proto.double(2, value)
    : typeof value === 'string'
      ? proto.text(3, value)
      : proto.whole(4, Number(value));

/** The settings of a run, for TensorBoard's HPARAMS page. */
export const sessionStart = (
  seconds: number,
  group: string,
  settings: Iterable<[string, Setting]>,
): Uint8Array =>
  hparamsEvent(
    seconds,
    'session_start_info',
    proto.bytes(
      3,
      proto.message([
        ...[...settings].map(([name, value]) =>
          proto.bytes(1, proto.message([proto.text(1, name), proto.bytes(2, setTo(value))])),
        ),
        proto.text(4, group),
        proto.double(5, seconds),
      ]),
    ),
  );

const SUCCESS = 1;
const FAILURE = 2;

/** How the run ended. */
export const sessionEnd = (seconds: number, ok: boolean): Uint8Array =>
  hparamsEvent(
    seconds,
    'session_end_info',
    proto.bytes(4, proto.message([proto.whole(1, ok ? SUCCESS : FAILURE), proto.double(2, seconds)])),
  );
