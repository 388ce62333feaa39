"""What the catalogue of a database is searched for: queries that find nothing where all is well.

A query gives the subject, and what else its sentence tells. It may use `%(login)s` who serves, `%(name)s` what the
installation is called, `%(mine)s` how the pool's policies are written, and `%(functions)s` the names of our functions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """One query, its code, and what is told of each row that it finds: `{0}`, `{1}` are its columns."""

    code: str
    query: str
    message: str
    fix: str
    is_hint: bool = False


_GROUND = "(n.nspname ~ '^t_[0-9a-f]{32}$' OR n.nspname IN ('freehold_pool', 'freehold_platform'))"
_ROLE = "starts_with({}, 'fh_' || %(name)s::text || '_')"
_OWN = """('fh_' || %(name)s::text || '_' || CASE n.nspname WHEN 'freehold_pool' THEN 'pool'
WHEN 'freehold_platform' THEN repeat('0', 32) ELSE substr(n.nspname, 3) END)"""
_WHO = "coalesce(g.rolname, 'PUBLIC')"
_OWNER = "('fh_' || %(name)s::text || '_owner')"
_TABLES = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
_SOMEBODY = f"({_WHO} = 'PUBLIC' OR {_WHO} = %(login)s::text OR {_ROLE.format(_WHO)})"
_OURS = "(n.nspname = 'freehold' AND p.proname = ANY (%(functions)s::text[]))"

ROLES = (
    Look(
        "FH310",
        """SELECT rolname, word FROM pg_roles, LATERAL (VALUES (rolsuper, 'is a superuser'),
        (rolbypassrls, 'may bypass row security'), (rolcreaterole, 'may create roles'),
        (rolcreatedb, 'may create databases'), (rolreplication, 'may replicate')) AS may(so, word)
        WHERE so AND rolname = %(login)s::text""",
        "{0}, who serves, {1}",
        "serve as a role that owns nothing and may do nothing but sign in, and is a member of the role `app` only",
    ),
    Look(
        "FH310",
        f"""SELECT r.rolname, o.rolname FROM pg_roles r, pg_roles o WHERE r.rolname = %(login)s::text AND NOT r.rolsuper
        AND pg_has_role(r.oid, o.oid, 'MEMBER') AND (o.rolname = {_OWNER} OR o.rolname IN ('pg_read_all_data',
        'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
        'pg_maintain', 'pg_signal_backend', 'pg_read_all_stats', 'pg_monitor'))""",
        "{0}, who serves, may become {1}",
        "revoke that role from it",
    ),
    Look(
        "FH310",
        """SELECT %(login)s::text, count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
        WHERE r.rolname = %(login)s::text HAVING count(*) > 0""",
        "{0}, who serves, owns {1} tables and indexes: it is above what guards them",
        "give them to another role: `REASSIGN OWNED`",
    ),
    Look(
        "FH310",
        f"""SELECT rolname, word FROM pg_roles, LATERAL (VALUES (rolcanlogin, 'may sign in'),
        (rolsuper, 'is a superuser'), (rolbypassrls, 'may bypass row security'), (rolreplication, 'may replicate'),
        (rolcreatedb, 'may create databases'), (rolcreaterole AND rolname <> {_OWNER}, 'may create roles'))
        AS may(so, word)
        WHERE so AND {_ROLE.format("rolname")}""",
        "the role {0} {1}",
        "take that from it with `ALTER ROLE`: nobody signs in as a tenant, or as the owner",
    ),
    Look(
        "FH310",
        f"""SELECT m.rolname, r.rolname FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid
        JOIN pg_roles m ON m.oid = a.member WHERE {_ROLE.format("r.rolname")} AND NOT m.rolsuper
        AND r.rolname NOT IN ('fh_' || %(name)s::text || '_app', {_OWNER}, 'fh_' || %(name)s::text || '_tenants')
        AND m.rolname NOT IN ('fh_' || %(name)s::text || '_app', {_OWNER})""",
        "{0} may become the tenant {1}",
        "revoke that role from it: nobody but who serves may be a tenant",
    ),
    Look(
        "FH310",
        f"""SELECT m.rolname, r.rolname FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid
        JOIN pg_roles m ON m.oid = a.member WHERE {_ROLE.format("m.rolname")} AND NOT {_ROLE.format("r.rolname")}""",
        "the role {0} has what {1} has",
        "revoke that role from it",
    ),
    Look(
        "FH310",
        f"""SELECT r.rolname, c.setting FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole,
        unnest(s.setconfig) AS c(setting) WHERE (r.rolname = %(login)s::text OR {_ROLE.format("r.rolname")})
        AND split_part(c.setting, '=', 1) IN ('role', 'freehold.tenant', 'session_replication_role')""",
        "{0} begins every session with {1}: a call without a tenant would have one",
        "`ALTER ROLE ... RESET` that setting",
    ),
)
"""Who may be what."""

GUARDS = (
    Look(
        "FH311",
        f"SELECT n.nspname || '.' || c.relname FROM {_TABLES} WHERE n.nspname = 'freehold_pool' "
        "AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
        "the shared table {0} is not behind row security, or its owner is not",
        "`ALTER TABLE ... ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`",
    ),
    Look(
        "FH311",
        f"""SELECT n.nspname || '.' || c.relname FROM {_TABLES} WHERE n.nspname = 'freehold_pool'
        AND c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid
        AND NOT p.polpermissive AND p.polcmd = '*'
        AND p.polroles = '{{0}}' AND pg_get_expr(p.polqual, c.oid) = %(mine)s::text
        AND pg_get_expr(p.polwithcheck, c.oid) = %(mine)s::text)""",
        "the shared table {0} has no restrictive policy that is about every command and every role",
        "make the policy `mine_only` as freehold does: see `freehold.stores.postgres.ddl`",
    ),
    Look(
        "FH311",
        f"""SELECT n.nspname || '.' || c.relname FROM {_TABLES} WHERE n.nspname ~ '^t_[0-9a-f]{{32}}$'
        AND c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid
        AND k.contype = 'c' AND k.convalidated AND pg_get_constraintdef(k.oid) =
        format('CHECK ((tenant = %%L::uuid))', substr(n.nspname, 3)::uuid::text))""",
        "nothing holds the tenant of the rows in {0} to the tenant whose schema it is",
        "add `CHECK (tenant = '...')`, and look at the rows that do not pass",
    ),
    Look(
        "FH311",
        f"""SELECT n.nspname || '.' || c.relname, r.rolname FROM {_TABLES} JOIN pg_roles r ON r.oid = c.relowner
        WHERE {_GROUND} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND r.rolname <> {_OWNER}
        UNION ALL SELECT n.nspname, r.rolname FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
        WHERE ({_GROUND} OR n.nspname = 'freehold') AND r.rolname <> {_OWNER}""",
        "{0} belongs to {1}, whom nothing of a tenant's should belong to",
        "give it to the role `owner`, or take it away from there",
    ),
    Look(
        "FH311",
        f"""SELECT n.nspname || '.' || c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class t ON t.oid = k.confrelid
        WHERE k.contype = 'f' AND {_GROUND} AND (t.relnamespace <> c.relnamespace OR NOT EXISTS
        (SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND a.attnum = ANY (k.conkey)))""",
        "the foreign key {1} of {0} leads to another ground, or does not begin with the tenant",
        "drop it: a row must be tied to rows of its own tenant only",
    ),
    Look(
        "FH311",
        f"""SELECT n.nspname || '.' || c.relname FROM {_TABLES} WHERE n.nspname = 'freehold_pool' AND EXISTS
        (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND NOT EXISTS (SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND a.attnum = i.indkey[0]))""",
        "a unique index of the shared table {0} does not begin with the tenant: it tells what others have",
        "drop it, and make one that does",
    ),
)
"""What stands before every row."""

WAYS_AROUND = (
    Look(
        "FH312",
        f"""SELECT DISTINCT v.oid::regclass::text, CASE v.relkind WHEN 'm' THEN 'materialised view' ELSE 'view' END
        FROM pg_class v JOIN pg_rewrite w ON w.ev_class = v.oid JOIN pg_depend d ON d.objid = w.oid
        AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        JOIN pg_class c ON c.oid = d.refobjid AND c.oid <> v.oid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_GROUND} AND (v.relkind = 'm' OR v.relkind = 'v' AND
        NOT coalesce((SELECT option_value::boolean FROM pg_options_to_table(v.reloptions)
        WHERE option_name = 'security_invoker'), false))""",
        "the {1} {0} shows rows of tenants as its owner sees them",
        "drop it; or, for a view, `ALTER VIEW ... SET (security_invoker = true)`",
    ),
    Look(
        "FH312",
        f"""SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT {_OURS}""",
        "the function {0} runs as its owner: whoever calls it has what its owner has",
        "drop it, or `ALTER FUNCTION ... SECURITY INVOKER`",
    ),
    Look(
        "FH312",
        f"""SELECT c.oid::regclass::text, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE {_GROUND} AND NOT t.tgisinternal AND p.oid <> to_regproc('freehold.note_busy')
        UNION ALL SELECT c.oid::regclass::text, w.rulename FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_GROUND} AND c.relkind IN ('r', 'p')""",
        "the trigger or rule {1} of {0} is not freehold's: it can carry rows elsewhere",
        "drop it, and do what it does in a handler of an event",
    ),
    Look(
        "FH312",
        f"""SELECT c.oid::regclass::text, p.oid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid IN (c.relnamespace, p.relnamespace)
        WHERE {_GROUND} AND c.relkind IN ('r', 'p', 'f')""",
        "{0} is a part of {1}: whoever reads one of them reads rows of the other",
        "take them apart: `ALTER TABLE ... NO INHERIT`, or `DETACH PARTITION`",
    ),
    Look(
        "FH312",
        "SELECT pubname FROM pg_publication",
        "the publication {0} carries rows of tenants to whoever subscribes",
        "see that its subscribers may have them; no role of freehold's can subscribe",
        is_hint=True,
    ),
    Look(
        "FH314",
        """SELECT extname FROM pg_extension WHERE extname IN ('dblink', 'postgres_fdw', 'file_fdw', 'adminpack',
        'plpython3u', 'plperlu', 'pltclu', 'plsh', 'http', 'pg_net', 'lo')""",
        "the extension {0} reaches beyond this database, or beyond its privileges",
        "`DROP EXTENSION`, or have it in another database",
    ),
    Look(
        "FH314",
        """SELECT lanname FROM pg_language WHERE NOT lanpltrusted AND lanname NOT IN ('internal', 'c')
        UNION ALL SELECT srvname FROM pg_foreign_server""",
        "{0} is a language that may do anything, or a server elsewhere",
        "drop it, or have it in another database",
    ),
)
"""What would show rows past the guards."""

GRANTS = (
    Look(
        "FH313",
        f"""SELECT {_WHO}, n.nspname || '.' || c.relname, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
        FROM {_TABLES}, aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
        WHERE {_GROUND} AND c.relkind <> 'i' AND {_WHO} <> {_OWNER} AND ({_WHO} <> {_OWN} OR a.is_grantable
        OR a.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
        OR c.relname = 'freehold_audit' AND a.privilege_type IN ('UPDATE', 'DELETE')) GROUP BY 1, 2""",
        "{0} may {2} on {1}",
        "revoke it: a tenant's role has SELECT, INSERT, UPDATE and DELETE on its own ground, and that is all",
    ),
    Look(
        "FH313",
        f"""SELECT {_WHO}, n.nspname || '.' || c.relname || '.' || t.attname, a.privilege_type FROM pg_attribute t
        JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
        aclexplode(t.attacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE {_GROUND} AND {_WHO} <> {_OWNER}""",
        "{0} may {2} on the column {1}",
        "revoke it",
    ),
    Look(
        "FH313",
        f"""SELECT {_WHO}, n.nspname, a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a
        LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE {_GROUND} AND {_WHO} <> {_OWNER}
        AND ({_WHO} <> {_OWN} OR a.privilege_type <> 'USAGE' OR a.is_grantable)
        UNION ALL SELECT {_WHO}, n.nspname, a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a
        LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE NOT {_GROUND} AND n.nspname !~ '^pg_'
        AND a.privilege_type = 'CREATE' AND {_WHO} <> {_OWNER} AND {_SOMEBODY}""",
        "{0} has {2} on the schema {1}",
        "revoke it: a tenant's role has USAGE of its own schema",
    ),
    Look(
        "FH313",
        f"""SELECT {_WHO}, n.nspname || '.' || c.relname, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
        FROM {_TABLES}, aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
        WHERE NOT {_GROUND} AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND {_WHO} <> {_OWNER}
        AND {_SOMEBODY} AND NOT (n.nspname = 'freehold' AND {_WHO} = 'fh_' || %(name)s::text || '_app'
        AND a.privilege_type = 'SELECT') GROUP BY 1, 2""",
        "{0} may {2} on {1}, which is on nobody's ground",
        "revoke it: what lies there can be seen by every tenant",
    ),
    Look(
        "FH313",
        f"""SELECT {_WHO}, p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
        aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a LEFT JOIN pg_roles g ON g.oid = a.grantee
        WHERE n.nspname = 'freehold' AND {_WHO} = 'PUBLIC'""",
        "{0} may call {1}",
        "`REVOKE ALL ON FUNCTION ... FROM PUBLIC`",
    ),
    Look(
        "FH313",
        f"""SELECT {_WHO}, coalesce(n.nspname, 'every schema') FROM pg_default_acl d LEFT JOIN pg_namespace n
        ON n.oid = d.defaclnamespace JOIN pg_roles o ON o.oid = d.defaclrole, aclexplode(d.defaclacl) a
        LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE (o.rolname = {_OWNER} OR {_GROUND}) AND {_WHO} <> o.rolname
        AND d.defaclobjtype IN ('r', 'n', 'S')""",
        "whatever is made in {1} from now on will be {0}'s to use",
        "`ALTER DEFAULT PRIVILEGES ... REVOKE`",
    ),
    Look(
        "FH313",
        f"""SELECT {_WHO}, a.privilege_type FROM pg_database d,
        aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a LEFT JOIN pg_roles g ON g.oid = a.grantee
        WHERE d.datname = current_database() AND a.privilege_type <> 'CONNECT' AND {_WHO} <> {_OWNER}
        AND {_SOMEBODY}""",
        "{0} has {1} on the database",
        "revoke it: tables that a session makes for itself can stand before those of a tenant",
    ),
    Look(
        "FH313",
        f"""SELECT {_WHO}, p.parname FROM pg_parameter_acl p, aclexplode(p.paracl) a
        LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE {_SOMEBODY}""",
        "{0} may change the setting {1}, which is for superusers",
        "revoke it",
    ),
)
"""Who may do what."""

SETTINGS = (
    Look(
        "FH315",
        """SELECT name, setting FROM pg_settings WHERE setting = 'off'
        AND name IN ('fsync', 'full_page_writes', 'synchronous_commit')""",
        "{0} is {1}: what was acknowledged can be lost with the power",
        "turn it on, but for data that may be lost",
    ),
    Look(
        "FH315",
        f"""SELECT n.nspname || '.' || c.relname FROM {_TABLES} WHERE {_GROUND} AND c.relkind = 'r'
        AND c.relpersistence = 'u'""",
        "the table {0} is unlogged: a crash empties it",
        "`ALTER TABLE ... SET LOGGED`",
    ),
    Look(
        "FH316",
        "SELECT count(*) FROM pg_namespace n WHERE n.nspname ~ '^t_[0-9a-f]{32}$' HAVING count(*) > 2000",
        "{0} tenants have a schema of their own here: memory per connection, dumps and recovery grow with them",
        "move small tenants to the pool, or begin another database",
        is_hint=True,
    ),
    Look(
        "FH316",
        """SELECT s.name, s.setting FROM pg_settings s WHERE s.name = 'recovery_init_sync_method'
        AND s.setting <> 'syncfs' AND
        (SELECT count(*) > 200 FROM pg_namespace n WHERE n.nspname ~ '^t_[0-9a-f]{32}$')""",
        "{0} is {1}: after a crash the server opens every file there is, and a schema per tenant makes many",
        "set it to syncfs",
        is_hint=True,
    ),
    Look(
        "FH316",
        f"""SELECT s.setting, s.setting::integer * (current_setting('max_connections')::integer), count(*)
        FROM pg_settings s, {_TABLES} WHERE s.name = 'max_locks_per_transaction' AND {_GROUND}
        AND c.relkind IN ('r', 'i') GROUP BY s.setting
        HAVING count(*) > s.setting::bigint * current_setting('max_connections')::bigint""",
        "max_locks_per_transaction is {0}: there is room for {1} locks, and a dump of all takes one on each of {2}"
        " tables and indexes",
        "raise it, or dump tenants one by one",
        is_hint=True,
    ),
)
"""How the server is set up."""

LOOKS = (*ROLES, *GUARDS, *WAYS_AROUND, *GRANTS, *SETTINGS)
"""All of them, in the order they are told in."""
