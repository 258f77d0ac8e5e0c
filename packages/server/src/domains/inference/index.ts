export { estimateInputTokens } from './estimate-tokens.ts';
export {
  TargetUnavailable,
  type ModelAnswer,
  type ModelRequest,
  type ModelServer,
  type ModelServerDirectory,
  type TokenUsage,
} from './ports.ts';
export { TargetHealth } from './target-health.ts';
