-- What version 0.1.0 left behind, small but with every way in which a session ends: an id says what its row is.
-- At a release the next one is made of this: load it, bring it to the current version, add what is new, and
--   pg_dump -n public --no-owner --no-privileges --no-comments --inserts --rows-per-insert=100 URL |
--     sed -e '/^--/d' -e '/^$/d' -e '/^\\/d' -e '/SCHEMA public/d'
-- by PostgreSQL 15, the oldest one that has to load it.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE TYPE public."Initiator" AS ENUM (
    'idp',
    'admin',
    'user',
    'scim',
    'signal',
    'policy',
    'operator'
);
CREATE TYPE public."Reauthentication" AS ENUM (
    'verified',
    'best_effort'
);
CREATE TYPE public."Role" AS ENUM (
    'owner',
    'super_admin',
    'admin',
    'member'
);
CREATE TYPE public."TokenEndpointAuth" AS ENUM (
    'client_secret_basic',
    'client_secret_post'
);
CREATE FUNCTION public.end_access_of_inactive() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.generation := OLD.generation + 1;
  RETURN NEW;
END $$;
CREATE FUNCTION public.keep_expired() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.keep_released_name() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
  freed text;
BEGIN
  IF TG_TABLE_NAME = 'users' THEN
    freed := 'email ' || OLD.email_key;
  ELSE
    freed := 'subject ' || OLD.connection_id || ' ' || OLD.subject;
  END IF;
  INSERT INTO released_names (org_id, name, revoked_xid, revoked_at)
  VALUES (OLD.org_id, sha256(convert_to(freed, 'UTF8')), pg_current_xact_id(), clock_timestamp())
  ON CONFLICT (org_id, name) DO UPDATE SET revoked_xid = EXCLUDED.revoked_xid, revoked_at = EXCLUDED.revoked_at;
  RETURN NULL;
END $$;
CREATE FUNCTION public.put_into_outbox() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  INSERT INTO outbox (org_id, event_id) VALUES (NEW.org_id, NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION public.refuse_audit_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'audit events are append only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION public.refuse_early_removal() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF EXISTS (SELECT FROM orgs WHERE id = OLD.org_id AND OLD.at < clock_timestamp() - make_interval(days => audit_retention_days)) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit events are append only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION public.refuse_generation_decrease() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'generation of % must not decrease', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION public.refuse_link_to_removed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF EXISTS (SELECT FROM users WHERE org_id = NEW.org_id AND id = NEW.user_id AND deleted_at IS NOT NULL) THEN
    RAISE EXCEPTION 'the user was removed' USING ERRCODE = 'unique_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION public.refuse_reuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'a token stays consumed and keeps its grant' USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION public.refuse_revival() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION '% keep their owner, their generations and their tombstones', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public._prisma_migrations (
    id character varying(36) NOT NULL,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_steps_count integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.api_keys (
    org_id text NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    hint text NOT NULL,
    scopes text[],
    expires_at timestamp(3) with time zone,
    revoked_at timestamp(3) with time zone,
    last_used_at timestamp(3) with time zone,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.audit_events (
    org_id text NOT NULL,
    id text NOT NULL,
    at timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
    action text NOT NULL,
    actor_type text NOT NULL,
    actor_id text,
    target_type text,
    target_id text,
    ip text,
    request_id text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);
CREATE TABLE public.connections (
    org_id text NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    issuer text NOT NULL,
    accepted_issuers text[] DEFAULT ARRAY[]::text[],
    authorization_endpoint text NOT NULL,
    token_endpoint text NOT NULL,
    userinfo_endpoint text,
    end_session_endpoint text,
    jwks_uri text NOT NULL,
    client_id text NOT NULL,
    client_secret text NOT NULL,
    token_endpoint_auth public."TokenEndpointAuth" DEFAULT 'client_secret_basic'::public."TokenEndpointAuth" NOT NULL,
    response_iss boolean DEFAULT false NOT NULL,
    reauthentication public."Reauthentication" DEFAULT 'verified'::public."Reauthentication" NOT NULL,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    proven_at timestamp(3) with time zone,
    sign_out_at_idp boolean DEFAULT false NOT NULL,
    role_claim text,
    role_mapping jsonb DEFAULT '{}'::jsonb NOT NULL,
    vouching_needed boolean DEFAULT false NOT NULL
);
CREATE TABLE public.deliveries (
    org_id text NOT NULL,
    id text NOT NULL,
    channel text NOT NULL,
    webhook_id text,
    user_id text,
    kinds text[],
    notification_id text,
    body text,
    status text DEFAULT 'pending'::text NOT NULL,
    error text,
    attempts integer DEFAULT 0 NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    created_at timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp(3) with time zone
);
CREATE TABLE public.delivery_attempts (
    org_id text NOT NULL,
    delivery_id text NOT NULL,
    number integer NOT NULL,
    at timestamp(3) with time zone NOT NULL,
    status integer,
    duration_ms integer NOT NULL,
    error text
);
CREATE TABLE public.domains (
    org_id text NOT NULL,
    id text NOT NULL,
    domain text NOT NULL,
    verified_at timestamp(3) with time zone,
    connection_id text,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    challenge uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT domains_form CHECK (((domain = lower(domain)) AND (domain ~ '^[a-z0-9.-]+$'::text)))
);
CREATE TABLE public.grants (
    org_id text NOT NULL,
    id text NOT NULL,
    client_id text NOT NULL,
    user_id text NOT NULL,
    connection_id text NOT NULL,
    identity_id text NOT NULL,
    session_id text NOT NULL,
    user_generation integer NOT NULL,
    org_generation integer NOT NULL,
    idp_sid text,
    scope text NOT NULL,
    user_agent text,
    ip text,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    last_seen_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    idle_expires_at timestamp(3) with time zone NOT NULL,
    expires_at timestamp(3) with time zone NOT NULL,
    ended_at timestamp(3) with time zone,
    revoked_at timestamp(3) with time zone,
    revocation_id text,
    authenticated_at timestamp(3) with time zone
)
WITH (fillfactor='80');
CREATE TABLE public.group_members (
    org_id text NOT NULL,
    group_id text NOT NULL,
    user_id text NOT NULL
);
CREATE TABLE public.groups (
    org_id text NOT NULL,
    id text NOT NULL,
    display_name text NOT NULL,
    external_id text,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.identities (
    org_id text NOT NULL,
    id text NOT NULL,
    connection_id text NOT NULL,
    user_id text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.orgs (
    id text NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    revoked_xid xid8,
    revoked_at timestamp(3) with time zone,
    last_revocation_id text,
    create_users boolean DEFAULT true NOT NULL,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    api_key_callers boolean DEFAULT true NOT NULL,
    event_actions jsonb DEFAULT '{}'::jsonb NOT NULL,
    jwt_callers boolean DEFAULT true NOT NULL,
    admin_reauthentication_seconds integer DEFAULT 3600 NOT NULL,
    audit_retention_days integer,
    global_logout boolean DEFAULT false NOT NULL,
    grant_absolute_seconds integer,
    grant_idle_seconds integer,
    grants_born_after timestamp(3) with time zone DEFAULT to_timestamp((0)::double precision) NOT NULL,
    grants_seen_after timestamp(3) with time zone DEFAULT to_timestamp((0)::double precision) NOT NULL,
    session_absolute_seconds integer,
    session_idle_seconds integer,
    sessions_born_after timestamp(3) with time zone DEFAULT to_timestamp((0)::double precision) NOT NULL,
    sessions_seen_after timestamp(3) with time zone DEFAULT to_timestamp((0)::double precision) NOT NULL,
    CONSTRAINT orgs_admin_reauthentication CHECK (((admin_reauthentication_seconds >= 60) AND (admin_reauthentication_seconds <= 31536000))),
    CONSTRAINT orgs_audit_retention CHECK (((audit_retention_days >= 30) AND (audit_retention_days <= 36500))),
    CONSTRAINT orgs_grant_lifetimes CHECK ((((grant_idle_seconds >= 600) AND (grant_idle_seconds <= 31536000)) AND ((grant_absolute_seconds >= 600) AND (grant_absolute_seconds <= 31536000)) AND (grant_idle_seconds <= grant_absolute_seconds))),
    CONSTRAINT orgs_session_lifetimes CHECK ((((session_idle_seconds >= 300) AND (session_idle_seconds <= 31536000)) AND ((session_absolute_seconds >= 300) AND (session_absolute_seconds <= 31536000)) AND (session_idle_seconds <= session_absolute_seconds))),
    CONSTRAINT orgs_slug_form CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,62})$'::text))
);
CREATE TABLE public.spent (
    org_id text NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    expires_at timestamp(3) with time zone NOT NULL
);
CREATE TABLE public.users (
    org_id text NOT NULL,
    id text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    name text NOT NULL,
    role public."Role" DEFAULT 'member'::public."Role" NOT NULL,
    active boolean DEFAULT true NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    revoked_xid xid8,
    revoked_at timestamp(3) with time zone,
    last_revocation_id text,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    deleted_at timestamp(3) with time zone,
    external_id text,
    profile jsonb DEFAULT '{}'::jsonb NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    user_name text,
    user_name_key text,
    CONSTRAINT users_deleted_inactive CHECK (((deleted_at IS NULL) OR (NOT active))),
    CONSTRAINT users_email_key_form CHECK (((email_key = lower(email_key)) AND (email_key ~ '^[\x21-\x7e]+$'::text)))
)
WITH (fillfactor='80');
CREATE VIEW public.live_grants AS
 SELECT g.org_id,
    g.id,
    g.client_id,
    g.user_id,
    g.connection_id,
    g.identity_id,
    g.session_id,
    g.scope,
    g.user_agent,
    g.ip,
    g.created_at,
    g.authenticated_at,
    g.last_seen_at,
    g.idle_expires_at,
    g.expires_at,
    g.user_generation,
    g.org_generation,
    g.idp_sid,
    u.email,
    u.name,
    u.role,
    o.slug AS org_slug,
    o.name AS org_name
   FROM ((public.grants g
     JOIN public.users u ON (((u.org_id = g.org_id) AND (u.id = g.user_id))))
     JOIN public.orgs o ON ((o.id = g.org_id)))
  WHERE ((g.user_generation = u.generation) AND (g.org_generation = o.generation) AND (g.revoked_at IS NULL) AND (g.ended_at IS NULL) AND u.active AND (g.idle_expires_at > now()) AND (g.expires_at > now()) AND (g.created_at > o.grants_born_after) AND (g.last_seen_at > o.grants_seen_after) AND ((o.grant_absolute_seconds IS NULL) OR (g.created_at > (now() - make_interval(secs => (o.grant_absolute_seconds)::double precision)))) AND ((o.grant_idle_seconds IS NULL) OR (g.last_seen_at > (now() - make_interval(secs => (o.grant_idle_seconds)::double precision)))) AND
        CASE
            WHEN (g.idp_sid IS NULL) THEN true
            ELSE (NOT (EXISTS ( SELECT
               FROM public.spent e
              WHERE ((e.org_id = g.org_id) AND (e.kind = 'idp_session'::text) AND (e.id = ((g.connection_id || ' '::text) || g.idp_sid))))))
        END);
CREATE TABLE public.sessions (
    org_id text NOT NULL,
    id text NOT NULL,
    sid_hash bytea NOT NULL,
    user_id text NOT NULL,
    connection_id text NOT NULL,
    identity_id text NOT NULL,
    user_generation integer NOT NULL,
    org_generation integer NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    user_agent text,
    ip text,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    last_seen_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    idle_expires_at timestamp(3) with time zone NOT NULL,
    expires_at timestamp(3) with time zone NOT NULL,
    ended_at timestamp(3) with time zone,
    revoked_at timestamp(3) with time zone,
    revocation_id text,
    id_token text,
    idp_sid text,
    authenticated_at timestamp(3) with time zone
)
WITH (fillfactor='80');
CREATE VIEW public.live_sessions AS
 SELECT s.org_id,
    s.id,
    s.sid_hash,
    s.user_id,
    s.connection_id,
    s.identity_id,
    s.data,
    s.user_agent,
    s.ip,
    s.created_at,
    s.authenticated_at,
    s.last_seen_at,
    s.idle_expires_at,
    s.expires_at,
    s.user_generation,
    s.org_generation,
    s.idp_sid,
    u.email,
    u.name,
    u.role,
    o.slug AS org_slug,
    o.name AS org_name
   FROM ((public.sessions s
     JOIN public.users u ON (((u.org_id = s.org_id) AND (u.id = s.user_id))))
     JOIN public.orgs o ON ((o.id = s.org_id)))
  WHERE ((s.user_generation = u.generation) AND (s.org_generation = o.generation) AND (s.revoked_at IS NULL) AND (s.ended_at IS NULL) AND u.active AND (s.idle_expires_at > now()) AND (s.expires_at > now()) AND (s.created_at > o.sessions_born_after) AND (s.last_seen_at > o.sessions_seen_after) AND ((o.session_absolute_seconds IS NULL) OR (s.created_at > (now() - make_interval(secs => (o.session_absolute_seconds)::double precision)))) AND ((o.session_idle_seconds IS NULL) OR (s.last_seen_at > (now() - make_interval(secs => (o.session_idle_seconds)::double precision)))) AND
        CASE
            WHEN (s.idp_sid IS NULL) THEN true
            ELSE (NOT (EXISTS ( SELECT
               FROM public.spent e
              WHERE ((e.org_id = s.org_id) AND (e.kind = 'idp_session'::text) AND (e.id = ((s.connection_id || ' '::text) || s.idp_sid))))))
        END);
CREATE TABLE public.notification_feeds (
    org_id text NOT NULL,
    last_position bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.notification_readers (
    org_id text NOT NULL,
    user_id text NOT NULL,
    read_up_to bigint DEFAULT 0 NOT NULL,
    email_kinds text[] DEFAULT ARRAY[]::text[],
    emailed_up_to bigint DEFAULT 0 NOT NULL,
    emailed_at timestamp(3) with time zone
);
CREATE TABLE public.notifications (
    org_id text NOT NULL,
    id text NOT NULL,
    "position" bigint NOT NULL,
    kind text NOT NULL,
    event_id text NOT NULL,
    action text NOT NULL,
    actor_type text NOT NULL,
    actor_id text,
    target_type text,
    target_id text,
    parts jsonb DEFAULT '{}'::jsonb NOT NULL,
    count integer DEFAULT 1 NOT NULL,
    first_at timestamp(3) with time zone NOT NULL,
    last_at timestamp(3) with time zone NOT NULL,
    created_at timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
    alike text
);
CREATE TABLE public.outbox (
    id bigint NOT NULL,
    org_id text NOT NULL,
    event_id text NOT NULL,
    at timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE SEQUENCE public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.outbox_id_seq OWNED BY public.outbox.id;
CREATE TABLE public.refused_callers (
    org_id text NOT NULL,
    caller text NOT NULL,
    refusals integer NOT NULL,
    last_at timestamp(3) with time zone NOT NULL
);
CREATE TABLE public.released_names (
    org_id text NOT NULL,
    name bytea NOT NULL,
    revoked_xid xid8 NOT NULL,
    revoked_at timestamp(3) with time zone NOT NULL
);
CREATE TABLE public.revocations (
    org_id text NOT NULL,
    id text NOT NULL,
    user_id text,
    initiator public."Initiator" NOT NULL,
    subject jsonb,
    reason text,
    caller_id text,
    sessions_ended integer,
    org_generation integer,
    tombstones_pending boolean DEFAULT false NOT NULL,
    request_id text,
    created_at timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
    grants_ended integer,
    duration_ms real,
    reason_for_person text,
    user_generation integer
);
CREATE TABLE public.signing_keys (
    id text NOT NULL,
    private_key text NOT NULL,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.todos (
    org_id text NOT NULL,
    id text NOT NULL,
    user_id text NOT NULL,
    task text NOT NULL,
    completed boolean DEFAULT false NOT NULL,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    completed_at timestamp(3) with time zone
);
CREATE TABLE public.tokens (
    kind text NOT NULL,
    id_hash bytea NOT NULL,
    org_id text,
    grant_id text,
    user_code_hash bytea,
    payload jsonb NOT NULL,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    consumed_at timestamp(3) with time zone,
    expires_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT tokens_grant_of_org CHECK (((org_id IS NULL) = (grant_id IS NULL)))
);
CREATE TABLE public.webhooks (
    org_id text NOT NULL,
    id text NOT NULL,
    url text NOT NULL,
    kinds text[],
    active boolean DEFAULT true NOT NULL,
    secret text NOT NULL,
    previous_secret text,
    previous_secret_until timestamp(3) with time zone,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
ALTER TABLE ONLY public.outbox ALTER COLUMN id SET DEFAULT nextval('public.outbox_id_seq'::regclass);
INSERT INTO public._prisma_migrations VALUES
	('154ade96-6adb-446e-8b59-5b4c4cd44d87', 'c3fdbd50b90424f86754e60db5a920b3ff4a6d1fa505b53a8067c8533fab1b31', '2026-11-29 09:03:51.475+00', '20261121000000_tables', NULL, NULL, '2026-11-29 09:03:51.039+00', 1),
	('3f7386da-19e1-4d13-bc74-562567ca13e5', '001812f3174eb3d0c27288cccee460fb6e77eff307faa0d8c6185d18de2cae68', '2026-11-29 09:03:52.973+00', '20261121145300_removed_stay_unlinked', NULL, NULL, '2026-11-29 09:03:52.964+00', 1),
	('59cb5531-a0e4-4c43-ba17-82117ce9c82b', '840f9bcfed4fbbb2d26f9f99454c088425e052ed17542be337fb7468f2cedc7f', '2026-11-29 09:03:51.542+00', '20261121000100_liveness', NULL, NULL, '2026-11-29 09:03:51.516+00', 1),
	('dc8e0c27-52d2-4e3c-a135-6df64978ed06', 'ddca1c0893f3b6905e406adff35f63d857302a5a6ae72c477a2fdf885a4153a6', '2026-11-29 09:03:51.758+00', '20261121103657_tokens_and_callers', NULL, NULL, '2026-11-29 09:03:51.556+00', 1),
	('92fc1eb2-b7aa-4f96-b177-acc4eabd6261', '3284aa5f01fda4c4909fce9bd930bf6610fd9fa721e43f23135df86277b6d18b', '2026-11-29 09:03:51.934+00', '20261121103700_live_grants', NULL, NULL, '2026-11-29 09:03:51.834+00', 1),
	('34ab6b55-6f5e-45b5-8526-4fb78b78b584', '007133ad5731281dcc165e7b684c6a6a6bf478988786e7b5c508282fb193cb41', '2026-11-29 09:03:53.01+00', '20261121152206_released_names', NULL, NULL, '2026-11-29 09:03:52.994+00', 1),
	('829a67a2-41a5-421f-bf58-86d5678a1a0e', '45b790d52227108eda852aed8d70890b96092df205f811894ae701b1b851dda1', '2026-11-29 09:03:52.087+00', '20261121134502_people_policies_record', NULL, NULL, '2026-11-29 09:03:51.976+00', 1),
	('ca649712-96a2-4e0c-8713-930a69deb711', '8b57a992e9bc0aaf0cf30dcfa5ace12b6575a045eb236123547d98e5886d8b2d', '2026-11-29 09:03:52.288+00', '20261121134600_liveness_by_policy', NULL, NULL, '2026-11-29 09:03:52.139+00', 1),
	('f8e304ca-c505-4bdb-bf1e-c826fe7d7881', '424db1813e569752e50442b4566bf78b4c8aaf8b2528380f35b8c3731327f99e', '2026-11-29 09:03:52.362+00', '20261121141200_revocation_of_very_many', NULL, NULL, '2026-11-29 09:03:52.35+00', 1),
	('d0fb662b-23c7-4c5d-9f79-462410ee657c', 'c084dd980cac9ce8517513c83b812484e9fec30c397207fb84ecef77a2bb296e', '2026-11-29 09:03:53.056+00', '20261121152300_keeping_released_names', NULL, NULL, '2026-11-29 09:03:53.025+00', 1),
	('e3405f6e-962e-41b0-aad2-204962ee4ae6', 'b922f1bba6398a6c3d03cf1c20e5af480e3e9e628c5badbcbf8a69d3f3b1e90c', '2026-11-29 09:03:52.516+00', '20261121141500_notifications', NULL, NULL, '2026-11-29 09:03:52.392+00', 1),
	('13a9b47a-46d1-4f00-9185-ed7670ad8f17', '29417e46e6158e7ae2b216dd1c68eced5a47b331d799d7854c82200a12b10596', '2026-11-29 09:03:52.581+00', '20261121141900_administrators_index', NULL, NULL, '2026-11-29 09:03:52.552+00', 1),
	('82389645-914c-4099-9bbc-db9c19ec982d', '885154ed3a947453d3c6cdebd5cc82d87f16399230d4737f84547cc97bec644f', '2026-11-29 09:03:52.624+00', '20261121142200_own_setting_up', NULL, NULL, '2026-11-29 09:03:52.597+00', 1),
	('f7fcfd3e-623a-4413-88b3-572714697d88', 'f8f3f52c723db118d9d9c93ab878e53639b088e3cf5ca01ec98f853865553b7a', '2026-11-29 09:03:53.121+00', '20261121152700_lists_by_index', NULL, NULL, '2026-11-29 09:03:53.067+00', 1),
	('ebaeecc8-5ee1-4889-a4ef-e5d39e0d4418', '626ba120f91aacee57c306b65d0c4fc8cb8b7747100d188d8ffcf713383cf220', '2026-11-29 09:03:52.704+00', '20261121142900_groups_in_order', NULL, NULL, '2026-11-29 09:03:52.663+00', 1),
	('14c2d5c1-c184-4dbd-84bb-754d865f7470', 'c5eabdb8addb40bffe37b13bfad2847f7d14bcc4776b223cdfa169b35d7c1ce8', '2026-11-29 09:03:52.842+00', '20261121142930_provisioning', NULL, NULL, '2026-11-29 09:03:52.744+00', 1),
	('c91aaa64-c6bb-409c-adf8-1c9f515e10ce', '53d9a1b79a41870eefdaf0caeee68c1981fbd6c3cf32b7f6e5697f259fe8a904', '2026-11-29 09:03:52.951+00', '20261121144400_counting_people', NULL, NULL, '2026-11-29 09:03:52.911+00', 1),
	('d9d5b49c-d0e0-4b38-b768-dbb62336394a', '2054ed4c4a75ee16ba9e9fb064861df0176b0d8246d4e0b1b703aea9527286da', '2026-11-29 09:03:53.182+00', '20261121153900_refusals_by_code', NULL, NULL, '2026-11-29 09:03:53.166+00', 1),
	('ccd7e4b0-e793-40d2-8af8-d1ef7025eefb', 'cd9fe7f2f7d7f1c2545bb91cb5c4b6287d2d4fcf317786d8aa06f269f75d8b74', '2026-11-29 09:03:53.232+00', '20261121153900_sorted_people', NULL, NULL, '2026-11-29 09:03:53.206+00', 1),
	('63a837e9-b7ef-4f7a-9a40-40a49e73db09', 'ea35f25b0356b1975370d5881253e58f93e81c1cc970faf3c3937022d232cf09', '2026-11-29 09:03:53.288+00', '20261121154000_notifications_alike', NULL, NULL, '2026-11-29 09:03:53.256+00', 1),
	('a7c20cdd-4111-4c10-9a37-d86e06dd20d0', '6821721650456bd707ad91bd1561f5b0b3aa66f560e307957fd36eabcd789bc2', '2026-11-29 09:03:53.381+00', '20261121154700_dead_deliveries', NULL, NULL, '2026-11-29 09:03:53.344+00', 1),
	('0aaecc5b-f688-4e59-8798-c54377f8f425', 'd94c0e8d62395666d73b9260ecc49a985af85c67616c21c56cdb9513e32474e9', '2026-11-29 09:03:53.44+00', '20261129080000_refused_sign_ins', NULL, NULL, '2026-11-29 09:03:53.408+00', 1);
INSERT INTO public.api_keys VALUES
	('acme', 'key', 'Workflows', '\x2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683', 'k', '{revoke,scim}', NULL, NULL, NULL, '2026-11-29 09:03:54.472+00');
INSERT INTO public.audit_events VALUES
	('acme', 'evt-1', '2026-11-29 08:00:00+00', 'session.created', 'user', NULL, NULL, NULL, NULL, NULL, '{}'),
	('acme', 'evt-2', '2026-11-29 08:01:00+00', 'access.revoked', 'api_key', NULL, NULL, NULL, NULL, NULL, '{}'),
	('strict', 'evt-3', '2026-11-29 08:01:00+00', 'sign_in.refused', 'anonymous', NULL, NULL, NULL, NULL, NULL, '{"reason": "connection_not_authoritative"}');
INSERT INTO public.connections VALUES
	('acme', 'con', 'IdP', true, 'https://idp.example', '{https://login.example}', 'https://idp.example/a', 'https://idp.example/t', NULL, NULL, 'https://idp.example/k', 'client-acme', 'sealed', 'client_secret_basic', false, 'verified', '2026-11-29 09:03:54.337+00', '2026-11-29 09:03:54.337+00', '2026-11-29 00:00:00+00', false, NULL, '{}', false),
	('left', 'con', 'IdP', true, 'https://idp.example', '{https://login.example}', 'https://idp.example/a', 'https://idp.example/t', NULL, NULL, 'https://idp.example/k', 'client-left', 'sealed', 'client_secret_basic', false, 'verified', '2026-11-29 09:03:54.337+00', '2026-11-29 09:03:54.337+00', '2026-11-29 00:00:00+00', false, NULL, '{}', false),
	('strict', 'con', 'IdP', true, 'https://idp.example', '{https://login.example}', 'https://idp.example/a', 'https://idp.example/t', NULL, NULL, 'https://idp.example/k', 'client-strict', 'sealed', 'client_secret_basic', false, 'verified', '2026-11-29 09:03:54.337+00', '2026-11-29 09:03:54.337+00', '2026-11-29 00:00:00+00', false, NULL, '{}', false);
INSERT INTO public.deliveries VALUES
	('acme', 'del', 'webhook', 'hook', NULL, '{revocation}', NULL, NULL, 'dead', NULL, 0, 0, '2026-11-29 09:03:54.537+00', NULL);
INSERT INTO public.delivery_attempts VALUES
	('acme', 'del', 1, '2026-11-29 00:00:00+00', 500, 12, 'status');
INSERT INTO public.domains VALUES
	('acme', 'dom', 'acme.example', '2026-11-29 00:00:00+00', 'con', '2026-11-29 09:03:54.346+00', '00000000-0000-4000-8000-000000000001');
INSERT INTO public.grants VALUES
	('acme', 'alive-1', 'cli', 'zoe', 'con', 'idn-zoe', 'alive-1', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('acme', 'alive-2', 'cli', 'zoe', 'con', 'idn-zoe', 'alive-2', 0, 0, 'open-at-idp', 'openid', NULL, NULL, '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('acme', 'dead-user-revoked', 'cli', 'revoked', 'con', 'idn-revoked', 'dead-user-revoked', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('acme', 'dead-user-off', 'cli', 'off', 'con', 'idn-off', 'dead-user-off', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('acme', 'dead-idle', 'cli', 'zoe', 'con', 'idn-zoe', 'dead-idle', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-01 08:00:00+00', '2026-11-01 08:00:00+00', '2026-11-02 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('acme', 'dead-expired', 'cli', 'zoe', 'con', 'idn-zoe', 'dead-expired', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-01 08:00:00+00', '2026-11-01 08:00:00+00', '2999-01-01 00:00:00+00', '2026-11-08 00:00:00+00', NULL, NULL, NULL, NULL),
	('acme', 'dead-idp-session', 'cli', 'zoe', 'con', 'idn-zoe', 'dead-idp-session', 0, 0, 'ended-at-idp', 'openid', NULL, NULL, '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('strict', 'alive-young', 'cli', 'zoe', 'con', 'idn-zoe', 'alive-young', 0, 0, NULL, 'openid', NULL, NULL, '2998-12-31 00:00:00+00', '2998-12-31 00:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('strict', 'dead-policy', 'cli', 'zoe', 'con', 'idn-zoe', 'dead-policy', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-01 08:00:00+00', '2026-11-01 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('left', 'dead-org', 'cli', 'zoe', 'con', 'idn-zoe', 'dead-org', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL),
	('acme', 'dead-tombstone', 'cli', 'zoe', 'con', 'idn-zoe', 'dead-tombstone', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, '2026-11-29 08:01:00+00', 'rev-1', NULL),
	('acme', 'dead-signed-out', 'cli', 'zoe', 'con', 'idn-zoe', 'dead-signed-out', 0, 0, NULL, 'openid', NULL, NULL, '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', '2026-11-29 08:01:00+00', NULL, NULL, NULL);
INSERT INTO public.group_members VALUES
	('acme', 'grp', 'zoe');
INSERT INTO public.groups VALUES
	('acme', 'grp', 'Engineering', NULL, '2026-11-29 09:03:54.493+00', '2026-11-29 09:03:54.493+00');
INSERT INTO public.identities VALUES
	('acme', 'idn-zoe', 'con', 'zoe', 'https://idp.example', 'subject-zoe', '2026-11-29 09:03:54.359+00'),
	('acme', 'idn-revoked', 'con', 'revoked', 'https://idp.example', 'subject-revoked', '2026-11-29 09:03:54.359+00'),
	('acme', 'idn-off', 'con', 'off', 'https://idp.example', 'subject-off', '2026-11-29 09:03:54.359+00'),
	('left', 'idn-zoe', 'con', 'zoe', 'https://idp.example', 'subject-zoe', '2026-11-29 09:03:54.359+00'),
	('left', 'idn-revoked', 'con', 'revoked', 'https://idp.example', 'subject-revoked', '2026-11-29 09:03:54.359+00'),
	('left', 'idn-off', 'con', 'off', 'https://idp.example', 'subject-off', '2026-11-29 09:03:54.359+00'),
	('strict', 'idn-zoe', 'con', 'zoe', 'https://idp.example', 'subject-zoe', '2026-11-29 09:03:54.359+00'),
	('strict', 'idn-revoked', 'con', 'revoked', 'https://idp.example', 'subject-revoked', '2026-11-29 09:03:54.359+00'),
	('strict', 'idn-off', 'con', 'off', 'https://idp.example', 'subject-off', '2026-11-29 09:03:54.359+00');
INSERT INTO public.notification_feeds VALUES
	('acme', 1);
INSERT INTO public.notification_readers VALUES
	('acme', 'zoe', 0, '{revocation}', 0, NULL);
INSERT INTO public.notifications VALUES
	('acme', 'not', 1, 'revocation', 'evt-2', 'access.revoked', 'api_key', NULL, NULL, NULL, '{}', 1, '2026-11-29 00:00:00+00', '2026-11-29 00:00:00+00', '2026-11-29 09:03:54.51+00', NULL);
INSERT INTO public.orgs VALUES
	('acme', 'acme', 'Acme', 0, NULL, NULL, NULL, true, '2026-11-29 09:03:54.323+00', true, '{}', true, 3600, NULL, false, NULL, NULL, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00', NULL, NULL, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00'),
	('strict', 'strict', 'Strict', 0, NULL, NULL, NULL, true, '2026-11-29 09:03:54.323+00', true, '{"account-disabled": "revoke"}', true, 3600, 90, true, 7200, 1200, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00', 3600, 600, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00'),
	('left', 'left', 'Left', 1, '701', '2026-11-29 08:02:00+00', 'rev-2', true, '2026-11-29 09:03:54.323+00', true, '{}', true, 3600, NULL, false, NULL, NULL, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00', NULL, NULL, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00');
INSERT INTO public.outbox VALUES
	(1, 'acme', 'evt-2', '2026-11-29 09:03:54.415+00'),
	(2, 'strict', 'evt-3', '2026-11-29 09:03:54.415+00');
INSERT INTO public.refused_callers VALUES
	('acme', '192.0.2.0/24', 3, '2026-11-29 00:00:00+00');
INSERT INTO public.released_names VALUES
	('acme', '\x4c7aa99cc4404ea2e16e7bb443aeb524165bb365fbca5e18596b8c0936a85ed3', '791', '2026-11-29 09:03:54.467+00');
INSERT INTO public.revocations VALUES
	('acme', 'rev-1', 'revoked', 'idp', '{"email": "revoked@acme.example", "format": "email"}', NULL, NULL, 1, NULL, false, NULL, '2026-11-29 08:01:00+00', 1, NULL, NULL, NULL),
	('left', 'rev-2', NULL, 'operator', NULL, NULL, NULL, NULL, 1, true, NULL, '2026-11-29 08:02:00+00', NULL, NULL, NULL, NULL);
INSERT INTO public.sessions VALUES
	('acme', 'alive-1', '\xa0b64b90cfd51985432126ee5e0ad2ee159279bcab5f73a86d63d9a3c8edfac1', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('acme', 'alive-2', '\x7aa45d23ff1b59310b5fd44708f5086537a786f9194655367f931b478f202534', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, 'open-at-idp', NULL),
	('acme', 'dead-user-revoked', '\xdef22c94cd9fc0e0c458d785bc338b2e7c46f60ad3a51e5b61aa2cb534ec5bc8', 'revoked', 'con', 'idn-revoked', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('acme', 'dead-user-off', '\xd424cec61413b85a1db4ff375dbc59adf28f12dabb9d71b2103742dbbee82061', 'off', 'con', 'idn-off', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('acme', 'dead-idle', '\xe5c9fc0e0d92405bb5a25aedf47ecfd08e20559e78d9c4694ee5231477c3a732', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-01 08:00:00+00', '2026-11-01 08:00:00+00', '2026-11-02 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('acme', 'dead-expired', '\xc6e59ec4aa4946f52c728f907dce493bada83ac267e18c80f0e515416481a3df', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-01 08:00:00+00', '2026-11-01 08:00:00+00', '2999-01-01 00:00:00+00', '2026-11-08 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('acme', 'dead-idp-session', '\x74f96645647f0259c8d0a161da8da1507348659b0c02c3f01fbd19091a76b59e', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, 'ended-at-idp', NULL),
	('strict', 'alive-young', '\xbc18afe730c9a64b9df07e88332a7a28917c8dc73e3d34fb1d490e80546f722d', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2998-12-31 00:00:00+00', '2998-12-31 00:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('strict', 'dead-policy', '\x8ed3b9492608234ce242934f65a181a959902edd56b67c2f2a69c43b81d16854', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-01 08:00:00+00', '2026-11-01 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('left', 'dead-org', '\x2f214d45a4f42f39009d7e8eef2d72d4b08eec48520034218e0a4a975019613e', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL),
	('acme', 'dead-tombstone', '\xe909a6da02add6712fcf00a4e628dd2aa1b54a1852b929c7ac903629d766e82b', 'zoe', 'con', 'idn-zoe', 0, 0, '{}', 'Firefox', '192.0.2.1', '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', NULL, '2026-11-29 08:01:00+00', 'rev-1', NULL, NULL, NULL),
	('acme', 'dead-signed-out', '\xbb8a52ab210e8231d7537e2028cf40aec2275e11eca59fe640dbd3d32fcde2ea', 'zoe', 'con', 'idn-zoe', 0, 0, '{"cookie": {}}', 'Firefox', '192.0.2.1', '2026-11-29 08:00:00+00', '2026-11-29 08:00:00+00', '2999-01-01 00:00:00+00', '2999-01-01 00:00:00+00', '2026-11-29 08:01:00+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.signing_keys VALUES
	('sig', 'sealed', '2026-11-29 09:03:54.476+00');
INSERT INTO public.spent VALUES
	('acme', 'idp_session', 'con ended-at-idp', '2999-01-01 00:00:00+00');
INSERT INTO public.todos VALUES
	('acme', 'todo', 'zoe', 'Leave the Matrix', false, '2026-11-29 09:03:54.55+00', NULL);
INSERT INTO public.tokens VALUES
	('RefreshToken', '\xa0b64b90cfd51985432126ee5e0ad2ee159279bcab5f73a86d63d9a3c8edfac1', 'acme', 'alive-1', NULL, '{}', '2026-11-29 09:03:54.402+00', NULL, '2999-01-01 00:00:00+00'),
	('RefreshToken', '\x2f214d45a4f42f39009d7e8eef2d72d4b08eec48520034218e0a4a975019613e', 'left', 'dead-org', NULL, '{}', '2026-11-29 09:03:54.402+00', NULL, '2999-01-01 00:00:00+00'),
	('DeviceCode', '\x01', NULL, NULL, '\x02', '{}', '2026-11-29 09:03:54.41+00', NULL, '2026-11-29 00:00:00+00');
INSERT INTO public.users VALUES
	('acme', 'zoe', 'zoe@acme.example', 'zoe@acme.example', 'Zoe', 'owner', true, 0, NULL, NULL, NULL, '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL),
	('left', 'zoe', 'zoe@left.example', 'zoe@left.example', 'Zoe', 'owner', true, 0, NULL, NULL, NULL, '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL),
	('left', 'revoked', 'revoked@left.example', 'revoked@left.example', 'Revoked', 'member', true, 0, NULL, NULL, NULL, '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL),
	('left', 'off', 'off@left.example', 'off@left.example', 'Off', 'member', true, 0, NULL, NULL, NULL, '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL),
	('strict', 'zoe', 'zoe@strict.example', 'zoe@strict.example', 'Zoe', 'owner', true, 0, NULL, NULL, NULL, '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL),
	('strict', 'revoked', 'revoked@strict.example', 'revoked@strict.example', 'Revoked', 'member', true, 0, NULL, NULL, NULL, '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL),
	('strict', 'off', 'off@strict.example', 'off@strict.example', 'Off', 'member', true, 0, NULL, NULL, NULL, '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL),
	('acme', 'revoked', 'revoked@acme.example', 'revoked@acme.example', 'Revoked', 'member', true, 1, '700', '2026-11-29 08:01:00+00', 'rev-1', '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL),
	('acme', 'off', 'before@acme.example', 'before@acme.example', 'Off', 'member', false, 1, NULL, NULL, NULL, '2026-11-29 09:03:54.35+00', NULL, NULL, '{}', '2026-11-29 09:03:54.35+00', NULL, NULL);
INSERT INTO public.webhooks VALUES
	('acme', 'hook', 'https://hook.example', '{revocation}', true, 'sealed', NULL, NULL, '2026-11-29 09:03:54.53+00', '2026-11-29 09:03:54.53+00');
SELECT pg_catalog.setval('public.outbox_id_seq', 2, true);
ALTER TABLE ONLY public._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.delivery_attempts
    ADD CONSTRAINT delivery_attempts_pkey PRIMARY KEY (org_id, delivery_id, number);
ALTER TABLE ONLY public.domains
    ADD CONSTRAINT domains_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_pkey PRIMARY KEY (org_id, group_id, user_id);
ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.notification_feeds
    ADD CONSTRAINT notification_feeds_pkey PRIMARY KEY (org_id);
ALTER TABLE ONLY public.notification_readers
    ADD CONSTRAINT notification_readers_pkey PRIMARY KEY (org_id, user_id);
ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.orgs
    ADD CONSTRAINT orgs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.refused_callers
    ADD CONSTRAINT refused_callers_pkey PRIMARY KEY (org_id, caller);
ALTER TABLE ONLY public.released_names
    ADD CONSTRAINT released_names_pkey PRIMARY KEY (org_id, name);
ALTER TABLE ONLY public.revocations
    ADD CONSTRAINT revocations_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.spent
    ADD CONSTRAINT spent_pkey PRIMARY KEY (org_id, kind, id);
ALTER TABLE ONLY public.todos
    ADD CONSTRAINT todos_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (kind, id_hash);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (org_id, id);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (org_id, id);
CREATE UNIQUE INDEX api_keys_key_hash_key ON public.api_keys USING btree (key_hash);
CREATE INDEX audit_events_org_id_action_at_id_idx ON public.audit_events USING btree (org_id, action, at, id);
CREATE INDEX audit_events_org_id_actor_id_at_id_idx ON public.audit_events USING btree (org_id, actor_id, at, id);
CREATE INDEX audit_events_org_id_at_id_idx ON public.audit_events USING btree (org_id, at, id);
CREATE INDEX audit_events_org_id_target_id_at_id_idx ON public.audit_events USING btree (org_id, target_id, at, id);
CREATE INDEX audit_events_refusals_idx ON public.audit_events USING btree (org_id, ((detail ->> 'code'::text)), at, id) WHERE (action = 'call.refused'::text);
CREATE INDEX connections_client_id_idx ON public.connections USING btree (client_id);
CREATE INDEX connections_id_idx ON public.connections USING btree (id);
CREATE UNIQUE INDEX connections_proven_key ON public.connections USING btree (issuer, client_id) WHERE (active AND (proven_at IS NOT NULL));
CREATE INDEX deliveries_created_at_idx ON public.deliveries USING btree (created_at);
CREATE INDEX deliveries_dead_idx ON public.deliveries USING btree (id) WHERE (status = 'dead'::text);
CREATE INDEX deliveries_org_id_status_created_at_id_idx ON public.deliveries USING btree (org_id, status, created_at, id);
CREATE INDEX deliveries_org_id_webhook_id_created_at_id_idx ON public.deliveries USING btree (org_id, webhook_id, created_at, id);
CREATE UNIQUE INDEX domains_org_id_domain_key ON public.domains USING btree (org_id, domain);
CREATE UNIQUE INDEX domains_verified_key ON public.domains USING btree (domain) WHERE (verified_at IS NOT NULL);
CREATE INDEX grants_expires_at_idx ON public.grants USING btree (expires_at);
CREATE INDEX grants_idp_sid_idx ON public.grants USING btree (org_id, connection_id, idp_sid) WHERE (idp_sid IS NOT NULL);
CREATE INDEX grants_org_id_user_id_idx ON public.grants USING btree (org_id, user_id);
CREATE INDEX group_members_org_id_user_id_idx ON public.group_members USING btree (org_id, user_id);
CREATE INDEX groups_name_key_idx ON public.groups USING btree (org_id, lower(display_name));
CREATE INDEX groups_org_id_created_at_id_idx ON public.groups USING btree (org_id, created_at, id);
CREATE INDEX groups_org_id_display_name_idx ON public.groups USING btree (org_id, display_name);
CREATE UNIQUE INDEX identities_org_id_connection_id_issuer_subject_key ON public.identities USING btree (org_id, connection_id, issuer, subject);
CREATE UNIQUE INDEX identities_org_id_connection_id_user_id_key ON public.identities USING btree (org_id, connection_id, user_id);
CREATE INDEX notifications_created_at_idx ON public.notifications USING btree (created_at);
CREATE INDEX notifications_org_id_kind_target_id_created_at_idx ON public.notifications USING btree (org_id, kind, target_id, created_at);
CREATE UNIQUE INDEX notifications_org_id_position_key ON public.notifications USING btree (org_id, "position");
CREATE UNIQUE INDEX orgs_slug_key ON public.orgs USING btree (slug);
CREATE INDEX refused_callers_last_at_idx ON public.refused_callers USING btree (last_at);
CREATE INDEX revocations_org_id_created_at_id_idx ON public.revocations USING btree (org_id, created_at, id);
CREATE INDEX revocations_org_id_initiator_created_at_id_idx ON public.revocations USING btree (org_id, initiator, created_at, id);
CREATE INDEX revocations_org_id_user_id_created_at_idx ON public.revocations USING btree (org_id, user_id, created_at);
CREATE INDEX revocations_tombstones_pending_idx ON public.revocations USING btree (created_at) WHERE tombstones_pending;
CREATE INDEX sessions_expires_at_idx ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_idp_sid_idx ON public.sessions USING btree (org_id, connection_id, idp_sid) WHERE (idp_sid IS NOT NULL);
CREATE INDEX sessions_org_id_user_id_idx ON public.sessions USING btree (org_id, user_id);
CREATE UNIQUE INDEX sessions_sid_hash_key ON public.sessions USING btree (sid_hash);
CREATE INDEX spent_expires_at_idx ON public.spent USING btree (expires_at);
CREATE INDEX todos_org_id_user_id_created_at_idx ON public.todos USING btree (org_id, user_id, created_at);
CREATE INDEX tokens_expires_at_idx ON public.tokens USING btree (expires_at);
CREATE UNIQUE INDEX tokens_kind_user_code_hash_key ON public.tokens USING btree (kind, user_code_hash);
CREATE INDEX tokens_org_id_grant_id_idx ON public.tokens USING btree (org_id, grant_id);
CREATE INDEX users_administrators_idx ON public.users USING btree (org_id, role, email_key) WHERE (role <> 'member'::public."Role");
CREATE INDEX users_display_name_idx ON public.users USING btree (org_id, lower(name)) WHERE (deleted_at IS NULL);
CREATE INDEX users_inactive_idx ON public.users USING btree (org_id, email_key) WHERE ((NOT active) AND (deleted_at IS NULL));
CREATE INDEX users_last_modified_idx ON public.users USING btree (org_id, updated_at, created_at, id) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX users_org_id_email_key_key ON public.users USING btree (org_id, email_key);
CREATE INDEX users_org_id_external_id_idx ON public.users USING btree (org_id, external_id);
CREATE INDEX users_present_idx ON public.users USING btree (org_id, role) WHERE (deleted_at IS NULL);
CREATE INDEX users_provisioned_idx ON public.users USING btree (org_id, created_at, id) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX users_user_name_key ON public.users USING btree (org_id, COALESCE(user_name_key, email_key));
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_audit_change();
CREATE TRIGGER audit_events_outbox AFTER INSERT ON public.audit_events FOR EACH ROW WHEN (((new.action = ANY (ARRAY['access.revoked'::text, 'access.revoked_for_everyone'::text, 'user.deactivated'::text, 'user.removed'::text, 'idp_session.ended'::text, 'call.refused'::text, 'api_key.created'::text, 'role.changed'::text, 'delivery.failed'::text])) OR ((new.action = 'sign_in.refused'::text) AND ((new.detail ->> 'reason'::text) = 'connection_not_authoritative'::text)))) EXECUTE FUNCTION public.put_into_outbox();
CREATE TRIGGER audit_events_stay BEFORE DELETE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION public.refuse_early_removal();
CREATE TRIGGER grants_stay_dead BEFORE UPDATE OF org_id, id, client_id, user_id, user_generation, org_generation, revoked_at, ended_at ON public.grants FOR EACH ROW WHEN ((((((old.org_id IS DISTINCT FROM new.org_id) OR (old.id IS DISTINCT FROM new.id)) OR (old.client_id IS DISTINCT FROM new.client_id)) OR (old.user_id IS DISTINCT FROM new.user_id)) OR ((old.user_generation <> new.user_generation) AND ((new.user_generation <> (old.user_generation + 1)) OR (old.revoked_at IS NOT NULL) OR (old.ended_at IS NOT NULL))) OR ((old.org_generation <> new.org_generation) AND ((new.org_generation <> (old.org_generation + 1)) OR (old.revoked_at IS NOT NULL) OR (old.ended_at IS NOT NULL))) OR ((old.revoked_at IS NOT NULL) AND (new.revoked_at IS NULL)) OR ((old.ended_at IS NOT NULL) AND (new.ended_at IS NULL)))) EXECUTE FUNCTION public.refuse_revival();
CREATE TRIGGER identities_of_the_present AFTER INSERT ON public.identities FOR EACH ROW EXECUTE FUNCTION public.refuse_link_to_removed();
CREATE TRIGGER identities_released_names AFTER UPDATE OF subject ON public.identities FOR EACH ROW WHEN ((old.subject <> new.subject)) EXECUTE FUNCTION public.keep_released_name();
CREATE TRIGGER orgs_generation_grows BEFORE UPDATE OF generation ON public.orgs FOR EACH ROW WHEN ((new.generation < old.generation)) EXECUTE FUNCTION public.refuse_generation_decrease();
CREATE TRIGGER orgs_keep_expired BEFORE UPDATE OF session_idle_seconds, session_absolute_seconds, grant_idle_seconds, grant_absolute_seconds, sessions_seen_after, sessions_born_after, grants_seen_after, grants_born_after ON public.orgs FOR EACH ROW EXECUTE FUNCTION public.keep_expired();
CREATE TRIGGER sessions_stay_dead BEFORE UPDATE OF org_id, id, sid_hash, user_id, user_generation, org_generation, revoked_at, ended_at ON public.sessions FOR EACH ROW WHEN ((((((old.org_id IS DISTINCT FROM new.org_id) OR (old.id IS DISTINCT FROM new.id)) OR (old.sid_hash IS DISTINCT FROM new.sid_hash)) OR (old.user_id IS DISTINCT FROM new.user_id)) OR ((old.user_generation <> new.user_generation) AND ((new.user_generation <> (old.user_generation + 1)) OR (old.revoked_at IS NOT NULL) OR (old.ended_at IS NOT NULL))) OR ((old.org_generation <> new.org_generation) AND ((new.org_generation <> (old.org_generation + 1)) OR (old.revoked_at IS NOT NULL) OR (old.ended_at IS NOT NULL))) OR ((old.revoked_at IS NOT NULL) AND (new.revoked_at IS NULL)) OR ((old.ended_at IS NOT NULL) AND (new.ended_at IS NULL)))) EXECUTE FUNCTION public.refuse_revival();
CREATE TRIGGER tokens_stay_consumed BEFORE UPDATE ON public.tokens FOR EACH ROW WHEN ((((old.consumed_at IS NOT NULL) AND (new.consumed_at IS DISTINCT FROM old.consumed_at)) OR ((old.grant_id IS NOT NULL) AND ((old.org_id IS DISTINCT FROM new.org_id) OR (old.grant_id IS DISTINCT FROM new.grant_id))))) EXECUTE FUNCTION public.refuse_reuse();
CREATE TRIGGER users_generation_grows BEFORE UPDATE OF generation ON public.users FOR EACH ROW WHEN ((new.generation < old.generation)) EXECUTE FUNCTION public.refuse_generation_decrease();
CREATE TRIGGER users_inactive_end_access BEFORE UPDATE OF active ON public.users FOR EACH ROW WHEN ((old.active AND (NOT new.active) AND (new.generation = old.generation))) EXECUTE FUNCTION public.end_access_of_inactive();
CREATE TRIGGER users_released_names AFTER UPDATE OF email_key ON public.users FOR EACH ROW WHEN ((old.email_key <> new.email_key)) EXECUTE FUNCTION public.keep_released_name();
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_org_id_webhook_id_fkey FOREIGN KEY (org_id, webhook_id) REFERENCES public.webhooks(org_id, id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE ONLY public.delivery_attempts
    ADD CONSTRAINT delivery_attempts_org_id_delivery_id_fkey FOREIGN KEY (org_id, delivery_id) REFERENCES public.deliveries(org_id, id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE ONLY public.domains
    ADD CONSTRAINT domains_org_id_connection_id_fkey FOREIGN KEY (org_id, connection_id) REFERENCES public.connections(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.domains
    ADD CONSTRAINT domains_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_org_id_connection_id_fkey FOREIGN KEY (org_id, connection_id) REFERENCES public.connections(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_org_id_identity_id_fkey FOREIGN KEY (org_id, identity_id) REFERENCES public.identities(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.users(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_org_id_group_id_fkey FOREIGN KEY (org_id, group_id) REFERENCES public.groups(org_id, id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.users(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_org_id_connection_id_fkey FOREIGN KEY (org_id, connection_id) REFERENCES public.connections(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.users(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.notification_feeds
    ADD CONSTRAINT notification_feeds_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.notification_readers
    ADD CONSTRAINT notification_readers_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.notification_readers
    ADD CONSTRAINT notification_readers_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.users(org_id, id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.refused_callers
    ADD CONSTRAINT refused_callers_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.released_names
    ADD CONSTRAINT released_names_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.revocations
    ADD CONSTRAINT revocations_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_org_id_connection_id_fkey FOREIGN KEY (org_id, connection_id) REFERENCES public.connections(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_org_id_identity_id_fkey FOREIGN KEY (org_id, identity_id) REFERENCES public.identities(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.users(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.spent
    ADD CONSTRAINT spent_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.todos
    ADD CONSTRAINT todos_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.todos
    ADD CONSTRAINT todos_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.users(org_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_org_id_grant_id_fkey FOREIGN KEY (org_id, grant_id) REFERENCES public.grants(org_id, id) ON UPDATE RESTRICT ON DELETE CASCADE;
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_org_id_fkey FOREIGN KEY (org_id) REFERENCES public.orgs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;
