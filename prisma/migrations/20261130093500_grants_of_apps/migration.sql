-- The grants of an organisation's own web app end with it. The product's own clients have other ids,
-- and their grants cost nothing here.
CREATE INDEX grants_of_apps ON grants (org_id, client_id) WHERE client_id LIKE 'app\_%';
