//! The functions of a contract, one by one: what an audit compares the live ones with.

use super::Contract;

/// A function as the contract makes it.
#[derive(Clone, Debug)]
pub(crate) struct ContractFunction {
    /// Without its schema and arguments.
    pub(crate) name: String,
    /// Whether it runs as the gate.
    pub(crate) definer: bool,
    /// As PostgreSQL has it.
    pub(crate) body: String,
    /// What makes it, with its owner and its grants.
    pub(crate) statements: Vec<String>,
}

impl Contract {
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
