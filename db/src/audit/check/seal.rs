//! The view of the seal: that it is there, and that the definer role alone reads it.

use super::{Findings, database::roles, install::install, who};
use crate::{
    audit::{Object, catalog::Relation, survey::Survey},
    code::Code,
};

fn view<'a>(survey: &Survey<'a>) -> Option<&'a Relation> {
    survey.catalog.relations.iter().find(|relation| survey.is_seal(relation))
}

/// What opens a context has a cursor on it, as the definer role.
pub(super) fn is_there(survey: &Survey<'_>, findings: &mut Findings) {
    let found = view(survey);
    let mut in_the_way = None;
    let what = match found {
        None => "it is missing, and what opens a context has a cursor on it".to_owned(),
        Some(found) if found.kind != "v" => {
            let kind = if found.kind == "p" { "table" } else { found.kind_name() };
            in_the_way = Some(format!("DROP {} {}", kind.to_uppercase(), found.sql));
            format!("it is a {}, and what opens a context has a cursor on a view", found.kind_name())
        }
        Some(found) if survey.role_name(found.owner) != survey.prefix().gate() => format!(
            "it is not the definer role's: `{}` owns it, and so may open a context for anybody",
            survey.role_name(found.owner)
        ),
        Some(found) if !found.owner_reads => {
            "the definer role may not read it, and what opens a context has a cursor on it".to_owned()
        }
        Some(_) => return,
    };
    let mut repair = install(survey);
    if let Some(drop) = in_the_way.filter(|_| !repair.statements.is_empty()) {
        repair.statements.insert(0, drop);
    }
    findings.add(Code::ContractMissing, Object::table(survey.prefix().seal()), what, repair);
}

/// Whoever else may read it opens a cursor of any name on it.
pub(super) fn is_closed(survey: &Survey<'_>, findings: &mut Findings) {
    let Some(relation) = view(survey) else { return };
    let grantees = relation.privileges().map(|(grantee, _)| survey.role_name(grantee));
    let mut names: Vec<_> = grantees.filter(|name| *name != survey.prefix().gate()).collect();
    names.sort_unstable();
    names.dedup();
    if !names.is_empty() {
        findings.add(
            Code::SealExposed,
            Object::table(relation.full_name()),
            format!("{} can reach the view of the seal, and so open a context for anybody", who(&names)),
            vec![format!("REVOKE ALL ON TABLE {} FROM {}", relation.sql, roles(&names))],
        );
    }
}
