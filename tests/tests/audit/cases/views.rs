//! Views, materialized views and foreign tables.

use db::audit::Code;

use super::Case;

pub(super) fn cases() -> Vec<Case> {
    use Code::{ForeignTableReachable, MatviewReachable, ViewBypassesRls, ViewRunsAsOwner};
    const VIEW: &str = "CREATE VIEW titles AS SELECT title FROM research_plan";
    vec![
        Case::new(
            ViewBypassesRls,
            "its owner is a superuser",
            "view public.titles",
            &[VIEW, "GRANT SELECT ON titles TO $p_tenant"],
        ),
        Case::new(
            ViewRunsAsOwner,
            "its owner is restricted by policies",
            "view public.titles",
            &[
                VIEW,
                "CREATE ROLE $p_keeper",
                "ALTER VIEW titles OWNER TO $p_keeper",
                "GRANT SELECT (title) ON titles TO $p_tenant",
            ],
        ),
        Case::new(
            ViewBypassesRls,
            "a view of a view",
            "view public.again",
            &[VIEW, "CREATE VIEW again AS SELECT * FROM titles", "GRANT SELECT ON again TO $p_identity"],
        ),
        Case::new(
            ViewBypassesRls,
            "over the view of the seal",
            "view public.k",
            &["CREATE VIEW k AS SELECT * FROM $p.seal", "GRANT SELECT ON k TO $p_tenant"],
        ),
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
