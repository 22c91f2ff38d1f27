//! The database as a whole.

use db::audit::Code;

use super::Case;

pub(super) fn cases() -> Vec<Case> {
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
        )
        .without_repair(),
        Case::new(
            Publication,
            "of all tables",
            "publication everything",
            &["CREATE PUBLICATION everything FOR ALL TABLES"],
        )
        .without_repair(),
    ]
}
