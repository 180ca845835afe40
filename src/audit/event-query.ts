import type { Pool } from 'pg';
import type { TimePage } from '../database/time-key.ts';

export type EventFilter = Readonly<{
  /** Events at or after this moment. */
  from?: Date | undefined;
  /** Events before this moment. */
  to?: Date | undefined;
  /** Ids of the actor and of the target. */
  actor?: string | undefined;
  target?: string | undefined;
  /** A person's id: who did it, whom it was done to, whose grant, session or address it was. */
  person?: string | undefined;
  /** The look-up form of an address or a user name that the actor or the target had then. */
  email?: string | undefined;
  /** A part of their name, address or user name of then, or of the reason, in any letter case. */
  search?: string | undefined;
  /** A whole action, or a family with its dot: `sign_in.` */
  action?: string | undefined;
  /** Calls that were refused with this code, and those that this endpoint refused. */
  refusal?: string | undefined;
  refusedBy?: string | undefined;
  /** Sign-ins, also refused ones, by the connection of this id. */
  signInsBy?: string | undefined;
  /** What provisioning did or tried: events by API keys with the scope for it. */
  by?: 'provisioning' | undefined;
}>;

export type EventPage = TimePage & Readonly<{ order: 'asc' | 'desc' }>;

/** Adds a value to the statement and returns its `$n`. */
type Add = (value: unknown) => string;

/**
 * Events that meet `where`, which one index has in the order of time. With `each`, an item of FROM,
 * they are read for each of its rows.
 */
type Source = Readonly<{ each?: string; where: readonly string[] }>;

/** How an event can be chosen: by sources, or by a condition on events that are read otherwise. */
type Choice = Readonly<{ sources: readonly Source[]; condition: string }>;

/** Names, and reasons, that a text may be found in to be looked up one by one. */
const fewNames = 200;

/**
 * The statement that reads a page of an org's events. Each source gives a page, and the page is
 * made of these: no more is read, however many events the org has. Only given filters stand in the
 * statement: its plan is made without the values.
 */
export async function eventsQuery(
  pool: Pool,
  orgId: string,
  filter: EventFilter,
  { limit, after, order }: EventPage,
): Promise<{ text: string; values: unknown[] }> {
  const values: unknown[] = [orgId];
  const add: Add = (value) => `$${values.push(value)}`;
  const texts = textsOf(filter, add);
  const withTexts = texts.length === 0 ? '' : `WITH ${texts.map(({ found }) => found).join(', ')}`;
  const few = withTexts !== '' && filter.person === undefined && (await areFew(pool, withTexts, texts, values));

  const person = filter.person === undefined ? [] : [ofPerson(add(filter.person))];
  const family = isFamily(filter) ? [ofFamily(add(filter.action))] : [];
  const signIns = filter.signInsBy === undefined ? [] : [ofSignInsBy(add(filter.signInsBy))];
  const keys = filter.by === undefined ? [] : [ofProvisioning()];
  const choices = [...person, ...signIns, ...(few ? texts : []), ...keys, ...family, ...(few ? [] : texts)];
  // Found in very many names, a text is compared while events are read: a page is full soon.
  const isRead = few || [person, signIns, keys, family].some((choice) => choice.length > 0);
  const sources = isRead ? (choices[0] as Choice).sources : [{ where: [] }];
  const conditions = [
    ...conditionsOf(filter, add),
    ...choices.slice(isRead ? 1 : 0).map(({ condition }) => condition),
    ...(after ? [`(at, id) ${order === 'asc' ? '>' : '<'} (${add(after.createdAt)}, ${add(after.id)})`] : []),
  ];
  // The limit is our own number and stands in the text: for a parameter PostgreSQL would plan for
  // a tenth of the table.
  const inOrder = `ORDER BY at ${order}, id ${order} LIMIT ${BigInt(limit)}`;
  const pages = sources.map(({ each, where }) => {
    const page = `(SELECT * FROM audit_events WHERE ${[...conditions, ...where].join(' AND ')} ${inOrder})`;
    return each ? `SELECT page.* FROM ${each} CROSS JOIN LATERAL ${page} page` : page;
  });
  const events =
    pages.length === 1 && !sources[0]?.each
      ? pages[0]
      : `(SELECT DISTINCT ON (at, id) * FROM (${pages.join(' UNION ALL ')}) pages ${inOrder})`;
  return { text: `${withTexts} ${shownSql(events as string)} ORDER BY at ${order}, id ${order}`, values };
}

/**
 * Shows events with how their actor and target were called, and the reason. An event from before
 * names were kept refers to none: it shows the first that are known.
 */
export const shownSql = (events: string) => `
  SELECT e.id, e.org_id AS "orgId", e.at, e.action,
         jsonb_build_object('type', actor_type, 'id', actor_id, 'name', a.name, 'email', a.email) AS actor,
         CASE WHEN target_type IS NOT NULL THEN
           jsonb_build_object('type', target_type, 'id', target_id, 'name', t.name, 'email', t.email) END AS target,
         r.reason, e.ip, e.request_id AS "requestId", e.detail
  FROM ${events} e
  LEFT JOIN LATERAL (${namesSql('actor')}) a ON true
  LEFT JOIN LATERAL (${namesSql('target')}) t ON true
  LEFT JOIN revocations r ON r.org_id = e.org_id AND r.id = e.detail ->> 'revocation'`;

function namesSql(of: 'actor' | 'target'): string {
  return `(SELECT n.name, n.email FROM audit_names n WHERE n.org_id = e.org_id AND n.ref = e.${of}_ref)
    UNION ALL
    (SELECT n.name, n.email FROM audit_names n
     WHERE n.org_id = e.org_id AND n.subject_id = e.${of}_id AND e.${of}_ref IS NULL
     ORDER BY n.made_at LIMIT 1)`;
}

/** What needs no index of its own beside those of the sources. */
function conditionsOf(filter: EventFilter, add: Add): string[] {
  const { from, to, actor, target, action, refusal, refusedBy } = filter;
  const conditions = ['org_id = $1'];
  if (from !== undefined) conditions.push(`at >= ${add(from)}`);
  if (to !== undefined) conditions.push(`at < ${add(to)}`);
  if (actor !== undefined) conditions.push(`actor_id = ${add(actor)}`);
  if (target !== undefined) conditions.push(`target_id = ${add(target)}`);
  if (action !== undefined && !isFamily(filter))
    conditions.push(action.endsWith('.') ? `starts_with(action, ${add(action)})` : `action = ${add(action)}`);
  // Spelt as its index is. The next has none: 200,000 refused calls are read in a third of a second.
  if (refusal !== undefined) conditions.push(`action = 'call.refused' AND detail->>'code' = ${add(refusal)}`);
  if (refusedBy !== undefined)
    conditions.push(`action = 'call.refused' AND coalesce(detail->>'endpoint', 'revocation') = ${add(refusedBy)}`);
  return conditions;
}

/**
 * A person's timeline. The detail names the owner of a grant or a session that the backend ended,
 * whoever has or had a right to a shared account, or knows the password of one's administrator (few
 * events, found by their action), and the bearer of an address that somebody else is called by. What ended everyone's access ended theirs, too.
 */
function ofPerson(id: string): Choice {
  const person = `FROM users WHERE org_id = $1 AND id = ${id}`;
  const either = [
    `actor_id = ${id}`,
    `target_id = ${id}`,
    `action = 'grant.ended' AND detail->>'user' = ${id}`,
    `action = 'session.ended' AND detail ? 'user' AND detail->>'user' = ${id}`,
    `action IN ('account.right_given', 'account.right_ended') AND detail->>'user' = ${id}`,
    `action = 'account.administrator_known' AND detail->>'user' = ${id}`,
    `action = 'user.address_contested' AND detail->>'bearer' = ${id}`,
    `action = 'access.revoked_for_everyone' AND at >= (SELECT created_at ${person})
     AND at <= (SELECT coalesce(deleted_at, 'infinity') ${person})`,
  ];
  return { sources: either.map((condition) => ({ where: [condition] })), condition: `(${either.join(' OR ')})` };
}

/** Whether only a family of actions is asked for: an actor or a target has a better index. */
function isFamily({ action, actor, target }: EventFilter): boolean {
  return action?.endsWith('.') === true && actor === undefined && target === undefined;
}

/** Spelt as its index is: each of both actions has its own order of time there. */
function ofSignInsBy(connection: string): Choice {
  const among = `action IN ('sign_in.succeeded', 'sign_in.refused') AND detail->>'connection' = ${connection}`;
  return {
    sources: [{ where: [among, `action = 'sign_in.succeeded'`] }, { where: [among, `action = 'sign_in.refused'`] }],
    condition: `(${among})`,
  };
}

/** An org's keys are some hundreds at most, the ended ones included; each has its order of time. */
function ofProvisioning(): Choice {
  const keys = `SELECT id FROM api_keys WHERE org_id = $1 AND 'scim' = ANY (scopes)`;
  return {
    sources: [{ each: `(${keys}) provisioning`, where: ['actor_id = provisioning.id'] }],
    condition: `actor_id IN (${keys})`,
  };
}

/** An org's actions are a few dozen, which are stepped through on their index. */
function ofFamily(prefix: string): Choice {
  const actions = `
    WITH RECURSIVE actions (name) AS (
      SELECT min(action) FROM audit_events WHERE org_id = $1
      UNION ALL
      SELECT (SELECT min(action) FROM audit_events WHERE org_id = $1 AND action > name) FROM actions WHERE name IS NOT NULL
    )
    SELECT name FROM actions WHERE starts_with(name, ${prefix})`;
  return {
    sources: [{ each: `(${actions}) family`, where: ['action = family.name'] }],
    condition: `starts_with(action, ${prefix})`,
  };
}

type Text = Choice & Readonly<{ name: string; found: string }>;

function textsOf({ email, search }: EventFilter, add: Add): Text[] {
  const texts: Text[] = [];
  if (email !== undefined) {
    const key = add(email);
    texts.push(ofText('email', `(n.email_key = ${key} OR n.user_name_key = ${key})`, 'false'));
  }
  if (search !== undefined) {
    // No search holds a line break, so nothing is found across two of them.
    const has = (text: string, part: string) => `strpos(lower(${text}), lower(${part})) > 0`;
    const part = add(search);
    const names = has(`concat_ws(E'\\n', n.name, n.email, n.user_name)`, part);
    texts.push(ofText('text', names, has('reason', part)));
  }
  return texts;
}

/**
 * Events whose actor or target had such names then, or that tell of a revocation for such a reason.
 * Those revocations' events are found by their target and time, as in `revocation-record.ts`.
 */
function ofText(name: string, names: string, reason: string): Text {
  const refs = `SELECT ref FROM named_${name}`;
  const ids = `SELECT subject_id FROM named_${name}`;
  const side = (of: 'actor' | 'target'): Source => ({
    each: `(SELECT DISTINCT subject_id FROM named_${name}) named`,
    where: [`${of}_id = named.subject_id`, `(${of}_ref IS NULL OR ${of}_ref IN (${refs}))`],
  });
  const isSide = (of: 'actor' | 'target') => `${of}_ref IN (${refs}) OR (${of}_ref IS NULL AND ${of}_id IN (${ids}))`;
  // Names of somebody without an id are written with their event.
  const ofNobody: Source = {
    each: `(SELECT * FROM named_${name} WHERE subject_id = '') nobody`,
    where: [
      'target_id IS NULL',
      `at BETWEEN nobody.made_at - interval '1 second' AND nobody.made_at + interval '30 seconds'`,
      'target_ref = nobody.ref',
    ],
  };
  const ofReason: Source = {
    each: `because_${name} because`,
    where: [
      'target_id = because.target',
      `at BETWEEN because.created_at AND because.created_at + interval '30 seconds'`,
      `detail ->> 'revocation' = because.id`,
    ],
  };
  return {
    name,
    found: `named_${name} AS MATERIALIZED (SELECT n.ref, n.subject_id, n.made_at FROM audit_names n WHERE n.org_id = $1 AND ${names}),
      because_${name} AS MATERIALIZED (
        SELECT r.id, coalesce(r.user_id, r.org_id) AS target, r.created_at FROM revocations r WHERE r.org_id = $1 AND ${reason})`,
    sources: [side('actor'), side('target'), ofNobody, ofReason],
    condition: `(${isSide('actor')} OR ${isSide('target')} OR detail ->> 'revocation' IN (SELECT id FROM because_${name}))`,
  };
}

/** Whether the texts are in so few names and reasons that each has its page. */
async function areFew(pool: Pool, withTexts: string, texts: readonly Text[], values: unknown[]): Promise<boolean> {
  const count = (table: string) => `(SELECT count(*) FROM (SELECT FROM ${table} LIMIT ${fewNames + 1}) counted)`;
  const counts = texts.flatMap(({ name }) => [count(`named_${name}`), count(`because_${name}`)]);
  const { rows } = await pool.query(`${withTexts} SELECT greatest(${counts.join(', ')}) <= ${fewNames} AS few`, [
    ...values,
  ]);
  return rows[0].few;
}
