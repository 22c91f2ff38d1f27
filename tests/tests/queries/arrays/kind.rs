//! A table with a column of every kind.

use db::{OrganizationId, tenant_scoped};
use sea_orm::entity::prelude::*;

/// A type of the database's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "mood")]
pub(crate) enum Mood {
    #[sea_orm(string_value = "calm")]
    Calm,
    #[sea_orm(string_value = "it's \"{,}\\ NULL")]
    Odd,
}

/// A text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub(crate) enum Phase {
    #[sea_orm(string_value = "new")]
    New,
    #[sea_orm(string_value = "old")]
    Old,
}

/// A number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
pub(crate) enum Level {
    #[sea_orm(num_value = 1)]
    Low,
    #[sea_orm(num_value = 9)]
    High,
}

#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "kind")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) organization_id: OrganizationId,
    pub(crate) flag: Option<bool>,
    pub(crate) small: Option<i16>,
    pub(crate) int: Option<i32>,
    pub(crate) big: Option<i64>,
    pub(crate) single: Option<f32>,
    pub(crate) double: Option<f64>,
    pub(crate) text: Option<String>,
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    pub(crate) short: Option<String>,
    #[sea_orm(column_type = "Char(Some(3))")]
    pub(crate) padded: Option<String>,
    #[sea_orm(column_type = "custom(\"citext\")", select_as = "text", save_as = "citext")]
    pub(crate) folded: Option<String>,
    #[sea_orm(column_type = "Decimal(Some((6, 2)))", select_as = "float8", save_as = "numeric")]
    pub(crate) amount: Option<f64>,
    #[sea_orm(column_type = "Interval(None, None)", select_as = "text", save_as = "interval")]
    pub(crate) wait: Option<String>,
    pub(crate) bytes: Option<Vec<u8>>,
    #[sea_orm(column_type = "Json")]
    pub(crate) json: Option<Json>,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) jsonb: Option<Json>,
    pub(crate) other: Option<Uuid>,
    pub(crate) day: Option<Date>,
    pub(crate) hour: Option<Time>,
    pub(crate) at: Option<DateTime>,
    pub(crate) at_utc: Option<DateTimeUtc>,
    pub(crate) at_zone: Option<DateTimeWithTimeZone>,
    pub(crate) mood: Option<Mood>,
    pub(crate) phase: Option<Phase>,
    pub(crate) level: Option<Level>,
    pub(crate) numbers: Option<Vec<i32>>,
    pub(crate) texts: Option<Vec<String>>,
    pub(crate) uuids: Option<Vec<Uuid>>,
    pub(crate) times: Option<Vec<DateTimeUtc>>,
    pub(crate) moods: Option<Vec<Mood>>,
    #[sea_orm(column_type = "custom(\"int4range\")", select_as = "text", save_as = "int4range")]
    pub(crate) range: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) const CREATE: &str = r#"
    CREATE EXTENSION IF NOT EXISTS citext;
    CREATE TYPE mood AS ENUM ('calm', E'it\'s "{,}\\ NULL');
    CREATE TABLE kind (
        organization_id uuid, id uuid, flag bool, small int2, int int4, big int8, single float4, double float8,
        text text, short varchar(3), padded char(3), folded citext, amount numeric(6, 2), wait interval, bytes bytea,
        json json, jsonb jsonb, other uuid, day date, hour time, at timestamp, at_utc timestamptz, at_zone timestamptz(3),
        mood mood, phase text, level int4, numbers int4[], texts varchar(20)[], uuids uuid[], times timestamptz[],
        moods mood[], range int4range,
        PRIMARY KEY (organization_id, id));
"#;
