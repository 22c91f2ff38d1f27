//! What has to hold when the faults are over.

use std::time::Instant;

use super::{
    books::{Books, Holdings, difference},
    world::{MARKERS, Member, World},
};
use crate::{
    real,
    tables::bookmark::Bookmark,
    values::{Cell, TABLES, Table},
};

impl World {
    /// Checks that no connection is lost, that nothing is left behind on any, that every committed change is there and
    /// no other, and that nothing has crossed from one tenant to another.
    pub(crate) async fn check(&self, tenants: &[(&Member, &Books)]) -> Result<(), String> {
        self.nothing_is_open().await?;
        self.pool_is_whole().await?;
        let mut rows = [0; 6];
        for (member, books) in tenants {
            let books = books.holdings();
            for (count, table) in
                rows.iter_mut().zip(books.0.iter().map(std::collections::BTreeSet::len).chain([books.1.len()]))
            {
                *count += table;
            }
            let seen = self.seen(member).await.map_err(|error| format!("{}: {error:?}", member.marker))?;
            for (who, found) in [("the tenant", seen), ("the superuser", self.settled(member).await)] {
                if let Some(difference) = difference(&books, &found) {
                    return Err(format!("{}, as {who} sees it: {difference}", member.marker));
                }
                no_mark_of_another(member, &found)?;
            }
        }
        self.nothing_has_crossed(rows).await?;
        self.nothing_is_open().await
    }

    /// What a member sees in contexts of its own. Where the pool does not wait for long, it is asked again.
    async fn seen(&self, member: &Member) -> db::Result<Holdings> {
        let since = Instant::now();
        loop {
            match self.look(member).await {
                Err(error) if error.is_pool_timeout() && since.elapsed() < self.patience => {}
                seen => return seen,
            }
        }
    }

    async fn look(&self, member: &Member) -> db::Result<Holdings> {
        let open = self.db.tenant(member.organization, &member.who).read_only();
        let rows = open.run(async |cx| real::all(cx).await).await?;
        let bookmarks = self.db.user(&member.who).read_only();
        let bookmarks = bookmarks.run(async |cx| Bookmark::find().all(cx).await).await?;
        Ok((rows, bookmarks.into_iter().map(|row| (row.id, row.project_id)).collect()))
    }

    /// The tables hold the rows of the tenants and no others, and each was written in a context of its owner's.
    async fn nothing_has_crossed(&self, rows: [usize; 6]) -> Result<(), String> {
        let tables = TABLES.map(Table::name).map(|table| (table, "organization_id"));
        for ((table, owner), expected) in tables.into_iter().chain([("bookmark", "user_id")]).zip(rows) {
            let all = self.number(&format!("SELECT count(*) FROM {table}")).await;
            if usize::try_from(all) != Ok(expected) {
                return Err(format!("{table} has {all} rows, and the tenants have {expected}"));
            }
            let crossed = format!("SELECT count(*) FROM {table} WHERE written_in NOT IN ({owner}::text, 'nobody')");
            let crossed = self.number(&crossed).await;
            if crossed > 0 {
                return Err(format!("{crossed} rows of {table} were written in a context of another tenant"));
            }
        }
        Ok(())
    }

    /// No session of the login role is in a transaction, and there are no more sessions than connections.
    async fn nothing_is_open(&self) -> Result<(), String> {
        let sessions = format!(
            "FROM pg_stat_activity WHERE datname = current_database() AND usename = '{}'",
            self.database.login()
        );
        let (open, all) =
            (format!("SELECT count(*) {sessions} AND xact_start IS NOT NULL"), format!("SELECT count(*) {sessions}"));
        let none = async || if self.number(&open).await == 0 { Ok(()) } else { Err("a transaction") };
        self.comes_to("a session is left in a transaction", none).await?;
        let most = self.connections;
        let few = async || match self.number(&all).await {
            all if usize::try_from(all).is_ok_and(|all| all <= most) => Ok(()),
            all => Err(all),
        };
        self.comes_to("there are more sessions than connections", few).await
    }

    /// So many contexts as the pool has connections can be open at the same time; each entry function has checked its own.
    /// A pooler that has fewer connections is lent more for it.
    pub(crate) async fn pool_is_whole(&self) -> Result<(), String> {
        let Some((pooler, few)) = &self.pooler else { return self.all_at_once().await };
        pooler.set_connections(u32::try_from(self.connections).unwrap()).await;
        let result = self.all_at_once().await;
        pooler.set_connections(*few).await;
        result
    }

    async fn all_at_once(&self) -> Result<(), String> {
        let (mut since, mut open, mut last) = (Instant::now(), Vec::new(), None);
        while open.len() < self.connections {
            let patience = self.patience.saturating_sub(since.elapsed());
            match tokio::time::timeout(patience, self.db.identity().begin()).await {
                Ok(Ok(context)) => {
                    open.push(context);
                    since = Instant::now();
                }
                // A session that is gone is not noticed before it is used.
                Ok(Err(error)) if error.is_connection_lost() || error.is_pool_timeout() || error.is_unreachable() => {
                    last = Some(error);
                }
                other => {
                    let (open, all) = (open.len(), self.connections);
                    return Err(format!("{open} of {all} contexts can be open: {other:?}, and before it {last:?}"));
                }
            }
        }
        for context in open {
            context.rollback().await.map_err(|error| format!("a context of the whole pool: {error:?}"))?;
        }
        let none = async || match self.db.check_database().await {
            health if health.ok && health.connections_in_use == 0 => Ok(()),
            health => Err(health),
        };
        self.comes_to("the pool is not at rest", none).await
    }
}

/// No text is another tenant's mark.
fn no_mark_of_another(member: &Member, found: &Holdings) -> Result<(), String> {
    let texts = found.0.iter().flatten().flatten().filter_map(|cell| match cell {
        Cell::Text(text) => text.chars().next(),
        _ => None,
    });
    match texts.into_iter().find(|text| MARKERS.contains(text) && *text != member.marker) {
        Some(mark) => Err(format!("{} has a row with the mark of {mark}", member.marker)),
        None => Ok(()),
    }
}
