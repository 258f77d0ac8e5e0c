export { createCedarEngine } from './cedar-engine.ts';
export { loadPresets } from './load-presets.ts';
