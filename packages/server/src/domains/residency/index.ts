export { compileResidency } from './compile-residency.ts';
export type { AllowedTarget, Decision, ResidencyPolicy, ResidencyQuestion } from './policy.ts';
export type { PlaceTree, PolicyEngine, PolicyPreset } from './ports.ts';
