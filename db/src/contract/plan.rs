//! What is to be told before rights are taken from PUBLIC, and after.

use std::fmt::{self, Write};

use serde::Deserialize;

/// What PUBLIC may do in a database that the contract closes: [`Contract::plan`](super::Contract::plan).
///
/// Displayed, it says what `install` will take and from whom; [`not_closed`](Self::not_closed) is what is left after.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// What PUBLIC has now, right by right.
    pub rights: Vec<PublicRight>,
    /// Roles other than the contract's login role that open contexts here: of a contract that had another one.
    pub others: Vec<String>,
    /// Whether the contract leaves PUBLIC what it has.
    #[serde(default)]
    pub left: bool,
}

/// Something that PUBLIC may do.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct PublicRight {
    /// What it is: `CONNECT on database trovella`.
    pub right: String,
    /// What it is closed for, to follow "they", where it is a function.
    pub why: Option<String>,
    /// What closes it, and gives it to those of the contract's own who need it; several statements at once.
    pub statement: String,
    /// Whether the role that asks may close it.
    pub may: bool,
    /// The roles that have it by PUBLIC alone, those first that are connected. No superuser is among them.
    pub roles: Vec<LosingRole>,
}

/// A role that has a right by PUBLIC alone.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct LosingRole {
    /// Its name.
    pub name: String,
    /// How many sessions it has in this database now.
    pub sessions: i64,
    /// Whether it owns something in this database, or has rights on something.
    pub used: bool,
}

impl Plan {
    /// Returns what the role that asked cannot close: a superuser has to, or the owner of the database.
    pub fn not_closed(&self) -> impl Iterator<Item = &PublicRight> {
        self.rights.iter().filter(|right| !right.may)
    }

    /// Returns what `install` takes from PUBLIC.
    pub fn taken(&self) -> impl Iterator<Item = &PublicRight> {
        self.rights.iter().filter(|right| right.may && !self.left)
    }

    /// Says what PUBLIC may still do once `install` has run, why that matters, and what closes it; nothing where
    /// nothing is open.
    #[must_use]
    pub fn warnings(&self) -> String {
        let mut said = String::new();
        let mut open: Vec<_> = self.rights.iter().collect();
        if self.left && !open.is_empty() {
            said.push_str(
                "warning: PUBLIC keeps what it had, as the contract was told to leave it; the audit finds it\n",
            );
            return said;
        }
        open.sort_by_key(|right| right.why.clone());
        if !open.is_empty() {
            let names: Vec<_> = open.iter().map(|right| right.right.as_str()).collect();
            said = format!(
                "warning: PUBLIC still has {}, which this role could not take from it. A superuser, or who owns it, has to run\n",
                some(&names)
            );
            for right in open {
                // Writing to a `String` does not fail.
                writeln!(said, "  {};", right.statement).ok();
            }
        }
        said
    }
}

/// Says what `install` takes, and from whom; nothing where it takes nothing.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rights that the same roles lose are said together.
        let mut together: Vec<(String, Vec<&str>)> = Vec::new();
        for right in self.taken() {
            let roles = right.roles.iter().map(ToString::to_string).collect::<Vec<_>>();
            let roles = some(&roles.iter().map(String::as_str).collect::<Vec<_>>());
            match together.iter_mut().find(|(same, _)| *same == roles) {
                Some((_, rights)) => rights.push(&right.right),
                None => together.push((roles, vec![&right.right])),
            }
        }
        for (roles, rights) in together {
            let roles = if roles.is_empty() { "no role that logs in".to_owned() } else { roles };
            writeln!(f, "PUBLIC loses {}; by that alone it is had by {roles}", some(&rights))?;
        }
        for other in &self.others {
            writeln!(f, "`{other}` opens contexts here, and is not the login role that the contract names")?;
        }
        Ok(())
    }
}

impl fmt::Display for LosingRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        match (self.sessions, self.used) {
            (0, false) => Ok(()),
            (0, true) => f.write_str(" (used in this database)"),
            (1, _) => f.write_str(" (connected now)"),
            (sessions, _) => write!(f, " (connected now, {sessions} times)"),
        }
    }
}

/// Puts names into a sentence, and counts those that would be too many.
fn some(names: &[&str]) -> String {
    const MOST: usize = 8;
    match names {
        [names @ .., last] if names.len() < MOST && !names.is_empty() => format!("{} and {last}", names.join(", ")),
        names if names.len() <= MOST => names.concat(),
        names => format!("{} and {} more", names[..MOST].join(", "), names.len() - MOST),
    }
}
