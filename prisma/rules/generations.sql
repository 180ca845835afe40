-- Generations only grow: a smaller number would bring dead sessions back.
CREATE OR REPLACE FUNCTION refuse_generation_decrease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'generation of % must not decrease', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER users_generation_grows BEFORE UPDATE OF generation ON users
  FOR EACH ROW WHEN (NEW.generation < OLD.generation) EXECUTE FUNCTION refuse_generation_decrease();
CREATE OR REPLACE TRIGGER orgs_generation_grows BEFORE UPDATE OF generation ON orgs
  FOR EACH ROW WHEN (NEW.generation < OLD.generation) EXECUTE FUNCTION refuse_generation_decrease();

-- Switching a person off ends their sessions for good, whoever does it: switching them on again must not bring one back.
CREATE OR REPLACE FUNCTION end_access_of_inactive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.generation := OLD.generation + 1;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER users_inactive_end_access BEFORE UPDATE OF active ON users
  FOR EACH ROW WHEN (OLD.active AND NOT NEW.active AND NEW.generation = OLD.generation) EXECUTE FUNCTION end_access_of_inactive();
