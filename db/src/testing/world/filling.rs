//! Who has which rows.

use uuid::Uuid;

use crate::{
    ScopeKind, TableName,
    scope::Rows,
    sql::quote,
    testing::{
        Result, failure,
        fill::{Filler, Line, Made, Order, Party, Side, Values},
        literal,
        session::Session,
        setup::Isolation,
        subject::{Spare, Subject, View},
        tables::Catalog,
    },
};

/// The table that says who is a member of what.
struct Members {
    table: usize,
    organization: String,
    user: String,
    role: Option<String>,
    ranks: Vec<String>,
}

impl Members {
    fn values(&self, party: &Party, person: Uuid, rank: Option<&String>) -> Values {
        let mut values = Values::from([
            (self.organization.clone(), literal(&party.organization.to_string())),
            (self.user.clone(), literal(&person.to_string())),
        ]);
        if let (Some(role), Some(rank)) = (&self.role, rank) {
            values.insert(role.clone(), literal(rank));
        }
        values
    }
}

/// Fills all tables of the subjects, in one transaction.
pub(super) async fn fill(
    session: &mut Session,
    catalog: &Catalog,
    subjects: &mut [Subject],
    setup: &Isolation,
    [victim, hostile, stranger]: [&Party; 3],
) -> Result<Vec<Made>> {
    let membership = setup.contract.membership();
    let table = TableName::from(membership.table.as_str());
    let table = TableName::new(table.schema().or(Some("public")), table.name());
    let members = Members {
        table: catalog.find(session, &table).await?,
        organization: membership.organization.clone(),
        user: membership.user.clone(),
        role: membership.role.clone(),
        ranks: membership.ranks.clone(),
    };
    session.run("BEGIN").await?;
    let mut filler = Filler::new(session, catalog, subjects, &setup.given);
    make_person(&mut filler, catalog, &members, stranger, stranger.people[0]).await?;
    let mut newcomers = Vec::new();
    for party in [victim, hostile] {
        for (at, &person) in party.people.iter().enumerate() {
            let rank = if at == 0 { members.ranks.first() } else { members.ranks.last() };
            let values = members.values(party, person, rank);
            filler.make(Order { table: members.table, values, party, person, kept: true }).await?;
        }
        let newcomer = Uuid::new_v4();
        make_person(&mut filler, catalog, &members, party, newcomer).await?;
        newcomers.push(newcomer);
    }
    let tables: Vec<_> = subjects_of(&filler);
    for party in [victim, hostile] {
        for &table in &tables {
            fill_table(&mut filler, &members, table, party).await?;
        }
    }
    let spares = spares(&mut filler, &members, [victim, hostile], &newcomers).await?;
    let made = std::mem::take(&mut filler.made);
    let immediate = session.ask("SET CONSTRAINTS ALL IMMEDIATE").await?;
    immediate
        .map_err(|refused| failure(format!("the rows that were made do not fit together: {}", refused.message)))?;
    session.run("COMMIT").await?;
    for (at, spare, line) in spares {
        subjects[at].spares.push((spare, line));
    }
    Ok(made)
}

/// Makes the rows that are not there: one more for each side, and one that is nobody's.
async fn spares(
    filler: &mut Filler<'_>,
    members: &Members,
    parties: [&Party; 2],
    newcomers: &[Uuid],
) -> Result<Vec<(usize, Spare, Line)>> {
    let mut spares = Vec::new();
    for (at, table) in subjects_of(filler).into_iter().enumerate() {
        for (party, newcomer) in parties.into_iter().zip(newcomers) {
            let person = party.people[0];
            let values = if table == members.table {
                members.values(party, *newcomer, members.ranks.last())
            } else {
                filler.scope_values(table, party, person)
            };
            if !filler.is_taken(table, &values).await? {
                let line = filler.make(Order { table, values, party, person, kept: false }).await?;
                spares.push((at, Spare::Of(party.side), line));
            }
        }
        let nobody = Party { side: Side::Stranger, organization: Uuid::new_v4(), people: vec![Uuid::new_v4()] };
        let order = Order { table, values: Values::new(), party: &nobody, person: nobody.people[0], kept: false };
        if filler.is_cyclic(table) {
            // Those that it needs need one of its kind that stays.
            filler.make(Order { kept: true, ..order.clone() }).await?;
        }
        spares.push((at, Spare::Nobodys, filler.make(order).await?));
    }
    Ok(spares)
}

fn subjects_of(filler: &Filler<'_>) -> Vec<usize> {
    filler.subjects().iter().map(|subject| subject.table).collect()
}

/// Makes the row of a person, where memberships point at one.
async fn make_person(
    filler: &mut Filler<'_>,
    catalog: &Catalog,
    members: &Members,
    party: &Party,
    person: Uuid,
) -> Result<()> {
    let table = &catalog.tables[members.table];
    let Some(key) = table.foreign_keys().find(|key| key.columns == [members.user.as_str()]) else { return Ok(()) };
    let Some(parent) = catalog.at(key.parent) else { return Ok(()) };
    let values = Values::from([(key.parent_columns[0].clone(), literal(&person.to_string()))]);
    filler.make(Order { table: parent, values, party, person, kept: true }).await?;
    Ok(())
}

/// Makes two rows of a table for the first person of a side, and one for the other; fewer where it can only have one.
async fn fill_table(filler: &mut Filler<'_>, members: &Members, table: usize, party: &Party) -> Result<()> {
    if table == members.table {
        return Ok(());
    }
    let [first, other] = [party.people[0], party.people[1]];
    let mut wanted = vec![first, first];
    if filler.scope_values(table, party, first) != filler.scope_values(table, party, other) {
        wanted.push(other);
    }
    for (at, &person) in wanted.iter().enumerate() {
        let values = filler.scope_values(table, party, person);
        let has = |made: &&Made| {
            made.table == table
                && made.side == party.side
                && values
                    .iter()
                    .all(|(column, sql)| made.line.get(column).map(crate::testing::fill::sql_of).as_ref() == Some(sql))
        };
        let there = filler.made.iter().filter(has).count();
        let needed = wanted[..=at].iter().filter(|other| **other == person).count();
        if there < needed && !filler.is_taken(table, &values).await? {
            filler.make(Order { table, values, party, person, kept: true }).await?;
        }
    }
    Ok(())
}

/// Looks up, as the superuser, which rows each scope should see in the hostile side's context.
pub(super) async fn look(session: &mut Session, subjects: &mut [Subject], hostile: &Party) -> Result<()> {
    for subject in subjects {
        for declared in subject.entity.scopes {
            let key = match declared.scope {
                ScopeKind::Tenant => hostile.organization.to_string(),
                ScopeKind::User => hostile.people[0].to_string(),
                ScopeKind::Identity => String::new(),
            };
            let condition = condition(declared.rows, &key);
            let mut view = View { scope: declared.scope, own: Vec::new(), foreign: Vec::new() };
            for (rows, condition) in
                [(&mut view.own, condition.clone()), (&mut view.foreign, format!("({condition}) IS NOT TRUE"))]
            {
                let sql = format!("SELECT pg_catalog.to_jsonb(t)::text FROM {} t WHERE {condition}", subject.sql);
                *rows = lines(&session.lines(&sql).await?);
            }
            if view.own.is_empty() || (view.foreign.is_empty() && !matches!(declared.rows, Rows::All)) {
                return Err(failure(format!(
                    "table {}: there is no row of its own, or of another, for the scope of {}",
                    subject.sql,
                    declared.scope.as_str()
                )));
            }
            subject.views.push(view);
        }
    }
    Ok(())
}

/// Returns the condition that a row `t` is in the scope of the key.
pub(in crate::testing) fn condition(rows: Rows, key: &str) -> String {
    match rows {
        Rows::All => "true".to_owned(),
        Rows::Column(column) => format!("t.{} = {}", quote(column), literal(key)),
        Rows::Via(via) => {
            let via = via();
            let (own, theirs): (Vec<_>, Vec<_>) = via
                .columns
                .iter()
                .map(|(own, theirs)| (format!("t.{}", quote(own)), format!("v.{}", quote(theirs))))
                .unzip();
            format!(
                "({}) IN (SELECT {} FROM {} v WHERE v.{} = {})",
                own.join(", "),
                theirs.join(", "),
                via.table.sql(),
                quote(via.key),
                literal(key)
            )
        }
    }
}

fn lines(texts: &[String]) -> Vec<Line> {
    texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
}
