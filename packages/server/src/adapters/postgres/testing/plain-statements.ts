import { Client } from 'pg';

/** A connection for drills and benchmarks, beside everything that the product does. */
export interface PlainStatements {
  run(text: string, values?: readonly unknown[]): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

export async function openPlainStatements(url: string): Promise<PlainStatements> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    run: async (text, values = []) => (await client.query<object>(text, [...values])).rows,
    close: () => client.end(),
  };
}
