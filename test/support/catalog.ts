import pg from 'pg';

/**
 * One line for each thing in the schema public, in a form that does not depend on the order in
 * which it was made.
 */
const things = {
  tables: `SELECT relname, relkind, reloptions, relpersistence FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S', 'p')`,
  // A number per table that dropped columns leave no gap in.
  columns: `SELECT attrelid::regclass::text, attname, row_number() OVER (PARTITION BY attrelid ORDER BY attnum) AS place,
                   format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, pg_get_expr(adbin, adrelid)
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p') AND attnum > 0 AND NOT attisdropped`,
  // Without parentheses: a dump that was loaded again groups what BETWEEN and AND meant otherwise.
  constraints: `SELECT conrelid::regclass::text, conname, contype, convalidated, translate(pg_get_constraintdef(oid), '()', '')
                FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace`,
  indexes: `SELECT pg_get_indexdef(indexrelid), indisvalid, reloptions FROM pg_index JOIN pg_class c ON c.oid = indexrelid
            WHERE relnamespace = 'public'::regnamespace`,
  triggers: `SELECT pg_get_triggerdef(t.oid), tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
             WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal`,
  functions: `SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
  views: `SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'`,
  enums: `SELECT enumtypid::regtype::text, enumsortorder, enumlabel FROM pg_enum`,
  sequences: `SELECT sequencename, data_type::text, start_value, increment_by, cycle FROM pg_sequences WHERE schemaname = 'public'`,
  comments: `SELECT classoid::regclass::text, description FROM pg_description WHERE objsubid > 0 OR objoid IN
             (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)`,
};

export type Catalog = Readonly<Record<keyof typeof things, string[]>>;

/**
 * All that is in a database's schema public but its rows. Two databases with the same are
 * interchangeable.
 */
export async function readCatalog(url: string): Promise<Catalog> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const entries: [string, string[]][] = [];
    for (const [kind, sql] of Object.entries(things)) {
      const { rows } = await client.query({ text: sql, rowMode: 'array' });
      entries.push([kind, rows.map((row) => JSON.stringify(row)).sort()]);
    }
    return Object.fromEntries(entries) as Catalog;
  } finally {
    await client.end();
  }
}
