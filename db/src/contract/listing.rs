//! The functions of a contract, one by one: what an audit compares the live ones with.

use super::Contract;

/// A function as the contract makes it.
#[derive(Clone, Debug)]
pub(crate) struct ContractFunction {
    /// Without its schema and arguments.
    pub(crate) name: String,
    /// Whether it runs as the definer role.
    pub(crate) definer: bool,
    /// As PostgreSQL has it.
    pub(crate) body: String,
    /// What makes it, with its owner and its grants.
    pub(crate) statements: Vec<String>,
}

/// A table that the contract reads or writes, and the columns that it needs there.
#[derive(Clone, Debug)]
pub(crate) struct Needs {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
}

impl Needs {
    fn new<'a>(table: &str, columns: impl IntoIterator<Item = &'a str>) -> Self {
        let (schema, table) = table.split_once('.').unwrap_or(("public", table));
        let columns = columns.into_iter().map(str::to_owned).collect();
        Self { schema: schema.to_owned(), table: table.to_owned(), columns }
    }
}

impl Contract {
    /// Returns what [`protect_membership`](Self::protect_membership) needs.
    pub(crate) fn membership_needs(&self) -> Vec<Needs> {
        let membership = &self.membership;
        let columns = [Some(&membership.organization), Some(&membership.user), membership.role.as_ref()];
        let mut needs = vec![Needs::new(&membership.table, columns.into_iter().flatten().map(String::as_str))];
        let keeps_an_owner = membership.role.is_some() && !membership.ranks.is_empty();
        if let Some((table, key)) = membership.organizations.as_ref().filter(|_| keeps_an_owner) {
            needs.push(Needs::new(table, [key.as_str(), "updated_at"]));
        }
        needs
    }

    /// Returns what [`protect_tokens`](Self::protect_tokens) needs.
    pub(crate) fn tokens_needs(&self) -> Vec<Needs> {
        self.tokens
            .as_ref()
            .map(|tokens| Needs::new(&tokens.table, super::tokens::READ.split(", ")))
            .into_iter()
            .collect()
    }

    /// Returns every function that the contract makes.
    pub(crate) fn functions(&self) -> Vec<ContractFunction> {
        let all = [self.install(None), self.protect_membership(), self.protect_tokens()].concat();
        let created = format!("CREATE OR REPLACE FUNCTION {}.", self.prefix);
        let definition = |sql: &str| {
            let (name, rest) = sql.strip_prefix(&created)?.split_once('(')?;
            // A body in dollar quotes, or one expression.
            let quoted = || Some(rest.split_once("$function$")?.1.split_once("$function$")?.0.to_owned());
            let body = quoted().or_else(|| self.written_body(name))?;
            Some((name.trim().to_owned(), rest.contains("SECURITY DEFINER"), body))
        };
        let functions = all.iter().filter_map(|sql| Some((definition(sql)?, sql)));
        functions
            .map(|((name, definer, body), create)| {
                let about = format!("FUNCTION {}.{name}(", self.prefix);
                let rest =
                    all.iter().filter(|sql| sql.contains(&about) && *sql != create && !sql.starts_with("CREATE"));
                let mut statements = vec![create.clone()];
                statements.extend(rest.cloned());
                if definer {
                    statements.insert(0, self.become_gate(true));
                    statements.push(self.become_gate(false));
                }
                ContractFunction { name, definer, body, statements }
            })
            .collect()
    }
}
