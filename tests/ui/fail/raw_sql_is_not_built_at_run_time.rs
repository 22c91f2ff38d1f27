//! Raw SQL is a text of the program's; one that is built at run time is vouched for, by a name that a review finds.

use db::RawSelect;

fn plans(table: &str) -> RawSelect<sea_orm::JsonValue> {
    let sql = format!("SELECT * FROM {table}");
    RawSelect::from_sql_and_values(sql.as_str(), [])
}

fn main() {}
