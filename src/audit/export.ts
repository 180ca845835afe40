import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { canonicalJson } from './canonical-json.ts';
import { canonicalEvent, type RecordedEvent } from './events.ts';

export const exportFormats = {
  /** One event a line, each in its canonical form (RFC 8785). */
  ndjson: { contentType: 'application/x-ndjson', write: toNdjson },
  /** RFC 4180, with a header line. */
  csv: { contentType: 'text/csv', write: toCsv },
} as const;

export type ExportFormat = keyof typeof exportFormats;

/** Events are read only as fast as the reader takes the bytes. */
function toNdjson(events: AsyncIterable<RecordedEvent>): Readable {
  return Readable.from(lines(events), { objectMode: false });
}

/** Some hundred events make a piece: a write for each event would cost more than making it. */
async function* lines(events: AsyncIterable<RecordedEvent>): AsyncGenerator<string, void> {
  let piece = '';
  for await (const event of events) {
    piece += `${canonicalEvent(event)}\n`;
    if (piece.length < 65_536) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const columns = {
  id: ({ id }) => id,
  org_id: ({ orgId }) => orgId,
  at: ({ at }) => at,
  action: ({ action }) => action,
  actor_type: ({ actor }) => actor.type,
  actor_id: ({ actor }) => actor.id,
  target_type: ({ target }) => target?.type ?? null,
  target_id: ({ target }) => target?.id ?? null,
  ip: ({ ip }) => ip,
  request_id: ({ requestId }) => requestId,
  detail: ({ detail }) => canonicalJson(detail),
  actor_name: ({ actor }) => actor.name,
  actor_email: ({ actor }) => actor.email,
  target_name: ({ target }) => target?.name ?? null,
  target_email: ({ target }) => target?.email ?? null,
  reason: ({ reason }) => reason,
} as const satisfies Record<string, (event: RecordedEvent) => string | null>;

function toCsv(events: AsyncIterable<RecordedEvent>): Readable {
  // A spreadsheet runs cells that begin with =, +, - or @: an apostrophe in front prevents it.
  const csv = stringify({
    header: true,
    columns: Object.keys(columns),
    escape_formulas: true,
    record_delimiter: 'windows',
  });
  return Readable.from(records(events)).compose(csv);
}

async function* records(events: AsyncIterable<RecordedEvent>): AsyncGenerator<(string | null)[], void> {
  for await (const event of events) yield Object.values(columns).map((read) => read(event));
}
