//! A statement that binds arrays alone, one for each column of many rows.
//!
//! sea-query binds no array with a NULL among its values, and so does not bind these. sqlx does.

use sea_orm::{
    Statement,
    sea_query::{ArrayType, OptionEnum, Value},
    sqlx::{
        Arguments,
        postgres::{PgArguments, PgBindIterExt},
    },
};

/// A statement, and the arrays that are bound in it.
#[derive(Debug)]
pub(crate) struct Arrays {
    pub(crate) sql: String,
    /// Each with the type of its values, of which any may be NULL.
    pub(crate) arrays: Vec<(ArrayType, Vec<Value>)>,
}

/// A statement, and what is bound in it.
#[derive(Debug)]
pub(crate) enum Bound {
    /// One that may be sent again.
    Values(Statement),
    /// One whose text will not be sent again.
    Once(Statement),
    Arrays(Arrays),
}

impl From<Statement> for Bound {
    fn from(statement: Statement) -> Self {
        Self::Values(statement)
    }
}

/// Adds the values of one kind as an array. What is not of that kind, or NULL, is a NULL in it.
macro_rules! add {
    ($arguments:expr, $values:expr, $kind:ident, $value:ident => $bound:expr) => {
        $arguments.add(
            $values
                .iter()
                .map(|value| match value {
                    Value::$kind(Some($value)) => Some($bound),
                    _ => None,
                })
                .bind_iter(),
        )
    };
}

/// Returns whether an array of the type can be bound. Of others sea-query knows, where SeaORM was built with a feature
/// that this crate was built without.
pub(crate) fn is_bound(kind: &ArrayType) -> bool {
    encode(&mut PgArguments::default(), kind, &[]).is_some_and(|added| added.is_ok())
}

/// Encodes arrays as the parameters of a statement.
pub(super) fn arguments(arrays: &[(ArrayType, Vec<Value>)]) -> Result<PgArguments, &'static str> {
    let mut arguments = PgArguments::default();
    for (kind, values) in arrays {
        match encode(&mut arguments, kind, values) {
            Some(Ok(())) => {}
            Some(Err(_)) => return Err("a value that is too large or out of range for its type"),
            None => return Err("a type that needs a feature of `db`"),
        }
    }
    Ok(arguments)
}

type Added = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Adds an array; `None`, if its type is not known here.
fn encode(to: &mut PgArguments, kind: &ArrayType, values: &[Value]) -> Option<Added> {
    Some(match kind {
        ArrayType::Bool => add!(to, values, Bool, value => *value),
        ArrayType::TinyInt => add!(to, values, TinyInt, value => *value),
        ArrayType::SmallInt => add!(to, values, SmallInt, value => *value),
        ArrayType::Int => add!(to, values, Int, value => *value),
        ArrayType::BigInt => add!(to, values, BigInt, value => *value),
        ArrayType::TinyUnsigned => add!(to, values, TinyUnsigned, value => i16::from(*value)),
        ArrayType::SmallUnsigned => add!(to, values, SmallUnsigned, value => i32::from(*value)),
        ArrayType::Unsigned => add!(to, values, Unsigned, value => i64::from(*value)),
        // Those that are larger were refused.
        ArrayType::BigUnsigned => add!(to, values, BigUnsigned, value => i64::try_from(*value).unwrap_or(i64::MAX)),
        ArrayType::Float => add!(to, values, Float, value => *value),
        ArrayType::Double => add!(to, values, Double, value => *value),
        ArrayType::String => add!(to, values, String, value => value.as_str()),
        ArrayType::Enum(_) => {
            let text = |value| match value {
                &Value::Enum(OptionEnum::Some(ref value)) => Some(&*value.value),
                _ => None,
            };
            to.add(values.iter().map(text).bind_iter())
        }
        ArrayType::Char => add!(to, values, Char, value => value.to_string()),
        ArrayType::Bytes => add!(to, values, Bytes, value => value.as_slice()),
        ArrayType::Json => add!(to, values, Json, value => &**value),
        ArrayType::Uuid => add!(to, values, Uuid, value => *value),
        _ => return encode_time(to, kind, values).or_else(|| encode_more(to, kind, values)),
    })
}

/// Adds an array of a type of chrono's.
fn encode_time(to: &mut PgArguments, kind: &ArrayType, values: &[Value]) -> Option<Added> {
    Some(match kind {
        ArrayType::ChronoDate => add!(to, values, ChronoDate, value => *value),
        ArrayType::ChronoTime => add!(to, values, ChronoTime, value => *value),
        ArrayType::ChronoDateTime => add!(to, values, ChronoDateTime, value => *value),
        ArrayType::ChronoDateTimeUtc => add!(to, values, ChronoDateTimeUtc, value => *value),
        ArrayType::ChronoDateTimeLocal => add!(to, values, ChronoDateTimeLocal, value => *value),
        ArrayType::ChronoDateTimeWithTimeZone => add!(to, values, ChronoDateTimeWithTimeZone, value => *value),
        _ => return None,
    })
}

/// Adds an array of a type that has a feature.
#[cfg_attr(
    not(any(
        feature = "with-bigdecimal",
        feature = "with-ipnetwork",
        feature = "with-mac_address",
        feature = "with-rust_decimal",
        feature = "with-time"
    )),
    expect(unused_variables, reason = "without a feature there is no such type")
)]
fn encode_more(to: &mut PgArguments, kind: &ArrayType, values: &[Value]) -> Option<Added> {
    match kind {
        #[cfg(feature = "with-time")]
        ArrayType::TimeDate => Some(add!(to, values, TimeDate, value => *value)),
        #[cfg(feature = "with-time")]
        ArrayType::TimeTime => Some(add!(to, values, TimeTime, value => *value)),
        #[cfg(feature = "with-time")]
        ArrayType::TimeDateTime => Some(add!(to, values, TimeDateTime, value => *value)),
        #[cfg(feature = "with-time")]
        ArrayType::TimeDateTimeWithTimeZone => Some(add!(to, values, TimeDateTimeWithTimeZone, value => *value)),
        #[cfg(feature = "with-rust_decimal")]
        ArrayType::Decimal => Some(add!(to, values, Decimal, value => *value)),
        #[cfg(feature = "with-bigdecimal")]
        ArrayType::BigDecimal => Some(add!(to, values, BigDecimal, value => &**value)),
        #[cfg(feature = "with-ipnetwork")]
        ArrayType::IpNetwork => Some(add!(to, values, IpNetwork, value => *value)),
        #[cfg(feature = "with-mac_address")]
        ArrayType::MacAddress => Some(add!(to, values, MacAddress, value => *value)),
        _ => None,
    }
}
