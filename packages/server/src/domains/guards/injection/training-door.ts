/** What training needs of the inside of the judgement. Nothing in the cell imports this. */
export { highestWindow, type LinearModel, type StoredModel } from './linear-model.ts';
export { viewsOf } from './views.ts';
export { BUCKETS, GRAMS_AT_A_PLACE, SIGN_COUNT, measure, type Measured, type Window } from './windows.ts';
