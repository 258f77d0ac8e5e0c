import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Authenticate } from '../flows/authenticate.ts';
import { AzureOpenAiEdge } from './azure-openai/azure-openai-edge.ts';
import type { InferenceEdge } from './inference/inference-edge.ts';
import { OpenAiEdge, type OpenAiFlows } from './openai/openai-edge.ts';

/** Every API for inference, over the same flows. */
export function inferenceEdges(
  parts: { readonly authenticate: Authenticate; readonly log: Log; readonly random: Random },
  flows: OpenAiFlows,
): readonly InferenceEdge[] {
  const { authenticate, log, random } = parts;
  return [
    new OpenAiEdge(authenticate, flows, log, random),
    new AzureOpenAiEdge(authenticate, flows, log, random),
  ];
}
