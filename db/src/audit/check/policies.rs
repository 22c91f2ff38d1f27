//! The policies of scoped tables, against those that the scopes ask for.

use std::collections::BTreeSet;

use super::{Findings, tables::protect};
use crate::{
    ScopeDeclaration, ScopeKind,
    audit::{
        Code, Object, ObjectKind, Severity,
        catalog::{Function, PUBLIC, Policy},
        expression::Expression,
        survey::{Scoped, Survey},
    },
    contract::PolicyDeclaration,
    options::quote,
};

/// The functions of the contract that are not inlined, on purpose: they raise, or read what only the gate may.
const NOT_INLINED: [&str; 2] = ["require_member_role", "context_is_genuine"];

pub(super) fn check(survey: &Survey<'_>, scoped: &Scoped<'_>, findings: &mut Findings) {
    let policies = survey.policies_of(scoped.relation);
    // Where it is off, or nobody has access, there is nothing to compare.
    if !scoped.relation.row_security || (scoped.entity.is_none() && !survey.reaches(scoped.relation)) {
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
    let is_uuid = |(_, column)| scoped.relation.column(column).is_none_or(|column| column.1 == "uuid");
    if !scoped.columns().all(is_uuid) {
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

    fn expression(&self, sql: &str) -> Expression {
        Expression::of(sql, &self.scoped.relation.schema)
    }

    fn same(&self, ours: Option<&str>, theirs: Option<&str>) -> bool {
        ours.map(|sql| self.expression(sql)) == theirs.map(|sql| self.expression(sql))
    }

    fn is(&self, expected: &PolicyDeclaration, declaration: &ScopeDeclaration, found: &Policy) -> bool {
        let kind = expected.name.rsplit('_').next().unwrap_or_default();
        let written = self.survey.prefix().written_policy(declaration, kind);
        found.permissive == expected.permissive
            && found.command == command(expected.command)
            && self.same(written.using.as_deref(), found.using.as_deref())
            && self.same(written.check.as_deref(), found.check.as_deref())
    }

    /// The policies that a scope asks for are there, as they should be.
    fn expected(&self, declaration: &ScopeDeclaration, role: i64, findings: &mut Findings) {
        for expected in self.survey.prefix().policies(declaration) {
            let by_name =
                self.policies.iter().find(|policy| policy.name == expected.name && policy.roles.contains(&role));
            let is_boundary = expected.name.ends_with("_boundary");
            // A table without an entity may name its policies as it likes.
            let by_content = || {
                self.policies
                    .iter()
                    .any(|policy| policy.roles.contains(&role) && self.is(&expected, declaration, policy))
            };
            if self.scoped.entity.is_none() && (!is_boundary || by_content()) {
                continue;
            }
            let sql = &self.scoped.relation.sql;
            let repair =
                vec![format!("DROP POLICY IF EXISTS {} ON {sql}", quote(&expected.name)), expected.create(sql)];
            match by_name {
                Some(found) if self.is(&expected, declaration, found) => {}
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

    /// A policy beyond those that the scopes ask for.
    fn found(&self, policy: &Policy, findings: &mut Findings) {
        let (survey, scoped) = (self.survey, self.scoped);
        let drop = || vec![format!("DROP POLICY {} ON {}", quote(&policy.name), scoped.relation.sql)];
        if policy.roles.contains(&PUBLIC) {
            let message = "it applies to every role, also to those that are made later".to_owned();
            findings.add(Code::PolicyToPublic, self.object(&policy.name), message, drop());
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
                let (rows, boundary) = (prefix.written_rows(declaration), prefix.written_boundary(declaration));
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

    /// Whether a restrictive policy holds the scope's role to the scope's rows.
    fn is_bounded(&self, scope: ScopeKind, role: i64) -> bool {
        let Some(declaration) = self.scoped.declaration(scope) else { return false };
        let expected = self.survey.prefix().policies(declaration);
        let boundary = expected.iter().find(|policy| policy.name.ends_with("_boundary"));
        boundary.is_some_and(|boundary| {
            self.policies.iter().any(|policy| policy.roles.contains(&role) && self.is(boundary, declaration, policy))
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

/// The functions that the policies of scoped tables ask.
pub(super) fn check_functions(survey: &Survey<'_>, findings: &mut Findings) {
    let scoped = survey.scoped.iter().flat_map(|scoped| survey.policies_of(scoped.relation));
    let asked: BTreeSet<_> = scoped.flat_map(|policy| policy.functions.iter().copied()).collect();
    for function in survey.catalog.functions.iter().filter(|function| asked.contains(&function.oid)) {
        let object = || Object::new(ObjectKind::Function, &function.sql);
        let (volatility, why) = match function.volatility.as_str() {
            "v" => ("VOLATILE", "it is asked again for each row"),
            "i" => ("IMMUTABLE", "a prepared statement keeps the first tenant's answer for the next"),
            _ => {
                let is_changed =
                    super::contract::is_known(survey, function) && !super::contract::own_settings(function).is_empty();
                if !is_inlined(function) && !is_known(survey, function) && !is_changed {
                    let message = "the planner cannot see into it".to_owned();
                    findings.add(Code::PolicyFunctionNotInlinable, object(), message, inline(function));
                }
                continue;
            }
        };
        findings.add(
            Code::PolicyFunctionVolatility,
            object(),
            format!("it is {volatility}: {why}"),
            vec![format!("ALTER FUNCTION {} STABLE", function.sql)],
        );
    }
}

/// PostgreSQL inlines a function of one SQL expression, unless it runs as another or with settings of its own.
fn is_inlined(function: &Function) -> bool {
    function.language == "sql" && !function.definer && function.config.is_empty() && !function.strict
}

/// Returns what makes it one that is inlined.
fn inline(function: &Function) -> Vec<String> {
    let mut repair = Vec::new();
    for (is, change) in [
        (!function.config.is_empty(), "RESET ALL"),
        (function.definer, "SECURITY INVOKER"),
        (function.strict, "CALLED ON NULL INPUT"),
    ] {
        if is {
            repair.push(format!("ALTER FUNCTION {} {change}", function.sql));
        }
    }
    if function.language != "sql" {
        repair.push("-- write it as one SQL expression: LANGUAGE sql".to_owned());
    }
    repair
}

fn is_known(survey: &Survey<'_>, function: &Function) -> bool {
    function.schema == survey.prefix().schema() && NOT_INLINED.contains(&function.name.as_str())
}
