//! The faults, each by the code that finds it and by what causes it. `$p` stands for the prefix.

use db::{
    Registry,
    audit::{Code, Severity},
};

use crate::note::{Note, application};

/// A database with one fault.
pub(crate) struct Case {
    pub(crate) code: Code,
    /// What makes it so, in words.
    pub(crate) cause: &'static str,
    pub(crate) severity: Severity,
    /// What has it.
    pub(crate) object: &'static str,
    /// The entities of the program.
    pub(crate) registry: Registry,
    /// What is there before, and is no fault.
    pub(crate) given: Vec<String>,
    pub(crate) fault: Vec<String>,
    /// The first major version of PostgreSQL that can have it.
    pub(crate) since: i32,
}

impl Case {
    fn new(code: Code, cause: &'static str, object: &'static str, fault: &[&str]) -> Self {
        Self {
            code,
            cause,
            severity: code.severity(),
            object,
            registry: application(),
            given: Vec::new(),
            fault: fault.iter().map(|&sql| sql.to_owned()).collect(),
            since: 0,
        }
    }

    fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    fn given(mut self, sql: &[&str]) -> Self {
        self.given.extend(sql.iter().map(|&sql| sql.to_owned()));
        self
    }

    /// With the entity `Note`, and its table.
    fn with_note(mut self) -> Self {
        self.registry = self.registry.with::<Note>();
        let migrator = migration::Migrator::new("prefix_of_a_test", "login_of_a_test", None).unwrap();
        let statements = migrator.contract().create_table::<Note>();
        self.given.extend(statements.iter().map(|sql| sql.replace("prefix_of_a_test", "$p")));
        self
    }

    fn except(mut self, code: Code, object: &'static str) -> Self {
        self.registry = self.registry.except(code, object, "this case is about another fault");
        self
    }

    fn since(self, since: i32) -> Self {
        Self { since, ..self }
    }
}

pub(crate) fn cases() -> Vec<Case> {
    [roles(), logins(), tables(), policies(), views(), functions(), constraints(), databases(), drift()]
        .into_iter()
        .flatten()
        .collect()
}

fn roles() -> Vec<Case> {
    use Code::{
        MembershipAdminOption, RoleBecomesOwner, RoleBypassesRls, RoleCreatesRoles, RoleOwnsObject, RoleReadsAll,
        RoleReplicates, RoleSuperuser, ScopeRoleLogsIn, SettingFixed,
    };
    let mut cases = Vec::new();
    for (code, attribute) in [
        (RoleSuperuser, "SUPERUSER"),
        (RoleBypassesRls, "BYPASSRLS"),
        (RoleReplicates, "REPLICATION"),
        (RoleCreatesRoles, "CREATEROLE"),
    ] {
        let has = format!("ALTER ROLE $p_tenant {attribute}");
        let login_has = format!("ALTER ROLE $p_login {attribute}");
        let root = format!("CREATE ROLE $p_root {attribute}");
        cases.extend([
            Case::new(code, "a scope role's attribute", "role $p_tenant", &[&has]),
            Case::new(code, "the login role's attribute", "role $p_login", &[&login_has]),
            Case::new(code, "a membership", "role $p_user", &[&root, "GRANT $p_root TO $p_user"]),
            Case::new(
                code,
                "a membership of a membership",
                "role $p_login",
                &[&root, "CREATE ROLE $p_ops", "GRANT $p_root TO $p_ops", "GRANT $p_ops TO $p_login"],
            ),
        ]);
    }
    cases.extend([
        Case::new(
            RoleBecomesOwner,
            "the owner of a table",
            "role $p_tenant",
            &["CREATE ROLE $p_keeper", "ALTER TABLE plan_step OWNER TO $p_keeper", "GRANT $p_keeper TO $p_tenant"],
        ),
        Case::new(RoleBecomesOwner, "the gate", "role $p_login", &["GRANT $p_gate TO $p_login"]),
        Case::new(RoleReadsAll, "a membership", "role $p_identity", &["GRANT pg_read_all_data TO $p_identity"]),
        Case::new(
            RoleReadsAll,
            "a membership of a membership",
            "role $p_login",
            &["CREATE ROLE $p_ops", "GRANT pg_monitor TO $p_ops", "GRANT $p_ops TO $p_login"],
        ),
        Case::new(
            MembershipAdminOption,
            "a grant",
            "role $p_login",
            &["GRANT $p_tenant TO $p_login WITH ADMIN OPTION"],
        ),
        Case::new(
            RoleOwnsObject,
            "a table",
            "role $p_tenant",
            &["CREATE TABLE thing ()", "ALTER TABLE thing OWNER TO $p_tenant"],
        ),
        Case::new(
            RoleOwnsObject,
            "a function",
            "role $p_user",
            &[
                "CREATE FUNCTION thing(a int, \"B c\" text) RETURNS int RETURN 1",
                "ALTER FUNCTION thing OWNER TO $p_user",
            ],
        ),
        Case::new(RoleOwnsObject, "a schema", "role $p_login", &["CREATE SCHEMA \"of login\" AUTHORIZATION $p_login"]),
        Case::new(ScopeRoleLogsIn, "an attribute", "role $p_identity", &["ALTER ROLE $p_identity LOGIN"]),
        Case::new(
            SettingFixed,
            "a tenant, for the role",
            "role $p_login",
            &["ALTER ROLE $p_login SET $p.organization_id = '00000000-0000-0000-0000-000000000000'"],
        ),
        Case::new(
            SettingFixed,
            "the role, for the role in the database",
            "role $p_login",
            &["ALTER ROLE $p_login IN DATABASE $p SET role = '$p_tenant'"],
        ),
        Case::new(
            SettingFixed,
            "row-level security, for the database",
            "database $p",
            &["ALTER DATABASE $p SET row_security = off"],
        ),
    ]);
    cases
}

fn logins() -> Vec<Case> {
    use Code::{LoginHasPrivileges, LoginInheritsScope};
    vec![
        Case::new(
            LoginInheritsScope,
            "the role inherits",
            "role $p_login",
            &["DO $$ BEGIN
            IF current_setting('server_version_num')::int >= 160000 THEN
              EXECUTE 'GRANT $p_tenant, $p_user TO $p_login WITH INHERIT TRUE';
            ELSE ALTER ROLE $p_login INHERIT; END IF; END $$"],
        ),
        Case::new(
            LoginHasPrivileges,
            "a table",
            "role $p_login of public.organization",
            &["GRANT SELECT ON organization TO $p_login"],
        ),
        Case::new(
            LoginHasPrivileges,
            "a column",
            "role $p_login of public.user",
            &["GRANT SELECT (email) ON \"user\" TO $p_login"],
        ),
        Case::new(
            LoginHasPrivileges,
            "a sequence",
            "role $p_login of public.counter",
            &["CREATE SEQUENCE counter", "GRANT USAGE ON SEQUENCE counter TO $p_login"],
        ),
        Case::new(
            LoginHasPrivileges,
            "a foreign server",
            "role $p_login",
            &[
                "CREATE FOREIGN DATA WRAPPER elsewhere",
                "CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere",
                "GRANT USAGE ON FOREIGN SERVER elsewhere TO $p_login",
            ],
        ),
        Case::new(
            LoginHasPrivileges,
            "a role that it inherits",
            "role $p_login of public.organization",
            &[
                "CREATE ROLE $p_reports",
                "GRANT SELECT ON organization TO $p_reports",
                "GRANT $p_reports TO $p_login WITH INHERIT TRUE",
            ],
        )
        .since(16),
    ]
}

fn tables() -> Vec<Case> {
    use Code::{
        GrantToPublic, GrantUnfiltered, PoliciesWithoutRls, RlsWithoutPolicies, ScopeColumnNullable, ScopeColumnType,
        ScopeColumnWithoutIndex, TableRlsNotForced, TableWithoutEntity, TableWithoutRls,
    };
    const PLAIN: &str =
        "CREATE TABLE plain (organization_id uuid NOT NULL, id uuid, PRIMARY KEY (organization_id, id))";
    vec![
        Case::new(
            TableWithoutRls,
            "an entity's, with neither",
            "table public.verification",
            &[
                "DROP POLICY identity_boundary ON verification",
                "DROP POLICY identity_access ON verification",
                "ALTER TABLE verification DISABLE ROW LEVEL SECURITY",
            ],
        ),
        Case::new(
            TableWithoutRls,
            "a table of no entity",
            "table public.plain",
            &["GRANT SELECT ON plain TO $p_tenant"],
        )
        .given(&[PLAIN])
        .except(TableWithoutEntity, "public.plain"),
        Case::new(
            TableWithoutRls,
            "a partition, by its own name",
            "table public.plain_1",
            &["GRANT SELECT ON plain_1 TO $p_tenant"],
        )
        .given(&[
            "CREATE TABLE plain (organization_id uuid NOT NULL, id uuid, PRIMARY KEY (organization_id, id))
             PARTITION BY HASH (organization_id)",
            "CREATE TABLE plain_1 PARTITION OF plain FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        ])
        .except(TableWithoutEntity, "public.plain"),
        Case::new(
            PoliciesWithoutRls,
            "switched off",
            "table public.research_plan",
            &["ALTER TABLE research_plan DISABLE ROW LEVEL SECURITY"],
        ),
        Case::new(
            PoliciesWithoutRls,
            "never switched on, on a table that is nobody's",
            "table public.plain",
            &["CREATE POLICY own ON plain USING (true)"],
        )
        .given(&["CREATE TABLE plain ()"]),
        Case::new(
            TableRlsNotForced,
            "an entity's",
            "table public.plan_step",
            &["ALTER TABLE plan_step NO FORCE ROW LEVEL SECURITY"],
        ),
        Case::new(
            RlsWithoutPolicies,
            "on a table that is nobody's",
            "table public.plain",
            &["CREATE TABLE plain ()", "ALTER TABLE plain ENABLE ROW LEVEL SECURITY", "GRANT SELECT ON plain TO $p_user"],
        ),
        Case::new(
            ScopeColumnNullable,
            "NOT NULL was dropped",
            "column organization_id of public.invitation",
            &["ALTER TABLE invitation ALTER COLUMN organization_id DROP NOT NULL"],
        ),
        Case::new(
            ScopeColumnType,
            "text",
            "column organization_id of public.note",
            &[
                "DROP POLICY tenant_boundary ON note",
                "DROP POLICY tenant_access ON note",
                "ALTER TABLE note ALTER COLUMN organization_id TYPE text",
                "DO $$ DECLARE rows text; BEGIN
                   rows := (SELECT replace(pg_get_expr(polqual, polrelid), 'organization_id = $p.current_organization_id()',
                     'organization_id = $p.current_organization_id()::text') FROM pg_policy
                     WHERE polrelid = 'plan_step'::regclass AND polname = 'tenant_boundary');
                   EXECUTE 'CREATE POLICY tenant_access ON note TO $p_tenant USING (' || rows || ') WITH CHECK (' || rows || ')';
                   EXECUTE 'CREATE POLICY tenant_boundary ON note AS RESTRICTIVE TO $p_tenant USING (' || rows
                     || ') WITH CHECK (' || rows || ')';
                 END $$",
            ],
        )
        .with_note(),
        Case::new(
            GrantUnfiltered,
            "TRUNCATE",
            "table public.research_plan",
            &["GRANT TRUNCATE ON research_plan TO $p_tenant"],
        ),
        Case::new(
            GrantUnfiltered,
            "REFERENCES, by column, and TRIGGER",
            "table public.member",
            &["GRANT REFERENCES (id) ON member TO $p_user", "GRANT TRIGGER ON member TO $p_user"],
        ),
        Case::new(
            GrantUnfiltered,
            "MAINTAIN",
            "table public.member",
            &["GRANT MAINTAIN ON member TO $p_user"],
        )
        .since(17),
        Case::new(
            GrantToPublic,
            "an entity's",
            "table public.organization",
            &["GRANT SELECT ON organization TO PUBLIC"],
        ),
        Case::new(
            GrantToPublic,
            "a table that is nobody's",
            "table public.plain",
            &["CREATE TABLE plain ()", "GRANT ALL ON plain TO PUBLIC"],
        ),
        Case::new(
            ScopeColumnWithoutIndex,
            "dropped",
            "column organization_id of public.invitation",
            &["ALTER TABLE invitation DROP CONSTRAINT invitation_organization_id_id_key"],
        ),
        Case::new(
            ScopeColumnWithoutIndex,
            "a partial one alone",
            "column user_id of public.account",
            &["DROP INDEX account_by_user", "CREATE INDEX ON account (user_id) WHERE password IS NOT NULL"],
        ),
    ]
}

fn policies() -> Vec<Case> {
    use Code::{
        PolicyAlwaysTrue, PolicyCastsScopeColumn, PolicyFunctionNotInlinable, PolicyFunctionVolatility,
        PolicyInsertUnchecked, PolicyNotCanonical, PolicyToPublic, PolicyWithoutBoundary,
    };
    vec![
        Case::new(
            PolicyToPublic,
            "a permissive one",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan USING (organization_id = $p.current_organization_id())"],
        ),
        Case::new(
            PolicyToPublic,
            "a restrictive one",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan AS RESTRICTIVE USING (title <> '')"],
        ),
        Case::new(
            PolicyNotCanonical,
            "a further one, within the boundary",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan TO $p_tenant USING (status = 'completed')"],
        )
        .severity(Severity::Warn),
        Case::new(
            PolicyNotCanonical,
            "its own access, within the boundary",
            "policy tenant_access of public.research_plan",
            &["ALTER POLICY tenant_access ON research_plan USING (organization_id IS NOT NULL)"],
        )
        .severity(Severity::Warn),
        Case::new(
            PolicyNotCanonical,
            "the boundary",
            "policy tenant_boundary of public.research_plan",
            &[
                "ALTER POLICY tenant_boundary ON research_plan USING (organization_id = $p.current_organization_id() OR true)",
            ],
        ),
        Case::new(
            PolicyNotCanonical,
            "the boundary does not ask for the seal",
            "policy tenant_boundary of public.research_plan",
            &["ALTER POLICY tenant_boundary ON research_plan USING (organization_id = $p.current_organization_id())"],
        ),
        Case::new(
            PolicyNotCanonical,
            "the boundary asks for the seal in vain",
            "policy user_boundary of public.session",
            &["ALTER POLICY user_boundary ON session USING (
               user_id = $p.current_user_id() AND (SELECT true WHERE $p.context_is_genuine() IS NOT NULL))"],
        ),
        Case::new(
            PolicyNotCanonical,
            "what the boundary checks",
            "policy tenant_boundary of public.plan_step",
            &["ALTER POLICY tenant_boundary ON plan_step WITH CHECK (true)"],
        ),
        Case::new(
            PolicyNotCanonical,
            "who may write",
            "policy tenant_update of public.organization",
            &["ALTER POLICY tenant_update ON organization USING (id = $p.current_organization_id())"],
        ),
        Case::new(
            PolicyAlwaysTrue,
            "a further one",
            "policy lax of public.research_plan",
            &["CREATE POLICY lax ON research_plan FOR SELECT TO $p_tenant USING (true)"],
        ),
        Case::new(
            PolicyAlwaysTrue,
            "its own access",
            "policy user_access of public.session",
            &["ALTER POLICY user_access ON session USING (true)"],
        ),
        Case::new(
            PolicyInsertUnchecked,
            "a further one",
            "policy lax of public.research_plan",
            &["CREATE POLICY lax ON research_plan FOR INSERT TO $p_tenant"],
        ),
        Case::new(
            PolicyWithoutBoundary,
            "dropped",
            "table public.research_plan",
            &["DROP POLICY tenant_boundary ON research_plan"],
        ),
        Case::new(
            PolicyWithoutBoundary,
            "it is permissive",
            "table public.research_plan",
            &[
                "DROP POLICY tenant_boundary ON research_plan",
                "CREATE POLICY tenant_boundary ON research_plan TO $p_tenant USING (organization_id = $p.current_organization_id())",
            ],
        ),
        Case::new(
            PolicyFunctionVolatility,
            "VOLATILE",
            "function $p.current_organization_id()",
            &["ALTER FUNCTION $p.current_organization_id() VOLATILE"],
        ),
        Case::new(
            PolicyFunctionVolatility,
            "IMMUTABLE",
            "function $p.current_user_id()",
            &["ALTER FUNCTION $p.current_user_id() IMMUTABLE"],
        ),
        Case::new(
            PolicyFunctionNotInlinable,
            "a setting of its own",
            "function $p.current_organization_id()",
            &["ALTER FUNCTION $p.current_organization_id() SET search_path = pg_catalog"],
        ),
        Case::new(
            PolicyFunctionNotInlinable,
            "strict",
            "function $p.current_user_id()",
            &["ALTER FUNCTION $p.current_user_id() STRICT"],
        ),
        Case::new(
            PolicyCastsScopeColumn,
            "a further one",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan TO $p_tenant
               USING (organization_id::text = current_setting('$p.organization_id'))"],
        ),
    ]
}

fn views() -> Vec<Case> {
    use Code::{ForeignTableReachable, MatviewReachable, ViewRunsAsOwner};
    const VIEW: &str = "CREATE VIEW titles AS SELECT title FROM research_plan";
    vec![
        Case::new(
            ViewRunsAsOwner,
            "its owner is a superuser",
            "view public.titles",
            &[VIEW, "GRANT SELECT ON titles TO $p_tenant"],
        )
        .severity(Severity::Error),
        Case::new(
            ViewRunsAsOwner,
            "its owner is held by policies",
            "view public.titles",
            &[
                VIEW,
                "CREATE ROLE $p_keeper",
                "ALTER VIEW titles OWNER TO $p_keeper",
                "GRANT SELECT (title) ON titles TO $p_tenant",
            ],
        ),
        Case::new(
            ViewRunsAsOwner,
            "a view of a view",
            "view public.again",
            &[VIEW, "CREATE VIEW again AS SELECT * FROM titles", "GRANT SELECT ON again TO $p_identity"],
        )
        .severity(Severity::Error),
        Case::new(
            MatviewReachable,
            "of scoped rows",
            "view public.titles",
            &[
                "CREATE MATERIALIZED VIEW titles AS SELECT title FROM research_plan",
                "GRANT SELECT ON titles TO $p_tenant",
            ],
        ),
        Case::new(
            ForeignTableReachable,
            "a grant",
            "foreign table public.remote",
            &[
                "CREATE FOREIGN DATA WRAPPER elsewhere",
                "CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere",
                "CREATE FOREIGN TABLE remote (id int) SERVER elsewhere",
                "GRANT SELECT ON remote TO $p_user",
            ],
        ),
    ]
}

fn functions() -> Vec<Case> {
    use Code::{
        ContractFunctionChanged, DefinerSearchPath, DefinerUnknown, FunctionLeakproof, FunctionReachesOut, SealExposed,
        SetConfigExecutable,
    };
    const SAFE: &str = "CREATE FUNCTION count_plans() RETURNS bigint LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp RETURN (SELECT count(*) FROM public.research_plan)";
    vec![
        Case::new(DefinerUnknown, "its owner is a superuser", "function public.count_plans()", &[SAFE])
            .severity(Severity::Error),
        Case::new(
            DefinerUnknown,
            "its owner is held by policies",
            "function public.count_plans()",
            &[
                "CREATE ROLE $p_keeper",
                SAFE,
                "ALTER FUNCTION count_plans OWNER TO $p_keeper",
                "REVOKE ALL ON FUNCTION count_plans FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION count_plans TO $p_user",
            ],
        ),
        Case::new(
            DefinerSearchPath,
            "one of the application's",
            "function public.count_plans()",
            &[SAFE, "ALTER FUNCTION count_plans RESET ALL"],
        ),
        Case::new(
            DefinerSearchPath,
            "one of the contract's",
            "function $p.enter_user(uuid)",
            &["ALTER FUNCTION $p.enter_user RESET ALL"],
        ),
        Case::new(
            FunctionLeakproof,
            "an attribute",
            "function public.lower_of(text)",
            &["CREATE FUNCTION lower_of(text) RETURNS text IMMUTABLE LEAKPROOF RETURN lower($1)"],
        ),
        Case::new(
            SetConfigExecutable,
            "to everybody",
            "function set_config",
            &["GRANT EXECUTE ON FUNCTION set_config TO PUBLIC", "GRANT EXECUTE ON FUNCTION lo_create TO PUBLIC"],
        ),
        Case::new(
            SetConfigExecutable,
            "to a scope role",
            "function set_config",
            &["GRANT EXECUTE ON FUNCTION set_config TO $p_tenant"],
        ),
        Case::new(
            FunctionReachesOut,
            "reads files",
            "function pg_read_file(text)",
            &["GRANT EXECUTE ON FUNCTION pg_read_file(text) TO $p_tenant"],
        ),
        Case::new(
            FunctionReachesOut,
            "another database",
            "function public.dblink(text)",
            &["CREATE FUNCTION dblink(text) RETURNS text LANGUAGE sql RETURN $1"],
        ),
        Case::new(
            FunctionReachesOut,
            "writes large objects",
            "function lo_create(oid)",
            &["GRANT EXECUTE ON FUNCTION lo_create TO PUBLIC"],
        )
        .severity(Severity::Warn),
        Case::new(SealExposed, "to a scope role", "table $p.seal_key", &["GRANT SELECT ON $p.seal_key TO $p_tenant"]),
        Case::new(
            SealExposed,
            "to everybody, by column",
            "table $p.seal_key_previous",
            &["GRANT SELECT (key) ON $p.seal_key_previous TO PUBLIC"],
        ),
        Case::new(
            ContractFunctionChanged,
            "the check of the seal",
            "function $p.context_is_genuine",
            &["CREATE OR REPLACE FUNCTION $p.context_is_genuine() RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
               SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN true; END'"],
        ),
        Case::new(
            ContractFunctionChanged,
            "another body",
            "function $p.enter_user",
            &["CREATE OR REPLACE FUNCTION $p.enter_user(person uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
               SET search_path = pg_catalog, pg_temp AS 'BEGIN END'"],
        ),
        Case::new(
            ContractFunctionChanged,
            "another expression",
            "function $p.in_identity_context",
            &["CREATE OR REPLACE FUNCTION $p.in_identity_context() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
               RETURN true"],
        ),
        Case::new(
            ContractFunctionChanged,
            "another owner",
            "function $p.enter_tenant",
            &["ALTER FUNCTION $p.enter_tenant(uuid, uuid) OWNER TO CURRENT_USER"],
        ),
        Case::new(
            ContractFunctionChanged,
            "it runs as its caller",
            "function $p.keep_an_owner",
            &["ALTER FUNCTION $p.keep_an_owner() SECURITY INVOKER"],
        ),
    ]
}

fn constraints() -> Vec<Case> {
    use Code::{
        ForeignKeyDangling, ForeignKeyNotValidated, ForeignKeyWithoutScope, SetNullNullsScope, UniqueWithoutScope,
    };
    vec![
        Case::new(
            ForeignKeyDangling,
            "a row from before it was checked",
            "constraint session_user_id_fkey of public.session",
            &[
                "SET LOCAL session_replication_role = replica",
                "INSERT INTO session (id, user_id, token_digest, expires_at)
                 VALUES (gen_random_uuid(), gen_random_uuid(), sha256('\\x'), now())",
                "SET LOCAL session_replication_role = origin",
            ],
        ),
        Case::new(
            ForeignKeyNotValidated,
            "NOT VALID",
            "constraint later of public.session",
            &["ALTER TABLE session ADD CONSTRAINT later FOREIGN KEY (user_id) REFERENCES \"user\" (id) NOT VALID"],
        ),
        Case::new(
            UniqueWithoutScope,
            "a constraint",
            "constraint title of public.research_plan",
            &["ALTER TABLE research_plan ADD CONSTRAINT title UNIQUE (title) DEFERRABLE"],
        ),
        Case::new(
            UniqueWithoutScope,
            "an index over an expression",
            "constraint by_title of public.research_plan",
            &["CREATE UNIQUE INDEX by_title ON research_plan (lower(title)) WHERE status <> 'failed'"],
        ),
        Case::new(
            UniqueWithoutScope,
            "a column that can be updated",
            "constraint user_by_name of public.user",
            &["CREATE UNIQUE INDEX user_by_name ON \"user\" (name)"],
        ),
        Case::new(
            UniqueWithoutScope,
            "an exclusion",
            "constraint question of public.research_plan",
            &["ALTER TABLE research_plan ADD CONSTRAINT question EXCLUDE USING btree (question WITH =)"],
        ),
        Case::new(
            UniqueWithoutScope,
            "a uuid by itself",
            "constraint plan_step_id of public.plan_step",
            &["ALTER TABLE plan_step ADD CONSTRAINT plan_step_id UNIQUE (id)"],
        )
        .severity(Severity::Warn),
        Case::new(
            ForeignKeyWithoutScope,
            "to a key by itself",
            "constraint about of public.note",
            &["ALTER TABLE note ADD CONSTRAINT about FOREIGN KEY (member_id) REFERENCES member (id) ON DELETE CASCADE"],
        )
        .with_note(),
        Case::new(
            ForeignKeyWithoutScope,
            "to a key by itself, set to null",
            "constraint about of public.note",
            &["ALTER TABLE note ADD CONSTRAINT about FOREIGN KEY (member_id) REFERENCES member (id) ON DELETE SET NULL"],
        )
        .with_note(),
        Case::new(
            SetNullNullsScope,
            "on delete",
            "constraint author of public.note",
            &["ALTER TABLE note ADD CONSTRAINT author FOREIGN KEY (organization_id, member_id)
               REFERENCES member (organization_id, id) ON DELETE SET NULL"],
        )
        .with_note(),
        Case::new(
            SetNullNullsScope,
            "on update",
            "constraint author of public.note",
            &["ALTER TABLE note ADD CONSTRAINT author FOREIGN KEY (organization_id, member_id)
               REFERENCES member (organization_id, id) ON UPDATE SET NULL ON DELETE SET NULL (member_id)"],
        )
        .with_note(),
    ]
}

fn databases() -> Vec<Case> {
    use Code::{DefaultPrivileges, Publication, SchemaCreate, TemporaryTables};
    vec![
        Case::new(SchemaCreate, "a grant", "schema public", &["GRANT CREATE ON SCHEMA public TO $p_tenant"]),
        Case::new(SchemaCreate, "to everybody", "schema public", &["GRANT CREATE ON SCHEMA public TO PUBLIC"]),
        Case::new(
            SchemaCreate,
            "by a role that it can become",
            "schema public",
            &["CREATE ROLE $p_ops", "GRANT $p_ops TO $p_login", "GRANT CREATE ON SCHEMA public TO $p_ops"],
        ),
        Case::new(SchemaCreate, "in the database", "database $p", &["GRANT CREATE ON DATABASE $p TO $p_login"]),
        Case::new(TemporaryTables, "to everybody", "database $p", &["GRANT TEMPORARY ON DATABASE $p TO PUBLIC"]),
        Case::new(TemporaryTables, "to the login role", "database $p", &["GRANT TEMPORARY ON DATABASE $p TO $p_login"]),
        Case::new(
            DefaultPrivileges,
            "in a schema",
            "role $p_tenant",
            &[
                "CREATE ROLE $p_keeper",
                "ALTER DEFAULT PRIVILEGES FOR ROLE $p_keeper IN SCHEMA public
               GRANT SELECT ON TABLES TO $p_tenant",
            ],
        ),
        Case::new(
            DefaultPrivileges,
            "to everybody",
            "role $p_keeper",
            &["CREATE ROLE $p_keeper", "ALTER DEFAULT PRIVILEGES FOR ROLE $p_keeper GRANT SELECT ON TABLES TO PUBLIC"],
        ),
        Case::new(
            Publication,
            "of one table",
            "publication everything",
            &["CREATE PUBLICATION everything FOR TABLE research_plan"],
        ),
        Case::new(
            Publication,
            "of all tables",
            "publication everything",
            &["CREATE PUBLICATION everything FOR ALL TABLES"],
        ),
    ]
}

fn drift() -> Vec<Case> {
    use Code::{
        ContractMissing, EntityColumnMissing, EntityPolicyMissing, EntityTableMissing, GrantMissing, GrantUndeclared,
        PolicyUndeclaredScope,
    };
    vec![
        Case::new(ContractMissing, "a role", "role $p_identity", &["ALTER ROLE $p_identity RENAME TO $p_idle"]),
        Case::new(
            ContractMissing,
            "a function",
            "function $p.authenticate_token",
            &["DROP FUNCTION $p.authenticate_token"],
        ),
        Case {
            registry: application().with::<Note>(),
            ..Case::new(EntityTableMissing, "never made", "table note", &["DROP TABLE note"])
        }
        .with_table_of_note(),
        Case::new(EntityColumnMissing, "dropped", "column body of public.note", &["ALTER TABLE note DROP COLUMN body"])
            .with_note(),
        Case::new(
            EntityPolicyMissing,
            "one",
            "policy tenant_access of public.research_plan",
            &["DROP POLICY tenant_access ON research_plan"],
        ),
        Case::new(
            EntityPolicyMissing,
            "who may write",
            "policy tenant_delete of public.member",
            &["DROP POLICY tenant_delete ON member"],
        ),
        Case::new(
            EntityPolicyMissing,
            "all",
            "table public.plan_step",
            &["DROP POLICY tenant_access ON plan_step", "DROP POLICY tenant_boundary ON plan_step"],
        ),
        Case::new(
            PolicyUndeclaredScope,
            "a further one",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan TO $p_user USING (created_by = $p.current_user_id())"],
        ),
        Case::new(
            GrantUndeclared,
            "the scope column",
            "table public.research_plan",
            &["GRANT UPDATE (organization_id) ON research_plan TO $p_tenant"],
        ),
        Case::new(
            GrantUndeclared,
            "the whole row",
            "table public.research_plan",
            &["GRANT UPDATE ON research_plan TO $p_tenant"],
        ),
        Case::new(
            GrantUndeclared,
            "a verb",
            "table public.organization",
            &["GRANT DELETE ON organization TO $p_tenant"],
        ),
        Case::new(
            GrantUndeclared,
            "a column that the scope does not read",
            "table public.account",
            &["GRANT SELECT (password) ON account TO $p_user"],
        ),
        Case::new(
            GrantUndeclared,
            "a scope that it is not in",
            "table public.research_plan",
            &["GRANT SELECT ON research_plan TO $p_identity"],
        ),
        Case::new(
            GrantMissing,
            "a verb",
            "table public.research_plan",
            &["REVOKE DELETE ON research_plan FROM $p_tenant"],
        ),
        Case::new(
            GrantMissing,
            "a column",
            "table public.research_plan",
            &["REVOKE UPDATE (title) ON research_plan FROM $p_tenant"],
        ),
    ]
}

impl Case {
    /// The table of `Note`, whose entity is there.
    fn with_table_of_note(mut self) -> Self {
        self.given = Self::new(self.code, "", "", &[]).with_note().given;
        self
    }
}
