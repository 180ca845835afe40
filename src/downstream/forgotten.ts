/**
 * SQL over `f` (forwards): the record names the person no more. They were removed, and their names
 * were erased, maybe before this forward was planned: once nobody needs them they go here too.
 */
export const isForgotten = `EXISTS (
  SELECT FROM users u
  WHERE u.org_id = f.org_id AND u.id = f.user_id AND u.deleted_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM audit_names n WHERE n.org_id = u.org_id AND n.subject_id = u.id))`;

/** SQL over `f`: what was said, without the reasons, which may tell of the person. They go with the names. */
export const withoutReasons = `f.said - 'reasonAdmin' - 'reasonUser'`;
