import type { FastifyRequest } from 'fastify';

export const CSV_TYPE = 'text/csv; charset=utf-8; header=present';

export function wantsCsv(request: FastifyRequest): boolean {
  return /\btext\/csv\b/.test(request.headers.accept ?? '');
}
