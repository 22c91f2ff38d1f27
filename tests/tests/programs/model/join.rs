//! Rows of several tables: joined, related, or among each other.

use std::collections::BTreeSet;

use super::{
    Answer, Joined, holds,
    read::{Read, answer, single},
};
use crate::{
    filter::{Test, is_among},
    op::{Among, Hop, How, JoinKind, Reading, Relation, With},
    values::{Cell, Row},
};

impl Read<'_> {
    /// Joins a table to the `width` ones of `left`, from one of them.
    pub(super) fn hop(
        &self,
        left: Vec<Joined>,
        width: usize,
        from: usize,
        kind: JoinKind,
        (column, table, to): Hop,
    ) -> Vec<Joined> {
        let right = self.rows.all(table);
        let mut matched = BTreeSet::new();
        let mut joined = Vec::new();
        for row in left {
            let mut alone = true;
            for (place, other) in right.iter().enumerate() {
                let own = row[from].as_ref().map_or(&Cell::Null, |row| &row[column]);
                if *own != Cell::Null && *own == other[to] {
                    joined.push(row.iter().cloned().chain([Some(other.clone())]).collect());
                    matched.insert(place);
                    alone = false;
                }
            }
            if alone && matches!(kind, JoinKind::Left | JoinKind::Full) {
                joined.push(row.into_iter().chain([None]).collect());
            }
        }
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            for (_, other) in right.into_iter().enumerate().filter(|(place, _)| !matched.contains(place)) {
                joined.push(std::iter::repeat_n(None, width).chain([Some(other)]).collect());
            }
        }
        joined
    }

    /// Joins along hops, and keeps the first table and the last.
    fn along(&self, from: Vec<Row>, hops: &[Hop], kind: JoinKind) -> Vec<Joined> {
        let mut joined = single(from);
        for (place, hop) in hops.iter().enumerate() {
            joined = self.hop(joined, place + 1, place, kind, *hop);
        }
        joined.into_iter().map(|row| vec![row[0].clone(), row[hops.len()].clone()]).collect()
    }

    /// The rows that a row is related to, those that a test holds for.
    pub(super) fn related(&self, relation: Relation, row: &Row, of: &Test) -> Vec<Row> {
        let joined = self.along(vec![row.clone()], relation.path().1, JoinKind::Inner);
        let mut related: Vec<Row> = joined.into_iter().map(|row| row[1].clone().unwrap()).collect();
        related.retain(|row| holds(of, &[relation.to()], &[Some(row.clone())], self.made));
        related.sort();
        related
    }

    pub(super) fn find_with(&self, relation: Relation, with: With, reading: &Reading) -> Answer {
        let kind = if matches!(with, With::Both) { JoinKind::Inner } else { JoinKind::Left };
        let (from, hops) = relation.path();
        let tables = [from, relation.to()];
        let joined = self.along(self.rows.all(from), hops, kind);
        if !matches!(with, With::Many) || matches!(reading.how, How::Count) {
            return self.read(&tables, joined, reading);
        }
        let mut grouped: Vec<(Row, Vec<Row>)> = Vec::new();
        for pair in self.window(&tables, joined, reading) {
            let (row, related) = (pair[0].clone().unwrap(), pair[1].clone());
            let place = grouped.iter().position(|(other, _)| *other == row).unwrap_or_else(|| {
                grouped.push((row, Vec::new()));
                grouped.len() - 1
            });
            grouped[place].1.extend(related);
        }
        Ok(format!("{grouped:?}"))
    }

    pub(super) fn join(&self, relation: Relation, kind: JoinKind, reverse: bool, reading: &Reading) -> Answer {
        let (from, hops) = relation.path();
        let (tables, hops) = if reverse {
            let mut back = Vec::new();
            let mut table = from;
            for &(column, next, other) in hops {
                back.insert(0, (other, table, column));
                table = next;
            }
            ([table, from], back)
        } else {
            ([from, relation.to()], hops.to_vec())
        };
        let joined = self.along(self.rows.all(tables[0]), &hops, kind);
        let how = if matches!(reading.how, How::Count) { How::Count } else { How::All };
        let rows = self.window(&tables, joined, reading);
        let ids = rows.into_iter().map(|pair| {
            let id = |row: &Option<Row>| Some(vec![row.as_ref().map_or(Cell::Null, |row| row[0].clone())]);
            pair.iter().map(id).collect()
        });
        answer(&ids.collect::<Vec<_>>(), how)
    }

    pub(super) fn among(&self, among: Among, is_in: bool, of: &Test, reading: &Reading) -> Answer {
        let (outside, inside) = among.columns();
        let values: Vec<Cell> =
            self.rows.matching(inside.0, of, self.made).into_iter().map(|row| row[inside.1].clone()).collect();
        let mut rows = self.rows.all(outside.0);
        rows.retain(|row| is_among(&row[outside.1], &values) == Some(is_in));
        self.read(&[outside.0], single(rows), reading)
    }
}
