"""What somebody may add to a database that undoes its isolation: its code, how it is made, and how it is taken back.

What is the whole server's is taken back; everything else is made in a transaction that is.
"""

PLANTED: dict[str, tuple[str, list[str], list[str]]] = {
    "superuser": ("FH310", ["ALTER ROLE freehold SUPERUSER"], ["ALTER ROLE freehold NOSUPERUSER"]),
    "bypass": ("FH310", ["ALTER ROLE freehold BYPASSRLS"], ["ALTER ROLE freehold NOBYPASSRLS"]),
    "create roles": ("FH310", ["ALTER ROLE freehold CREATEROLE"], ["ALTER ROLE freehold NOCREATEROLE"]),
    "member of the owner": ("FH310", ['GRANT "{owner}" TO freehold'], ['REVOKE "{owner}" FROM freehold']),
    "reads all": ("FH310", ["GRANT pg_read_all_data TO freehold"], ["REVOKE pg_read_all_data FROM freehold"]),
    "owns a table": (
        "FH310",
        [
            "CREATE TABLE public.x ()",
            "ALTER TABLE public.x OWNER TO freehold",
        ],
        ["DROP TABLE public.x"],
    ),
    "tenant may sign in": ("FH310", ['ALTER ROLE "{role}" LOGIN'], ['ALTER ROLE "{role}" NOLOGIN']),
    "tenant bypasses": ("FH310", ['ALTER ROLE "{role}" BYPASSRLS'], ['ALTER ROLE "{role}" NOBYPASSRLS']),
    "tenant of two": ("FH310", ['GRANT "{other_role}" TO "{role}"'], ['REVOKE "{other_role}" FROM "{role}"']),
    "somebody a tenant": ("FH310", ["CREATE ROLE eve LOGIN", 'GRANT "{role}" TO eve'], ["DROP ROLE eve"]),
    "tenant reads all": ("FH310", ['GRANT pg_read_all_data TO "{role}"'], ['REVOKE pg_read_all_data FROM "{role}"']),
    "a tenant by default": (
        "FH310",
        [
            "ALTER ROLE freehold SET freehold.tenant = ''",
        ],
        ["ALTER ROLE freehold RESET ALL"],
    ),
    "no row security": ("FH311", ["ALTER TABLE {pool} DISABLE ROW LEVEL SECURITY"], []),
    "not forced": ("FH311", ["ALTER TABLE {pool} NO FORCE ROW LEVEL SECURITY"], []),
    "no restrictive policy": ("FH311", ["DROP POLICY mine_only ON {pool}"], []),
    "a weaker policy": ("FH311", ["ALTER POLICY mine_only ON {pool} USING (true)"], []),
    "a policy for some": ("FH311", ['ALTER POLICY mine_only ON {pool} TO "{role}"'], []),
    "a new shared table": (
        "FH311",
        [
            'SET ROLE "{owner}"',
            "CREATE TABLE freehold_pool.x (tenant uuid)",
            "RESET ROLE",
        ],
        [],
    ),
    "no check": ("FH311", ["ALTER TABLE {table} DROP CONSTRAINT {check}"], []),
    "another check": (
        "FH311",
        [
            "ALTER TABLE {table} DROP CONSTRAINT {check}",
            "ALTER TABLE {table} ADD CHECK (tenant IS NOT NULL)",
        ],
        [],
    ),
    "another owner": ("FH311", ["ALTER TABLE {table} OWNER TO postgres"], []),
    "a reference elsewhere": (
        "FH311",
        [
            "ALTER TABLE {table} ADD FOREIGN KEY (tenant, id) REFERENCES {other} (tenant, id) NOT VALID",
        ],
        [],
    ),
    "a reference by id": (
        "FH311",
        [
            "ALTER TABLE {pool} ADD UNIQUE (id)",
            "ALTER TABLE freehold_pool.freehold_player ADD FOREIGN KEY (team) REFERENCES {pool} (id)",
        ],
        [],
    ),
    "unique without a tenant": ("FH311", ["CREATE UNIQUE INDEX ON {pool} (id)"], []),
    "view": ("FH312", ["CREATE VIEW public.x AS SELECT * FROM {table}"], []),
    "materialised view": ("FH312", ["CREATE MATERIALIZED VIEW public.x AS SELECT * FROM {pool}"], []),
    "definer": (
        "FH312",
        [
            "CREATE FUNCTION public.x() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM {table}'",
        ],
        [],
    ),
    "trigger": (
        "FH312",
        [
            "CREATE FUNCTION public.x() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER x AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION public.x()",
        ],
        [],
    ),
    "rule": ("FH312", ["CREATE RULE x AS ON INSERT TO {table} DO ALSO SELECT 1"], []),
    "inheritance": ("FH312", ["CREATE TABLE public.x () INHERITS ({pool})"], []),
    "grant to another tenant": ("FH313", ['GRANT SELECT ON {table} TO "{other_role}"'], []),
    "grant to all": ("FH313", ["GRANT SELECT ON {pool} TO PUBLIC"], []),
    "truncate": ("FH313", ['GRANT TRUNCATE ON {table} TO "{role}"'], []),
    "references": ("FH313", ['GRANT REFERENCES ON {table} TO "{role}"'], []),
    "trigger grant": ("FH313", ['GRANT TRIGGER ON {table} TO "{role}"'], []),
    "grant option": ("FH313", ['GRANT SELECT ON {table} TO "{role}" WITH GRANT OPTION'], []),
    "audit": ("FH313", ['GRANT UPDATE ON {schema}.freehold_audit TO "{role}"'], []),
    "a column": ("FH313", ["GRANT SELECT (name) ON {table} TO PUBLIC"], []),
    "a schema": ("FH313", ['GRANT USAGE ON SCHEMA {schema} TO "{other_role}"'], []),
    "create in a schema": ("FH313", ['GRANT CREATE ON SCHEMA {schema} TO "{role}"'], []),
    "create in public": ("FH313", ["GRANT CREATE ON SCHEMA public TO PUBLIC"], []),
    "common table": ("FH313", ["CREATE TABLE public.x ()", "GRANT SELECT ON public.x TO PUBLIC"], []),
    "control": ("FH313", ['GRANT SELECT ON freehold.ground TO "{role}"'], []),
    "call": ("FH313", ["GRANT EXECUTE ON FUNCTION freehold.make_ground(uuid, text) TO PUBLIC"], []),
    "defaults": ("FH313", ['ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT SELECT ON TABLES TO freehold'], []),
    "temporary": ("FH313", ["GRANT TEMPORARY ON DATABASE {database} TO PUBLIC"], []),
    "setting": (
        "FH313",
        [
            "GRANT SET ON PARAMETER session_replication_role TO freehold",
        ],
        ["REVOKE SET ON PARAMETER session_replication_role FROM freehold"],
    ),
    "extension": ("FH314", ["CREATE EXTENSION {extension}"], []),
    "untrusted language": (
        "FH314",
        [
            "CREATE TRUSTED LANGUAGE x HANDLER plpgsql_call_handler",
            "UPDATE pg_language SET lanpltrusted = false WHERE lanname = 'x'",
        ],
        [],
    ),
    "unlogged": ("FH315", ["ALTER TABLE {schema}.freehold_sample SET UNLOGGED"], []),
}
"""Under a name for messages."""
