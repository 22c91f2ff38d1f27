//! The report as text.

use super::sample;

const NARROW: &str = "\
╭──────────┬───────────────────────────────────────────────────────────────────╮
│ Severity │ Finding                                                           │
╞══════════╪═══════════════════════════════════════════════════════════════════╡
│ error    │ role-bypasses-rls                                                 │
│          │ role app_tenant                                                   │
│          │ The login role or a scope role has BYPASSRLS, or can become a     │
│          │ role that has: it sees every tenant's rows.                       │
├──────────┼───────────────────────────────────────────────────────────────────┤
";

const REST: &str = "
Repairs, each a transaction, to be read before they are run
-- role-bypasses-rls, role app_tenant
BEGIN;
ALTER ROLE app_tenant NOBYPASSRLS;
COMMIT;

-- table-without-rls, table public.plan_step
BEGIN;
ALTER TABLE public.plan_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.plan_step FORCE ROW LEVEL SECURITY;
COMMIT;

-- foreign-key-without-scope, constraint plan_step_plan_id_fkey of public.plan_step
BEGIN;
ALTER TABLE public.plan_step DROP CONSTRAINT plan_step_plan_id_fkey;
COMMIT;

-- view-runs-as-owner, view public.plan_summary
BEGIN;
ALTER VIEW public.plan_summary SET (security_invoker = true);
COMMIT;

To be decided
  publication, publication everything
    take the tables out of it, or know who subscribes

Accepted findings
  error unique-without-scope, constraint organization_slug_key of public.organization: a slug is in the address of a page, and so public

Not looked at
  Rows were not looked at: dangling foreign keys are not known.

shop (PostgreSQL 17.6), looked at as owner: 3 error, 1 warn, 1 info, 1 accepted
";

#[test]
fn a_narrow_terminal_has_two_columns_and_all_that_there_is_to_say() {
    let text = sample::faulty().to_text(false, Some(80));
    assert!(text.starts_with(NARROW), "{text}");
    assert!(text.ends_with(REST), "{text}");
    let (table, _) = text.split_once("\nRepairs").unwrap();
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
}

/// One cause, such as a grant on all tables of a schema, is one row; each finding has its repair, and counts.
#[test]
fn what_is_found_of_a_thousand_tables_is_one_row() {
    let mut report = sample::clean();
    report.findings = sample::faulty().findings;
    let one = report.findings[1].clone();
    report.findings.splice(
        1..=1,
        (0..1000).map(|n| {
            let mut finding = one.clone();
            finding.object.name = format!("public.t{n}");
            finding
        }),
    );
    for width in [80, 120] {
        let text = report.to_text(false, Some(width));
        let (table, rest) = text.split_once("\nRepairs").unwrap();
        assert!(table.lines().count() < 80 && table.contains("and 990 more"), "{table}");
        assert!(table.contains("table public.t9 ") && !table.contains("table public.t10 "), "{table}");
        assert_eq!(rest.matches("table-without-rls, table public.t").count(), 1000);
        assert!(rest.contains("1002 error"), "{rest}");
    }
}

#[test]
fn a_wide_one_has_four() {
    for (width, least) in [(None, 120), (Some(150), 150), (Some(110), 110)] {
        let text = sample::faulty().to_text(false, width);
        let (table, _) = text.split_once("\nRepairs").unwrap();
        assert!(table.lines().all(|line| line.chars().count() <= least), "{table}");
        let header: Vec<_> = table.lines().nth(1).unwrap().split('│').map(str::trim).collect();
        assert_eq!(header, ["", "Severity", "Code", "Object", "What it means", ""]);
        // A code is what one searches for: it is never broken.
        assert!(table.contains("│ foreign-key-without-scope │"), "{table}");
    }
}

#[test]
fn colours_change_nothing_else() {
    for width in [None, Some(80), Some(40)] {
        let (plain, coloured) = (sample::faulty().to_text(false, width), sample::faulty().to_text(true, width));
        assert!(!plain.contains('\u{1b}'));
        for severity in ["\u{1b}[1;31merror\u{1b}[0m", "\u{1b}[1;33mwarn\u{1b}[0m", "\u{1b}[1;36minfo\u{1b}[0m"] {
            assert_eq!(
                coloured.matches(&format!("│ {severity} ")).count(),
                if severity.contains("31m") { 3 } else { 1 }
            );
        }
        let codes = ["\u{1b}[1;31m", "\u{1b}[1;33m", "\u{1b}[1;36m", "\u{1b}[1m", "\u{1b}[0m"];
        assert_eq!(codes.iter().fold(coloured, |text, code| text.replace(code, "")), plain);
    }
}

#[test]
fn a_clean_one_says_so_in_its_last_line() {
    let text = sample::clean().to_text(false, None);
    assert!(text.starts_with("Accepted findings\n"), "{text}");
    let last = "shop (PostgreSQL 17.6), looked at as owner: 0 error, 0 warn, 0 info, 2 accepted";
    assert_eq!(text.lines().last(), Some(last));
    assert_eq!(sample::clean().to_text(true, None).matches("\u{1b}[1;3").count(), 0, "nothing to warn of");
}
