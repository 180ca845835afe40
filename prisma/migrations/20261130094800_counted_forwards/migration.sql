-- An app's dead forwards are counted wherever it is shown; told sessions of apps are swept every few seconds.
CREATE INDEX forwards_dead ON forwards (org_id, app_id) WHERE status = 'dead';
CREATE INDEX app_sessions_told ON app_sessions (told_at) WHERE told_at IS NOT NULL;
