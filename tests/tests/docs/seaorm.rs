//! `docs/seaorm.md` names every public query method of SeaORM's, and the tests that it names are there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use syn::{Attribute, ImplItem, Item, TraitItem, Type, Visibility};

use crate::is_test;

/// The files of SeaORM's in which its query methods are.
const FILES: [&str; 24] = [
    "query/helper.rs",
    "query/select.rs",
    "query/traits.rs",
    "query/combine.rs",
    "query/join.rs",
    "query/insert.rs",
    "query/update.rs",
    "query/delete.rs",
    "query/loader.rs",
    "executor/select.rs",
    "executor/select/three.rs",
    "executor/select/four.rs",
    "executor/select/five.rs",
    "executor/select/six.rs",
    "executor/select_ext.rs",
    "executor/cursor.rs",
    "executor/paginator.rs",
    "executor/insert.rs",
    "executor/update.rs",
    "executor/delete.rs",
    "entity/base_entity.rs",
    "entity/compound.rs",
    "entity/model.rs",
    "entity/active_model.rs",
];

/// What is in those files and no query: names and columns of an entity, values of a model, hooks.
const NOT_QUERIES: [&str; 12] = [
    "ActiveModelBehavior",
    "ColumnAsExpr",
    "EntityName",
    "EntityOrSelect",
    "EntityReverse",
    "IdenStatic",
    "IntoActiveModel",
    "IntoSimpleExpr",
    "SelectorTrait",
    "TryIntoModel",
    "TryInsertResult",
    "DeleteResult",
];

/// Returns the folder of SeaORM's source that this workspace is built with.
fn seaorm() -> PathBuf {
    // Of the packages of other platforms, nothing need have been downloaded.
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().unwrap();
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(["--filter-platform", String::from_utf8(host.stdout).unwrap().trim(), "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|package| package["name"] == "sea-orm").unwrap();
    Path::new(found["manifest_path"].as_str().unwrap()).parent().unwrap().join("src")
}

fn is_hidden(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("doc") && attr.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "hidden")
    })
}

/// The public methods of a file, as `Type::method`.
fn methods(file: &Path) -> Vec<String> {
    let mut methods = Vec::new();
    for item in syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap().items {
        match item {
            Item::Trait(item) if matches!(item.vis, Visibility::Public(_)) && !is_hidden(&item.attrs) => {
                for method in item.items {
                    if let TraitItem::Fn(method) = method
                        && !is_hidden(&method.attrs)
                    {
                        methods.push(format!("{}::{}", item.ident, method.sig.ident));
                    }
                }
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let Type::Path(ty) = &*item.self_ty else { continue };
                let ty = &ty.path.segments.last().unwrap().ident;
                for method in item.items {
                    if let ImplItem::Fn(method) = method
                        && matches!(method.vis, Visibility::Public(_))
                        && !is_hidden(&method.attrs)
                    {
                        methods.push(format!("{ty}::{}", method.sig.ident));
                    }
                }
            }
            _ => {}
        }
    }
    methods.retain(|method| !NOT_QUERIES.contains(&method.split("::").next().unwrap()));
    methods
}

/// A row of the table: the methods of SeaORM's, and the tests.
struct Row {
    theirs: Vec<String>,
    tests: Vec<String>,
    left_out: bool,
}

fn code(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let table = include_str!("../../../docs/seaorm.md");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").collect();
        let [theirs, ours, tests] = cells.try_into().unwrap();
        Row { theirs: code(theirs), tests: code(tests), left_out: ours.trim().starts_with("left out") }
    })
    .collect()
}

#[test]
fn every_query_method_of_seaorm_is_in_the_table() {
    let source = seaorm();
    let theirs: BTreeSet<String> = FILES.iter().flat_map(|file| methods(&source.join(file))).collect();
    assert!(theirs.len() > 200, "{}", theirs.len());
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    for method in rows().into_iter().flat_map(|row| row.theirs) {
        *listed.entry(method).or_default() += 1;
    }
    let missing: Vec<_> = theirs.iter().filter(|method| !listed.contains_key(*method)).collect();
    assert!(missing.is_empty(), "not in the table: {missing:#?}");
    let unknown: Vec<_> = listed.keys().filter(|method| !theirs.contains(*method)).collect();
    assert!(unknown.is_empty(), "not SeaORM's: {unknown:#?}");
    let twice: Vec<_> = listed.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "more than once: {twice:#?}");
}

/// Every row has a test, or the reason why it has no method; and the tests are there.
#[test]
fn every_row_of_the_table_names_tests_that_are_there() {
    let mut tests = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            // The root of a suite is named as the suite.
            let named = if path.ends_with("main.rs") { path.parent().unwrap() } else { &path };
            let module = named.file_stem().unwrap().to_str().unwrap().to_owned();
            for item in syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap().items {
                if let Item::Fn(function) = item
                    && is_test(&function)
                {
                    tests.insert(format!("{module}::{}", function.sig.ident));
                }
            }
        }
    }
    for row in rows() {
        assert!(row.left_out || !row.tests.is_empty(), "no test: {:?}", row.theirs);
        for test in row.tests {
            assert!(tests.contains(&test), "there is no {test}");
        }
    }
}
