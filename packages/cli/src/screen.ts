import { styleText } from 'node:util';
import { printableDeep, printableJson } from './printable-text.ts';

export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string | Uint8Array): unknown;
}

/** Words painted by what they mean. Without colour each gives its text back. */
export interface Paint {
  readonly heading: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

const WIDTH_DEFAULT = 80;
/** Longer lines are hard to read, however wide the terminal is. */
const WIDTH_MAX = 100;

/** Where a command writes: its answer to stdout, what went wrong to stderr. */
export class Screen {
  readonly width: number;
  readonly paint: Paint;
  readonly paintError: Paint;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;

  constructor(stdout: OutputStream, stderr: OutputStream, env: Readonly<Record<string, string | undefined>>) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.width = Math.min(stdout.columns || WIDTH_DEFAULT, WIDTH_MAX);
    this.paint = choosePaint(stdout, env);
    this.paintError = choosePaint(stderr, env);
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#stdout.write(`${lines.join('\n')}\n`);
  }

  errorLines(lines: readonly string[]): void {
    this.#stderr.write(`${lines.join('\n')}\n`);
  }

  /** One line on a terminal that the next one replaces; an empty text takes it away. Nothing elsewhere. */
  progress(text: string): void {
    if (this.#stderr.isTTY === true) this.#stderr.write(`\r\u001b[K${text}`);
  }

  json(value: unknown): void {
    this.#stdout.write(`${printableJson(value)}\n`);
  }

  errorJson(value: unknown): void {
    this.#stderr.write(`${printableJson(value)}\n`);
  }

  /** Bytes for another program: a file keeps them as they are, a terminal gets them printable. */
  document(text: string): void {
    const shown =
      this.#stdout.isTTY === true
        ? text
            .split(/\r?\n/)
            .map((line) => printableDeep(line))
            .join('\n')
        : text;
    this.#stdout.write(shown);
  }

  /** False on a terminal, which is no place for them. */
  bytes(bytes: Uint8Array): boolean {
    if (this.#stdout.isTTY === true) return false;
    this.#stdout.write(bytes);
    return true;
  }

  /** An answer as JSON, or as lines for a person, made from a printable copy of it. */
  answer<T>(value: T, json: boolean, lines: (printableValue: T) => readonly string[]): void {
    if (json) this.json(value);
    else this.lines(lines(printableDeep(value)));
  }
}

/** Colour only on a terminal, and never against https://no-color.org. */
function choosePaint(stream: OutputStream, env: Readonly<Record<string, string | undefined>>): Paint {
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  if (stream.isTTY !== true || refused) {
    const plain = (text: string): string => text;
    return { heading: plain, good: plain, warning: plain, bad: plain, faint: plain };
  }
  const style = (format: 'bold' | 'green' | 'yellow' | 'red' | 'dim') => (text: string) =>
    styleText(format, text, { validateStream: false });
  return {
    heading: style('bold'),
    good: style('green'),
    warning: style('yellow'),
    bad: style('red'),
    faint: style('dim'),
  };
}
