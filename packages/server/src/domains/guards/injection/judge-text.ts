import { highestWindow, loadModel } from './linear-model.ts';
import { viewsOf } from './views.ts';
import { storedModel } from './weights.ts';
import { measure } from './windows.ts';

const model = loadModel(storedModel);

/** The log-odds from which {@link isInjection} says yes. */
export const injectionThreshold: number = storedModel.threshold;

/** Log-odds that some part of the text instructs the model against those who run it; -Infinity for next to no text. */
export function injectionLogOdds(text: string): number {
  let highest = -Infinity;
  for (const view of viewsOf(text)) {
    highest = Math.max(highest, highestWindow(model, measure(view))?.logOdds ?? -Infinity);
  }
  return highest;
}

/** Whether a text holds a prompt injection or a jailbreak, in the eyes of a small model that can be wrong both ways. */
export function isInjection(text: string): boolean {
  return injectionLogOdds(text) >= injectionThreshold;
}
