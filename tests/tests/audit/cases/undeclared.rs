//! What the login and scope roles reach and no entity declares.

use db::audit::Code;

use super::Case;

/// Remarks on research plans: neither tenant column, nor policies, nor entity.
const REMARK: &str = "CREATE TABLE remark (id uuid PRIMARY KEY, plan_id uuid, organization uuid, body text,
    CONSTRAINT about FOREIGN KEY (organization, plan_id) REFERENCES research_plan (organization_id, id))";
const COUNTRY: &str = "CREATE TABLE country (code text PRIMARY KEY, name text NOT NULL)";

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn cases() -> Vec<Case> {
    use Code::{
        GrantOption, GrantToPublic, GrantUnfiltered, PolicyUndeclaredScope, RuleOnTable, SequenceSettable,
        SequenceUndeclared, TableShared, TableSharedWritable, TableUndeclared, TableWithoutEntity, TriggerBypassesRls,
    };
    vec![
        Case::new(
            TableUndeclared,
            "it points at a scoped table",
            "table public.remark",
            &["GRANT SELECT, INSERT, UPDATE, DELETE ON remark TO $p_tenant"],
        )
        .given(&[REMARK]),
        Case::new(
            TableUndeclared,
            "a column of it, to the role of sign-in",
            "table public.remark",
            &["GRANT SELECT (body) ON remark TO $p_identity"],
        )
        .given(&[REMARK]),
        Case::new(
            TableUndeclared,
            "by a role that a context can become",
            "table public.remark",
            &["CREATE ROLE $p_ops", "GRANT $p_ops TO $p_tenant", "GRANT UPDATE ON remark TO $p_ops"],
        )
        .given(&[REMARK]),
        Case::new(
            TableUndeclared,
            "policies of its own",
            "table public.remark",
            &[
                "ALTER TABLE remark ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY own ON remark TO $p_tenant USING (body <> '')",
                "GRANT SELECT ON remark TO $p_tenant",
            ],
        )
        .given(&[REMARK]),
        Case::new(
            TableUndeclared,
            "it points at one that points at one",
            "table public.reply",
            &["GRANT SELECT ON reply TO $p_user"],
        )
        .given(&[REMARK, "CREATE TABLE reply (id bigint PRIMARY KEY, remark_id uuid REFERENCES remark, body text)"]),
        Case::new(
            TableUndeclared,
            "the tenant by another name, with a key",
            "table public.invoice",
            &[
                "CREATE TABLE invoice (id bigint PRIMARY KEY, org uuid NOT NULL REFERENCES organization)",
                "GRANT SELECT ON invoice TO $p_tenant",
            ],
        )
        // Once nobody reaches it, it is a table without an entity.
        .without_repair(),
        Case::new(
            TableUndeclared,
            "the tenant by another name, without a key",
            "table public.invoice",
            &[
                "CREATE TABLE invoice (id bigint PRIMARY KEY, org uuid NOT NULL)",
                "GRANT SELECT ON invoice TO $p_tenant",
            ],
        ),
        Case::new(
            TableUndeclared,
            "the tenant by its name, as text",
            "table public.invoice",
            &[
                "CREATE TABLE invoice (id bigint PRIMARY KEY, \"organizationSlug\" text)",
                "GRANT SELECT ON invoice TO $p_tenant",
            ],
        ),
        Case::new(
            TableUndeclared,
            "the scope column of a person",
            "table public.setting",
            &["CREATE TABLE setting (user_id text PRIMARY KEY, dark bool)", "GRANT SELECT ON setting TO $p_user"],
        ),
        Case::new(
            TableUndeclared,
            "a partition of one, by its own name",
            "table public.log_1",
            &["GRANT SELECT ON log_1 TO $p_tenant"],
        )
        .given(&[
            REMARK,
            "CREATE TABLE log (at date NOT NULL, remark_id uuid REFERENCES remark) PARTITION BY RANGE (at)",
            "CREATE TABLE log_1 PARTITION OF log DEFAULT",
        ]),
        Case::new(
            TableUndeclared,
            "a child of one, by its own name",
            "table public.later",
            &["GRANT SELECT ON later TO $p_tenant"],
        )
        .given(&[REMARK, "CREATE TABLE later () INHERITS (remark)"]),
        Case::new(
            TableUndeclared,
            "what one inherits from, by which its rows are read",
            "table public.text",
            &["GRANT SELECT ON text TO $p_tenant"],
        )
        .given(&[REMARK, "CREATE TABLE text (body text)", "ALTER TABLE remark INHERIT text"]),
        Case::new(TableShared, "a grant", "table public.country", &["GRANT SELECT ON country TO $p_tenant"])
            .given(&[COUNTRY]),
        Case::new(
            TableShared,
            "of another schema, a column",
            "table geo.country",
            &["GRANT SELECT (name) ON geo.country TO $p_user, $p_identity"],
        )
        .given(&["CREATE SCHEMA geo", "CREATE TABLE geo.country (code text PRIMARY KEY, name text)"]),
        Case::new(
            TableSharedWritable,
            "one that all may read",
            "table public.country",
            &["GRANT UPDATE (name) ON country TO $p_tenant"],
        )
        .given(&[COUNTRY, "GRANT SELECT ON country TO $p_tenant"])
        .accept(TableShared, "public.country"),
        Case::new(
            TableSharedWritable,
            "INSERT alone",
            "table public.country",
            &["GRANT INSERT ON country TO $p_tenant"],
        )
        .given(&[COUNTRY]),
        Case::new(
            GrantUnfiltered,
            "TRUNCATE on what all may read",
            "table public.country",
            &["GRANT TRUNCATE ON country TO $p_tenant"],
        )
        .given(&[COUNTRY, "GRANT SELECT ON country TO $p_tenant"])
        .accept(TableShared, "public.country"),
        Case::new(GrantUnfiltered, "TRIGGER on a view", "table public.codes", &["GRANT TRIGGER ON codes TO $p_tenant"])
            .given(&[COUNTRY, "CREATE VIEW codes WITH (security_invoker) AS SELECT code FROM country"]),
        Case::new(
            GrantOption,
            "on an entity's table",
            "table public.research_plan",
            &["GRANT SELECT ON research_plan TO $p_tenant WITH GRANT OPTION"],
        ),
        Case::new(
            GrantOption,
            "on a column",
            "table public.research_plan",
            &["GRANT UPDATE (title) ON research_plan TO $p_tenant WITH GRANT OPTION"],
        ),
        Case::new(
            GrantToPublic,
            "what no entity declares",
            "table public.country",
            &["GRANT SELECT ON country TO PUBLIC"],
        )
        .given(&[COUNTRY]),
        Case::new(
            RuleOnTable,
            "on what all may read",
            "object also of public.country",
            &["CREATE RULE also AS ON UPDATE TO country DO ALSO DELETE FROM research_plan"],
        )
        .without_repair()
        .given(&[COUNTRY, "GRANT SELECT ON country TO $p_tenant"])
        .accept(TableShared, "public.country"),
        Case::new(
            TriggerBypassesRls,
            "of a view that runs as who asks",
            "object look of public.titles",
            &["CREATE TRIGGER look INSTEAD OF INSERT ON titles FOR EACH ROW EXECUTE FUNCTION look()"],
        )
        .without_repair()
        .given(&[
            "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
             SET search_path = pg_catalog, pg_temp AS 'BEGIN DELETE FROM public.research_plan; RETURN NEW; END'",
            "CREATE VIEW titles WITH (security_invoker) AS SELECT title FROM research_plan",
            "GRANT INSERT ON titles TO $p_tenant",
        ]),
        Case::new(
            PolicyUndeclaredScope,
            "of a table that has the tenant column and no entity",
            "policy all_of_it of public.note",
            &["CREATE POLICY all_of_it ON note TO $p_user USING (true)", "GRANT SELECT ON note TO $p_user"],
        )
        .with_table_of_note()
        .accept(TableWithoutEntity, "public.note"),
        Case::new(
            SequenceUndeclared,
            "a free one",
            "object public.counter",
            &["CREATE SEQUENCE counter", "GRANT USAGE ON SEQUENCE counter TO $p_tenant"],
        ),
        Case::new(
            SequenceUndeclared,
            "SELECT on one that its inserts use",
            "object public.note_n_seq",
            &["GRANT SELECT ON SEQUENCE note_n_seq TO $p_tenant"],
        )
        .with_note()
        .given(&[
            "ALTER TABLE note ADD COLUMN n serial",
            "GRANT USAGE ON SEQUENCE note_n_seq TO $p_tenant",
            "GRANT UPDATE (n) ON note TO $p_tenant",
        ]),
        Case::new(
            SequenceUndeclared,
            "to a scope that makes no rows",
            "object public.note_n_seq",
            &["GRANT USAGE ON SEQUENCE note_n_seq TO $p_user"],
        )
        .with_note()
        .given(&[
            "ALTER TABLE note ADD COLUMN n serial",
            "GRANT USAGE ON SEQUENCE note_n_seq TO $p_tenant",
            "GRANT UPDATE (n) ON note TO $p_tenant",
        ]),
        Case::new(
            SequenceSettable,
            "UPDATE",
            "object public.note_n_seq",
            &["GRANT UPDATE ON SEQUENCE note_n_seq TO $p_tenant"],
        )
        .with_note()
        .given(&[
            "ALTER TABLE note ADD COLUMN n serial",
            "GRANT USAGE ON SEQUENCE note_n_seq TO $p_tenant",
            "GRANT UPDATE (n) ON note TO $p_tenant",
        ]),
    ]
}
