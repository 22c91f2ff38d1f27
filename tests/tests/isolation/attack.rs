//! What a hostile context tries through a facade.
//!
//! Each attack returns what it got hold of, in words: nothing, where the layers hold.

use db::{
    Affected, Context, Delete, DeleteMany, Facade, Insert, ReadOnly, Result, Scope, ScopedTo, Select, Update,
    UpdateMany,
    prelude::*,
    scope::{Deletable, Insertable, Updatable},
};
use sea_orm::{EntityName, EntityTrait, IdenStatic, ModelTrait, Value, sqlx::Connection};
use tests::Fixture;

use crate::world::ids;

type Column<F> = <<F as Facade>::Entity as EntityTrait>::Column;
type Model<F> = <<F as Facade>::Entity as EntityTrait>::Model;

/// What an attack got hold of.
pub(crate) type Loot = Vec<String>;

/// A facade, the attacker's own key, and the key of those whose rows they are after.
#[derive(Debug)]
pub(crate) struct Target<F: Facade> {
    id: Column<F>,
    scope: Column<F>,
    own: Uuid,
    other: Uuid,
    find: fn() -> Select<F>,
    find_by_id: fn(Uuid) -> Select<F>,
    own_rows: u64,
    other_ids: Vec<Uuid>,
}

impl<F: Facade> Target<F> {
    /// Looks up, as the superuser, what there is to be had.
    pub(crate) async fn new(
        f: &Fixture,
        [id, scope]: [Column<F>; 2],
        [own, other]: [Uuid; 2],
        find: fn() -> Select<F>,
        find_by_id: fn(Uuid) -> Select<F>,
    ) -> Self {
        let (table, column) = (F::Entity::default().table_name(), scope.as_str());
        let mut owner = f.database.owner().await;
        let own_rows = ids(&mut owner, table, &format!("{column} = '{own}'")).await.len() as u64;
        let other_ids = ids(&mut owner, table, &format!("{column} = '{other}'")).await;
        owner.close().await.unwrap();
        assert!(own_rows > 0 && !other_ids.is_empty(), "{table} has nothing to be had");
        Self { id, scope, own, other, find, find_by_id, own_rows, other_ids }
    }

    /// Filters that try to reach past the scope's predicate.
    fn filters(&self) -> Vec<(&'static str, Condition)> {
        let own = || self.scope.eq(self.own);
        let other = || self.scope.eq(self.other);
        let theirs = || self.id.is_in(self.other_ids.clone());
        let always = || Expr::val(1).eq(1);
        let one = |expr: Expr| Condition::all().add(expr);
        vec![
            ("nothing at all", Condition::all()),
            ("any of nothing", Condition::any()),
            ("the other's id", one(theirs())),
            ("the other's key", one(other())),
            ("not the own key", one(self.scope.ne(self.own))),
            ("any of both keys", Condition::any().add(own()).add(other())),
            ("any, one of which always holds", Condition::any().add(always()).add(other())),
            ("own or other", one(own().or(other()))),
            ("other or own", one(other().or(own()))),
            ("or what always holds", one(theirs().or(always()))),
            ("or not", one(theirs().or(own().not()))),
            ("not own", Condition::all().add(own()).not()),
            ("not any of own", Condition::any().add(own()).not()),
            ("neither of nothing", Condition::any().not()),
            ("not not", one(other().not().not())),
            (
                "nested",
                Condition::all()
                    .add(Condition::any().add(Condition::all().add(other()).add(theirs())).add(own().not()))
                    .add(Condition::any().add(Condition::any().not()).add(always())),
            ),
            ("nested the other way", Condition::any().add(Condition::all().add(own()).not()).add(one(always()))),
            ("null or not", one(self.scope.is_null().or(self.scope.is_not_null()))),
            ("a range of ids", one(self.id.between(Uuid::nil(), Uuid::max()).or(self.id.gte(Uuid::nil())))),
            ("the key as text", one(self.scope.into_expr().cast_as("text").eq(self.other.to_string()))),
            (
                "a function of the key",
                one(Expr::expr(Func::coalesce([self.scope.into_expr(), self.own.into()])).eq(self.other)),
            ),
            (
                "a tuple",
                one(Expr::tuple([self.scope.into_expr(), Expr::val(1)]).eq(Expr::tuple([self.other.into(), 1.into()]))),
            ),
        ]
    }

    /// Selects, counts and looks for the other's rows, by id and by every filter.
    pub(crate) async fn read<S: Scope>(&self, cx: &Context<S, ReadOnly>) -> Result<Loot>
    where
        F: ScopedTo<S>,
    {
        let mut loot = Loot::new();
        let seen = (self.find)().count(cx).await?;
        if seen != self.own_rows {
            loot.push(format!("{seen} rows counted, {} are own", self.own_rows));
        }
        for &id in &self.other_ids {
            if (self.find_by_id)(id).one(cx).await?.is_some()
                || (self.find_by_id)(id).count(cx).await? > 0
                || (self.find_by_id)(id).exists(cx).await?
            {
                loot.push("found by id".to_owned());
            }
        }
        for (name, filter) in self.filters() {
            let found = || (self.find)().filter(filter.clone());
            let rows = found().order_by_desc(self.scope).limit(1000).all(cx).await?;
            if self.foreign(&rows) > 0 || found().one(cx).await?.is_some_and(|row| self.foreign(&[row]) > 0) {
                loot.push(format!("selected by {name}"));
            }
            if found().count(cx).await? != rows.len() as u64 || found().exists(cx).await? == rows.is_empty() {
                loot.push(format!("counted by {name}"));
            }
        }
        Ok(loot)
    }

    /// Updates the other's rows, by id and by every filter.
    pub(crate) async fn update<S: Scope>(
        &self,
        cx: &Context<S>,
        by_id: impl Fn(Uuid) -> Update<F>,
        many: impl Fn() -> UpdateMany<F>,
    ) -> Result<Loot>
    where
        F: Updatable<S>,
    {
        let mut loot = Loot::new();
        for &id in &self.other_ids {
            match by_id(id).exec(cx).await {
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
                Ok(_) => loot.push("updated by id".to_owned()),
            }
        }
        for (name, filter) in self.filters() {
            let updated = many().filter(filter.clone()).exec(cx).await?;
            let rows = many().filter(filter).exec_with_returning(cx).await?;
            self.touched(&mut loot, &format!("updated by {name}"), updated, &rows);
        }
        Ok(loot)
    }

    /// Deletes the other's rows, by id and by every filter.
    pub(crate) async fn delete<S: Scope>(
        &self,
        cx: &Context<S>,
        by_id: impl Fn(Uuid) -> Delete<F>,
        many: impl Fn() -> DeleteMany<F>,
    ) -> Result<Loot>
    where
        F: Deletable<S>,
    {
        let mut loot = Loot::new();
        for &id in &self.other_ids {
            for error in [by_id(id).exec(cx).await.err(), by_id(id).exec_with_returning(cx).await.err()] {
                match error {
                    Some(error) if error.is_not_found() => {}
                    Some(error) => return Err(error),
                    None => loot.push("deleted by id".to_owned()),
                }
            }
        }
        for (name, filter) in self.filters() {
            let rows = many().filter(filter.clone()).exec_with_returning(cx).await?;
            let deleted = many().filter(filter).exec(cx).await?;
            self.touched(&mut loot, &format!("deleted by {name}"), deleted, &rows);
        }
        Ok(loot)
    }

    /// Inserts rows with the other's keys, each of which is to update the row that is there.
    pub(crate) async fn upsert<S: Scope, By: 'static>(
        &self,
        cx: &Context<S>,
        insert: impl Fn(Uuid) -> Insert<F, By>,
    ) -> Result<Loot>
    where
        F: Insertable<S, By>,
    {
        let mut loot = Loot::new();
        // Twice: the first makes a row of one's own, which the second updates.
        for &id in self.other_ids.iter().chain(&self.other_ids) {
            let row = insert(id).exec_with_returning(cx).await?;
            if self.foreign(std::slice::from_ref(&row)) > 0 || row.get(self.id) != Value::from(id) {
                loot.push("upserted".to_owned());
            }
        }
        Ok(loot)
    }

    /// Returns how many of the rows are not the attacker's own.
    fn foreign(&self, rows: &[Model<F>]) -> usize {
        rows.iter().filter(|row| row.get(self.scope) != Value::from(self.own)).count()
    }

    fn touched(&self, loot: &mut Loot, how: &str, affected: Affected, rows: &[Model<F>]) {
        if self.foreign(rows) > 0 || affected.rows_affected > self.own_rows {
            loot.push(how.to_owned());
        }
    }
}
