//! The words that are not ours: the field has others for what they meant here once.

use std::{fs, path::Path};

/// What is not written, and what is written instead.
const INSTEAD: [(&str, &str); 25] = [
    ("ring", "layer"),
    ("rings", "layers"),
    ("entrance", "entry function"),
    ("entrances", "entry functions"),
    ("the gate", "the definer role"),
    ("a gate", "the definer role"),
    ("role that nobody is", "the definer role"),
    ("request role", "the login role or a scope role"),
    ("request roles", "the login and scope roles"),
    ("door", "an escape hatch, or an extractor"),
    ("doors", "escape hatches, or extractors"),
    ("an exception", "an accepted finding"),
    ("exceptions", "accepted findings"),
    ("excepted", "accepted"),
    ("may be so", "is acceptable"),
    ("held by policies", "restricted by policies"),
    ("held by no role", "restricted by no role"),
    ("stands for", "corresponds to"),
    ("stand for", "correspond to"),
    ("met another transaction", "conflicted with another transaction"),
    ("keeps to the rows", "filters"),
    ("looked into", "inspected"),
    ("looks into", "inspects"),
    ("told from", "distinguished from"),
    ("tell from", "distinguish from"),
];

/// Where public docs, errors and messages are.
const WHERE: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs",
    "db/src",
    "db-macros/src",
    "entity/src",
    "migration/src",
    "tests/examples",
];

/// Returns what is to be read of a line: of code, its comment and its strings.
fn prose(line: &str) -> String {
    let strings = |code: &str| code.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
    match line.split_once("//") {
        Some((code, comment)) => format!("{} {comment}", strings(code)),
        // Without a quote it may be in the middle of a string.
        None if line.contains('"') => strings(line),
        None => line.to_owned(),
    }
}

/// Returns whether a text has the words, and not as a part of others.
fn has(text: &str, words: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(words)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + words.len()..].starts_with(is_part))
}

/// Returns what is not ours in lines that follow each other.
fn foreign(lines: &[&str], is_code: bool) -> Option<(&'static str, &'static str)> {
    let text = |line: &&str| {
        let text = if is_code { prose(line) } else { (*line).to_owned() };
        // What is left of `///` and `//!`.
        text.trim().trim_start_matches(['/', '!']).trim().to_lowercase()
    };
    let text = lines.iter().map(text).collect::<Vec<_>>().join(" ");
    INSTEAD.iter().find(|(what, _)| has(&text, what)).copied()
}

fn look(path: &Path, found: &mut Vec<String>) -> usize {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().map(|entry| look(&entry.unwrap().path(), found)).sum();
    }
    let is_code = path.extension().is_some_and(|extension| extension == "rs");
    if !is_code && path.extension().is_none_or(|extension| extension != "md") {
        return 0;
    }
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    for number in 0..lines.len() {
        // A line may end between two words.
        if let Some((what, instead)) = foreign(&lines[number..lines.len().min(number + 2)], is_code) {
            found.push(format!("{}:{}: not `{what}`, but {instead}", path.display(), number + 1));
        }
    }
    1
}

#[test]
fn the_words_are_those_of_the_field() {
    let mut found = Vec::new();
    let files: usize =
        WHERE.iter().map(|path| look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path), &mut found)).sum();
    assert!(files > 150, "{files}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The control.
#[test]
fn a_word_that_is_not_ours_is_found() {
    for (line, is_code) in [
        ("the second ring holds", false),
        ("    /// What no entrance has opened.", true),
        ("    refuse(\"it cannot be looked into\")", true),
        ("let role = \"a request role\"; // of the login", true),
        ("may become the gate. Nobody", false),
        ("    /// those of another request\n    /// role", true),
    ] {
        assert!(foreign(&line.lines().collect::<Vec<_>>(), is_code).is_some(), "{line}");
    }
    for (line, is_code) in [
        ("a string, during the night", false),
        ("let role = request.role; let door_of = gate(ring_3);", true),
        ("RAISE EXCEPTION 'role {gate} is another role''s'", true),
    ] {
        assert_eq!(foreign(&[line], is_code), None, "{line}");
    }
}
