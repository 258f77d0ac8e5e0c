import type { GuardRule, Workspace } from '@sekisho/contract';
import { GuardChain } from './guard-chain.ts';

/** The guards of a workspace, with the rule that holds where it declares none for My Numbers. */
export function guardsOfWorkspace({ dataClasses, guards = [] }: Workspace): GuardChain {
  const isDeclared = guards.some(({ guard }) => guard === 'my-number');
  return new GuardChain(isDeclared || dataClasses.includes('my-number') ? guards : [noMyNumber, ...guards]);
}

const noMyNumber: GuardRule = { guard: 'my-number', action: 'block', on: ['request'] };
