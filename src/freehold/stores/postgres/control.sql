-- What a database of freehold's has besides its grounds. `{owner}`, `{app}`, `{tenants}` and `{pool}` are the roles
-- of this installation, and `{installation}` is what it is called.

CREATE TABLE IF NOT EXISTS freehold.installation (id text PRIMARY KEY);

-- Every migration, with the schemas before and after it.
CREATE TABLE IF NOT EXISTS freehold.migration (
    number integer PRIMARY KEY,
    at timestamp with time zone NOT NULL DEFAULT now(),
    label text NOT NULL,
    undone boolean NOT NULL DEFAULT false,
    before json NOT NULL,
    after json NOT NULL
);

-- Where each tenant lies, and which migration its tables have. One query says it of all.
CREATE TABLE IF NOT EXISTS freehold.ground (
    tenant uuid PRIMARY KEY,
    tier text NOT NULL CHECK (tier IN ('schema', 'pool')),
    version integer NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS ground_version ON freehold.ground (version, tenant);

-- How a new ground is made, statement by statement, at the newest version.
CREATE TABLE IF NOT EXISTS freehold.recipe (platform boolean, number integer, statement text NOT NULL,
    PRIMARY KEY (platform, number));

-- Which tenants have deliveries waiting, and when the first of them is due.
CREATE TABLE IF NOT EXISTS freehold.busy (tenant uuid PRIMARY KEY, due timestamp with time zone NOT NULL);
CREATE INDEX IF NOT EXISTS busy_due ON freehold.busy (due);

CREATE OR REPLACE FUNCTION freehold.refuse() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a row that must be there is not' USING ERRCODE = 'FHLOS';
END $$;

-- Keeps `busy` true. It locks before it looks: else a delivery that is being added would be forgotten. Whoever moves a
-- tenant changes nothing about what is due, and must not have that lock while the tenant goes on writing.
CREATE OR REPLACE FUNCTION freehold.note_busy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    whose uuid := coalesce(NEW.tenant, OLD.tenant);
    first timestamp with time zone;
BEGIN
    IF current_setting('freehold.moving', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'waiting' THEN
            INSERT INTO freehold.busy AS known (tenant, due) VALUES (whose, NEW.due)
            ON CONFLICT (tenant) DO UPDATE SET due = least(known.due, excluded.due);
        END IF;
        RETURN NULL;
    END IF;
    PERFORM FROM freehold.busy WHERE tenant = whose FOR UPDATE;
    EXECUTE format('SELECT min(due) FROM %I.%I WHERE tenant = $1 AND state = ''waiting''',
                   TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO first USING whose;
    IF first IS NULL THEN
        DELETE FROM freehold.busy WHERE tenant = whose;
    ELSE
        INSERT INTO freehold.busy (tenant, due) VALUES (whose, first)
        ON CONFLICT (tenant) DO UPDATE SET due = excluded.due;
    END IF;
    RETURN NULL;
END $$;

-- Makes the rest of a transaction run on a tenant's part of the pool, if it lies there. Whoever believes so of a tenant
-- that has moved would find nothing, and write where nobody looks: they are told, as if its tables were gone.
CREATE OR REPLACE FUNCTION freehold.enter(whose uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM freehold.ground WHERE tenant = whose AND tier = 'pool') THEN
        RAISE EXCEPTION 'this tenant does not lie in the pool' USING ERRCODE = 'undefined_object';
    END IF;
    PERFORM set_config('freehold.tenant', whose::text, true);
END $$;

-- Makes tables of a tenant's own, which nobody can reach yet. The recipe stays as it is until the end of the transaction:
-- else a migration could be noted between the making of the tables and the reading of the version they are at.
CREATE OR REPLACE FUNCTION freehold.make_tables(whose uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_platform boolean := whose = '00000000-0000-0000-0000-000000000000';
    place text := CASE WHEN is_platform THEN 'freehold_platform' ELSE 't_' || replace(whose::text, '-', '') END;
    each text;
BEGIN
    LOCK TABLE freehold.recipe IN SHARE MODE;
    EXECUTE format('CREATE SCHEMA %I', place);
    FOR each IN SELECT statement FROM freehold.recipe WHERE platform = is_platform ORDER BY number LOOP
        EXECUTE replace(replace(each, '"ground"', quote_ident(place)), '''tenant''', quote_literal(whose));
    END LOOP;
END $$;

-- Says where a tenant lies, and lets it in there. Roles are locked until the end of the transaction.
CREATE OR REPLACE FUNCTION freehold.open_ground(whose uuid, wanted text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    short text := replace(whose::text, '-', '');
    is_platform boolean := whose = '00000000-0000-0000-0000-000000000000';
    place text := CASE WHEN is_platform THEN 'freehold_platform' ELSE 't_' || short END;
    role text := 'fh_{installation}_' || short;
    newest integer := (SELECT coalesce(max(number), 0) FROM freehold.migration WHERE NOT undone);
BEGIN
    IF wanted = 'schema' THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
        EXECUTE format('GRANT {tenants} TO %I', role);
        EXECUTE format('GRANT %I TO {app}', role);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place, role);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', place, role);
        EXECUTE format('REVOKE UPDATE, DELETE ON %I.freehold_audit FROM %I', place, role);
    END IF;
    INSERT INTO freehold.ground (tenant, tier, version) VALUES (whose, wanted, newest)
    ON CONFLICT (tenant) DO UPDATE SET tier = excluded.tier, version = excluded.version, at = now();
END $$;

-- Makes the ground of a tenant, in the transaction that first writes on it. All that the app may do about grounds.
CREATE OR REPLACE FUNCTION freehold.make_ground(whose uuid, wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(2, hashtext(replace(whose::text, '-', '')));
    IF EXISTS (SELECT FROM freehold.ground WHERE tenant = whose) THEN
        RETURN;  -- somebody else has made it since we looked
    END IF;
    IF wanted = 'schema' THEN
        PERFORM freehold.make_tables(whose);
    END IF;
    PERFORM freehold.open_ground(whose, wanted);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA freehold FROM PUBLIC;
GRANT USAGE ON SCHEMA freehold TO {app}, {tenants};
GRANT EXECUTE ON FUNCTION freehold.refuse() TO {tenants};
GRANT EXECUTE ON FUNCTION freehold.enter(uuid) TO {pool};
GRANT EXECUTE ON FUNCTION freehold.make_ground(uuid, text) TO {app};
GRANT SELECT ON freehold.installation, freehold.migration, freehold.ground, freehold.busy TO {app};
