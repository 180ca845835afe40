/** A packet of the protocol: its length, its number, its content. */
export const packet = (number: number, ...parts: readonly (string | readonly number[])[]) => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([Buffer.from([content.length & 0xff, content.length >> 8, 0, number]), content]);
};

/** How a server begins: without TLS or with it, and with this method to sign in. */
export const greeting = (plugin: string, { tls = false } = {}) =>
  packet(
    0,
    [10],
    '8.0.0\0',
    [1, 0, 0, 0],
    '12345678',
    [0, 0x00, tls ? 0x8a : 0x82, 45, 2, 0, 0x08, 0x00, 21],
    Array(10).fill(0),
    '123456789012\0',
    `${plugin}\0`,
  );
