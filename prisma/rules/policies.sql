-- A session that a policy has ended must not come back when the policy becomes longer. Half a minute is added, which is
-- longer than the change can take to commit: meanwhile others still judge by the old policy.
CREATE OR REPLACE FUNCTION keep_expired() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  decided timestamptz := clock_timestamp() + interval '30 seconds';
BEGIN
  NEW.sessions_seen_after := OLD.sessions_seen_after;
  NEW.sessions_born_after := OLD.sessions_born_after;
  NEW.grants_seen_after := OLD.grants_seen_after;
  NEW.grants_born_after := OLD.grants_born_after;
  IF OLD.session_idle_seconds <> coalesce(NEW.session_idle_seconds, -1) THEN
    NEW.sessions_seen_after := greatest(OLD.sessions_seen_after, decided - make_interval(secs => OLD.session_idle_seconds));
  END IF;
  IF OLD.session_absolute_seconds <> coalesce(NEW.session_absolute_seconds, -1) THEN
    NEW.sessions_born_after := greatest(OLD.sessions_born_after, decided - make_interval(secs => OLD.session_absolute_seconds));
  END IF;
  IF OLD.grant_idle_seconds <> coalesce(NEW.grant_idle_seconds, -1) THEN
    NEW.grants_seen_after := greatest(OLD.grants_seen_after, decided - make_interval(secs => OLD.grant_idle_seconds));
  END IF;
  IF OLD.grant_absolute_seconds <> coalesce(NEW.grant_absolute_seconds, -1) THEN
    NEW.grants_born_after := greatest(OLD.grants_born_after, decided - make_interval(secs => OLD.grant_absolute_seconds));
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER orgs_keep_expired BEFORE UPDATE OF session_idle_seconds, session_absolute_seconds, grant_idle_seconds,
    grant_absolute_seconds, sessions_seen_after, sessions_born_after, grants_seen_after, grants_born_after ON orgs
  FOR EACH ROW EXECUTE FUNCTION keep_expired();
