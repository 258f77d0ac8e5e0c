/** Inputs of any length that are cheap to send and meant to be dear to read. */
export const hostileInputs: Readonly<Record<string, (bytes: number) => Uint8Array>> = {
  zeros: (bytes) => Buffer.alloc(bytes),
  'bytes ff': (bytes) => Buffer.alloc(bytes, 0xff),
  'one line': (bytes) => Buffer.alloc(bytes, 'a'),
  'empty lines': (bytes) => Buffer.alloc(bytes, '\n'),
  'short lines': (bytes) => Buffer.alloc(bytes, 'a\n'),
  spaces: (bytes) => Buffer.alloc(bytes, ' '),
  digits: (bytes) => Buffer.alloc(bytes, '1'),
  'half a character each': (bytes) => Buffer.alloc(bytes, '\xe3\x81', 'latin1'),
  'three-byte characters': (bytes) => Buffer.alloc(bytes, '関'),
  'JSON arrays in each other': (bytes) => Buffer.alloc(bytes, '['),
  'JSON objects in each other': (bytes) => Buffer.alloc(bytes, '{"a":'),
  'closed JSON arrays in each other': (bytes) =>
    Buffer.concat([Buffer.alloc(bytes / 2, '['), Buffer.alloc(bytes / 2, ']')]),
  'JSON with an open string': (bytes) => between('"', 'a', '', bytes),
  'JSON with a string of escapes': (bytes) => between('"', '\\u0041', '', bytes),
  'JSON with a string of surrogates': (bytes) => between('["', '\\ud800', '"]', bytes),
  'JSON with many items': (bytes) => between('[0', ',1', ']', bytes),
  'JSON with many names': (bytes) => jsonNames(bytes),
  'JSON with one name many times': (bytes) => between('{"a":0', ',"a":0', '}', bytes),
  'JSON with a long number': (bytes) => between('[', '9', ']', bytes),
  'CBOR arrays in each other': (bytes) => between('\xd2', '\x81', '', bytes),
  'CBOR tags in each other': (bytes) => Buffer.alloc(bytes, '\xd2', 'latin1'),
  'CBOR maps without an end': (bytes) => between('\xd2', '\xbf', '', bytes),
  'CBOR with a long array': (bytes) => between('\xd2\x9b\x00\x00\x00\x00\xff\xff\xff\xff', '\x00', '', bytes),
  'CBOR with a long byte string': (bytes) =>
    between('\xd2\x84\x5b\x00\x00\x00\x7f\xff\xff\xff\xff', 'a', '', bytes),
  'CBOR in pieces': (bytes) => between('\xd2\x84\x5f', '\x41a', '\xff', bytes),
  'a note with many signatures': (bytes) => between('log\n1\nroot\n\n', '\u2014 a AAAAAAAA\n', '', bytes),
  'a note with a long body': (bytes) => between('', 'body\n', '\n\u2014 a AAAAAAAA\n', bytes),
  'a note with a long name': (bytes) => between('log\n\n\u2014 ', 'n', ' AAAAAAAA\n', bytes),
  'a checkpoint with a long root': (bytes) => between('log\n1\n', 'A', '\n', bytes),
  'many proof lines': (bytes) => between('old 1\n', `${'A'.repeat(43)}=\n`, '\nlog\n', bytes),
  'a tlog-proof with a long extra': (bytes) =>
    between('c2sp.org/tlog-proof@v1\nextra ', 'A', '\nindex 0\n\n', bytes),
  'many groups': (bytes) => between('', 'group g all a b\n', '', bytes),
  'a group of many': (bytes) => between('group g all', ' a', '\n', bytes),
  'many verifier keys': (bytes) => between('', 'log.example+01234567+AQID\n', '', bytes),
  'a verifier key without an end': (bytes) => between('log+01234567+', 'A', '', bytes),
  'a long path': (bytes) => between('tile/0/', 'x000/', '000', bytes),
  'overlapping frames': (bytes) => overlappingFrames(bytes),
  'a batch of empty records': (bytes) =>
    between('\0\0\x04\0', '\x01a\0\0\0\0\0\0\0\0\0\0\xff\xff', '', bytes),
  'an HTTP answer without an end': (bytes) => between('HTTP/1.1 200 OK\r\n\r\n', 'a', '', bytes),
  'HTTP headers without an end': (bytes) => between('HTTP/1.1 200 OK\r\n', 'a: b\r\n', '', bytes),
  'many codings': (bytes) => between('gzip;q=0', ',a;q=0', '', bytes),
};

/** Latin1 where it names bytes; what is text in it is written as UTF-8. */
function between(start: string, repeated: string, end: string, bytes: number): Uint8Array {
  const [first, middle, last] = [start, repeated, end].map((part) =>
    /[\u0100-\uffff]/.test(part) ? Buffer.from(part, 'utf8') : Buffer.from(part, 'latin1'),
  );
  if (first === undefined || middle === undefined || last === undefined) throw new RangeError('no parts');
  const times = Math.max(0, Math.floor((bytes - first.length - last.length) / middle.length));
  return Buffer.concat([first, Buffer.alloc(times * middle.length, middle), last]);
}

function jsonNames(bytes: number): Uint8Array {
  const names: string[] = [];
  for (let length = 0; length < bytes - 20; length += 13)
    names.push(`"${names.length.toString(36).padStart(8, '0')}":1`);
  return Buffer.from(`{${names.reverse().join(',')}}`, 'latin1');
}

/** Each eight bytes begin a frame whose payload is half of the rest. */
function overlappingFrames(bytes: number): Uint8Array {
  const frames = Buffer.alloc(bytes, 'SKW1\0\0\0\0', 'latin1');
  for (let at = 0; at + 8 <= bytes; at += 8) frames.writeUInt32BE(Math.floor((bytes - at) / 2), at + 4);
  return frames;
}
