export { httpWitnessClient } from './http-witness-client.ts';
export { loadWitnessPolicy } from './load-witness-policy.ts';
