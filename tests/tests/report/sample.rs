//! Reports that no database has to be broken for.

use db::audit::AuditReport;
use serde_json::{Value, json};

/// A role's access by one letter for each verb (`s` and `u` for some columns), and which rows.
fn access(verbs: &str, rows: &str) -> Value {
    let may = |all: char, some: char| {
        if verbs.contains(all) {
            json!("all")
        } else if verbs.contains(some) {
            json!({ "only": ["name", "email"] })
        } else {
            json!("none")
        }
    };
    let nothing = verbs.is_empty();
    json!({
        "select": may('S', 's'), "insert": may('I', 'i'), "update": may('U', 'u'), "delete": verbs.contains('D'),
        "others": if verbs.contains('T') { vec!["TRUNCATE"] } else { vec![] },
        "rows": if nothing { Value::Null } else { json!(rows) },
    })
}

/// A table, its scopes with their rows, and what the roles of the three scopes may do.
fn table(name: &str, scopes: &[(&str, &str)], verbs: [(&str, &str); 3]) -> Value {
    let mut all = vec![access("", "")];
    all.extend(verbs.map(|(verbs, rows)| access(verbs, rows)));
    let scopes: Vec<_> = scopes.iter().map(|(scope, rows)| json!({ "scope": scope, "rows": rows })).collect();
    json!({
        "name": name, "kind": "table", "entity": null, "scopes": scopes, "row_security": true, "forced": true,
        "columns": 8, "access": all,
    })
}

fn key(table: &str, columns: &[&str], references: &str, carries_scope: bool) -> Value {
    let name = format!("{}_{}_fkey", table.trim_start_matches("public."), columns.join("_"));
    json!({
        "name": name, "table": table, "columns": columns, "references": references,
        "referenced_columns": columns, "carries_scope": carries_scope,
    })
}

fn finding(code: &str, severity: &str, kind: &str, table: Option<&str>, name: &str, repair: &[&str]) -> Value {
    let code: db::audit::Code = serde_json::from_value(json!(code)).unwrap();
    json!({
        "code": code, "severity": severity, "object": { "kind": kind, "table": table, "name": name },
        "message": code.meaning(), "repair": { "statements": repair, "advice": [] },
    })
}

/// One that no statement repairs.
fn decide(code: &str, severity: &str, kind: &str, name: &str, advice: &str) -> Value {
    let mut finding = finding(code, severity, kind, None, name, &[]);
    finding["repair"]["advice"] = json!([advice]);
    finding
}

fn report(findings: &[Value], accepted: &[Value], tables: &[Value], keys: &[Value]) -> AuditReport {
    let role = |name: &str, scope: Value| json!({ "name": name, "scope": scope });
    let report = json!({
        "database": "shop", "server_version": "17.6", "looked_as": "owner",
        "findings": findings, "accepted": accepted,
        "not_looked_at": ["Rows were not looked at: dangling foreign keys are not known."],
        "roles": [
            role("trovella-app", Value::Null), role("app_tenant", json!("tenant")),
            role("app_user", json!("user")), role("app_identity", json!("identity")),
        ],
        "tables": tables, "foreign_keys": keys,
    });
    serde_json::from_value(report).unwrap()
}

const TENANT: (&str, &str) = ("tenant", "organization_id");
const USER: (&str, &str) = ("user", "user_id");
const IDENTITY: (&str, &str) = ("identity", "all rows");

fn tables() -> Vec<Value> {
    let all = ("SIUD", "all rows");
    let no = ("", "");
    vec![
        table("public.account", &[USER, IDENTITY], [no, ("s", "user_id"), all]),
        table("public.invitation", &[TENANT, IDENTITY], [("SID", "organization_id"), no, all]),
        table("public.member", &[TENANT, USER, IDENTITY], [("SuD", "organization_id"), ("S", "user_id"), all]),
        table(
            "public.organization",
            &[("tenant", "id"), ("user", "by member"), IDENTITY],
            [("Su", "id"), ("S", "by member"), all],
        ),
        table("public.personal_access_token", &[USER], [no, ("SIu", "user_id"), no]),
        table("public.plan_step", &[TENANT], [("SIuD", "organization_id"), no, no]),
        table("public.research_plan", &[TENANT], [("SIuD", "organization_id"), no, no]),
        table("public.session", &[USER, IDENTITY], [no, ("sD", "user_id"), all]),
        table(
            "public.user",
            &[("tenant", "by member"), ("user", "id"), IDENTITY],
            [("s", "by member"), ("Su", "id"), all],
        ),
        table("public.verification", &[IDENTITY], [no, no, all]),
    ]
}

fn keys() -> Vec<Value> {
    vec![
        key("public.account", &["user_id"], "public.user", true),
        key("public.invitation", &["organization_id"], "public.organization", true),
        key("public.invitation", &["organization_id", "inviter_id"], "public.member", true),
        key("public.member", &["organization_id"], "public.organization", true),
        key("public.member", &["user_id"], "public.user", true),
        key("public.personal_access_token", &["user_id"], "public.user", true),
        key("public.plan_step", &["organization_id", "plan_id"], "public.research_plan", true),
        key("public.research_plan", &["organization_id", "created_by"], "public.member", true),
        key("public.research_plan", &["organization_id"], "public.organization", true),
        key("public.session", &["user_id"], "public.user", true),
    ]
}

/// One with nothing to say but two acceptances.
pub(crate) fn clean() -> AuditReport {
    let accepted = json!({
        "finding": finding("unique-without-scope", "error", "constraint", Some("public.organization"), "organization_slug_key", &[]),
        "reason": "a slug is in the address of a page, and so public",
    });
    let second = json!({
        "finding": finding("set-config-executable", "warn", "function", None, "pg_catalog.set_config", &["REVOKE EXECUTE ON FUNCTION set_config(text, text, boolean) FROM PUBLIC;"]),
        "reason": "the provider gives nobody a superuser",
    });
    report(&[], &[accepted, second], &tables(), &keys())
}

/// One with findings of each severity, tables that are open, and foreign keys that do not carry their scope.
pub(crate) fn faulty() -> AuditReport {
    let mut tables = tables();
    tables[5]["row_security"] = json!(false);
    tables[5]["access"][1]["rows"] = json!("all rows: row-level security is off");
    tables[6]["forced"] = json!(false);
    tables[6]["access"][2] = access("ST", "all rows");
    let mut view = table("public.plan_summary", &[], [("S", "all rows"), ("", ""), ("", "")]);
    view["kind"] = json!("view");
    view["row_security"] = json!(false);
    tables.insert(6, view);
    let mut keys = keys();
    keys[6] = key("public.plan_step", &["plan_id"], "public.research_plan", false);
    keys[7] = key("public.research_plan", &["created_by"], "public.user", false);
    let plan_step = Some("public.plan_step");
    let findings = vec![
        finding("role-bypasses-rls", "error", "role", None, "app_tenant", &["ALTER ROLE app_tenant NOBYPASSRLS"]),
        finding(
            "table-without-rls",
            "error",
            "table",
            plan_step,
            "public.plan_step",
            &[
                "ALTER TABLE public.plan_step ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE public.plan_step FORCE ROW LEVEL SECURITY",
            ],
        ),
        finding(
            "foreign-key-without-scope",
            "error",
            "constraint",
            plan_step,
            "plan_step_plan_id_fkey",
            &["ALTER TABLE public.plan_step DROP CONSTRAINT plan_step_plan_id_fkey;"],
        ),
        finding(
            "view-runs-as-owner",
            "warn",
            "view",
            Some("public.plan_summary"),
            "public.plan_summary",
            &["ALTER VIEW public.plan_summary SET (security_invoker = true)"],
        ),
        decide("publication", "info", "publication", "everything", "take the tables out of it, or know who subscribes"),
    ];
    let accepted = json!({
        "finding": finding("unique-without-scope", "error", "constraint", Some("public.organization"), "organization_slug_key", &[]),
        "reason": "a slug is in the address of a page, and so public",
    });
    report(&findings, &[accepted], &tables, &keys)
}

/// One of so many tables, which point at some of the others.
pub(crate) fn large(count: usize) -> AuditReport {
    let name = |n: usize| format!("public.table_{n:03}");
    let scopes = [vec![TENANT], vec![USER], vec![IDENTITY], vec![TENANT, USER], vec![]];
    let of = |n: usize| table(&name(n), &scopes[n % 5], [("SIuD", "organization_id"), ("", ""), ("", "")]);
    let keys = (1..count)
        .flat_map(|n| [key(&name(n), &["a"], &name(n / 3), n % 17 > 0), key(&name(n), &["b"], &name(0), true)]);
    report(&[], &[], &(0..count).map(of).collect::<Vec<_>>(), &keys.collect::<Vec<_>>())
}

/// What a name may be, and must not do.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{1b}[31m\u{202e}";

/// One in which every text that a database or a program decides is hostile.
pub(crate) fn hostile() -> AuditReport {
    let mut report = serde_json::to_value(faulty()).unwrap();
    poison(&mut report);
    serde_json::from_value(report).unwrap()
}

/// Adds it to every text but those that only have a few values.
fn poison(value: &mut Value) {
    match value {
        Value::String(text) => text.push_str(HOSTILE),
        Value::Array(all) => all.iter_mut().for_each(poison),
        Value::Object(all) => {
            for (key, value) in all {
                let verb = ["select", "insert", "update"].contains(&key.as_str()) && value.is_string();
                if !verb && !["code", "severity", "kind", "scope"].contains(&key.as_str()) {
                    poison(value);
                }
            }
        }
        _ => (),
    }
}
