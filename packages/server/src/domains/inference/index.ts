export { estimateInputTokens } from './estimate-tokens.ts';
export {
  TargetUnavailable,
  type ModelAnswer,
  type ModelRequest,
  type ModelServer,
  type ModelServerDirectory,
  type TokenUsage,
} from './ports.ts';
export { TargetPool } from './target-pool.ts';
export type { TargetAttempt } from './target-pool.ts';
