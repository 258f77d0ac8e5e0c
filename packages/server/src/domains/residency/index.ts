export { compileResidency } from './compile-residency.ts';
export type { AllowedTarget, Decision, ResidencyPolicy, ResidencyQuestion } from './policy.ts';
export type {
  EntityReference,
  PlaceTree,
  PolicyAuthorizer,
  PolicyEngine,
  PolicyEntity,
  PolicyInspection,
  PolicyOutline,
  PolicyPreset,
  PolicyValue,
  PolicyVerdict,
} from './ports.ts';
