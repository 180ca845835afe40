-- How many deliveries are dead, of all orgs: counted at each scrape of the metrics.
CREATE INDEX deliveries_dead_idx ON deliveries (id) WHERE status = 'dead';
