//! Each sentence that says what a protection does not do names a test that shows it, and that test is there.
//!
//! A test is named as `suite::module::name`, a case of the compile-fail suite as `ui::name`.

use std::{collections::BTreeMap, fs, path::Path};

use crate::is_test;

/// The sections that say what a protection does not do: the page, the title, and how many sentences there are at least.
const SECTIONS: [(&str, &str, usize); 8] = [
    ("audit.md", "## What it does not see", 10),
    ("identity.md", "## What is not promised", 6),
    ("queries.md", "## What is refused, and what stops the rest", 11),
    ("raw.md", "## What is not looked at", 4),
    ("seal.md", "## What it does not stop", 8),
    ("side-channels.md", "## What remains", 16),
    ("side-channels.md", "## What each layer does not do", 14),
    ("testing.md", "## What it does not do", 5),
];

fn tests() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the pages by their names.
fn pages() -> BTreeMap<String, String> {
    let files = fs::read_dir(tests().join("../docs")).unwrap();
    let pages = files.map(|file| {
        let path = file.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
    });
    pages.collect()
}

/// Returns what a text puts into backticks and is the path of a test: its first segment is a suite, its last one a name
/// in small letters.
fn named(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_a_path = |text: &&str| {
        let mut segments = text.split("::");
        let suite = segments.next().unwrap_or_default();
        let plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        segments.last().is_some_and(|name| name.contains('_') && plain(name)) && is_a_suite(suite)
    };
    quoted.filter(is_a_path).collect()
}

fn is_a_suite(name: &str) -> bool {
    let suites = tests().join("tests");
    name == "ui" || (!name.is_empty() && (suites.join(name).is_dir() || suites.join(format!("{name}.rs")).is_file()))
}

/// Returns whether there is a test of that path.
fn is_there(path: &str) -> bool {
    let segments: Vec<_> = path.split("::").collect();
    let [suite, modules @ .., name] = segments.as_slice() else { return false };
    if *suite == "ui" {
        return modules.is_empty() && tests().join(format!("ui/fail/{name}.rs")).is_file();
    }
    let suite = tests().join("tests").join(suite);
    let files = match modules {
        [] => [suite.with_extension("rs"), suite.join("main.rs")],
        _ => [suite.join(modules.join("/")).with_extension("rs"), suite.join(modules.join("/")).join("main.rs")],
    };
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).any(|text| has_test(&text, name))
}

/// Returns whether a test of the name is in a source text.
fn has_test(text: &str, name: &str) -> bool {
    let items = syn::parse_file(text).unwrap().items;
    items.iter().any(|item| matches!(item, syn::Item::Fn(function) if function.sig.ident == name && is_test(function)))
}

/// Returns the rows of the tables, or else the items of the lists, under a title.
fn sentences<'a>(page: &'a str, title: &str) -> Vec<&'a str> {
    let (_, rest) = page.split_once(&format!("{title}\n")).unwrap_or_else(|| panic!("no section {title}"));
    let section = &rest[..rest.find("\n## ").unwrap_or(rest.len())];
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ") && !line.ends_with(" test |")).collect();
    if rows.is_empty() { section.split("\n- ").skip(1).collect() } else { rows }
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let mut all = 0;
    for (page, text) in pages() {
        for path in named(&text) {
            assert!(is_there(path), "docs/{page} names {path}, and there is no such test");
            all += 1;
        }
    }
    assert!(all > 60, "{all}");
}

#[test]
fn every_sentence_of_what_is_not_done_names_a_test() {
    let pages = pages();
    for (page, title, at_least) in SECTIONS {
        let sentences = sentences(&pages[page], title);
        assert!(sentences.len() >= at_least, "docs/{page}, {title}: {}", sentences.len());
        for sentence in sentences {
            assert!(!named(sentence).is_empty(), "docs/{page}, {title}, without a test: {sentence}");
        }
    }
}

/// A section that says what is not done, and that nobody looks at here, would not be judged.
#[test]
fn every_section_of_what_is_not_done_is_looked_at() {
    for (page, text) in pages() {
        for title in text.lines().filter(|line| line.starts_with('#')) {
            let says = [" not ", "remains", "stops the rest"].iter().any(|words| title.contains(words));
            assert_eq!(says, SECTIONS.iter().any(|section| section.0 == page && section.1 == title), "{page}: {title}");
        }
    }
}

/// The control.
#[test]
fn a_test_that_is_not_there_is_missed() {
    assert!(is_there("docs::limits::a_test_that_is_not_there_is_missed"));
    for path in ["docs::limits::has_test", "docs::limits::nothing", "docs::nothing", "ui::nothing", "docs"] {
        assert!(!is_there(path), "{path}");
    }
    assert_eq!(
        named("as `docs::limits::is_there`, `Registry::accept`, `contract::as_owner`"),
        ["docs::limits::is_there"]
    );
}
