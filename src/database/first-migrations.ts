import { MigrationError } from './migration-error.ts';

/** The migrations of version 0.1.0, which one that makes the tables has replaced. */
const names = [
  '20261121000000_tables',
  '20261121000100_liveness',
  '20261121103657_tokens_and_callers',
  '20261121103700_live_grants',
  '20261121134502_people_policies_record',
  '20261121134600_liveness_by_policy',
  '20261121141200_revocation_of_very_many',
  '20261121141500_notifications',
  '20261121141900_administrators_index',
  '20261121142200_own_setting_up',
  '20261121142900_groups_in_order',
  '20261121142930_provisioning',
  '20261121144400_counting_people',
  '20261121145300_removed_stay_unlinked',
  '20261121152206_released_names',
  '20261121152300_keeping_released_names',
  '20261121152700_lists_by_index',
  '20261121153900_refusals_by_code',
  '20261121153900_sorted_people',
  '20261121154000_notifications_alike',
  '20261121154700_dead_deliveries',
  '20261129080000_refused_sign_ins',
];

/**
 * Whether a database with these migrations is one of version 0.1.0, which has the tables.
 * @throws MigrationError if it has only some of the migrations
 */
export function hasFirstMigrations(applied: ReadonlyMap<string, unknown>): boolean {
  if (!names.some((name) => applied.has(name))) return false;
  const missing = names.filter((name) => !applied.has(name));
  if (missing.length > 0)
    throw new MigrationError(
      `The database is older than version 0.1.0 (missing: ${missing.join(', ')}). Start version 0.1.0 on it once, which applies them, then this version. A development database can be thrown away instead: stop it and delete its DATA_DIR.`,
    );
  return true;
}
