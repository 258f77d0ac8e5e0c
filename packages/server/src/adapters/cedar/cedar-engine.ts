import { readFileSync } from 'node:fs';
import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyEngine, PolicyInspection } from '../../domains/residency/ports.ts';
import { sizeFault } from './bounded-syntax.ts';
import { createAuthorizer } from './cedar-authorizer.ts';
import { CedarInstance, type Cedar } from './cedar-instance.ts';
import { outlineOf, type ParsedPolicy } from './policy-outline.ts';
import { PolicySets } from './policy-sets.ts';

const schema = {
  name: 'sekisho',
  text: readFileSync(new URL('./sekisho.cedarschema', import.meta.url), 'utf8'),
};

/** Faults told of one text; a message is cut at {@link MESSAGE_MAX} characters. */
const FAULTS_MAX = 100;
const MESSAGE_MAX = 300;

/**
 * Cedar in WebAssembly. Throws when the schema of this product does not parse.
 *
 * Two instances: texts that somebody wrote are read by the one, requests are judged by the other.
 * A text that brings the reader down has not touched the memory that decides.
 */
export function createCedarEngine(): PolicyEngine {
  const reader = new CedarInstance(schema);
  const judge = new CedarInstance(schema);
  const policySets = new PolicySets(judge);
  const engine: PolicyEngine = {
    inspect(policies) {
      try {
        return reader.run((cedar) => inspect(cedar, policies));
      } catch (trap) {
        return unreadable(`the engine cannot read these policies: ${String(trap)}`);
      }
    },
    compile(policies, entities) {
      const parts = reader.run((cedar) => partsOf(cedar, policies));
      if (parts.type === 'failure') throw new Error(`policies do not parse: ${parts.message}`);
      return createAuthorizer(policySets, schema.name, parts.policies, entities);
    },
  };
  warmUp(engine);
  return engine;
}

/** WebAssembly is compiled as it is first run: better now than under the first request. */
function warmUp(engine: PolicyEngine): void {
  const policy = '@id("warm-up") permit (principal, action, resource) when { resource in Place::"JP" };';
  engine.inspect(policy);
  engine.compile(policy, []).authorize({
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

function inspect(cedar: Cedar, policies: string): PolicyInspection {
  const parts = partsOf(cedar, policies);
  if (parts.type === 'failure') return unreadable(parts.message);
  // Positions are the ids here: an @id may be missing or repeated, and that is for the caller to say.
  const named = parts.policies.map((part, position) => ({ ...part, key: `policy${position}` }));
  const textsOf = (areTemplates: boolean): Record<string, string> =>
    Object.fromEntries(
      named.filter(({ outline }) => outline.isTemplate === areTemplates).map(({ key, text }) => [key, text]),
    );
  const answer = cedar.validate({
    schema: schema.text,
    policies: { staticPolicies: textsOf(false), templates: textsOf(true) },
  });
  if (answer.type === 'failure') return unreadable(messages(answer.errors));
  const nameOf = new Map(named.map(({ key, outline }) => [key, outline.id ?? key]));
  // A warning is a fault too: it says that a policy can never apply or that its text misleads the eye.
  const faults = [...answer.validationErrors, ...answer.validationWarnings].map(({ policyId, error }) => {
    const policy = nameOf.get(policyId) ?? policyId;
    return { policy, message: cut(error.message.replaceAll(`\`${policyId}\``, () => `\`${policy}\``)) };
  });
  return { faults: faults.slice(0, FAULTS_MAX), policies: parts.policies.map(({ outline }) => outline) };
}

type Parts =
  | { readonly type: 'parsed'; readonly policies: readonly ParsedPolicy[] }
  | { readonly type: 'failure'; readonly message: string };

function partsOf(cedar: Cedar, policies: string): Parts {
  const tooLarge = sizeFault(policies);
  if (tooLarge !== undefined) return { type: 'failure', message: tooLarge };
  const split = cedar.policySetTextToParts(policies);
  if (split.type === 'failure') return { type: 'failure', message: messages(split.errors) };
  const parsed: ParsedPolicy[] = [];
  for (const text of split.policies) {
    const tree = cedar.policyToJson(text);
    if (tree.type === 'failure') return { type: 'failure', message: messages(tree.errors) };
    parsed.push({ text, outline: outlineOf(tree.json, false) });
  }
  for (const text of split.policy_templates) {
    const tree = cedar.templateToJson(text);
    if (tree.type === 'failure') return { type: 'failure', message: messages(tree.errors) };
    parsed.push({ text, outline: outlineOf(tree.json, true) });
  }
  return { type: 'parsed', policies: parsed };
}

function unreadable(message: string): PolicyInspection {
  return { faults: [{ policy: '', message: cut(message) }], policies: [] };
}

function messages(errors: readonly DetailedError[]): string {
  return errors.map((error) => error.message).join('; ');
}

function cut(message: string): string {
  return message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message;
}
