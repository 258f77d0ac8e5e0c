import type { PayloadName, PayloadStore } from '../../domains/payloads/index.ts';

/** Payloads in memory, in the clear. A test makes it fail by what it throws in `beforeWrite`. */
export class MemoryPayloads implements PayloadStore {
  /** By `crossing.kind`; those that were finished. */
  readonly finished = new Map<string, Buffer>();
  /** Those that were begun and not removed. */
  readonly begun = new Set<string>();
  beforeWrite: (name: PayloadName) => void = () => undefined;
  beforeRemove: () => void = () => undefined;

  create: PayloadStore['create'] = async (name) => {
    const id = `${name.crossing}.${name.kind}`;
    this.beforeWrite(name);
    this.begun.add(id);
    const pieces: Buffer[] = [];
    return {
      write: async (piece) => {
        this.beforeWrite(name);
        pieces.push(Buffer.from(piece));
      },
      finish: async () => {
        this.beforeWrite(name);
        const whole = Buffer.concat(pieces);
        this.finished.set(id, whole);
        return whole.length;
      },
      abandon: async () => undefined,
    };
  };

  async *read(name: PayloadName): AsyncIterable<Buffer> {
    const whole = this.finished.get(`${name.crossing}.${name.kind}`);
    if (whole === undefined) throw new Error('there is no such payload');
    yield whole;
  }

  readSealed(name: PayloadName): AsyncIterable<Buffer> {
    return this.read(name);
  }

  remove: PayloadStore['remove'] = async (_tenant, crossings) => {
    this.beforeRemove();
    for (const crossing of crossings) {
      for (const kind of ['request', 'answer']) {
        this.finished.delete(`${crossing}.${kind}`);
        this.begun.delete(`${crossing}.${kind}`);
      }
    }
  };
}
