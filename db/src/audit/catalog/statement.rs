//! The statement that reads the catalog.

use super::Catalog;
use crate::{
    contract::{Closed, SHARED},
    sql::literal,
};

impl Catalog {
    /// Returns the statement that reads it, for a session whose `search_path` is `pg_catalog` alone. The login role is
    /// the session's own, unless another is named.
    pub(in crate::audit) fn sql(schema: &str, scopes: &[String], login: Option<&str>) -> String {
        // A name may look like one of the places that are filled here.
        let login = login.map_or_else(|| "session_user::text".to_owned(), |login| literal(login).replace('$', "\\x24"));
        let roles: Vec<_> = scopes.iter().map(|role| literal(role)).chain([login.clone()]).collect();
        let closed: Vec<_> = SHARED.iter().map(Closed::pattern).collect();
        // Without what is said of it, where a name would end the line.
        let sql = include_str!("../catalog.sql").replace("$shared$", include_str!("shared.sql"));
        let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
        let sql: String = lines.flat_map(|line| [line, "\n"]).collect();
        sql.replace("$closed$", &format!("ARRAY[{}]", closed.join(", ")))
            .replace("$roles$", &format!("ARRAY[{}]", roles.join(", ")))
            .replace("$login$", &login)
            .replace("$schema$", &literal(schema))
    }
}
