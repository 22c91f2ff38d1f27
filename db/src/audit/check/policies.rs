//! The policies of scoped tables, against those that the scopes ask for.

use super::{
    Findings,
    database::role,
    tables::{is_key, protect},
};
use crate::{
    ScopeKind,
    audit::{
        Object, ObjectKind, Repair,
        catalog::{PUBLIC, Policy},
        condition::Condition,
        survey::{Scoped, Survey},
    },
    code::{Code, Severity},
    contract::PolicyDeclaration,
    scope::ScopeDeclaration,
    sql::quote,
};

pub(super) fn check(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    let policies = survey.policies_of(scoped.relation);
    // Where nobody has access, there is nothing to compare; where it is off, they are all put right.
    if scoped.entity.is_none() && !survey.reaches(scoped.relation) {
        return;
    }
    if policies.is_empty() && !scoped.relation.row_security {
        return;
    }
    if policies.is_empty() {
        let is_for_a_role = scoped.scopes.iter().any(|declaration| survey.scope_role(declaration.scope).is_some());
        if scoped.entity.is_some() && is_for_a_role {
            findings.add(
                Code::EntityPolicyMissing,
                Object::table(scoped.relation.full_name()),
                "it has no policy at all, and nobody sees a row".to_owned(),
                protect(survey, scoped),
            );
        }
        return;
    }
    // A key of another type has no policy that is as it should be; first it has to be mended.
    if !scoped.columns().all(|(_, column)| is_key(scoped.relation, column)) {
        return;
    }
    let table = Table { survey, scoped, policies };
    for declaration in &scoped.scopes {
        if let Some(role) = survey.scope_role(declaration.scope) {
            table.expected(declaration, role.oid, findings);
        }
    }
    for policy in policies {
        table.found(policy, findings);
    }
}

/// A scoped table with its policies.
struct Table<'a> {
    survey: &'a Survey<'a>,
    scoped: &'a Scoped<'a>,
    policies: &'a [&'a Policy],
}

impl Table<'_> {
    fn object(&self, policy: &str) -> Object {
        Object::of_table(ObjectKind::Policy, self.scoped.relation.full_name(), policy)
    }

    fn expression(&self, sql: &str) -> Condition {
        Condition::of(sql, &self.scoped.relation.schema)
    }

    fn same(&self, ours: Option<&str>, theirs: Option<&str>) -> bool {
        ours.map(|sql| self.expression(sql)) == theirs.map(|sql| self.expression(sql))
    }

    fn is(&self, expected: &PolicyDeclaration, found: &Policy) -> bool {
        found.permissive == expected.permissive
            && found.command == command(expected.command)
            && self.same(expected.using.as_deref(), found.using.as_deref())
            && self.same(expected.check.as_deref(), found.check.as_deref())
    }

    /// The policies that a scope asks for are there, as they should be.
    fn expected(&self, declaration: &ScopeDeclaration, role: i64, findings: &mut Findings) {
        for expected in self.survey.prefix().policies(declaration) {
            let by_name =
                self.policies.iter().find(|policy| policy.name == expected.name && policy.roles.contains(&role));
            let is_boundary = expected.name.ends_with("_boundary");
            // A table without an entity may name its policies as it likes.
            let by_content =
                || self.policies.iter().any(|policy| policy.roles.contains(&role) && self.is(&expected, policy));
            if self.scoped.entity.is_none() && (!is_boundary || by_content()) {
                continue;
            }
            let sql = &self.scoped.relation.sql;
            let repair =
                vec![format!("DROP POLICY IF EXISTS {} ON {sql}", quote(&expected.name)), expected.create(sql)];
            match by_name {
                Some(found) if self.is(&expected, found) => {}
                Some(found) if !is_boundary || !found.permissive => {
                    self.changed(&expected, found, declaration, role, repair, findings);
                }
                _ if is_boundary => findings.add(
                    Code::PolicyWithoutBoundary,
                    Object::table(self.scoped.relation.full_name()),
                    format!("no restrictive policy holds `{}` to the scope's rows", expected.role),
                    repair,
                ),
                _ => findings.add(
                    Code::EntityPolicyMissing,
                    self.object(&expected.name),
                    format!("the scope {} asks for it", declaration.scope.as_str()),
                    repair,
                ),
            }
        }
    }

    /// One of the contract's own policies is another than it should be.
    fn changed(
        &self,
        expected: &PolicyDeclaration,
        found: &Policy,
        declaration: &ScopeDeclaration,
        role: i64,
        repair: Vec<String>,
        findings: &mut Findings,
    ) {
        if let Some((code, message)) = self.lax(found, declaration) {
            findings.add(code, self.object(&found.name), message, repair);
            return;
        }
        let held = found.permissive && self.is_bounded(declaration.scope, role);
        let severity = if held { Severity::Warn } else { Severity::Error };
        let message = format!("it is not the one that the scope {} asks for", declaration.scope.as_str());
        let object = self.object(&expected.name);
        findings.add_as(severity, Code::PolicyNotCanonical, object, message, repair);
    }

    /// What is wrong with a permissive policy, where that is known.
    fn lax(&self, policy: &Policy, declaration: &ScopeDeclaration) -> Option<(Code, String)> {
        if !policy.permissive {
            return None;
        }
        let sides = [policy.using.as_deref(), policy.check.as_deref()];
        if sides.iter().flatten().any(|sql| self.expression(sql).is_true()) {
            return Some((Code::PolicyAlwaysTrue, "it lets every tenant's row through".to_owned()));
        }
        if policy.command == "a" && policy.check.is_none() {
            return Some((Code::PolicyInsertUnchecked, "it lets a row of any tenant be written".to_owned()));
        }
        let column = declaration.rows.column()?;
        let casts = |sql: &&str| sql.contains(&format!("({column})::")) || sql.contains(&format!("(\"{column}\")::"));
        sides.iter().flatten().any(casts).then(|| {
            let message = format!("it casts `{column}`, so that no index is used");
            (Code::PolicyCastsScopeColumn, message)
        })
    }

    /// Takes a policy from the login and scope roles, and leaves it to the others that it is for.
    fn without(&self, policy: &Policy) -> Repair {
        let (name, sql) = (quote(&policy.name), &self.scoped.relation.sql);
        let is_request = |oid: &i64| self.survey.requests.iter().any(|request| request.role.oid == *oid);
        let others: Vec<_> = policy.roles.iter().filter(|oid| !is_request(oid)).collect();
        if others.is_empty() || policy.roles.contains(&PUBLIC) {
            return Repair::from(format!("DROP POLICY {name} ON {sql}"))
                .advise(format!("it is {}", self.written(policy)));
        }
        let others: Vec<_> = others.into_iter().map(|oid| quote(self.survey.role_name(*oid))).collect();
        Repair::from(format!("ALTER POLICY {name} ON {sql} TO {}", others.join(", ")))
    }

    /// Takes a policy from everybody.
    fn not_to_public(&self, policy: &Policy) -> Repair {
        let survey = self.survey;
        let is_ours = |declaration: &ScopeDeclaration| {
            survey.prefix().policies(declaration).iter().any(|expected| expected.name == policy.name)
        };
        if self.scoped.entity.is_some() && self.scoped.scopes.iter().any(is_ours) {
            return Repair::decide("it is made again by what repairs the scope's policy of that name");
        }
        if !policy.permissive {
            return Repair::decide(format!(
                "name the roles that it is for, since without it they would see more: ALTER POLICY {} ON {} TO …",
                quote(&policy.name),
                self.scoped.relation.sql
            ));
        }
        self.without(policy).advise("a role that sees rows by it alone sees none from then on")
    }

    /// Returns the statement that makes a policy as it is.
    fn written(&self, policy: &Policy) -> String {
        let roles = policy.roles.iter().map(|oid| role(self.survey.role_name(*oid))).collect::<Vec<_>>();
        let side = |name: &str, side: &Option<String>| {
            side.as_ref().map(|expression| format!(" {name} ({expression})")).unwrap_or_default()
        };
        format!(
            "CREATE POLICY {} ON {} AS {} FOR {} TO {}{}{}",
            quote(&policy.name),
            self.scoped.relation.sql,
            if policy.permissive { "PERMISSIVE" } else { "RESTRICTIVE" },
            match policy.command.as_str() {
                "r" => "SELECT",
                "a" => "INSERT",
                "w" => "UPDATE",
                "d" => "DELETE",
                _ => "ALL",
            },
            roles.join(", "),
            side("USING", &policy.using),
            side("WITH CHECK", &policy.check)
        )
    }

    /// A policy beyond those that the scopes ask for.
    fn found(&self, policy: &Policy, findings: &mut Findings) {
        let (survey, scoped) = (self.survey, self.scoped);
        let drop = || self.without(policy);
        if policy.roles.contains(&PUBLIC) {
            let message = "it applies to every role, also to those that are made later".to_owned();
            findings.add(Code::PolicyToPublic, self.object(&policy.name), message, self.not_to_public(policy));
        }
        let requests = survey.requests.iter().filter_map(|request| Some((request.scope?, request.role.oid)));
        let applies: Vec<_> = requests.filter(|(_, role)| policy.roles.contains(role)).collect();
        let undeclared = applies.iter().find(|(scope, _)| scoped.declaration(*scope).is_none());
        if let Some((scope, _)) = undeclared.filter(|_| policy.permissive || scoped.entity.is_some()) {
            let who = if scoped.entity.is_some() { "the entity does not declare" } else { "no entity declares" };
            findings.add(
                Code::PolicyUndeclaredScope,
                self.object(&policy.name),
                format!("it is for the scope {}, which {who}", scope.as_str()),
                drop(),
            );
            return;
        }
        // A restrictive policy takes rows away; and one of the contract's has been looked at by its name.
        if !policy.permissive || self.is_expected(policy, &applies) {
            return;
        }
        let public = policy.roles.contains(&PUBLIC);
        let of_scope =
            |declaration: &&ScopeDeclaration| public || applies.iter().any(|(scope, _)| *scope == declaration.scope);
        let Some(declaration) = scoped.scopes.iter().find(of_scope) else { return };
        let allowed = |sql: &str| {
            let sql = self.expression(sql);
            scoped.scopes.iter().filter(of_scope).any(|declaration| {
                // Without the seal too: the boundary asks for that.
                let prefix = survey.prefix();
                let (rows, boundary) = (prefix.rows(declaration), prefix.boundary(declaration));
                [rows, boundary].iter().any(|ours| self.expression(ours) == sql)
            })
        };
        if let Some((code, message)) = self.lax(policy, declaration) {
            findings.add(code, self.object(&policy.name), message, drop());
        } else if ![&policy.using, &policy.check].into_iter().flatten().all(|sql| allowed(sql)) && !public {
            let bounded = applies.iter().all(|(scope, role)| self.is_bounded(*scope, *role));
            let (severity, message) = if bounded {
                (Severity::Warn, "it lets rows through by an expression of its own, within the scope's boundary")
            } else {
                (Severity::Error, "it lets rows through by an expression of its own, and no boundary holds")
            };
            let object = self.object(&policy.name);
            findings.add_as(severity, Code::PolicyNotCanonical, object, message.to_owned(), drop());
        }
    }

    fn is_expected(&self, policy: &Policy, applies: &[(ScopeKind, i64)]) -> bool {
        applies.iter().any(|(scope, _)| {
            self.scoped.declaration(*scope).is_some_and(|declaration| {
                self.survey.prefix().policies(declaration).iter().any(|expected| expected.name == policy.name)
            })
        })
    }

    /// Returns whether a restrictive policy holds the scope's role to the scope's rows.
    fn is_bounded(&self, scope: ScopeKind, role: i64) -> bool {
        let Some(declaration) = self.scoped.declaration(scope) else { return false };
        let expected = self.survey.prefix().policies(declaration);
        let boundary = expected.iter().find(|policy| policy.name.ends_with("_boundary"));
        boundary.is_some_and(|boundary| {
            self.policies.iter().any(|policy| policy.roles.contains(&role) && self.is(boundary, policy))
        })
    }
}

fn command(name: &str) -> &'static str {
    match name {
        "SELECT" => "r",
        "INSERT" => "a",
        "UPDATE" => "w",
        "DELETE" => "d",
        _ => "*",
    }
}
