import { expect, test } from 'vitest';
import { quietLog } from '../domains/ledger/testing/sample-entries.ts';
import { TargetUnavailable, type ModelAnswer } from '../domains/inference/index.ts';
import { ProbeTargets } from './probe-targets.ts';
import { FakeServer, allowed, chatRequest, chatRoad, fixedClock } from './testing/chat-road.ts';

const wholeAnswer: ModelAnswer = {
  kind: 'whole',
  status: 200,
  body: Buffer.from('{}'),
  usage: { inputTokens: 1, outputTokens: 1, estimated: false },
};
const never = new AbortController().signal;

test('asks only targets that are down, and sends to them again once they are back', async () => {
  let isDead = true;
  const sapporo = new FakeServer(async () => {
    if (isDead) throw new TargetUnavailable('gone');
    return wholeAnswer;
  });
  const overseas = new FakeServer(async () => wholeAnswer);
  const road = chatRoad({ sapporo, overseas }, () => allowed(['sapporo']));
  const probes = new ProbeTargets(road.pool, road.directory, road.inForce, fixedClock, quietLog);

  await probes.probeNow();
  for (let request = 0; request < 3; request++) {
    await expect(road.completeChat.run(chatRequest(), never)).rejects.toThrow();
  }
  expect(sapporo.probes).toBe(0);

  sapporo.isUp = false;
  await probes.probeNow();
  const asked = sapporo.asked;
  await expect(road.completeChat.run(chatRequest(), never)).rejects.toMatchObject({
    failure: { code: 'no_target_available' },
  });
  expect(sapporo.asked).toBe(asked);

  isDead = false;
  sapporo.isUp = true;
  await probes.probeNow();
  expect(await road.completeChat.run(chatRequest(), never)).toMatchObject({ kind: 'whole', status: 200 });
  expect([sapporo.probes, overseas.probes, overseas.asked]).toEqual([2, 0, 0]);
  expect([...probes.results]).toEqual([['sapporo', { up: 1, down: 1 }]]);
});
