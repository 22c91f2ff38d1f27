//! Each sentence that says what a layer does not do names a test that shows it, and that test is there.

use std::path::Path;

/// The pages whose tables name tests, as `suite::module::name`.
const PAGE: &str = include_str!("../../../docs/side-channels.md");

/// Returns what the page puts into backticks and looks like the path of a test.
fn named() -> Vec<&'static str> {
    let quoted = PAGE.split('`').skip(1).step_by(2);
    quoted.filter(|text| text.contains("::") && !text.contains(|c: char| c.is_whitespace() || c == '(')).collect()
}

/// Whether a file of the suite has a test of that name.
fn has_test(suite: &str, module: Option<&str>, name: &str) -> bool {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = match module {
        Some(module) => vec![tests.join(suite).join(module).with_extension("rs")],
        None => vec![tests.join(suite).with_extension("rs"), tests.join(suite).join("main.rs")],
    };
    files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).any(|text| {
        text.split(&format!("fn {name}("))
            .next()
            .is_some_and(|before| before.len() < text.len() && before.contains("#["))
    })
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let named = named();
    assert!(named.len() > 20, "{named:?}");
    for path in named {
        let parts: Vec<_> = path.split("::").collect();
        let found = match parts.as_slice() {
            [suite, name] => has_test(suite, None, name),
            [suite, modules @ .., name] => has_test(suite, Some(&modules.join("/")), name),
            _ => false,
        };
        assert!(found, "docs/side-channels.md names {path}, and there is no such test");
    }
}
