//! Tables that are hard to fill.

use db::{Registry, contract::Contract};

use crate::{
    run,
    tables::{
        HALVES, NODE, ODDITY, PREFERENCE, STUBBORN,
        left_half::LeftHalf,
        node::Node,
        oddity::Oddity,
        preference::Preference,
        right_half::RightHalf,
        stubborn::{Stubborn, Writable},
    },
};

#[tokio::test]
async fn a_row_that_has_to_point_at_a_row_of_its_own_table_is_made() {
    let registry = Registry::empty().with::<Node>();
    run(NODE, Contract::protect::<Node>, "", registry, |isolation| isolation).await.assert();
}

#[tokio::test]
async fn rows_that_need_each_other_are_made() {
    let registry = Registry::empty().with::<LeftHalf>().with::<RightHalf>();
    let protect = |contract: &Contract| [contract.protect::<LeftHalf>(), contract.protect::<RightHalf>()].concat();
    run(HALVES, protect, "", registry, |isolation| isolation).await.assert();
}

#[tokio::test]
async fn a_table_with_one_row_for_each_organization_is_filled() {
    let registry = Registry::empty().with::<Preference>();
    run(PREFERENCE, Contract::protect::<Preference>, "", registry, |isolation| isolation).await.assert();
}

/// Enumerations, domains, identities, generated columns, deferrable, partial and composite keys, keys over expressions,
/// checks over one column and over several, and a table that rows are pointed at and no entity knows.
#[tokio::test]
async fn odd_types_and_constraints_are_met() {
    let registry = Registry::empty().with::<Oddity>().with::<Node>();
    let make = format!("{NODE}{ODDITY}");
    let protect = |contract: &Contract| [contract.protect::<Oddity>(), contract.protect::<Node>()].concat();
    run(&make, protect, "", registry, |isolation| isolation).await.assert();
}

#[tokio::test]
async fn a_table_that_cannot_be_filled_says_what_to_write() {
    let registry = Registry::empty().with::<Stubborn>();
    let report = run(STUBBORN, Contract::protect::<Stubborn>, "", registry, |isolation| isolation).await;
    let [(test, why)] = report.failures() else { panic!("{report}") };
    assert_eq!(test, "filling");
    for part in ["table stubborn", "stubborn_code", "CHECK ((code = md5(title)))", r#".value("stubborn", "#] {
        assert!(why.contains(part), "{why}");
    }
    assert!(report.passed().is_empty());
}

#[tokio::test]
async fn a_table_that_is_given_its_values_is_filled() {
    let registry = || Registry::empty().with::<Stubborn>();
    let protect = |contract: &Contract| contract.protect::<Stubborn>();
    let report = run(STUBBORN, protect, "", registry(), |isolation| {
        isolation.row::<Stubborn>([(Writable::Title, "'row {serial}'")]).value(
            "stubborn",
            "code",
            "md5('row {serial}')",
        )
    });
    report.await.assert();
}

/// A program whose entities were left out by the linker would otherwise pass.
#[tokio::test]
async fn no_entities_are_no_success() {
    let report = run("", |_| Vec::new(), "", Registry::empty(), |isolation| isolation).await;
    assert!(report.failures().iter().any(|(_, why)| why.contains("no entity is registered")), "{report}");
}
