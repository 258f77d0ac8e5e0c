#!/usr/bin/env node
import { asksForJson, chooseLanguage } from './language.ts';
import { run } from './program.ts';
import { Screen } from './screen.ts';
import { en } from './texts/en.ts';
import { ja } from './texts/ja.ts';

// `sekisho usage --csv | head` closes the pipe early: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const argv = process.argv.slice(2);
const language = chooseLanguage(argv, process.env);
process.exitCode = await run(
  argv,
  {
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    screen: new Screen(process.stdout, process.stderr, process.env),
    now: () => Date.now(),
    language,
    texts: language === 'ja' ? ja : en,
  },
  asksForJson(argv),
);
