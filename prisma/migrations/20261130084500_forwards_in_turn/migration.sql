-- Each app's forwards in the order in which they go: what is claimed is found without a look at the
-- others that wait for the same app. The two indexes before are not asked any more: one knew no app,
-- and what is overtaken is found by its person.
CREATE INDEX forwards_next ON forwards (org_id, app_id, mass, due_at) WHERE status = 'pending';
DROP INDEX forwards_due;
DROP INDEX forwards_waiting;
