import { readFileSync } from 'node:fs';
import {
  type DetailedError,
  policySetTextToParts,
  policyToJson,
  preparseSchema,
  templateToJson,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import type {
  PolicyAuthorizer,
  PolicyEngine,
  PolicyEntity,
  PolicyInspection,
} from '../../domains/residency/ports.ts';
import { createAuthorizer } from './cedar-authorizer.ts';
import { outlineOf, type ParsedPolicy } from './policy-outline.ts';

/** The name under which the engine keeps the parsed schema. */
const SCHEMA = 'sekisho';
const schemaText = readFileSync(new URL('./sekisho.cedarschema', import.meta.url), 'utf8');

/** Cedar in WebAssembly. Throws when the schema of this product does not parse. */
export function createCedarEngine(): PolicyEngine {
  const parsed = preparseSchema(SCHEMA, schemaText);
  if (parsed.type === 'failure')
    throw new Error(`the Cedar schema does not parse: ${messages(parsed.errors)}`);
  warmUp();
  return { inspect, compile };
}

function compile(policies: string, entities: readonly PolicyEntity[]): PolicyAuthorizer {
  const parts = partsOf(policies);
  if (parts.type === 'failure') throw new Error(`policies do not parse: ${parts.message}`);
  return createAuthorizer(SCHEMA, parts.policies, entities);
}

/** WebAssembly is compiled as it is first run: better now than under the first request. */
function warmUp(): void {
  const policy = '@id("warm-up") permit (principal, action, resource) when { resource in Place::"JP" };';
  inspect(policy);
  compile(policy, []).authorize({
    principal: { type: 'Workspace', id: 'a/b' },
    action: { type: 'Action', id: 'process' },
    resource: { type: 'Site', id: 'c' },
    context: {
      dataClass: { type: 'DataClass', id: 'confidentiality-1' },
      purpose: 'inference',
      copy: { type: 'CopyKind', id: 'processing' },
    },
  });
}

type Parts =
  | { readonly type: 'parsed'; readonly policies: readonly ParsedPolicy[] }
  | { readonly type: 'failure'; readonly message: string };

function inspect(policies: string): PolicyInspection {
  const parts = partsOf(policies);
  if (parts.type === 'failure') return { faults: [{ policy: '', message: parts.message }], policies: [] };
  // Positions are the ids here: an @id may be missing or repeated, and that is for the caller to say.
  const named = parts.policies.map((part, position) => ({ ...part, key: `policy${position}` }));
  const answer = validate({
    schema: schemaText,
    policies: {
      staticPolicies: Object.fromEntries(
        named.filter((part) => !part.outline.isTemplate).map((part) => [part.key, part.text]),
      ),
      templates: Object.fromEntries(
        named.filter((part) => part.outline.isTemplate).map((part) => [part.key, part.text]),
      ),
    },
  });
  const outlines = parts.policies.map((part) => part.outline);
  if (answer.type === 'failure') {
    return { faults: [{ policy: '', message: messages(answer.errors) }], policies: outlines };
  }
  const nameOf = new Map(named.map((part) => [part.key, part.outline.id ?? part.key]));
  // A warning is a fault too: it says that a policy can never apply or that its text misleads the eye.
  const faults = [...answer.validationErrors, ...answer.validationWarnings].map(({ policyId, error }) => {
    const policy = nameOf.get(policyId) ?? policyId;
    return { policy, message: error.message.replaceAll(`\`${policyId}\``, () => `\`${policy}\``) };
  });
  return { faults, policies: outlines };
}

function partsOf(policies: string): Parts {
  const split = policySetTextToParts(policies);
  if (split.type === 'failure') return { type: 'failure', message: messages(split.errors) };
  const parsed: ParsedPolicy[] = [];
  for (const text of split.policies) {
    const tree = policyToJson(text);
    if (tree.type === 'failure') return { type: 'failure', message: messages(tree.errors) };
    parsed.push({ text, outline: outlineOf(tree.json, false) });
  }
  for (const text of split.policy_templates) {
    const tree = templateToJson(text);
    if (tree.type === 'failure') return { type: 'failure', message: messages(tree.errors) };
    parsed.push({ text, outline: outlineOf(tree.json, true) });
  }
  return { type: 'parsed', policies: parsed };
}

function messages(errors: readonly DetailedError[]): string {
  return errors.map((error) => error.message).join('; ');
}
