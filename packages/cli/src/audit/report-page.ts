import type { Language } from '@sekisho/contract';
import type { Texts } from '../texts/en.ts';
import type { AuditDocument } from './report-document.ts';
export function renderReportPage(_document: AuditDocument, _language: Language, _texts: Texts): string {
  return '';
}
