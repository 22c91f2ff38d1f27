//! What the guide says of each code.

use db::audit::Code;

#[test]
fn the_guide_has_each_code_as_it_is() {
    let guide = include_str!("../../../docs/audit.md");
    for code in Code::ALL {
        let row = format!("| `{code}` | {} | {} |", code.severity(), code.meaning());
        assert!(guide.contains(&row), "docs/audit.md lacks: {row}");
    }
    let rows = guide.lines().filter(|line| line.starts_with("| `") && line.matches(" | ").count() == 2);
    let severities = ["info", "warn", "error"];
    let codes = rows.filter(|row| severities.iter().any(|severity| row.contains(&format!("` | {severity} | "))));
    assert_eq!(codes.count(), Code::ALL.len());
}

/// A name is what others keep: in acceptances, in pipelines, in scanners.
#[test]
fn names_are_plain_and_stand_for_one_thing() {
    let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
    assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
}
