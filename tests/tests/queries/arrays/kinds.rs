//! Values of every kind, and NULLs: many rows are stored as one by one they are.

use db::{TenantContext, prelude::*};
use sea_orm::sqlx::{AssertSqlSafe, Connection, query_scalar};
use serde_json::json;

use super::{
    in_acme,
    kind::{CREATE, Column, Draft, Kind, Level, Model, Mood, Phase},
};
use crate::world::{World, id};

pub(super) async fn world() -> World {
    let w = World::new().await;
    w.f.database.execute(CREATE).await;
    let migrator = w.f.database.migrator();
    w.f.database.execute(&migrator.contract().protect::<Kind>().join(";\n")).await;
    w
}

/// What a text is tried with that is to stay one.
const HOSTILE: [&str; 12] = [
    "",
    " ",
    "NULL",
    "{}",
    "{a,b}",
    "a,b",
    "\"quoted\"",
    "it's",
    "back\\slash",
    "$1); DROP TABLE kind; --",
    "line\nbreak\ttab",
    "ü€𝄞\u{202e}",
];

fn text(n: usize) -> String {
    HOSTILE[n % HOSTILE.len()].to_owned()
}

/// Returns a value where a bit of the number says so.
fn some<T>(n: usize, bit: u32, value: T) -> sea_orm::ActiveValue<Option<T>>
where
    Option<T>: Into<sea_orm::Value>,
{
    Set((n >> (bit % 7) & 1 == 1).then_some(value))
}

fn utc(n: i64) -> DateTimeUtc {
    DateTimeUtc::from_timestamp(n * 86_399, 123_456_789).unwrap()
}

/// A draft that is full of values, or of NULLs, as the number says.
pub(super) fn draft(n: usize) -> Draft {
    let number = i32::try_from(n).unwrap();
    let time = utc(i64::from(number) - 30_000);
    let numbers = (0..number % 5).map(|m| m - 2).collect::<Vec<_>>();
    Draft {
        id: Set(id(1_000 + n as u128)),
        flag: some(n, 0, n.is_multiple_of(2)),
        small: some(n, 1, i16::MIN),
        int: some(n, 2, i32::MAX - number),
        big: some(n, 3, i64::MIN),
        single: some(n, 5, if n.is_multiple_of(3) { f32::NAN } else { 0.1 }),
        double: some(n, 6, if n.is_multiple_of(3) { f64::NEG_INFINITY } else { 0.1 }),
        text: some(n, 0, text(n)),
        short: some(n, 1, text(n).chars().take(3).collect()),
        padded: some(n, 2, text(n).chars().take(2).collect()),
        folded: some(n, 3, text(n)),
        amount: some(n, 4, 2.34567),
        wait: some(n, 5, format!("{n} days {n} hours")),
        bytes: some(n, 6, vec![0, 255, b'\'', b'\\', n.to_le_bytes()[0]]),
        json: some(n, 0, json!({ "b": text(n), "a": [null, n, { "x": text(n) }] })),
        jsonb: some(n, 1, if n.is_multiple_of(3) { json!(null) } else { json!([text(n), 1.5, {}]) }),
        other: some(n, 2, id(n as u128)),
        day: some(n, 3, time.date_naive()),
        hour: some(n, 4, time.time()),
        at: some(n, 5, time.naive_utc()),
        at_utc: some(n, 6, time),
        at_zone: some(n, 0, time.into()),
        mood: some(n, 1, if n.is_multiple_of(2) { Mood::Calm } else { Mood::Odd }),
        phase: some(n, 2, if n.is_multiple_of(2) { Phase::New } else { Phase::Old }),
        level: some(n, 3, if n.is_multiple_of(2) { Level::Low } else { Level::High }),
        texts: some(
            n,
            5,
            numbers.iter().map(|m| text(n + m.unsigned_abs() as usize).chars().take(20).collect()).collect(),
        ),
        uuids: some(n, 6, numbers.iter().map(|m| id(u128::from(m.unsigned_abs()))).collect()),
        times: some(n, 0, numbers.iter().map(|m| utc(i64::from(*m))).collect()),
        moods: some(n, 1, numbers.iter().map(|m| if *m > 0 { Mood::Odd } else { Mood::Calm }).collect()),
        numbers: some(n, 4, numbers),
        range: some(n, 2, format!("[{n},{})", n + 5)),
    }
}

/// All rows of acme's, as the database writes them.
async fn stored(w: &World) -> Vec<String> {
    let mut owner = w.f.database.owner().await;
    let sql = format!("SELECT t::text FROM kind t WHERE organization_id = '{}' ORDER BY id", w.f.acme.id);
    let rows = query_scalar(AssertSqlSafe(sql)).fetch_all(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    rows
}

#[tokio::test]
async fn many_rows_are_stored_as_one_by_one_they_are() {
    const ROWS: usize = 300;

    let w = world().await;
    in_acme(&w, async |cx| {
        for n in 0..ROWS {
            Kind::insert(draft(n)).exec(cx).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let one_by_one = stored(&w).await;
    assert_eq!(one_by_one.len(), ROWS);
    let read = in_acme(&w, async |cx| Kind::find().order_by_id_asc().all(cx).await).await.unwrap();
    let empty = async || {
        let deleted = in_acme(&w, async |cx| Kind::delete_many().exec(cx).await).await.unwrap();
        assert_eq!(deleted.rows_affected, ROWS as u64);
    };
    empty().await;

    w.statements();
    let returned = w.acme(async |cx| Kind::insert_many((0..ROWS).map(draft)).exec_with_returning(cx).await).await;
    assert_eq!(stored(&w).await, one_by_one);
    // A NaN is not what it is.
    let shown = |rows: &[Model]| rows.iter().map(|row| format!("{row:?}")).collect::<Vec<_>>();
    assert_eq!(shown(&returned), shown(&read), "in the order of the drafts");
    empty().await;
    let inserted = w.acme(async |cx| Kind::insert_many((0..ROWS).map(draft)).exec(cx).await).await;
    assert_eq!(inserted.rows_affected, ROWS as u64);
    assert_eq!(stored(&w).await, one_by_one);
}

/// In each column nothing but NULLs, or nothing but empty lists.
#[tokio::test]
async fn columns_without_a_value() {
    let w = world().await;
    let nulls = |n| Draft { id: Set(id(n)), ..draft(0) };
    w.acme(async |cx| {
        let rows = Kind::insert_many((1..4).map(nulls)).exec_with_returning(cx).await?;
        let none = rows.iter().filter(|row| row.text.is_none() && row.numbers.is_none() && row.moods.is_none());
        assert_eq!(none.count(), 3);
        let empty = (4..7).map(|n| Draft { numbers: Set(Some(vec![])), moods: Set(Some(vec![])), ..nulls(n) });
        let rows = Kind::insert_many(empty).exec_with_returning(cx).await?;
        let empty = rows.iter().filter(|row| row.numbers == Some(vec![]) && row.moods == Some(vec![]));
        assert_eq!(empty.count(), 3);
        Ok(())
    })
    .await;
}

/// What is too long for its column is an error, as it is for one row; it is not cut. What has blanks at its end alone that
/// are too many is cut, as the standard says.
#[tokio::test]
async fn what_does_not_fit_its_column_is_an_error() {
    type Change = fn(&mut Draft);

    let w = world().await;
    let bad: [(&str, Change); 6] = [
        ("varchar(3)", |draft| draft.short = Set(Some("four".to_owned()))),
        ("char(3)", |draft| draft.padded = Set(Some("four".to_owned()))),
        ("varchar(20)[]", |draft| draft.texts = Set(Some(vec!["x".repeat(21)]))),
        ("numeric(6, 2)", |draft| draft.amount = Set(Some(10_000.0))),
        ("interval", |draft| draft.wait = Set(Some("soon".to_owned()))),
        ("text", |draft| draft.text = Set(Some("nul\0".to_owned()))),
    ];
    for (column, change) in bad {
        let drafts = || {
            [draft(1), draft(2), draft(3)].map(|mut draft| {
                change(&mut draft);
                draft
            })
        };
        let many = in_acme(&w, async |cx| Kind::insert_many(drafts()).exec(cx).await).await.unwrap_err();
        let [one, ..] = drafts();
        let one = in_acme(&w, async |cx| Kind::insert(one).exec(cx).await).await.unwrap_err();
        assert!(many.is_data_exception() && one.is_data_exception(), "{column}: {many}; {one}");
        assert_eq!(many.to_string(), one.to_string());
    }
    assert!(stored(&w).await.is_empty());
    let blank = Draft { short: Set(Some("abc   ".to_owned())), padded: Set(Some("a     ".to_owned())), ..draft(7) };
    let rows = w.acme(async |cx| Kind::insert_many([blank]).exec_with_returning(cx).await).await;
    assert_eq!((rows[0].short.as_deref(), rows[0].padded.as_deref()), (Some("abc"), Some("a  ")));
}

/// Types of other crates, behind features of `db`.
#[tokio::test]
async fn types_behind_features() {
    use columns::measure::{Draft, Measure};
    use sea_orm::prelude::{BigDecimal, Decimal, IpNetwork, TimeDate, TimeDateTimeWithTimeZone};

    let w = World::new().await;
    w.f.database
        .execute(
            "CREATE TABLE measure (organization_id uuid, id uuid, price numeric, weight numeric, taken_on date,
                taken_at timestamptz, address inet, counts int[], prices numeric[], discount numeric,
                PRIMARY KEY (organization_id, id))",
        )
        .await;
    w.f.database.execute(&w.f.database.migrator().contract().protect::<Measure>().join(";\n")).await;
    let address = |n: u8| IpNetwork::new(std::net::IpAddr::from([10, 0, 0, n]), 24).unwrap();
    let drafts: Vec<_> = (0..50_u8)
        .map(|n| Draft {
            id: Set(id(n.into())),
            price: Set(Decimal::new(i64::from(n) - 7, 3)),
            weight: Set(format!("{n}.000000000000000000000000000000000000001").parse::<BigDecimal>().unwrap()),
            taken_on: Set(TimeDate::from_ordinal_date(2_000 + i32::from(n), 60).unwrap()),
            taken_at: Set(TimeDateTimeWithTimeZone::from_unix_timestamp(1_700_000_000 + i64::from(n)).unwrap()),
            address: Set(address(n)),
            counts: Set((0..i32::from(n % 4)).collect()),
            prices: Set((0..i64::from(n % 3)).map(|m| Decimal::new(m, 1)).collect()),
            discount: Set((n % 2 == 0).then(|| Decimal::new(i64::from(n), 2))),
        })
        .collect();
    let returned = w.acme(async |cx| Measure::insert_many(drafts.clone()).exec_with_returning(cx).await).await;
    let deleted = w.acme(async |cx| Measure::delete_many().exec(cx).await).await;
    assert_eq!(deleted.rows_affected, 50);
    let mut one_by_one = Vec::new();
    for draft in drafts {
        one_by_one.push(w.acme(async |cx| Measure::insert(draft).exec_with_returning(cx).await).await);
    }
    assert_eq!(returned, one_by_one);
}

/// The list of a native enum, and of what is cast.
#[tokio::test]
async fn lists_of_what_is_cast() {
    let w = world().await;
    let inserted = w.acme(async |cx| Kind::insert_many((0..128).map(draft)).exec(cx).await).await;
    assert_eq!(inserted.rows_affected, 128);
    let count = async |condition: Expr| w.acme(async |cx| Kind::find().filter(condition).count(cx).await).await;
    let moods = count(Column::Mood.is_in([Mood::Odd, Mood::Calm])).await;
    assert_eq!(moods, count(Column::Mood.is_not_null()).await);
    assert_eq!(count(Column::Mood.is_in([Mood::Odd])).await, count(Column::Mood.eq(Mood::Odd)).await);
    assert_eq!(count(Column::Phase.is_not_in([Phase::New])).await, count(Column::Phase.eq(Phase::Old)).await);
    assert_eq!(count(Column::Level.is_in([Level::High])).await, count(Column::Level.eq(Level::High)).await);
    // A text is folded where the column's type says so.
    let quoted = count(Column::Folded.is_in(["\"QUOTED\"", "NuLl"])).await;
    assert!(quoted > 0 && quoted == count(Column::Folded.is_in(["\"quoted\"", "null"])).await);
    assert_eq!(count(Column::Other.is_in([id(4), id(5), id(127)])).await, 3);
    assert!(
        texts_are_arrays(&w, async |cx| Kind::find().filter(Column::Mood.is_in([Mood::Odd])).all(cx).await.map(drop))
            .await
    );
}

async fn texts_are_arrays(w: &World, f: impl AsyncFnOnce(&mut TenantContext) -> db::Result<()>) -> bool {
    w.statements();
    in_acme(w, f).await.unwrap();
    w.statements().iter().all(|text| text.contains("ANY(") && !text.contains(" IN ("))
}
