import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SekishoError } from '@sekisho/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { languageOf, readConfig } from './config.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sekisho-config-'));
});

afterEach(() => rmSync(home, { recursive: true }));

const file = (text: string): void => writeFileSync(join(home, 'config.yaml'), text);
const read = (args: string[] = [], environment: NodeJS.ProcessEnv = {}) =>
  readConfig(['--home', home, ...args], environment);

function faultsOf(args: string[] = [], environment: NodeJS.ProcessEnv = {}): string[] {
  try {
    read(args, environment);
  } catch (cause) {
    if (!(cause instanceof SekishoError)) throw cause;
    expect(cause.code).toBe('invalid_request');
    return cause.faults.map((fault) => fault.path);
  }
  throw new Error('the settings were expected to be refused');
}

describe('a setting', () => {
  it('has a default that is safe', () => {
    expect(read()).toMatchObject({
      home,
      host: '127.0.0.1',
      port: 7300,
      tls: undefined,
      demo: true,
      logLevel: 'warn',
      ledgerReading: 'tenant',
      metricsReading: 'admin',
    });
  });

  it('is read from the flag, else the environment, else the file', () => {
    file('port: 1003\n');
    expect(read().port).toBe(1003);
    expect(read([], { SEKISHO_PORT: '1002' }).port).toBe(1002);
    expect(read(['--port', '1001'], { SEKISHO_PORT: '1002' }).port).toBe(1001);
    expect(read(['--port=1001']).port).toBe(1001);
  });

  it('may be a home in the environment', () => {
    expect(readConfig([], { SEKISHO_HOME: home }).home).toBe(home);
  });

  it.each([
    [['--no-demo'], {}, false],
    [['--demo'], { SEKISHO_DEMO: 'false' }, true],
    [[], { SEKISHO_DEMO: 'false' }, false],
  ])('switches the demo: %j %j', (args, environment, demo) => {
    expect(read(args, environment).demo).toBe(demo);
  });

  it('opens the ledger to anyone only when told so in that word', () => {
    expect(read(['--metrics-reading', 'public']).metricsReading).toBe('public');
    expect(read(['--ledger-reading', 'public']).ledgerReading).toBe('public');
    expect(read([], { SEKISHO_LEDGER_READING: 'public' }).ledgerReading).toBe('public');
    for (const word of ['', 'Public', 'true', 'all']) {
      expect(faultsOf(['--ledger-reading', word])).toEqual(['ledger-reading']);
    }
  });

  it.each(['demo: false', 'demo: "false"'])('may be a switch in the file: %s', (text) => {
    file(text);
    expect(read().demo).toBe(false);
  });
});

describe('settings are refused', () => {
  it('all at once, each by its name', () => {
    file('log-level: loud\n');
    expect(faultsOf(['--cell-name', 'NOT A HOST'], { SEKISHO_DEMO: 'perhaps' }).toSorted()).toEqual([
      'cell-name',
      'demo',
      'log-level',
    ]);
  });

  it.each(['70000', '-1', '1.5', 'http', '', ' ', '0x50', '1e3', '1_000'])('for the port %j', (port) => {
    expect(faultsOf([`--port=${port}`])).toEqual(['port']);
    expect(faultsOf([], { SEKISHO_PORT: port })).toEqual(['port']);
  });

  it.each(['port:', 'port: true', 'port: [1]', 'port: 1.5'])('for the port in the file: %s', (text) => {
    file(text);
    expect(faultsOf()).toEqual(['port']);
  });

  it('for a key that the file may not hold', () => {
    file('prot: 1\nhome: /tmp\n');
    expect(faultsOf().toSorted()).toEqual(['home', 'prot']);
  });

  it.each(['- a list', 'just text', '{ unclosed', 'a: 1\na: 2'])('for a file that is %s', (text) => {
    file(text);
    expect(() => read()).toThrow(SekishoError);
  });

  it('for a folder where the file should be', () => {
    mkdirSync(join(home, 'config.yaml'));
    expect(() => read()).toThrow(SekishoError);
  });

  it.each([[['--prot', '1']], [['--port']], [['surplus']], [['--demo', 'false']]])(
    'for the arguments %j',
    (args) => {
      expect(() => read(args)).toThrow(SekishoError);
    },
  );
});

describe('TLS', () => {
  const tls = ['--tls-cert', 'c.pem', '--tls-key', 'k.pem'];

  it.each(['0.0.0.0', '::', '10.0.0.1', 'cell.example', '127.0.0.2', '127.0.0.1.example'])(
    'is needed on %s',
    (host) => {
      expect(() => read(['--host', host])).toThrow(SekishoError);
      expect(read(['--host', host, ...tls]).tls).toEqual({ certFile: 'c.pem', keyFile: 'k.pem' });
    },
  );

  it.each(['127.0.0.1', '::1', 'localhost'])('may be left out on %s', (host) => {
    expect(read(['--host', host]).tls).toBeUndefined();
  });

  it('is never half asked for', () => {
    expect(() => read(['--tls-cert', 'c.pem'])).toThrow(SekishoError);
    expect(() => read([], { SEKISHO_TLS_KEY: 'k.pem' })).toThrow(SekishoError);
  });
});

describe('the language', () => {
  it.each([
    [{ SEKISHO_LANG: 'ja', LANG: 'en_US.UTF-8' }, 'ja'],
    [{ SEKISHO_LANG: 'en', LC_ALL: 'ja_JP.UTF-8' }, 'en'],
    [{ LC_ALL: '', LC_MESSAGES: 'ja_JP.UTF-8', LANG: 'C' }, 'ja'],
    [{ LANG: 'ja_JP.UTF-8' }, 'ja'],
    [{}, 'en'],
  ])('%j is %s', (environment, language) => {
    expect(languageOf(environment)).toBe(language);
  });
});
