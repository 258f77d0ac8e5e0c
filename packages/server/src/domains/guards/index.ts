export { AnswerScreen, GuardChain } from './guard-chain.ts';
export type { GuardedRequest, SaidInMessages, ScreenedAnswerText } from './guard-chain.ts';
export { myNumberDetector } from './my-number.ts';
export { guardsOfWorkspace } from './workspace-guards.ts';
