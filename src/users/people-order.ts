import { Role } from '../database/generated/client.ts';
import { isStorableMoment } from '../database/storable.ts';

/** In which order a list can be; with `-` it is turned round. */
export const peopleOrders = ['email', '-email', 'name', '-name', 'role', '-role', 'created', '-created'] as const;
export type PeopleOrder = (typeof peopleOrders)[number];

type Column = Readonly<{
  sql: string;
  /** How its value is written into a cursor; default: as it is. */
  text?: string;
  /** What a text of a cursor has to become; default: it stays a text. */
  type?: string;
  /** Whether a text of a cursor can be such a value; default: any can. */
  fits?: (text: string) => boolean;
}>;

const role: Column = {
  sql: 'u.role',
  text: 'u.role::text',
  type: '"Role"',
  fits: (text) => Object.hasOwn(Role, text),
};
const createdAt: Column = {
  sql: 'u.created_at',
  // The column holds milliseconds.
  text: `to_char(u.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  type: 'timestamptz',
  fits: (text) => {
    const moment = new Date(text);
    return isStorableMoment(moment) && moment.toISOString() === text;
  },
};

// What each order goes by, as an index has it, ending with something unique. The roles come in the
// order of their rights.
const columns: Record<'email' | 'name' | 'role' | 'created', readonly Column[]> = {
  email: [{ sql: 'u.email_key' }],
  name: [{ sql: 'lower(u.name)' }, { sql: 'u.id' }],
  role: [role, { sql: 'u.email_key' }],
  created: [createdAt, { sql: 'u.id' }],
};

const columnsOf = (order: PeopleOrder) => columns[order.replace('-', '') as keyof typeof columns];

/** How many texts the key of a person has in this order. */
export const keyLengthOf = (order: PeopleOrder): number => columnsOf(order).length;

/** Whether a key that somebody sent can be one of this order. */
export const isKeyOf = (order: PeopleOrder, key: readonly string[]): boolean =>
  columnsOf(order).every(({ fits = () => true }, index) => fits(key[index] ?? ''));

export type Ordered = ReturnType<typeof ordered>;

/** An order as SQL. */
export function ordered(order: PeopleOrder) {
  const key = columnsOf(order);
  const isTurned = order.startsWith('-');
  return {
    /** The key of the row `u` as an array of texts. */
    key: `ARRAY[${key.map(({ sql, text }) => text ?? sql).join(', ')}]`,
    sql: `ORDER BY ${key.map(({ sql }) => `${sql} ${isTurned ? 'DESC' : 'ASC'}`).join(', ')}`,
    /** Whether the row `u` comes after the one with a key, whose texts are `parameters`. */
    isAfter: (parameters: readonly string[]) => compared(key, isTurned ? '<' : '>', parameters),
  };
}

function compared(key: readonly Column[], than: string, parameters: readonly string[]): string {
  const values = parameters.map((parameter, index) => `${parameter}::${key[index]?.type ?? 'text'}`);
  return `(${key.map(({ sql }) => sql).join(', ')}) ${than} (${values.join(', ')})`;
}
